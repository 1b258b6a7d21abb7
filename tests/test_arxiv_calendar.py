"""When arXiv announces, in the time of New York, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from newsletter.sources.arxiv.calendar import (
    EASTERN,
    HOLIDAYS,
    announcement_after,
    calendar_warning,
    feed_day,
    knows,
    listed_after,
    resting,
    resting_on,
    submission_window,
)

TOKYO = ZoneInfo("Asia/Tokyo")
YEAR = [date(2026, 1, 5) + timedelta(days=number) for number in range(360)]


def eastern(month: int, day: int, hour: int = 8, minute: int = 0, *, year: int = 2026) -> datetime:
    """Return a time in New York."""
    return datetime(year, month, day, hour, minute, tzinfo=EASTERN)


@pytest.mark.parametrize(
    ("now", "announced"),
    [
        (eastern(11, 17, 8), eastern(11, 17, 20)),
        (eastern(11, 17, 19, 59), eastern(11, 17, 20)),
        (eastern(11, 17, 20), eastern(11, 18, 20)),
        (eastern(11, 19, 21), eastern(11, 22, 20)),
        (eastern(11, 20), eastern(11, 22, 20)),
        (eastern(11, 22, 19), eastern(11, 22, 20)),
        (eastern(11, 25, 21), eastern(11, 29, 20)),
        (eastern(12, 28, 21), eastern(12, 30, 20)),
        (eastern(12, 30, 21), eastern(1, 3, 20, year=2027)),
        (eastern(3, 6, 12), eastern(3, 8, 20)),
        (datetime(2026, 11, 19, 0, 30, tzinfo=UTC), eastern(11, 18, 20)),
    ],
    ids=str,
)
def test_arxiv_announces_at_eight_in_the_evening_from_sunday_to_thursday(now: datetime, announced: datetime) -> None:
    """Not on Friday, Saturday and holidays; the next one is always later than now."""
    assert announcement_after(now) == announced


def test_eight_in_the_evening_is_an_hour_later_in_winter_by_universal_time() -> None:
    """The clocks of New York go back on 1 November 2026 and went forward on 8 March."""
    summer, winter = announcement_after(eastern(10, 29, 8)), announcement_after(eastern(11, 1, 8))
    spring = announcement_after(eastern(3, 8, 1, 59))

    assert summer.astimezone(UTC) == datetime(2026, 10, 30, 0, 0, tzinfo=UTC)
    assert winter.astimezone(UTC) == datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
    assert spring.astimezone(UTC) == datetime(2026, 3, 9, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        (date(2026, 11, 20), ""),
        (date(2026, 11, 21), "arXiv announces nothing on Saturday and Sunday"),
        (date(2026, 11, 22), "arXiv announces nothing on Saturday and Sunday"),
        (date(2026, 11, 25), ""),
        (date(2026, 11, 26), "arXiv announces nothing on holidays: Thanksgiving, Thursday 26 November"),
        (date(2026, 11, 27), "arXiv announces nothing on holidays: Thanksgiving, Thursday 26 November"),
        (date(2026, 9, 7), "arXiv announces nothing on holidays: Labor Day, Monday 7 September"),
        (date(2026, 9, 8), "arXiv announces nothing on holidays: Labor Day, Monday 7 September"),
        (date(2026, 6, 19), "arXiv announces nothing on holidays: Juneteenth, Friday 19 June"),
        (date(2026, 6, 20), "arXiv announces nothing on Saturday and Sunday"),
        (date(2026, 1, 2), "arXiv announces nothing on holidays: New Year's Day, Thursday 1 January"),
        (date(2026, 12, 30), "arXiv announces nothing on holidays: end of the year, Tuesday 29 December"),
        (date(2027, 1, 1), "arXiv announces nothing on holidays: New Year's Eve, Thursday 31 December"),
        (date(2027, 1, 18), ""),
    ],
    ids=str,
)
def test_an_empty_list_is_explained_by_the_weekend_or_a_holiday(day: date, reason: str) -> None:
    """A holiday counts on its date and on the day after; of unknown years nothing is known."""
    assert resting_on(day) == reason


def test_the_day_that_counts_is_that_of_new_york() -> None:
    """Monday morning in Tokyo is Sunday in New York, and Saturday morning is Friday."""
    monday, saturday = datetime(2026, 11, 23, 8, tzinfo=TOKYO), datetime(2026, 11, 21, 8, tzinfo=TOKYO)

    assert (feed_day(monday), feed_day(saturday)) == (date(2026, 11, 22), date(2026, 11, 20))
    assert resting(monday) == "arXiv announces nothing on Saturday and Sunday"
    assert resting(saturday) == ""


@pytest.mark.parametrize(
    ("day", "start", "end"),
    [
        (date(2026, 11, 18), eastern(11, 16, 14), eastern(11, 17, 14)),
        (date(2026, 11, 19), eastern(11, 17, 14), eastern(11, 18, 14)),
        (date(2026, 11, 20), eastern(11, 18, 14), eastern(11, 19, 14)),
        (date(2026, 11, 23), eastern(11, 19, 14), eastern(11, 20, 14)),
        (date(2026, 11, 24), eastern(11, 20, 14), eastern(11, 23, 14)),
        (date(2026, 11, 30), eastern(11, 25, 14), eastern(11, 27, 14)),
        (date(2026, 9, 9), eastern(9, 4, 14), eastern(9, 8, 14)),
        (date(2026, 12, 31), eastern(12, 28, 14), eastern(12, 30, 14)),
        (date(2027, 1, 4), eastern(12, 30, 14), eastern(1, 1, 14, year=2027)),
    ],
    ids=str,
)
def test_a_list_holds_what_was_submitted_in_its_window(day: date, start: datetime, end: datetime) -> None:
    """The windows are those of arXiv's own table; a holiday adds its papers to the next list."""
    assert submission_window(day) == (start, end)


