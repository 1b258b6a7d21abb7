"""What `doctor` says of one thing: how it stands, what was found, and what mends it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """How something stands."""

    WELL = "well"
    WARNING = "warning"  # it works, or nobody can say from here
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Line:
    """One finding. Made by `well`, `warning` and `failed`.

    `about` is what was looked at, `found` what there is, `fix` the way out, "" where none is needed; `record` is a line
    of a zone file (RFC 1035 §5.1) to publish, "" where none is missing.
    """

    mark: Mark
    about: str
    found: str
    fix: str = ""
    record: str = ""


def well(about: str, found: str) -> Line:
    """Return that something is as it should be."""
    return Line(Mark.WELL, about, found)


def warning(about: str, found: str, fix: str = "", *, record: str = "") -> Line:
    """Return that something could be better, or could not be found out."""
    return Line(Mark.WARNING, about, found, fix, record)


def failed(about: str, found: str, fix: str = "", *, record: str = "") -> Line:
    """Return that something does not work."""
    return Line(Mark.FAILED, about, found, fix, record)


def bounded(about: str, found: str, amount: float, *, least: float, enough: float, fix: str) -> Line:
    """Return how an amount stands: failed under `least`, a warning under `enough`."""
    if amount >= enough:
        return well(about, found)
    return (failed if amount < least else warning)(about, found, fix)


def in_words(seconds: float) -> str:
    """Return a span of time as people say it: `40 seconds`, `5 minutes`, `2 days`."""
    for unit, unit_seconds in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * unit_seconds:
            return f"{round(seconds / unit_seconds)} {unit}s"
    return f"{round(seconds)} second{'' if round(seconds) == 1 else 's'}"
