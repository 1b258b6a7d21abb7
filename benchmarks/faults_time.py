"""Faults of time: clocks that jump, hours that daylight saving skips or repeats, days without a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from faults_kinds import kind
from faults_newsroom import of_the_store, open_newsroom, publish
from faults_world import World

from newsletter.store import Store

_ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo")


def _walk(world: World, first: str, hours: float, *, step: timedelta = timedelta(hours=1)) -> None:
    """Run at every step from a moment on (UTC); each day brings papers."""
    world.clock.now = datetime.fromisoformat(first).replace(tzinfo=UTC)
    last = world.clock() + timedelta(hours=hours)
    day: date | None = None
    while world.clock() <= last:
        if world.clock().date() != day:
            day = world.clock().date()
            publish(world)
        world.drain()
        world.clock.advance(step)


def _issues(world: World) -> Counter[date]:
    with Store.open(world.url) as store:
        return Counter(each.issue_date for each in store.history.deliveries())


def _each_day_once(*dates: str, readers: int = 2) -> Callable[[World], None]:
    """Return what holds that each reader got one issue of each of the dates, and none of another."""

    def held(world: World) -> None:
        of_the_store(world)
        wanted = {date.fromisoformat(each): readers for each in dates}
        world.must(_issues(world) == wanted, f"issues of {sorted(map(str, _issues(world).elements()))}")

    return held


def _reader(number: int, zone: str, at: str) -> str:
    return f"{{email: reader{number}@example.net, timezone: {zone}, send_at: '{at}'}}"


def _two(zone: str, at: str) -> list[str]:
    return [_reader(number, zone, at) for number in range(2)]


@kind("59", "the clock jumps a day ahead")
def ahead(world: World) -> None:
    """While some wait to be tried again: what is too old is given up and shown, nothing is sent twice."""
    world.queue()
    world.fault(RCPT=world.sometimes("451 4.3.0 later"))
    world.run()
    waiting = world.states()["queued"]
    world.mend()
    world.clock.advance(timedelta(days=1))
    world.run()
    world.expects(failed=waiting)


@kind("60", "the clock jumps a day back")
def back(world: World) -> None:
    """Hold that what waits is sent when its time has come."""
    world.queue()
    world.fault(RCPT=world.sometimes("451 4.3.0 later"))
    world.run()
    world.mend()
    world.clock.advance(-timedelta(days=1))
    world.run()


@kind("60b", "the clock jumps a day back between issues")
def back_between(world: World) -> None:
    """Hold that the same date comes again: nobody gets its issue twice."""
    open_newsroom(world, each=_two(_ZONES[world.seed % 3], "07:00"))
    _walk(world, "2026-11-17T00:00", 30)
    before = _issues(world)
    publish(world)
    _walk(world, "2026-11-17T00:00", 30)
    world.must(_issues(world) == before, "an issue was made again")
    world.before_count = of_the_store


@kind("61", "an hour that daylight saving skips")
def gap(world: World) -> None:
    """02:30 on 2026-03-29 in Berlin is 03:30; Cairo and Havana skip midnight."""
    zone, at, first, days = (
        ("Europe/Berlin", "02:30", "2026-03-27T12:00", ("2026-03-28", "2026-03-29", "2026-03-30")),
        ("Africa/Cairo", "00:00", "2026-04-22T12:00", ("2026-04-23", "2026-04-24", "2026-04-25")),
        ("America/Havana", "00:30", "2026-03-06T12:00", ("2026-03-07", "2026-03-08", "2026-03-09")),
    )[world.seed % 3]
    open_newsroom(world, each=_two(zone, at))
    _walk(world, first, 70)
    world.before_count = _each_day_once(*days)


@kind("62", "an hour that comes twice")
def repeat(world: World) -> None:
    """02:30 on 2026-10-25 in Berlin: the first of them."""
    zone, at, first, days = (
        ("Europe/Berlin", "02:30", "2026-10-23T12:00", ("2026-10-24", "2026-10-25", "2026-10-26")),
        ("America/New_York", "01:30", "2026-10-30T12:00", ("2026-10-31", "2026-11-01", "2026-11-02")),
        ("Europe/London", "01:15", "2026-10-23T12:00", ("2026-10-24", "2026-10-25", "2026-10-26")),
    )[world.seed % 3]
    open_newsroom(world, each=_two(zone, at))
    _walk(world, first, 70)
    world.before_count = _each_day_once(*days)


@kind("63", "a reader moves to another zone between issues")
def moved(world: World) -> None:
    """Eastwards or westwards: no date twice, and at most one that is passed over."""
    there, here = (("Pacific/Auckland", "America/Los_Angeles"), ("Asia/Tokyo", "Europe/Berlin"))[world.seed % 2]
    if world.seed % 3 == 2:
        there, here = here, there
    open_newsroom(world, each=_two(here, "07:00"))
    _walk(world, "2026-11-16T00:00", 36)
    open_newsroom(world, each=_two(there, "07:00"))
    _walk(world, "2026-11-17T12:30", 60)

    def held(world: World) -> None:
        of_the_store(world)
        issues = _issues(world)
        world.must(set(issues.values()) == {2}, f"a date was made twice: {issues}")
        missing = (max(issues) - min(issues)).days + 1 - len(issues)
        world.must(missing <= 1, f"{missing} dates were passed over")

    world.before_count = held


@kind("64", "three days without a run")
def down(world: World) -> None:
    """One issue, not three; of the day on which somebody is there again, and with what came since."""
    open_newsroom(world, each=_two("UTC", "07:00"))
    _walk(world, "2026-11-16T06:00", 4)
    publish(world)
    _walk(world, "2026-11-19T08:00", 4)
    world.before_count = _each_day_once("2026-11-16", "2026-11-19")


@kind("64b", "back too late for the hour")
def too_late(world: World) -> None:
    """More than six hours after it nothing is sent; the next day is on time."""
    open_newsroom(world, each=_two("UTC", "07:00"))
    _walk(world, "2026-11-16T06:00", 4)
    _walk(world, "2026-11-18T13:30", 22)
    world.before_count = _each_day_once("2026-11-16", "2026-11-19")


@kind("65", "into the next year")
def new_year(world: World) -> None:
    """And over the last day of February of a leap year."""
    first, days = (
        ("2026-12-30T06:00", ("2026-12-30", "2026-12-31", "2027-01-01", "2027-01-02")),
        ("2028-02-27T06:00", ("2028-02-27", "2028-02-28", "2028-02-29", "2028-03-01")),
    )[world.seed % 2]
    open_newsroom(world, each=_two("UTC", "07:00"))
    _walk(world, first, 76)
    world.before_count = _each_day_once(*days)


@kind("65b", "the server is away for a day")
def away(world: World) -> None:
    """Hold that the issue of that day is given up when it is old, and shown; the next is sent."""
    open_newsroom(world, each=_two("UTC", "07:00"))
    world.fault(CONNECT="421 4.3.2 closed")
    zone = ZoneInfo("UTC")
    _walk(world, "2026-11-16T06:00", 24.9)
    world.mend()
    _walk(world, datetime(2026, 11, 17, 7, 0, tzinfo=zone).strftime("%Y-%m-%dT%H:%M"), 4)
    world.expects(failed=2)
    world.before_count = _each_day_once("2026-11-16", "2026-11-17")
