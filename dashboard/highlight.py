"""Source code as coloured pieces, line by line. Pure."""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_for_filename
from pygments.token import Comment, Keyword, Name, Number, Operator, String, Token, _TokenType
from pygments.util import ClassNotFound

Pieces = list[list[str]]  # [class, text] each; the classes are those of the change component's style

MOST = 60_000  # characters; more is shown in one colour, for a lexer takes its time

_CLASSES: tuple[tuple[_TokenType, str], ...] = (
    (Comment, "c"),
    (String, "s"),
    (Number, "n"),
    (Keyword.Constant, "n"),
    (Keyword, "k"),
    (Operator.Word, "k"),
    (Name.Tag, "k"),
    (Name.Function, "f"),
    (Name.Class, "f"),
    (Name.Namespace, "f"),
    (Name.Decorator, "a"),
    (Name.Attribute, "a"),
    (Name.Builtin, "a"),
)


def lines(path: str, text: str) -> list[Pieces]:
    """The lines of `text`, coloured as the language of a file called `path` is; plain when that is unknown."""
    text = text.replace("\r", "")
    lexer = _lexer(path.rpartition("/")[2]) if len(text) <= MOST else None
    if lexer is None:
        return [[["", line]] if line else [] for line in text.split("\n")]
    found: list[list[tuple[str, str]]] = [[]]
    for _, kind, piece in lexer.get_tokens_unprocessed(text):
        first, *rest = piece.split("\n")
        name = _class(kind)
        found[-1].append((name, first))
        found.extend([(name, part)] for part in rest)
    return [_joined(line) for line in found[: text.count("\n") + 1]]


def _joined(line: list[tuple[str, str]]) -> Pieces:
    """Neighbours of one colour together, so that less is sent."""
    groups = groupby((piece for piece in line if piece[1]), key=lambda piece: piece[0])
    return [[name, "".join(text for _, text in group)] for name, group in groups]


@lru_cache(maxsize=64)
def _lexer(name: str) -> Lexer | None:
    try:
        return get_lexer_for_filename(name, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


@lru_cache(maxsize=512)
def _class(kind: _TokenType) -> str:
    return next((name for wanted, name in _CLASSES if kind in wanted), "") if kind is not Token.Text else ""
