"""When arXiv announces: https://info.arxiv.org/help/availability.html

    submitted   ──14:00──►  announced 20:00  ──midnight──►  in the feed dated
    Mon – Tue               Tuesday                         Wednesday
    Tue – Wed               Wednesday                       Thursday
    Wed – Thu               Thursday                        Friday
    Thu – Fri               Sunday                          Monday
    Fri – Mon               Monday                          Tuesday

All times are those of New York. Nothing is announced in the evenings of Friday and Saturday, and of holidays.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")

# The list of every year is published on the page above; a new year is a line here for each of its days.
HOLIDAYS = MappingProxyType({
    date(2026, 1, 1): "New Year's Day",
    date(2026, 1, 19): "Martin Luther King Jr. Day",
    date(2026, 6, 19): "Juneteenth",
    date(2026, 7, 3): "Independence Day (observed)",
    date(2026, 9, 7): "Labor Day",
    date(2026, 11, 26): "Thanksgiving",
    date(2026, 12, 25): "Christmas Day",
    date(2026, 12, 29): "end of the year",
    date(2026, 12, 31): "New Year's Eve",
})  # fmt: skip
"""The days on which arXiv announces nothing, and what they are called."""

_YEARS = frozenset(day.year for day in HOLIDAYS)
_DAY = timedelta(days=1)
_FRIDAY, _SATURDAY, _SUNDAY = 4, 5, 6
_ANNOUNCED = time(20, 0)
_CLOSED = time(14, 0)
_LISTED = time(0, 15)  # the feed changes at midnight, within seconds
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = """January February March April May June July August September October November December""".split()


def knows(year: int) -> bool:
    """Return whether the holidays of a year are known."""
    return year in _YEARS


def calendar_warning(today: date) -> str:
    """Return what to know where the holidays of this year are unknown, or ""."""
    if knows(today.year):
        return ""
    return (
        f"the holidays of {today.year} are not known to this version; an empty list on one of them will be called late;"
        " a newer version knows them"
    )


def feed_day(now: datetime) -> date:
    """Return the date of the feed that arXiv serves at `now`."""
    return now.astimezone(EASTERN).date()


def latest_feed(now: datetime) -> date:
    """Return the date of the newest feed that has papers at `now`: today's, or the one before the days of rest."""
    day = feed_day(now)
    while resting_on(day):
        day -= _DAY
    return day


def resting(now: datetime) -> str:
    """Return why today's feed is rightly empty: the weekend or a holiday by its name; "" on a day with papers."""
    return resting_on(feed_day(now))


def resting_on(day: date) -> str:
    """Return why the feed of `day` is rightly empty, or "".

    Whether a holiday empties the feed of its own date or that of the next day is not documented: both count.
    """
    if day.weekday() >= _SATURDAY:
        return "arXiv announces nothing on Saturday and Sunday"
    holiday = next((one for one in (day - _DAY, day) if one in HOLIDAYS), None)
    return f"arXiv announces nothing on holidays: {HOLIDAYS[holiday]}, {said(holiday)}" if holiday else ""


def announcement_after(now: datetime) -> datetime:
    """Return the next time that arXiv announces papers."""
    evening = feed_day(now)
    while not _announces(evening) or _at(evening, _ANNOUNCED) <= now:
        evening += _DAY
    return _at(evening, _ANNOUNCED)


def listed_after(now: datetime) -> datetime:
    """Return the next quarter past midnight in New York, when the feed is that of a new day."""
    today = feed_day(now)
    listed = _at(today, _LISTED)
    return listed if listed > now else _at(today + _DAY, _LISTED)


def submission_window(day: date) -> tuple[datetime, datetime] | None:
    """Return from when until when (exclusive) the papers in the feed of `day` were submitted; None if it is empty.

    Papers whose announcement a holiday prevented belong to the next one.
    """
    evening = day - _DAY
    if not _announces(evening):
        return None
    before = evening - _DAY
    while not _announces(before):
        before -= _DAY
    return _closed(before), _closed(evening)


def feed_days(day: date, now: datetime) -> tuple[date, ...]:
    """Return the dates of the feeds that arXiv served during `day` in the zone of `now`, as far as they are past."""
    begins = datetime.combine(day, time(), now.tzinfo)
    ends = datetime.combine(day + _DAY, time(), now.tzinfo) - timedelta(minutes=1)
    first, last = feed_day(begins), min(feed_day(ends), feed_day(now))
    return tuple(first + number * _DAY for number in range((last - first).days + 1))


def window_of(days: Iterable[date]) -> tuple[datetime, datetime] | None:
    """Return the submission window of several feeds together; None where all of them are empty."""
    windows = [window for day in days if (window := submission_window(day))]
    return (min(windows)[0], max(windows)[1]) if windows else None


def said(moment: date) -> str:
    """Return a day as people say it: `Sunday 29 November`."""
    return f"{_WEEKDAYS[moment.weekday()]} {moment.day} {_MONTHS[moment.month - 1]}"


def _announces(evening: date) -> bool:
    return evening.weekday() not in {_FRIDAY, _SATURDAY} and evening not in HOLIDAYS


def _closed(evening: date) -> datetime:
    """Return until when papers had to be submitted for the announcement of `evening`."""
    return _at(evening - 2 * _DAY if evening.weekday() == _SUNDAY else evening, _CLOSED)


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, tzinfo=EASTERN)
