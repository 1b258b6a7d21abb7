"""What is wrong with a message, as data; who shows it writes no sentence of their own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

_LONGEST_EXCERPT = 100
_LONGEST_MESSAGE = 500  # some name what the message holds


class Severity(StrEnum):
    """How bad it is: an error breaks a promise for some reader, a warning is worth a look."""

    ERROR = "error"
    WARNING = "warning"


class Part(StrEnum):
    """Where in a message something stands, in the order in which findings are told."""

    MESSAGE = "message"
    HEADERS = "headers"
    HTML = "html"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and the way out. Made by `check`.

    `rule` is a stable slug (`size-html`), `message` one line: what, why, the way out. `line` counts from 1 in the
    decoded part, or in the header; 0 where there is none. `excerpt` is what it is about. What is wrong in the same way
    in several places is one finding: that of the first place, `times` how often.
    """

    rule: str
    severity: Severity
    message: str
    part: Part
    line: int = 0
    excerpt: str = ""
    times: int = 1


@dataclass(frozen=True, slots=True)
class Facts:
    """The sizes of a message in bytes, and what it holds. Made by `measure`.

    `html` and `text` are parts as they travel, encoded, between their boundary lines; `css` is the sum of the style
    elements, `pictures` that of the encoded picture parts. `links` and `images` are counted in the HTML part.
    """

    message: int
    html: int
    css: int
    text: int
    pictures: int
    links: int
    images: int


def error(rule: str, message: str, part: Part, line: int = 0, excerpt: str = "") -> Finding:
    """Return a finding that breaks a promise; both texts are put on one line and cut."""
    return Finding(rule, Severity.ERROR, short(message, _LONGEST_MESSAGE), part, line, short(excerpt))


def warning(rule: str, message: str, part: Part, line: int = 0, excerpt: str = "") -> Finding:
    """Return a finding that is worth a look; both texts are put on one line and cut."""
    return Finding(rule, Severity.WARNING, short(message, _LONGEST_MESSAGE), part, line, short(excerpt))


def short(text: str, limit: int = _LONGEST_EXCERPT) -> str:
    """Return `text` on one line of printable characters, cut to `limit`."""
    # Cut before the work too: a part may be one line of a megabyte.
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * limit]).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def gathered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return `findings` in order, those that say the same of one part as one."""
    first: dict[tuple[str, ...], Finding] = {}
    for finding in sorted(findings, key=_place):
        key = (finding.rule, finding.severity, finding.part, finding.message)
        known = first.get(key)
        first[key] = replace(known, times=known.times + 1) if known else finding
    return tuple(first.values())


_PARTS = tuple(Part)


def _place(finding: Finding) -> tuple[int, int, str, str, str, str]:
    part = _PARTS.index(finding.part)
    return part, finding.line, finding.severity, finding.rule, finding.message, finding.excerpt
