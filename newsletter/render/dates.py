"""Dates and times as an issue writes them, in English whatever the locale."""

from __future__ import annotations

from datetime import UTC, date, datetime

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_MONTHS_OF_ONE_NAME = 300  # days, within which the name of a month means one only


def long_date(day: date) -> str:
    """Return a date as a masthead writes it: `Friday, 20 November 2026`."""
    return f"{DAYS[day.weekday()]}, {day.day} {MONTHS[day.month - 1]} {day.year}"


def short_date(day: date, today: date) -> str:
    """Return a day of these months without its year: `3 May`, `3 May 2025`."""
    written = f"{day.day} {MONTHS[day.month - 1]}"
    return written if abs((today - day).days) < _MONTHS_OF_ONE_NAME else f"{written} {day.year}"


def moment(at: datetime, day: date) -> str:
    """Return a time for a sentence, with its date where that is another: `10:15 UTC`, `10:15 UTC on 21 November`."""
    at = at.astimezone(UTC)
    return f"{at:%H:%M} UTC" + ("" if at.date() == day else f" on {short_date(at.date(), day)}")
