"""Asking every source, side by side: what arrives, and which truth each one's health is."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from bodies_arxiv import an_atom_entry, an_atom_feed
from makers import a_health, an_entry

from newsletter.collect import MOST_REQUESTS, Fetch, collect, named
from newsletter.collect.fetch import HttpAndFiles
from newsletter.collect.health import is_due, is_waiting, joined
from newsletter.errors import SourceError, SourceThrottled, SourceUnreachable
from newsletter.models import Arrival, HealthState, SourceHealth
from newsletter.sources import KINDS
from newsletter.sources.arxiv import Arxiv
from newsletter.sources.feed import Feed
from newsletter.sources.pages import Pages
from newsletter.sources.source import Parsed, Request, Silence, Source

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)  # a Friday
DAY = NOW.date()
RSS = b"<rss version='2.0'><channel><item><title>Caf\xc3\xa9 of papers</title></item></channel></rss>"
EMPTY_ATOM = b"<feed xmlns='http://www.w3.org/2005/Atom'><title>cs.LG updates</title></feed>"
PAGE = b"A Title of a Paper\nAn abstract that ends.\n"


class Broken(Source):
    """A source whose parser has a mistake."""

    @property
    def label(self) -> str:
        """Return a name."""
        return "broken"

    def requests(self, day: date, *, now: datetime) -> tuple[Request, ...]:
        """Return two places."""
        return (Request(f"one {day}"), Request("two"))

    def parse(self, body: bytes, request: Request, *, now: datetime) -> Parsed:
        """Fail as only a mistake of ours does."""
        raise ZeroDivisionError(f"{request.address} {len(body)} {now.date()}")


class Paged(Source):
    """A source of numbered pages with an entry each; the page after the last one is empty."""

    pages: int
    asked: ClassVar[list[str]] = []

    @property
    def label(self) -> str:
        """Return a name."""
        return "paged"

    def requests(self, day: date, *, now: datetime) -> tuple[Request, ...]:
        """Return the first page; past days cannot be asked for."""
        return (Request("page 1"),) if day == now.date() else ()

    def parse(self, body: bytes, request: Request, *, now: datetime) -> Parsed:
        """Return the page's entry and where to go on."""
        number = int(request.address.split()[1])
        if number > self.pages:
            return Parsed()
        return Parsed((an_entry(f"Paper number {number}"),), more=(Request(f"page {number + 1}"),))


class Late(Source):
    """A source that should have announced, or whose list is yesterday's."""

    stale: bool = False

    @property
    def label(self) -> str:
        """Return a name."""
        return "late"

    def requests(self, day: date, *, now: datetime) -> tuple[Request, ...]:
        """Return one place."""
        return (Request("late"),)

    def parse(self, body: bytes, request: Request, *, now: datetime) -> Parsed:
        """Return nothing, or what is old."""
        return Parsed((an_entry(),), late="the list is still that of yesterday") if self.stale else Parsed()

    def silence(self, day: date, *, now: datetime) -> Silence:
        """Return that there should be something."""
        return Silence("today's list is not there yet", late=True)


def literal(**bodies: bytes) -> Fetch:
    """Return a fetch that knows some addresses by heart."""

    def fetch(request: Request) -> Iterator[tuple[Request, bytes]]:
        for name, body in bodies.items():
            if name in request.address:
                yield request, body
                return
        raise SourceError(f"{request.address}: no connection; check the network")

    return fetch


def failing(error: SourceError) -> Fetch:
    """Return a fetch that only fails."""

    def fetch(request: Request) -> Iterator[tuple[Request, bytes]]:
        raise error

    return fetch


def arrivals(
    *sources: Source, fetch: Fetch, now: datetime = NOW, before: Mapping[str, SourceHealth] | None = None
) -> list[Arrival]:
    """Return what the sources give, in their own order."""
    everyone = named(sources)
    found = list(collect(everyone, day=now.date(), now=now, fetch=fetch, before=before or {}))
    return sorted(found, key=lambda arrival: list(everyone).index(arrival.health.source))


