"""An image to hold a real Docker engine against the contract with: this computer's Python and the runner, no registry.

`DOCKER_HOST=… python -m tests.hosts.worker_image` hands it to the engine, makes sure that a machine of it runs there,
and prints the image's id. There is no git and no agent in it: no test of the hosts gets as far.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import sysconfig
import tarfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import docker
from docker.errors import DockerException
from docker.utils import kwargs_from_env
from requests.exceptions import RequestException

from jobs.hosts.docker import DockerHost
from jobs.hosts.errors import HostError
from jobs.hosts.port import MachineSpec

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = ["ENV PATH=/usr/bin:/bin PYTHONPATH=/opt/porter", "WORKDIR /work", 'ENTRYPOINT ["python3", "-m", "worker"]']
USERS = "root:x:0:0:root:/root:/sbin/nologin\nporter-agent:x:10001:10001::/home/porter-agent:/sbin/nologin\n"
ENOUGH = 30.0  # seconds for a machine that does nothing
_NEEDLESS = re.compile(
    r"/(__pycache__|test|tests|idlelib|tkinter|turtledemo|ensurepip|lib2to3|(site|dist)-packages|config-[^/]*)(/|$)|\.a$"
)


def main() -> int:
    """Make it on the engine of DOCKER_HOST; 1, with the reason, where it cannot be made or does not run."""
    try:
        engine = docker.APIClient(**kwargs_from_env(), timeout=120)
        said = engine.import_image_from_data(build(), repository="porter-worker", tag="test", changes=SETTINGS)
        image = re.findall(r"sha256:[0-9a-f]{64}", said)[0]
        _try_out(image)
    except (DockerException, RequestException, HostError, IndexError, TimeoutError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    sys.stdout.write(f"{image}\n")
    return 0


def build() -> bytes:
    """The image's one layer, as a tar."""
    program, library = Path(sys.executable).resolve(), Path(sysconfig.get_path("stdlib"))
    modules = [str(path) for path in library.glob("lib-dynload/*.so")]
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        for name in sorted({str(program), *_linked([str(program), *modules])}):
            tar.add(Path(name).resolve(), name.lstrip("/"))
        for folder, place in ((library, library), (ROOT / "worker", Path("/opt/porter/worker"))):
            for path in _needed(folder):
                tar.add(path.resolve(), str(place / path.relative_to(folder)).lstrip("/"))
        _add(tar, "usr/bin/python3", tarfile.SYMTYPE, link=str(program))
        _add(tar, "etc/passwd", tarfile.REGTYPE, text=USERS)
        for name in ("tmp", "work", "proc", "sys", "dev"):
            _add(tar, name, tarfile.DIRTYPE)
    return layer.getvalue()


def _linked(programs: list[str]) -> set[str]:
    """The shared libraries they need, and the loader."""
    said = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=False).stdout
    return set(re.findall(r"(/\S+) \(0x", said))


def _needed(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and not _NEEDLESS.search(f"/{path.relative_to(folder)}"):
            yield path


def _add(tar: tarfile.TarFile, name: str, kind: bytes, *, text: str = "", link: str = "") -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.size = kind, link, len(text)
    entry.mode = 0o1777 if name == "tmp" else 0o755
    tar.addfile(entry, io.BytesIO(text.encode()))


def _try_out(image: str) -> None:
    """An engine may answer and be unable to run anything. Raises HostError, TimeoutError."""
    probe = ["python3", "-c", "raise SystemExit(7)"]
    host = DockerHost(image=image, engine=kwargs_from_env(), network="host", deployment="probe", runner_argv=probe)
    machine = host.create(MachineSpec("probe", "probe", {"CALLBACK_TOKEN": "none"}, ENOUGH))
    try:
        until = time.monotonic() + ENOUGH
        while (seen := host.get(machine.id)) is None or seen.exit_code != 7:
            if time.monotonic() > until:
                raise TimeoutError(f"a machine did not end as it should: {seen}")
            time.sleep(0.1)
    finally:
        with suppress(HostError):
            host.destroy(machine.id)


if __name__ == "__main__":
    sys.exit(main())