@pytest.mark.parametrize("day", [date(2026, 11, 21), date(2026, 11, 22), date(2026, 11, 27), date(2026, 12, 30)])
def test_a_day_without_announcement_has_no_window(day: date) -> None:
    """Neither on weekends nor after the evening of a holiday."""
    assert submission_window(day) is None


def test_a_window_over_a_change_of_clocks_keeps_two_in_the_afternoon() -> None:
    """It is then 73 hours long, or 71."""
    autumn, spring = submission_window(date(2026, 11, 3)), submission_window(date(2026, 3, 10))

    assert autumn is not None
    assert spring is not None
    assert autumn[1].astimezone(UTC) - autumn[0].astimezone(UTC) == timedelta(hours=73)
    assert spring[1].astimezone(UTC) - spring[0].astimezone(UTC) == timedelta(hours=71)
    assert autumn[1].hour == spring[1].hour == 14


def test_every_paper_of_the_year_belongs_to_one_list() -> None:
    """Each window begins where the one before ends, so nothing is lost and nothing is asked for twice."""
    windows = [window for window in map(submission_window, YEAR) if window]

    assert all(before[1] == after[0] for before, after in pairwise(windows))
    assert all(start < end for start, end in windows)


def test_a_list_is_made_after_its_announcement_and_that_after_its_window() -> None:
    """The evening before the date of the list is an announcement."""
    for day in YEAR:
        if window := submission_window(day):
            assert announcement_after(window[1]) == datetime(
                day.year, day.month, day.day, 20, tzinfo=EASTERN
            ) - timedelta(days=1)


@pytest.mark.parametrize(
    ("now", "listed"),
    [
        (eastern(11, 20, 8), eastern(11, 21, 0, 15)),
        (eastern(11, 20, 0, 10), eastern(11, 20, 0, 15)),
        (eastern(11, 20, 0, 15), eastern(11, 21, 0, 15)),
        (datetime(2026, 11, 20, 8, tzinfo=TOKYO), eastern(11, 20, 0, 15)),
        (eastern(3, 7, 23), datetime(2026, 3, 8, 5, 15, tzinfo=UTC)),
        (eastern(3, 8, 23), datetime(2026, 3, 9, 4, 15, tzinfo=UTC)),
    ],
    ids=str,
)
def test_the_feed_changes_after_midnight_in_new_york(now: datetime, listed: datetime) -> None:
    """A quarter past, on either side of a change of clocks."""
    assert listed_after(now) == listed


def test_the_holidays_of_a_year_are_known_or_their_absence_is_told() -> None:
    """Whoever checks the settings in another year learns what that means."""
    assert (knows(2026), knows(2027)) == (True, False)
    assert calendar_warning(date(2026, 12, 31)) == ""
    assert calendar_warning(date(2027, 1, 1)).startswith("the holidays of 2027 are not known to this version; ")


def test_all_holidays_have_names_and_stand_in_order() -> None:
    """They are data that somebody adds to every year."""
    assert list(HOLIDAYS) == sorted(HOLIDAYS)
    assert all(HOLIDAYS.values())
    assert len(HOLIDAYS) == 9
