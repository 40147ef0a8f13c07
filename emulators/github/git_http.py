"""Git over HTTP: `git http-backend` behind tokens that are checked.

https://git-scm.com/docs/git-http-backend
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

from flask import Flask, Response, request

from emulators.github import auth, pulls
from emulators.github.auth import Caller
from emulators.github.connection import cut_line
from emulators.github.errors import Refusal
from emulators.github.faults import CallRecord, DropReply, Fail, Hang
from emulators.github.git import environment
from emulators.github.model import Repository

if TYPE_CHECKING:
    from emulators.github.world import World

SERVICES = {"info/refs": ("GET",), "git-upload-pack": ("POST",), "git-receive-pack": ("POST",)}
ASK = {"WWW-Authenticate": 'Basic realm="GitHub"'}
CHUNK = 64 * 1024  # bytes
IN_MEMORY = 4 * 1024 * 1024  # bytes of a request kept off the disk


def install(app: Flask, world: World) -> None:
    def serve(owner: str, repo: str, service: str) -> Response:
        return _serve(world, owner, repo, service)

    app.add_url_rule("/<owner>/<repo>.git/<path:service>", "git", serve, methods=["GET", "POST"])


def _serve(world: World, owner: str, repo: str, service: str) -> Response:
    path = f"/{owner}/{repo}.git/{service}"
    fault = world.faults.take(request.method, path)
    if isinstance(fault, Hang):
        world.faults.hold(fault)
    caller = Caller("anonymous")
    try:
        if isinstance(fault, Fail):
            raise Refusal(fault.status, str(fault.body or "The emulator was told to fail."), headers=fault.headers)
        caller = _caller(world)
        repository = _allowed(world, caller, owner, repo, service)
        answer = _backend(repository, caller, service)
        if service == "git-receive-pack":
            with world.lock:
                pulls.notice_push(world, repository, caller.actor())
    except Refusal as no:
        answer = Response(f"{no.message}\n", no.status, dict(no.headers), content_type="text/plain; charset=utf-8")
    if isinstance(fault, DropReply):
        if fault.cut:
            cut_line(request.environ)
        answer = Response("Bad gateway\n", 502)
    query = request.query_string.decode("latin-1")
    world.calls.append(CallRecord(request.method, path, query, answer.status_code, caller.kind))
    return answer


def _caller(world: World) -> Caller:
    """The token is the password; the user name says nothing. Refusal 401 when the token is no good."""
    given = request.authorization
    if given is None:
        return Caller("anonymous")
    text = given.password if given.type == "basic" else given.token
    try:
        return auth.by_token(world, text or "")
    except Refusal as no:
        raise Refusal(no.status, "Invalid username or token.", headers=ASK if no.status == 401 else {}) from no


def _allowed(world: World, caller: Caller, owner: str, repo: str, service: str) -> Repository:
    """Order as on GitHub: who hides is not found, who asks without a name is asked for one."""
    if request.method not in SERVICES.get(service, ()):
        raise Refusal(404, "Not Found")
    writes = "git-receive-pack" in (service, request.args.get("service"))
    repository = world.repositories.get(f"{owner}/{repo}".lower())
    if caller.kind == "anonymous":
        if repository is None or repository.private or writes:
            raise Refusal(401, "No anonymous write access.", headers=ASK)
        return repository
    if repository is None or not caller.sees(repository):
        raise Refusal(404, "Repository not found.")
    if not _may(caller, repository, writes):
        words = f"Permission to {repository.full_name}.git denied to {caller.actor().user.login}."
        raise Refusal(403, words)
    return repository


def _may(caller: Caller, repository: Repository, writes: bool) -> bool:
    level = "write" if writes else "read"
    if caller.kind == "installation":
        return caller.permits(f"contents:{level}")
    return repository.may(caller.actor().user.login, level)


def _backend(repository: Repository, caller: Caller, service: str) -> Response:
    """Runs the CGI program. The body goes through a file, so that chunked and long ones need no length beforehand."""
    body = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  lives until the program has read it
    shutil.copyfileobj(request.stream, body, CHUNK)
    body.rollover()
    body.seek(0)
    program = subprocess.Popen(
        ["git", "-c", "safe.directory=*", "http-backend"],
        stdin=body,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(repository, caller, service),
    )
    body.close()
    assert program.stdout is not None  # noqa: S101  PIPE was asked for
    headers = _headers(program.stdout)
    status = int(headers.pop("Status", "200").split()[0])
    if service == "git-receive-pack":  # whole before it is answered, so that the push is told of afterwards
        data = b"".join(_rest(program))
        _end(program)
        return Response(data, status, headers)
    answer = Response(_rest(program), status, headers)
    answer.call_on_close(lambda: _end(program))  # also when the client leaves before the first byte
    return answer


def _environment(repository: Repository, caller: Caller, service: str) -> dict[str, str]:
    given = {
        "GIT_PROJECT_ROOT": str(repository.git.path.parent),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{repository.git.path.name}/{service}",
        "REQUEST_METHOD": request.method,
        "QUERY_STRING": request.query_string.decode("latin-1"),
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        "REMOTE_ADDR": request.remote_addr or "",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }
    if caller.kind != "anonymous":
        given["REMOTE_USER"] = caller.actor().user.login  # http-backend takes pushes only from somebody
    return environment(repository.git.path.parent) | given


def _headers(output: IO[bytes]) -> dict[str, str]:
    found = {}
    for line in output:
        name, colon, value = line.decode("latin-1").strip().partition(":")
        if not colon:
            break
        found[name] = value.strip()
    return found


def _rest(program: subprocess.Popen[bytes]) -> Iterator[bytes]:
    assert program.stdout is not None  # noqa: S101  PIPE was asked for
    while chunk := program.stdout.read(CHUNK):
        yield chunk


def _end(program: subprocess.Popen[bytes]) -> None:
    assert program.stdout is not None  # noqa: S101  PIPE was asked for
    program.stdout.close()
    try:
        program.wait(timeout=2)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()