def health_of(source: Source, fetch: Fetch, *, now: datetime = NOW, before: SourceHealth | None = None) -> SourceHealth:
    """Return the health of one source, which answered `before`."""
    [arrival] = arrivals(source, fetch=fetch, now=now, before={before.source: before} if before else {})
    return arrival.health


# ------------------------------------------------------------------ arrivals


def test_one_failure_stops_no_other_source() -> None:
    """The reader gets what there is, and is told what there is not."""
    sources = (Feed(name="A", path="lost"), Feed(name="B", path="rss"), Pages(path="page"))
    found = arrivals(*sources, fetch=literal(rss=RSS, page=PAGE))

    assert [entry.title for arrival in found for entry in arrival.entries] == ["Café of papers", "A Title of a Paper"]
    assert [(one.health.source, one.health.state, one.health.entries) for one in found] == [
        ("feed A", HealthState.FAILED, 0),
        ("feed B", HealthState.FETCHED, 1),
        ("pages page", HealthState.FETCHED, 1),
    ]
    assert found[0].health.detail == "lost: no connection; check the network"


def test_a_mistake_of_ours_is_logged_with_its_traceback_and_fails_one_source_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is neither swallowed nor allowed to stop the run."""
    found = arrivals(Broken(), Feed(name="B", path="rss"), fetch=literal(one=b"x", two=b"y", rss=RSS))
    tracebacks = [record for record in caplog.records if record.exc_info]

    assert [one.health.state for one in found] == [HealthState.FAILED, HealthState.FETCHED]
    assert found[0].health.detail == (
        "one 2026-11-20: unexpected ZeroDivisionError: one 2026-11-20 1 2026-11-20; "
        "please report it with the details in the log (and 1 more)"
    )
    assert len(tracebacks) == 2


def test_one_slow_source_keeps_no_other_waiting() -> None:
    """Sources are asked side by side: the second answers while the first has not."""
    answered = threading.Event()

    def fetch(request: Request) -> Iterator[tuple[Request, bytes]]:
        if "slow" in request.address:
            assert answered.wait(10)
        yield request, RSS
        answered.set()

    sources = named([Feed(name="A", path="slow"), Feed(name="B", path="quick")])
    found = list(collect(sources, day=DAY, now=NOW, fetch=fetch))

    assert [arrival.health.source for arrival in found] == ["feed B", "feed A"]


def test_a_source_is_followed_from_page_to_page() -> None:
    """Each body says what to read next."""
    [arrival] = arrivals(Paged(pages=3), fetch=literal(page=b""))

    assert [entry.title for entry in arrival.entries] == [f"Paper number {n}" for n in (1, 2, 3)]
    assert {entry.source for entry in arrival.entries} == {"paged"}


def test_a_list_without_end_is_not_followed_for_ever() -> None:
    """And it says so."""
    [arrival] = arrivals(Paged(pages=10_000), fetch=literal(page=b""))

    assert len(arrival.entries) == MOST_REQUESTS
    assert arrival.health.warnings == ("one more request is left after 200 requests; the next run asks again",)


class Many(Source):
    """A source of five lists, which stand at one service."""

    @property
    def label(self) -> str:
        """Return a name."""
        return "many"

    def requests(self, day: date, *, now: datetime) -> tuple[Request, ...]:
        """Return five addresses."""
        return tuple(Request(f"https://example.org/{number}") for number in range(5))

    def parse(self, body: bytes, request: Request, *, now: datetime) -> Parsed:
        """Return an entry."""
        return Parsed((an_entry(f"Paper at {request.address}"),))


def test_who_does_not_answer_twice_is_not_asked_for_the_rest() -> None:
    """All others would wait for it; and what is left is told."""
    asked: list[str] = []

    def fetch(request: Request) -> Iterator[tuple[Request, bytes]]:
        asked.append(request.address)
        raise SourceUnreachable("no answer within 30 s")

    health = health_of(Many(), fetch)

    assert len(asked) == 2
    assert health.state is HealthState.FAILED
    assert health.detail == "no answer within 30 s (and 2 more)"


def test_a_service_that_asks_to_wait_is_not_asked_again_in_this_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither for the rest of its lists nor by another source."""
    monkeypatch.setattr("newsletter.collect._AT_ONCE", 1)
    asked: list[str] = []

    def fetch(request: Request) -> Iterator[tuple[Request, bytes]]:
        asked.append(request.address)
        if request.address.endswith("1"):
            raise SourceThrottled("429", wait_seconds=7_200)
        yield request, b""

    first, second = arrivals(Many(), Feed(name="A", url="https://example.org/feed"), fetch=fetch)

    assert asked == ["https://example.org/0", "https://example.org/1"]
    assert (first.health.state, first.health.entries, len(first.entries)) == (HealthState.THROTTLED, 1, 1)
    assert first.health.again_at == second.health.again_at == NOW + timedelta(hours=2)
    assert second.health.detail == "https://example.org/feed: not asked, because example.org asked us to wait"


