"""The house keeps its shape: who imports whom, what an import may do, how long a page gets (docs/architecture.md)."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "store": set(),
    "worker": set(),
    "jobs": {"store", "worker"},
    "intake": {"jobs", "store", "worker"},
    "dashboard": {"jobs", "store", "worker"},
    "emulators": set(),
    "porter": {"store", "worker", "jobs", "intake", "dashboard", "emulators"},
}
PACKAGES = list(MAY_IMPORT)
OURS = {*PACKAGES, "tests", "bench"}

LINES_OF_A_FILE = 350
LINES_OF_A_FUNCTION = 40
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}

# Read by another program, which gives them what they need: Streamlit, Alembic, `python -m`.
SCRIPTS = ("dashboard/app.py", "dashboard/pages/", "store/migrations/env.py", "/__main__.py")

# A longer function, with the reason.
LONG_FUNCTIONS = {
    "store/migrations/versions/0001_the_first_tables.py:upgrade": "one statement a table, as Alembic writes",
}

IMPORT_ALL = """
import importlib, sys, threading
FORBIDDEN = ("socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.fork", "os.mkdir")
def guard(event, arguments):
    if event in FORBIDDEN:
        raise RuntimeError(f"{event} at import")
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        raise RuntimeError(f"opens {arguments[0]} for writing at import")
sys.addaudithook(guard)
faults = []
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except BaseException as error:
        faults.append(f"{name}: {type(error).__name__}: {error}")
    if threading.active_count() > 1:
        faults.append(f"{name} left a thread running")
        break
print("\\n".join(faults))
"""


def _files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _imports(path: Path) -> Iterator[str]:
    """Full names of what the file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Its lines without those of functions inside it, which count by themselves: routes are made inside a factory."""
    lines: set[int] = set(range(function.lineno, (function.end_lineno or 0) + 1))
    for inner in _functions(function):
        if inner is not function:
            lines -= set(range(inner.lineno, (inner.end_lineno or 0) + 1))
    return len(lines)


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_point_down_only(package):
    allowed = MAY_IMPORT[package] | {package}
    wrong = [
        f"{_name(path)} imports {name}"
        for path in _files(package)
        for name in _imports(path)
        if name.startswith(".") or (name.partition(".")[0] in OURS and name.partition(".")[0] not in allowed)
    ]
    assert wrong == []


def test_the_machines_side_needs_nothing_but_python():
    foreign = [
        f"{_name(path)} imports {name}"
        for path in _files("worker")
        for name in _imports(path)
        if name.partition(".")[0] not in sys.stdlib_module_names | {"worker"}
    ]
    assert foreign == []


def test_nothing_happens_at_import(tmp_path):
    modules = [_module(path) for path in _files(*PACKAGES) if not any(part in f"/{_name(path)}" for part in SCRIPTS)]
    done = subprocess.run(
        [sys.executable, "-B", "-c", IMPORT_ALL, *modules],
        cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr[-2000:]
    assert list(tmp_path.iterdir()) == []


def test_no_file_is_longer_than_a_reader_can_hold():
    lengths = {_name(path): len(path.read_text().splitlines()) for path in _files(*PACKAGES, "tests", "bench")}
    written = {name: length for name, length in lengths.items() if "/versions/" not in name}  # Alembic writes those
    assert {name: length for name, length in written.items() if length > LINES_OF_A_FILE} == {}


def test_no_function_is_longer_than_a_screen():
    long = {
        f"{_name(path)}:{function.name}": _length(function)
        for path in _files(*PACKAGES)
        for function in _functions(ast.parse(path.read_text()))
        if _length(function) > LINES_OF_A_FUNCTION
    }
    assert {name: length for name, length in long.items() if name not in LONG_FUNCTIONS} == {}
    assert LONG_FUNCTIONS.keys() - long.keys() == set(), "these are short now: take them off the list"


def test_every_module_is_named_for_what_it_holds():
    assert [_name(path) for path in _files(*PACKAGES, "tests", "bench") if path.stem in VAGUE] == []


def test_every_module_says_what_it_is_for():
    silent = [
        _name(path)
        for path in _files(*PACKAGES)
        if (text := path.read_text().strip()) and ast.get_docstring(ast.parse(text)) is None
    ]
    assert silent == []
