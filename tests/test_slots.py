"""When an issue is due: one slot per nominal date, in every zone, over every change of clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import a_subscriber

from newsletter.schedule.slots import CATCH_UP, Slot, days_covered, due_slot, next_slot, slots

EVERY_DAY = frozenset(range(1, 8))


def at(text: str) -> datetime:
    """Return an instant from `2026-11-20 08:00`, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_an_issue_is_due_from_its_hour_on() -> None:
    """A minute early is too early."""
    reader = a_subscriber(send_at=time(7), timezone="Europe/Paris")

    assert due_slot(reader, at("2026-11-20 05:59")) is None
    assert due_slot(reader, at("2026-11-20 06:00")) == Slot(at("2026-11-20 06:00"), date(2026, 11, 20))


def test_a_missed_hour_is_caught_up_on_for_a_while() -> None:
    """After a reboot the morning's issue still goes out; in the evening nobody wants it."""
    reader = a_subscriber(send_at=time(7))

    assert due_slot(reader, at("2026-11-20 12:59")) is not None
    assert due_slot(reader, at("2026-11-20 13:01")) is None


def test_nothing_is_due_on_other_days() -> None:
    """Who reads on weekdays has weekends off."""
    assert due_slot(a_subscriber(send_at=time(7)), at("2026-11-21 08:00")) is None


def test_a_late_evening_slot_is_caught_up_on_after_midnight_under_its_own_date() -> None:
    """The nominal date is the slot's, not the clock's."""
    reader = a_subscriber(send_at=time(23, 30))

    slot = due_slot(reader, at("2026-11-20 00:30"))

    assert slot is not None
    assert slot.nominal == date(2026, 11, 19)


@pytest.mark.parametrize(
    ("zone", "hour", "day", "expected"),
    [
        ("Europe/Berlin", time(2, 30), date(2026, 3, 29), "2026-03-29 01:30"),  # skipped: an hour later
        ("Europe/Berlin", time(2, 30), date(2026, 10, 25), "2026-10-25 00:30"),  # twice: the first
        ("Asia/Kathmandu", time(7), date(2026, 11, 20), "2026-11-20 01:15"),
        ("Africa/Cairo", time(0), date(2026, 4, 24), "2026-04-23 22:00"),  # the gap is at midnight
    ],
    ids=["gap", "repeat", "quarter", "midnight"],
)
def test_clock_changes_move_a_slot_and_never_lose_or_repeat_it(zone: str, hour: time, day: date, expected: str) -> None:
    """A skipped hour moves forward by the gap, a repeated one is taken the first time."""
    (slot,) = slots(a_subscriber(send_at=hour, timezone=zone, weekdays=EVERY_DAY), first=day, last=day)

    assert slot == Slot(at(expected), day)


@given(
    st.sampled_from(sorted(available_timezones())),
    st.times().map(lambda moment: moment.replace(second=0, microsecond=0)),
    st.dates(date(2026, 1, 1), date(2027, 12, 25)),
)
def test_every_nominal_date_has_one_slot_and_they_go_up(zone: str, hour: time, first: date) -> None:
    """In every zone: as many slots as days, each later than the one before."""
    reader = a_subscriber(send_at=hour, timezone=zone, weekdays=EVERY_DAY)

    found = list(slots(reader, first=first, last=first + timedelta(days=6)))

    assert [slot.nominal for slot in found] == [first + timedelta(days=n) for n in range(7)]
    assert all(one.at < other.at for one, other in pairwise(found))


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds
def test_the_next_slot_becomes_due_when_it_comes(now: datetime) -> None:
    """What is announced as next is what happens."""
    reader = a_subscriber(send_at=time(7, 30), timezone="America/New_York")
    coming = next_slot(reader, now)

    assert coming is not None
    assert coming.at > now
    assert due_slot(reader, coming.at) == coming
    assert due_slot(reader, coming.at + CATCH_UP) == coming


def test_somebody_without_days_gets_nothing() -> None:
    """No weekdays, no slots, no endless search."""
    assert next_slot(a_subscriber(weekdays=frozenset()), at("2026-11-20 08:00")) is None


@pytest.mark.parametrize(
    ("weekdays", "nominal", "expected"),
    [(range(1, 6), date(2026, 11, 20), 1), (range(1, 6), date(2026, 11, 23), 3), ([5], date(2026, 11, 20), 7)],
    ids=["daily", "monday-after-the-weekend", "weekly"],
)
def test_a_first_issue_covers_the_days_since_the_slot_before(weekdays: list[int], nominal: date, expected: int) -> None:
    """Who reads on Fridays gets the week's papers."""
    reader = a_subscriber(weekdays=frozenset(weekdays))
    (slot,) = slots(reader, first=nominal, last=nominal)

    assert days_covered(reader, slot) == expected


def test_the_zones_are_real() -> None:
    """The zone data comes with the package, not with the machine."""
    assert ZoneInfo("Europe/Paris").key == "Europe/Paris"