def test_an_unreadable_file_does_not_end_the_pattern(tmp_path: Path) -> None:
    """An iterator may go on after an error."""
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_bytes(PAGE if name != "b.txt" else b"x" * 1_000)
    [arrival] = arrivals(Pages(path="*.txt"), fetch=HttpAndFiles(tmp_path, max_bytes=500))

    assert [entry.place for entry in arrival.entries] == ["a.txt:1", "c.txt:1"]
    assert arrival.health.failures == 1
    assert arrival.health.incomplete


def test_a_page_that_fails_leaves_what_came_before(caplog: pytest.LogCaptureFixture) -> None:
    """The rest is a warning, and the source is asked again soon."""
    [arrival] = arrivals(Paged(pages=3), fetch=literal(**{"page 1": b"", "page 2": b""}))

    assert [entry.title for entry in arrival.entries] == ["Paper number 1", "Paper number 2"]
    assert arrival.health.state is HealthState.FETCHED
    assert arrival.health.warnings == ("page 3: no connection; check the network",)
    assert arrival.health.again_at == NOW + timedelta(minutes=15)
    assert "page 3" in caplog.text


def test_sources_of_one_label_are_numbered_in_health_and_entries() -> None:
    """Otherwise nobody knows which of them failed."""
    feed = Feed(name="A", path="rss")
    found = arrivals(feed, feed, Feed(name="A (2)", path="rss"), fetch=literal(rss=RSS))

    assert [one.health.source for one in found] == ["feed A", "feed A (2)", "feed A (2) (2)"]
    assert [entry.source for one in found for entry in one.entries] == [one.health.source for one in found]


def test_progress_is_told_after_each_source() -> None:
    """With how many there are."""
    told: list[tuple[str, int, int]] = []
    sources = named([Feed(name="A", path="rss"), Feed(name="B", path="lost")])
    list(collect(sources, day=DAY, now=NOW, fetch=literal(rss=RSS), progress=lambda *each: told.append(each)))

    assert sorted(name for name, _, _ in told) == ["feed A", "feed B"]
    assert [numbers for _, *numbers in told] == [[1, 2], [2, 2]]


def test_one_bad_file_of_several_is_a_warning(tmp_path: Path) -> None:
    """The others are read; the bad one is named."""
    for name, body in {"a.txt": PAGE, "b.txt": b"", "c.txt": PAGE}.items():
        (tmp_path / name).write_bytes(body)
    [arrival] = arrivals(Pages(path="*.txt"), fetch=HttpAndFiles(tmp_path))

    assert [entry.place for entry in arrival.entries] == ["a.txt:1", "c.txt:1"]
    assert arrival.health.state is HealthState.FETCHED
    assert arrival.health.warnings == ("b.txt: no papers in this page; save the listing again, as text",)


def test_warnings_beyond_twenty_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    """The log has them all, the email does not."""
    body = RSS.replace(b"</channel>", b"<item><link>x</link></item>" * 30 + b"</channel>")
    health = health_of(Feed(name="A", path="rss"), literal(rss=body))

    assert len(health.warnings) == 20
    assert health.warnings[-1] == "and 11 more; the log has them all"
    assert sum("no title" in record.getMessage() for record in caplog.records) == 30


