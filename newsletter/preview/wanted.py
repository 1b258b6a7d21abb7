"""Which issue is looked at, as an address says it: a date and a reader, or a case, and settings that are tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from newsletter.errors import UsageError

SAMPLE = "sample"
"""The name of the papers that ship, and of the reader who does."""

NAMES = ("issue", "as", "case", "max_papers", "min_score", "settings")
"""The parameters of a query that say what is looked at."""

_OTHER = "other"
_MOST_PAPERS = 50  # the settings' own bound


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked at. Made by `wanted`; what is "" or None is chosen by the desk.

    `issue` is a date, `sample` or "". `reader` is an address, what stands before its @, `sample` or "". `case` is the
    name of an edge case or a letter. `max_papers` and `min_score` are tried in the place of what is written; `other`
    asks for the second configuration.
    """

    issue: date | str = ""
    reader: str = ""
    case: str = ""
    max_papers: int | None = None
    min_score: float | None = None
    other: bool = False

    @property
    def query(self) -> dict[str, str]:
        """Return the parameters that ask for the same again."""
        told = {
            "issue": str(self.issue),
            "as": self.reader,
            "case": self.case,
            "max_papers": "" if self.max_papers is None else str(self.max_papers),
            "min_score": "" if self.min_score is None else f"{self.min_score:.2f}",
            "settings": _OTHER if self.other else "",
        }
        return {name: value for name, value in told.items() if value}


def wanted(query: Mapping[str, str]) -> Wanted:
    """Return what a query asks for; UsageError, with the way out, for what nobody can mean."""
    settings = query.get("settings", "")
    if settings not in ("", "written", _OTHER):
        raise UsageError(f'settings={settings}: there is "written" and "{_OTHER}"')
    return Wanted(
        _issue(query.get("issue", "")),
        query.get("as", "").strip(),
        query.get("case", "").strip(),
        _number(query, "max_papers"),
        _score(query),
        settings == _OTHER,
    )


def _issue(written: str) -> date | str:
    if written in ("", SAMPLE):
        return written
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise UsageError(f'issue={written} is no date; write it as 2026-11-20, or "{SAMPLE}"') from None


def _number(query: Mapping[str, str], name: str) -> int | None:
    written = query.get(name, "")
    if not written:
        return None
    if not (written.isascii() and written.isdigit() and len(written) < 4 and 1 <= int(written) <= _MOST_PAPERS):
        raise UsageError(f"{name}={written}: a whole number from 1 to {_MOST_PAPERS}, please")
    return int(written)


def _score(query: Mapping[str, str]) -> float | None:
    written = query.get("min_score", "")
    if not written:
        return None
    try:
        score = float(written)
    except ValueError:
        score = -1.0
    if not 0 <= score <= 1:  # and no NaN
        raise UsageError(f"min_score={written}: a number from 0 to 1, please")
    return round(score, 2)
