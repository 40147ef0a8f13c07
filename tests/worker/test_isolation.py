"""An agent that looks everywhere its user can look finds its own provider key, and nothing else of Porter's."""

from __future__ import annotations

import codecs
import os
import secrets
from dataclasses import replace

import pytest

from tests.worker.conftest import Bare, Start
from tests.worker.git_server import GitServer, serving
from tests.worker.porter import Porter
from worker.contract import JobDocument

# Everything with the mark in it, turned by thirteen letters so that no mask hides it. `%s` is the mark, of which one
# letter stands in brackets: else the search would find itself.
SEARCH = """
marked() { grep -aohE '[A-Za-z0-9_]*%s[A-Za-z0-9_]*' | sort -u | tr 'A-Za-z' 'N-ZA-Mn-za-m' | sed "s/^/$1 found /"; }
env | marked environment
cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | marked processes
for place in "$HOME" "$TMPDIR" "$PWD" "$HOME/../.." "$HOME/../../.."; do
  find "$place" -type f -exec cat {} + 2>/dev/null
done | marked files
for fd in /proc/[0-9]*/fd/*; do case $(readlink $fd 2>/dev/null) in *memfd:porter*) echo "memory $fd found";; esac; done
(exec 3< /proc/self/mem) 2>/dev/null && cat /proc/self/maps | grep -c . | sed 's/^/own maps: /'
(exec 3< /proc/$PPID/mem) 2>/dev/null && echo "parent memory found"
(cat /proc/$PPID/maps | grep -q . ) 2>/dev/null && echo "parent maps found"
echo searched as $(id -u)
"""

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start an agent as another user")


@pytest.mark.parametrize("user", [pytest.param("nobody", marks=ROOT_ONLY), pytest.param("", id="the-runners-own")])
def test_setup_agent_and_tests_find_no_token(
    start: Start, job: JobDocument, porter: Porter, bare: Bare, user: str
) -> None:
    mark = f"CANARY{secrets.token_hex(8)}"
    clone, porter.push_token, porter.token = f"ghs_{mark}clone", f"ghs_{mark}push", f"{mark}run"
    key, search = f"sk_{mark}key", SEARCH % f"[{mark[0]}]{mark[1:]}"
    bare.git("config", "http.receivepack", "true")
    bare.path.parent.chmod(0o755)
    with serving(GitServer(bare.path.parent, clone, porter.push_token)) as server:
        agent = replace(job.agent, argv=["/bin/sh", "-c", f"{search}\necho done > done.txt"], stream="text")
        job = replace(
            job, agent=agent, keys={"SOME_KEY": key}, clone_url=f"{server.url}/greeter.git", clone_token=clone,
            setup_commands=[search], test_command=search,
        )  # fmt: skip
        machine = start(job, CALLBACK_TOKEN=porter.token, PORTER_AGENT_USER=user or "there-is-none")
        machine.wait(60)

    assert (machine.result["ending"], machine.result["pushed"]) == ("changes", True), machine.result
    printed = by_part(porter)
    for part, lines in printed.items():
        assert "own maps: " in "\n".join(lines), f"the search of {part} itself must have run"
        who = f"searched as {os.geteuid()}"
        assert (who not in lines) == bool(user)
    # Linux 6.13 and newer show root where a process has memory, but never what is there.
    shown = set() if user else {"parent maps found"}
    found = {part: {line for line in lines if " found" in line} - shown for part, lines in printed.items()}
    own = {f"{place} found {codecs.encode(key, 'rot13')}" for place in ("environment", "processes")}
    assert found == {"setup: ": set(), "starting ": own, "test: ": set()}, (
        "no key but for the agent, no token for anyone"
    )


def by_part(porter: Porter) -> dict[str, list[str]]:
    """What was printed during each part of the run; a step begins the next."""
    parts: dict[str, list[str]] = {"setup: ": [], "starting ": [], "test: ": []}
    now: list[str] = []
    for line in porter.logs:
        if line["kind"] == "step":
            now = next((parts[mark] for mark in parts if line["text"].startswith(mark)), now)
        else:
            now.append(line["text"])
    return parts