def test_a_detail_is_one_short_line() -> None:
    """Whatever a server wrote."""
    health = health_of(Pages(path="p"), failing(SourceError("p\r\n\0Bcc: x " + "y" * 5000)))

    assert health.detail.startswith("p Bcc: x")
    assert len(health.detail) <= 400


def test_no_sources_give_nothing() -> None:
    """And no error."""
    assert arrivals(fetch=literal()) == []


def test_an_interrupt_while_asking_reaches_the_caller() -> None:
    """A thread that ends must not leave the run waiting for ever."""

    def fetch(request: Request) -> Iterator[tuple[Request, bytes]]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        arrivals(Pages(path="p"), fetch=fetch)


def test_every_kind_of_source_has_its_key() -> None:
    """It is the key in the settings, and a label begins with it."""
    assert list(KINDS) == [
        "arxiv", "huggingface", "biorxiv", "medrxiv", "pubmed", "openreview", "semantic_scholar", "crossref", "feed",
        "pages", "file",
    ]  # fmt: skip


# ------------------------------------------------------------------ health


def test_what_a_source_gave_earlier_that_day_stays_told() -> None:
    """Failing at eleven does not undo the list of seven; an emptied feed was not empty."""
    morning = a_health(entries=29, at=NOW, again_at=NOW)
    later = NOW + timedelta(hours=4)
    failed = a_health(state=HealthState.FAILED, entries=0, detail="500", at=later, again_at=later, failures=1)
    emptied = a_health(state=HealthState.EMPTY, entries=0, detail="it lists nothing", at=later, again_at=later)
    more = a_health(entries=31, at=later)

    assert joined(morning, failed) == replace(failed, entries=29)
    assert joined(morning, emptied) == replace(morning, at=later, again_at=later)
    assert (joined(morning, more), joined(None, failed)) == (more, failed)


@pytest.mark.parametrize(
    ("now", "state", "detail"),
    [
        (datetime(2026, 11, 21, 12, tzinfo=UTC), HealthState.EMPTY, "Saturday and Sunday"),
        (datetime(2026, 11, 27, 12, tzinfo=UTC), HealthState.EMPTY, "Thanksgiving"),
        (datetime(2026, 11, 24, 12, tzinfo=UTC), HealthState.LATE, "not there yet"),
    ],
    ids=["weekend", "holiday", "any other day"],
)
def test_arxivs_silence_is_explained(now: datetime, state: HealthState, detail: str) -> None:
    """Weekend, holiday and a list that should be there are three different truths."""
    health = health_of(Arxiv(categories=("cs.LG",)), literal(arxiv=EMPTY_ATOM), now=now)

    assert health.state is state
    assert detail in health.detail
    assert (health.next_at is not None) == (state is HealthState.EMPTY)


def test_entries_of_which_none_can_be_read_are_a_failure() -> None:
    """A service that changed its form is not silent."""
    body = b"<rss version='2.0'><channel><item><link>x</link></item><item><link>y</link></item></channel></rss>"
    health = health_of(Feed(name="A", path="rss"), literal(rss=body))

    assert (health.state, health.failures, len(health.warnings)) == (HealthState.FAILED, 1, 2)
    assert health.detail == "none of 2 entries could be read; please report it with the warnings"


def test_a_list_that_gives_nothing_wanted_is_empty_and_not_late() -> None:
    """It is there; only replacements are on it."""
    body = an_atom_feed(an_atom_entry(1, "replace"))
    health = health_of(Arxiv(categories=("cs.LG",)), literal(arxiv=body), now=datetime(2026, 11, 24, 12, tzinfo=UTC))

    assert (health.state, health.detail) == (HealthState.EMPTY, "one paper is listed, none new or cross")


