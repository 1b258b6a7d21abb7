"""Days as services write them: dates and times of ISO 8601 and of feeds, milliseconds since 1970."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from newsletter.text import clean, shorten

_EARLIEST = date(1900, 1, 1)
_AHEAD = timedelta(days=366)  # journals date issues ahead, never by more
_DAY = re.compile(r"\s*(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?!\d)")


def possible_day(year: int, month: int, day: int, *, today: date) -> date | None:
    """Return the day that three numbers are, or None where there is none, or none between 1900 and a year ahead."""
    try:
        found = date(year, month, day)
    except (ValueError, OverflowError):
        return None
    return found if _EARLIEST <= found <= today + _AHEAD else None


def day_written(written: str, *, today: date) -> date | None:
    """Return the day a date or time begins with (`2026-11-20T06:00:00Z`, `2026-6-3`, `2026/06/03`), or None."""
    match = _DAY.match(written)
    return possible_day(int(match[1]), int(match[2]), int(match[3]), today=today) if match else None


def day_at(milliseconds: int | None) -> date | None:
    """Return the day in UTC of a time in milliseconds since 1970, or None."""
    if milliseconds is None:
        return None
    try:
        return datetime.fromtimestamp(milliseconds // 1000, UTC).date()
    except (ValueError, OverflowError, OSError):
        return None


def published_on(item: Mapping[str, Any], *, today: date) -> tuple[date | None, str]:
    """Return the day an entry was published (by its own clock, where it says), and a problem or "".

    `item` is an entry of feedparser, or anything with the same keys.
    """
    for key in ("published", "prism_publicationdate", "updated"):
        if key not in item:
            continue
        written = str(item[key])
        # By hand first: the day as written (feedparser moves it to UTC), and also without leading zeros.
        parsed = item.get(f"{key}_parsed") if f"{key}_parsed" in item else None
        found = day_written(written, today=today)
        if found is None and parsed and not _DAY.match(written):
            found = possible_day(*parsed[:3], today=today)
        return (
            found,
            "" if found else f"the date {shorten(clean(written), limit=60)!r} is not one, so the entry has none",
        )
    return None, ""
