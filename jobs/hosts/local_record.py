"""What is written down about one local machine, and how, so that a reader never sees half of it."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Record:
    """A local machine. `pid` and `started` name its keeper process; `created_at` is Unix time in seconds."""

    run_id: str
    task_id: str
    pid: int
    started: str
    created_at: float
    exit_code: int | None = None
    finished: bool = False


def claim(path: Path, record: Record) -> bool:
    """Write the record unless there is one; of several claimants exactly one gets True."""
    whole = _write_beside(path, record)
    try:
        os.link(whole, path)
    except FileExistsError:
        return False
    finally:
        whole.unlink()
    return True


def replace(path: Path, record: Record) -> None:
    """Put a newer record in place, unless the machine was destroyed meanwhile."""
    if path.exists():
        _write_beside(path, record).replace(path)


def read(path: Path) -> Record | None:
    """The record, or None when there is no such machine."""
    try:
        data = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    return Record(**{name: data[name] for name in Record.__dataclass_fields__ if name in data})


def _write_beside(path: Path, record: Record) -> Path:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    with os.fdopen(handle, "w") as file:
        json.dump(asdict(record), file)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)
