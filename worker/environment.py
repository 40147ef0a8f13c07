"""What the machine was started with: Porter's four variables, or the older ones for trying the image by hand. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from worker import agents
from worker.contract import JobDocument, Limits
from worker.errors import BadEnvironment

# What stays in the runner's own environment, and so is all that its children could find there.
HARMLESS = frozenset(
    (
        *("PATH", "LANG", "LC_ALL", "TZ", "HOME", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "VIRTUAL_ENV"),
        *("PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PORTER_AGENT_USER", "PORTER_WORKER_PATIENCE"),
    )
)


@dataclass(frozen=True)
class FromPorter:
    """Ask Porter for the job."""

    url: str
    task_id: str
    run_id: str
    token: str


@dataclass(frozen=True)
class ByHand:
    """The job is in the variables; the result goes to `callback_url`, if there is one, and to standard output."""

    job: JobDocument
    push_token: str | None
    callback_url: str | None
    callback_token: str


def read(environ: Mapping[str, str]) -> FromPorter | ByHand:
    """Which of the two ways this is. Raises BadEnvironment."""
    if environ.get("PORTER_URL"):
        _require(environ, "TASK_ID", "RUN_ID", "CALLBACK_TOKEN")
        url = _web_address(environ, "PORTER_URL")
        return FromPorter(url, environ["TASK_ID"], environ["RUN_ID"], environ["CALLBACK_TOKEN"])
    if not environ.get("TASK_ID"):
        raise BadEnvironment("PORTER_URL and TASK_ID are missing: this is the machine's program; see --help")
    return _by_hand(environ)


def seconds(environ: Mapping[str, str], name: str, usual: float) -> float:
    """A number of seconds that may be set. Raises BadEnvironment."""
    try:
        return float(environ.get(name) or usual)
    except ValueError:
        raise BadEnvironment(f"{name} is a number of seconds, not {environ[name]!r}") from None


def _by_hand(environ: Mapping[str, str]) -> ByHand:
    _require(environ, "AGENT", "PROMPT")
    agent = agents.find(environ["AGENT"])
    if agent is None:
        raise BadEnvironment(f"AGENT is one of {', '.join(agents.names())}; not {environ['AGENT']!r}")
    keys = {key: environ[key] for key in agent.keys if environ.get(key)}
    if not agent.has_key(keys):
        raise BadEnvironment(f"{agent.title} needs a key: set one of {', '.join(agent.keys)}")
    token = environ.get("GITHUB_TOKEN") or None
    task = environ["TASK_ID"]
    callback = _web_address(environ, "CALLBACK_URL") if environ.get("CALLBACK_URL") else None
    job = JobDocument(
        task_id=task,
        run_id=environ.get("RUN_ID") or task,
        repository=environ.get("REPO_FULL_NAME") or environ.get("REPO_CLONE_URL", ""),
        clone_url=_clone_url(environ, token),
        base_branch=environ.get("BASE_BRANCH") or "main",
        branch=environ.get("BRANCH_NAME") or environ.get("BRANCH") or f"porter/{task}",
        prompt=environ["PROMPT"],
        commit_message=f"Work of {agent.title} on {task}",
        author_name="porter[bot]",
        author_email="porter@users.noreply.github.com",
        agent=agents.recipe(agent, model=environ.get("MODEL") or None, settings=environ),
        keys=keys,
        clone_token=token,
        limits=Limits(),
    )
    return ByHand(job, token, callback, environ.get("CALLBACK_TOKEN", ""))


def _clone_url(environ: Mapping[str, str], token: str | None) -> str:
    if url := environ.get("REPO_CLONE_URL"):
        if urlsplit(url).password:
            raise BadEnvironment("REPO_CLONE_URL holds a password; put the token into GITHUB_TOKEN instead")
        return url
    name = environ.get("REPO_FULL_NAME", "")
    if name.count("/") != 1 or token is None:
        raise BadEnvironment("set REPO_FULL_NAME (owner/name) and GITHUB_TOKEN, or REPO_CLONE_URL")
    return f"https://github.com/{name}.git"


def _require(environ: Mapping[str, str], *names: str) -> None:
    missing = [name for name in names if not environ.get(name)]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise BadEnvironment(f"{' and '.join(missing)} {verb} missing; see --help")


def _web_address(environ: Mapping[str, str], name: str) -> str:
    parts = urlsplit(environ[name])
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.password:
        raise BadEnvironment(f"{name} is not a plain http(s) address")
    return environ[name]