def test_an_empty_answer_of_a_source_without_a_calendar_is_told_as_it_is() -> None:
    """Nobody guesses a reason."""
    health = health_of(Feed(name="A", path="rss"), literal(rss=b"<rss version='2.0'><channel/></rss>"))

    assert (health.state, health.detail) == (HealthState.EMPTY, "it answered, and lists nothing")
    assert (health.at, health.again_at) == (NOW, NOW + timedelta(hours=3))


def test_a_source_that_cannot_be_asked_about_a_past_day_says_so() -> None:
    """It is not asked, and nothing is invented."""
    [arrival] = collect(named([Paged(pages=3)]), day=DAY - timedelta(days=3), now=NOW, fetch=failing(SourceError("x")))

    assert (arrival.health.state, arrival.health.detail) == (
        HealthState.EMPTY, "it cannot be asked about a past day",
    )  # fmt: skip


def test_a_list_that_should_be_there_is_asked_for_again_in_half_an_hour() -> None:
    """Late is not empty."""
    health = health_of(Late(), literal(late=b""))

    assert (health.state, health.detail) == (HealthState.LATE, "today's list is not there yet")
    assert health.again_at == NOW + timedelta(minutes=30)


def test_yesterdays_list_is_late_though_it_has_entries() -> None:
    """They are kept; dedupe knows them already."""
    health = health_of(Late(stale=True), literal(late=b""))

    assert (health.state, health.entries) == (HealthState.LATE, 1)
    assert health.detail == "the list is still that of yesterday"


def test_a_failed_source_is_left_alone_longer_with_each_failure_in_a_row() -> None:
    """A quarter of an hour, doubled up to four hours."""
    source, fetch = Feed(name="A", path="rss"), failing(SourceError("no connection"))
    health: SourceHealth | None = None
    waits = []
    for _ in range(7):
        health = health_of(source, fetch, before=health)
        assert health.again_at is not None
        waits.append((health.again_at - NOW) / timedelta(minutes=1))

    assert waits == [15, 30, 60, 120, 240, 240, 240]
    assert health is not None
    assert health.failures == 7
    assert health_of(source, literal(rss=RSS), before=health).failures == 0


def test_who_asks_to_wait_is_throttled_until_then_and_not_asked_before() -> None:
    """Retry-After is honoured across runs."""
    source = Feed(name="A", path="rss")
    health = health_of(source, failing(SourceThrottled("429", wait_seconds=3_600)))
    again = health_of(source, literal(rss=RSS), before=health)
    later = health_of(source, literal(rss=RSS), now=NOW + timedelta(hours=1), before=health)

    assert (health.state, health.again_at) == (HealthState.THROTTLED, NOW + timedelta(hours=1))
    assert again == health
    assert later.state is HealthState.FETCHED


def test_a_source_that_throttles_without_saying_how_long_waits_like_a_failed_one() -> None:
    """A quarter of an hour at first."""
    health = health_of(Feed(name="A", path="rss"), failing(SourceThrottled("406")))

    assert (health.state, health.again_at) == (HealthState.THROTTLED, NOW + timedelta(minutes=15))


def test_a_source_is_due_until_it_answered_and_when_it_may_have_more() -> None:
    """A fresh answer is not asked for again."""
    later = NOW + timedelta(hours=1)

    assert is_due(None, NOW)
    assert is_due(a_health(), NOW)
    assert is_due(a_health(again_at=NOW), NOW)
    assert not is_due(a_health(again_at=later), NOW)
    assert not is_waiting(a_health(state=HealthState.FAILED, again_at=later), NOW)
    assert is_waiting(a_health(state=HealthState.THROTTLED, again_at=later), NOW)


def test_what_went_wrong_is_logged_and_what_went_right_too(caplog: pytest.LogCaptureFixture) -> None:
    """One line for each source."""
    with caplog.at_level(logging.INFO):
        arrivals(Feed(name="A", path="lost"), Feed(name="B", path="rss"), fetch=literal(rss=RSS))

    assert "feed A: failed, 0 entries. lost: no connection" in caplog.text
    assert "feed B: fetched, 1 entries" in caplog.text
