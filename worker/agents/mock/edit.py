"""The one edit the mock agent makes: a replacement that was asked for, else an honest note."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from worker.agents.mock.prompt import Pair, pairs, slug, wishes, words

MOST_BYTES = 1_000_000  # a bigger file is data, not text to edit
_COMMENT = {
    **dict.fromkeys((".py", ".sh", ".rb", ".toml", ".yml", ".yaml", ".cfg"), "# "),
    **dict.fromkeys((".js", ".ts", ".go", ".rs", ".java", ".c", ".h", ".cpp"), "// "),
    **dict.fromkeys((".md", ".rst", ".txt"), ""),
}


@dataclass(frozen=True)
class Edit:
    """What was done, for the log and the summary."""

    files: tuple[str, ...]
    summary: str


def make_edit(prompt: str, root: Path) -> Edit:
    """Change files below `root`, a git working copy. The same prompt and files always give the same edit."""
    asked = wishes(prompt)
    files = tracked_texts(root)
    for text in asked:
        for pair in pairs(text):
            if changed := _replace(pair, files):
                return Edit(
                    _names(changed, root), f'Replaced "{pair.old}" with "{pair.new}" in {_listed(changed, root)}.'
                )
    wish = " ".join(asked[0].split()) if asked else "(empty prompt)"
    return _annotate(wish, files, root) or _write_down(wish, root)


def tracked_texts(root: Path) -> list[Path]:
    """The text files git knows, sorted."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=False)
    found = [root / name for name in done.stdout.decode(errors="surrogateescape").split("\0") if name]
    return sorted(path for path in found if not path.is_symlink() and path.is_file() and _is_text(path))


def _replace(pair: Pair, files: list[Path]) -> list[Path]:
    changed = []
    for path in files:
        content = path.read_bytes()
        if pair.old.encode() in content:
            path.write_bytes(content.replace(pair.old.encode(), pair.new.encode()))
            changed.append(path)
    return changed


def _annotate(wish: str, files: list[Path], root: Path) -> Edit | None:
    """A note in the file that the words fit best; None unless its name, or three of the words, are in it."""
    searched = words(wish)
    scored = [(_score(searched, path, root), path) for path in files if path.suffix in _COMMENT]
    best, chosen = max(scored, key=lambda item: (item[0], str(item[1])), default=(0, root))
    if best < 3:
        return None
    said = f"Note of Porter's mock agent, which cannot program: somebody asked “{wish[:200]}” here."
    note = _COMMENT[chosen.suffix] + said
    content = chosen.read_text(encoding="utf-8")
    chosen.write_text(f"{content.rstrip()}\n\n{note}\n" if content.strip() else f"{note}\n", encoding="utf-8")
    name = str(chosen.relative_to(root))
    return Edit((name,), f"Left a note in {name}: the mock agent found no quoted text to replace.")


def _score(searched: list[str], path: Path, root: Path) -> int:
    name = str(path.relative_to(root)).lower()
    content = path.read_text(encoding="utf-8").lower()
    return sum(3 * (word in name) + (word in content) for word in searched)


def _write_down(wish: str, root: Path) -> Edit:
    path = root / "porter-notes" / f"{slug(wish)}.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"# Asked of Porter's mock agent\n\n{wish}\n", encoding="utf-8")
    return Edit(
        (str(path.relative_to(root)),), f"Wrote the request down in {path.relative_to(root)}; nothing fitted it."
    )


def _is_text(path: Path) -> bool:
    content = path.read_bytes() if path.stat().st_size <= MOST_BYTES else b"\0"
    try:
        return b"\0" not in content and content.decode("utf-8") is not None
    except UnicodeDecodeError:
        return False


def _names(paths: list[Path], root: Path) -> tuple[str, ...]:
    return tuple(str(path.relative_to(root)) for path in paths)


def _listed(paths: list[Path], root: Path) -> str:
    shown = ", ".join(_names(paths, root)[:3])
    return shown if len(paths) <= 3 else f"{shown} and {len(paths) - 3} more"
