"""Makes text from outside fit to be shown or prompted with: nothing hidden, nothing that acts, nothing secret. Pure."""

from __future__ import annotations

import re
import unicodedata

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
# Markdown's other way to hide text: a link definition that nothing refers to, `[//]: # (text)`.
_HIDDEN_LINK = re.compile(r"^ {0,3}\[[^\]\n]*\]:[ \t]*(?:#|<>)[ \t]+[\"'(].*$", re.MULTILINE)
_BREAK = re.compile("\r\n|[\r\u2028\u2029]")
_INVISIBLE = {"Cf", "Cc", "Cs", "Co"}  # format (bidi, zero width, tags), control, lone surrogates, private use
# Letters and marks that show nothing, some of which can carry a hidden message: fillers, blanks, variation selectors
# (all but U+FE0F, which makes an emoji one).
_FILLERS = [0x034F, 0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0]
_SELECTORS = [*range(0x180B, 0x1810), *range(0xFE00, 0xFE0F), *range(0xE0100, 0xE01F0)]
_BLANK = dict.fromkeys([*_FILLERS, *_SELECTORS])
_NO_BREAK = "\u2060"  # word joiner: splits what GitHub would read as one word, without a place to break the line

# What tokens look like, whoever issued them: the last net, below the masking of the secrets we know.
_TOKENS = re.compile(
    r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|sk-[A-Za-z0-9_-]{20,}|fm[12]_[A-Za-z0-9+/=_-]{20,}"
    r"|xox[abprs]-[A-Za-z0-9-]{10,}|AKIA[0-9A-Z]{16}|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
_MENTION = re.compile(r"@(?=[A-Za-z0-9])")
_REFERENCE = re.compile(r"#(?=\d)|\bGH-(?=\d)", re.IGNORECASE)
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_CLOSING_URL = re.compile(
    r"(\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b:?\s+)(https?://\S+)", re.IGNORECASE
)  # https://docs.github.com/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue


def visible(text: str) -> str:
    """The text as a person sees it: no control or invisible characters, `\\n` for every line break, tabs kept."""
    text = _BREAK.sub("\n", text)
    kept = (char for char in text if char in "\n\t" or unicodedata.category(char) not in _INVISIBLE)
    return "".join(kept).translate(_BLANK)


def unhidden(text: str) -> str:
    """The visible text, with a note wherever Markdown would have hidden some."""
    text = _COMMENT.sub("[hidden comment removed]", visible(text))
    return _HIDDEN_LINK.sub("[hidden text removed]", text)


def one_line(text: str, limit: int) -> str:
    """The text on one line of at most `limit` characters, cut visibly."""
    flat = " ".join(visible(text).split())
    return flat if len(flat) <= limit else f"{flat[: limit - 1].rstrip()}…"


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, and a line that says how many are missing."""
    if len(text) <= limit:
        return text
    kept = max(0, limit - 60)  # room for the line
    return f"{text[:kept].rstrip()}\n[… {len(text) - kept:,} characters cut by Porter]"


def masked(text: str) -> str:
    """The text without anything that looks like a token."""
    return _TOKENS.sub("***", text)


def inert(text: str) -> str:
    """Markdown of another's making that notifies nobody, refers to no issue, closes none and loads no picture."""
    text = _COMMENT.sub("", masked(visible(text)))
    text = _CLOSING_URL.sub(r"\1`\2`", text)
    text = _MENTION.sub(f"@{_NO_BREAK}", text)
    text = _REFERENCE.sub(lambda found: found[0] + _NO_BREAK, text)
    return without_tags(text).replace("![", "[")


def without_tags(text: str) -> str:
    """Every `<` stays one, also in code, and begins no HTML."""
    return _TAG.sub(f"<{_NO_BREAK}", text)


def quoted(text: str) -> str:
    """Inert Markdown in a block quote, which nothing inside can leave."""
    return "\n".join(f"> {line}".rstrip() for line in inert(text).strip().split("\n"))


def fenced(text: str, kind: str = "") -> str:
    """The text in a fence that its own content cannot close."""
    longest = max((len(run) for run in re.findall(r"~+", text)), default=0)
    fence = "~" * max(4, longest + 1)
    return f"{fence}{kind}\n{text}\n{fence}"


def code(text: str, limit: int = 100) -> str:
    """One line in back-ticks."""
    return f"`{one_line(masked(visible(text)), limit).replace('`', chr(39))}`"
