"""Runs over days: what is due, from which papers, and what happens when sources and servers fail."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import ClassVar

import children
import pytest
from apscheduler.triggers import cron
from makers import a_newsletter, a_subscriber, an_entry, an_interest
from odd_smtp import Held, OddSmtp

from newsletter.collect import collect, named
from newsletter.config import Config, IssueSettings, Schedule
from newsletter.dedupe import dedupe
from newsletter.deliver import Reply, Session
from newsletter.deliver.mailer import BeforeDot
from newsletter.deliver.smtp import SmtpMailer
from newsletter.errors import ServerRefused, SourceError
from newsletter.inbox import Inbox
from newsletter.models import DeliveryState, Edition, Issue, Status, Subscriber
from newsletter.pipeline import OutcomeKind, issue_for, prepare
from newsletter.render import compile_templates
from newsletter.schedule import Ran, Tools, run_due, serve
from newsletter.sources.pages import Pages
from newsletter.sources.source import Parsed, Request, Silence, Source
from newsletter.store import Store
from newsletter.weights import Weights

EVERY_DAY = frozenset(range(1, 8))
ABSTRACT = "Speculative decoding verifies drafted tokens in one pass of the large language model, so that it is faster."


class World:
    """A newsletter over days: a page that changes, an inbox, and a clock that is set."""

    def __init__(self, store: Store, inbox: Inbox, weights: Weights, path: Path, *readers: Subscriber) -> None:
        self.store, self.inbox, self._weights = store, inbox, weights
        self.titles: list[str] = []
        self.fetches = 0
        self.broken = False
        self.refusing = False
        self.config = Config(
            path=path,
            newsletter=a_newsletter(),
            sources=(Pages(path="page.txt"),),
            schedule=Schedule(send_at=time(7), weekdays=EVERY_DAY),
            smtp=None,
            issue=IssueSettings(),
            store="",
            templates=None,
            subscribers=readers,
        )

    def fetch(self, request: Request) -> Iterator[tuple[Request, bytes]]:
        """Serve the page as it is now."""
        self.fetches += 1
        if self.broken:
            raise SourceError(f"{request.address}: no answer")
        page = "".join(f"{title}\n\n{ABSTRACT}\n\n" for title in self.titles)
        yield request, f"new\n\nSubscribe\n\n{page}".encode()

    connections = 1
    max_per_minute = 0

    def session(self) -> Session:
        """Return a session with the inbox, or with a server that knows no such password."""
        return _Refusing() if self.refusing else SmtpMailer(self.inbox.settings).session()

    def run(self, moment: str) -> Ran:
        """Run what is due at `2026-11-20 07:00`, UTC."""
        now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        tools = Tools(self.fetch, lambda: self._weights, compile_templates, self, lambda: now)
        return run_due(self.config, self.store, tools)

    def sent(self) -> list[str]:
        """Return the text of every email that arrived."""
        return [str(message.get_body(("plain",)).get_content()) for message in self.inbox.messages]  # type: ignore[union-attr]


class _Refusing:
    """A session with a server that refuses the login."""

    async def send(self, message: bytes, *, sender: str, recipient: str, before_dot: BeforeDot) -> Reply:
        """Refuse."""
        del message, sender, recipient, before_dot
        raise ServerRefused("535 5.7.8 wrong password", code=535)

    async def close(self) -> None:
        """Do nothing."""


@pytest.fixture
def world(store: Store, inbox: Inbox, weights: Weights, tmp_path: Path) -> World:
    """Return a newsletter with one daily reader at seven, UTC."""
    reader = a_subscriber(interests=(an_interest("speculative decoding"),), weekdays=EVERY_DAY)
    return World(store, inbox, weights, tmp_path / "subscribers.yaml", reader)


def kinds(ran: Ran) -> list[OutcomeKind]:
    """Return what became of each issue."""
    return [outcome.kind for outcome in ran.outcomes]


def test_nothing_happens_before_the_hour(world: World) -> None:
    """No fetch, no mail."""
    assert (world.run("2026-11-20 06:59"), world.fetches) == (Ran(), 0)


def test_an_issue_goes_out_at_the_hour_once(world: World) -> None:
    """Every further minute of the day does nothing."""
    world.titles = ["Trees of drafts for speculative decoding"]

    runs = [kinds(world.run(f"2026-11-20 07:{minute:02}")) for minute in range(4)]

    assert runs == [[OutcomeKind.SENT], [], [], []]
    assert world.fetches == 1


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles", "Pacific/Auckland"])
def test_a_reader_in_another_zone_gets_every_day_s_papers(zone: str, world: World) -> None:
    """The reader's date may be the newsletter's yesterday or tomorrow; no day is lost and none comes twice."""
    (reader,) = world.config.subscribers
    world.config = replace(world.config, subscribers=(replace(reader, timezone=zone),))
    for day in range(16, 21):
        world.titles = [f"Speculative decoding with drafts of kind {day}"]
        for hour in range(24):
            world.run(f"2026-11-{day} {hour:02}:30")

    texts = world.sent()

    # The last day's papers may belong to an issue of tomorrow.
    assert [sum(f"kind {day}" in text for text in texts) for day in range(16, 20)] == [1, 1, 1, 1]


def test_what_comes_after_the_issue_is_in_the_next_one(world: World) -> None:
    """A source that answered at ten is not lost because the issue went out at seven."""
    world.titles = ["Early drafts for speculative decoding"]
    world.run("2026-11-20 07:00")
    world.titles.append("Late drafts for speculative decoding")
    world.config = replace(world.config, schedule=Schedule(send_at=time(7), weekdays=EVERY_DAY))
    world.store.editions.save(_edition(world, "2026-11-20 10:00"), collected_at=_at("2026-11-20 10:00"))

    world.run("2026-11-21 07:00")

    assert ["Late drafts" in text for text in world.sent()] == [False, True]
    assert ["Early drafts" in text for text in world.sent()] == [True, False]


def test_a_weekly_reader_gets_the_week(world: World) -> None:
    """Each day is collected though nobody waits for it."""
    (reader,) = world.config.subscribers
    world.config = replace(world.config, subscribers=(replace(reader, weekdays=frozenset({5})),))
    for day in range(16, 21):
        world.titles = [f"Speculative decoding of day {day}"]
        world.run(f"2026-11-{day} 07:00")

    (text,) = world.sent()

    assert [f"of day {day}" in text for day in range(16, 21)] == [True] * 5


def test_a_source_that_fails_is_asked_again_after_a_while_and_not_every_minute(world: World) -> None:
    """The reader gets the issue when the source is back."""
    world.broken = True
    failing = [kinds(world.run(f"2026-11-20 07:{minute:02}")) for minute in range(10)]
    asked = world.fetches
    world.broken, world.titles = False, ["Trees of drafts for speculative decoding"]

    assert (failing, asked) == ([[OutcomeKind.FAILED]] * 10, 1)
    assert kinds(world.run("2026-11-20 07:20")) == [OutcomeKind.SENT]


def test_a_server_that_refuses_us_is_not_tried_every_minute(world: World) -> None:
    """A wrong password tried each minute locks the account; what waits is told each time it is tried."""
    world.titles, world.refusing = ["Trees of drafts for speculative decoding"], True

    runs = [kinds(world.run(f"2026-11-20 07:{minute:02}")) for minute in range(7)]
    world.refusing = False

    assert runs == [[OutcomeKind.WAITING], [], [], [], [], [OutcomeKind.WAITING], []]
    assert kinds(world.run("2026-11-20 07:30")) == [OutcomeKind.SENT]


def test_who_left_gets_nothing_that_was_queued_before(world: World) -> None:
    """Suppression always wins."""
    world.titles, world.refusing = ["Trees of drafts for speculative decoding"], True
    world.run("2026-11-20 07:00")
    (reader,) = world.config.subscribers
    world.config = replace(world.config, subscribers=(replace(reader, status=Status.UNSUBSCRIBED),))
    world.refusing = False

    world.run("2026-11-20 07:30")

    (delivery,) = world.store.history.deliveries()
    assert (delivery.state, world.sent()) == (DeliveryState.FAILED, [])
    assert "no longer an active subscriber" in delivery.detail


def test_who_is_suppressed_is_due_nothing(world: World) -> None:
    """Whatever the settings say: nothing is collected for them alone, and what waits is failed."""
    world.titles, world.refusing = ["Trees of drafts for speculative decoding"], True
    world.run("2026-11-20 07:00")
    world.store.suppressions.add("ADA@example.org", reason="unsubscribed", detail="", at=_at("2026-11-20 07:01"))
    world.refusing = False

    runs = [world.run(moment) for moment in ("2026-11-20 07:30", "2026-11-21 07:00")]

    assert [kinds(ran) for ran in runs] == [[OutcomeKind.FAILED], []]
    assert world.sent() == []


def test_one_reader_s_low_bar_changes_nobody_else_s_issue(world: World) -> None:
    """Who asks for more gets more, alone."""
    world.titles = ["Trees of drafts for speculative decoding", "A catalogue of coral reefs in warm water"]
    (ada,) = world.config.subscribers
    greedy = replace(ada, email="grace@example.org", min_score=0.0)
    alone = _issue_of(world, ada)

    world.config = replace(world.config, subscribers=(ada, greedy))

    assert _issue_of(world, ada) == alone


# ------------------------------------------------------------------ days that were missed, lists that are late


class Dated(Source):
    """A source with one paper a day, which can be asked about any day; it may fail or be late on some of them."""

    failing: ClassVar[set[date]] = set()
    late: ClassVar[set[date]] = set()
    asked: ClassVar[list[date]] = []

    @property
    def label(self) -> str:
        """Return a name."""
        return "dated"

    def requests(self, day: date, *, now: datetime) -> tuple[Request, ...]:
        """Return an address of the day."""
        self.asked.append(day)
        return (Request(day.isoformat()),)

    def parse(self, body: bytes, request: Request, *, now: datetime) -> Parsed:
        """Return the day's paper, unless it fails or is late."""
        day = date.fromisoformat(request.address)
        if day in self.failing:
            raise SourceError("it fails today")
        title = f"Speculative decoding as of {day:%A}, number {day.day}"
        return (
            Parsed() if day in self.late else Parsed((an_entry(title, abstract=ABSTRACT, url=f"https://a.org/{day}"),))
        )

    def silence(self, day: date, *, now: datetime) -> Silence:
        """Return that there should be a list."""
        return Silence("the list is not there yet", late=True)


@pytest.fixture
def dated(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Return a newsletter that reads a source of dated papers."""
    monkeypatch.setattr(Dated, "failing", set())
    monkeypatch.setattr(Dated, "late", set())
    monkeypatch.setattr(Dated, "asked", [])
    world.config = replace(world.config, sources=(Dated(),))
    return world


def titles_of(store: Store, day: str) -> list[str]:
    """Return the titles of a day's edition."""
    edition = store.editions.on(date.fromisoformat(day))
    return [paper.title for paper in edition.papers] if edition else []


def test_days_on_which_nobody_collected_are_filled(dated: World) -> None:
    """The machine was off from Tuesday to Thursday; Friday's issue has their papers, and no day is asked twice."""
    dated.run("2026-11-16 07:00")
    dated.run("2026-11-20 07:00")

    assert [titles_of(dated.store, f"2026-11-{day}") for day in (17, 18, 19)] == [
        ["Speculative decoding as of Tuesday, number 17"],
        ["Speculative decoding as of Wednesday, number 18"],
        ["Speculative decoding as of Thursday, number 19"],
    ]
    assert all(f"number {day}" in dated.sent()[-1] for day in (17, 18, 19, 20))
    before = len(Dated.asked)
    dated.run("2026-11-20 08:00")
    assert len(Dated.asked) == before


def test_a_first_run_fills_nothing(dated: World) -> None:
    """Who begins today is not sent last week."""
    dated.run("2026-11-20 07:00")

    assert set(Dated.asked) == {date(2026, 11, 20)}


def test_a_source_that_failed_yesterday_is_asked_about_yesterday(dated: World) -> None:
    """Its papers of that day are not lost."""
    Dated.failing.add(date(2026, 11, 19))
    dated.run("2026-11-19 07:00")
    Dated.failing.clear()
    dated.run("2026-11-20 07:00")

    assert titles_of(dated.store, "2026-11-19") == ["Speculative decoding as of Thursday, number 19"]


def test_an_issue_waits_for_a_list_that_is_late(dated: World) -> None:
    """It is neither sent empty nor given up; the list is asked for again in half an hour."""
    Dated.late.add(date(2026, 11, 20))
    waiting = [kinds(dated.run(f"2026-11-20 07:{minute:02}")) for minute in (0, 10, 20)]
    asked = len(Dated.asked)
    Dated.late.clear()

    assert (waiting, asked) == ([[OutcomeKind.LATE]] * 3, 1)
    assert kinds(dated.run("2026-11-20 07:31")) == [OutcomeKind.SENT]


# ------------------------------------------------------------------ the server


NEWSLETTER = "import runpy; runpy.run_module('newsletter', run_name='__main__', alter_sys=True)"

SERVED = """\
newsletter: {{name: Daily Papers, from: papers@example.org}}
sources:
  - pages: {{path: page.txt}}
smtp: {{host: 127.0.0.1, port: {port}, encryption: none, connections: 1}}
schedule: {{days: [mon, tue, wed, thu, fri, sat, sun], time: "{time}", timezone: UTC}}
subscribers:
  - {{email: ada@example.org, interests: [speculative decoding]}}
  - {{email: grace@example.org, interests: [speculative decoding]}}
"""


def test_a_server_that_is_told_to_stop_waits_for_the_answer_to_its_dot(tmp_path: Path) -> None:
    """The tick in hand is finished, however long the mail server thinks: sent, nothing unknown, the rest queued."""
    hour = datetime.now(UTC) - timedelta(hours=3)  # come, and young enough to catch up on
    held = Held("250 2.0.0 taken")
    (tmp_path / "page.txt").write_text(f"new\n\nSubscribe\n\nTrees of drafts\n\n{ABSTRACT}\n", encoding="utf-8")
    settings = tmp_path / "subscribers.yaml"
    with OddSmtp({".": held}, pipelining=True) as server:
        settings.write_text(SERVED.format(port=server.settings().port, time=f"{hour:%H:%M}"), encoding="utf-8")
        with children.start(NEWSLETTER, "serve", "--config", str(settings)) as child:
            try:
                assert held.asked.wait(60)
                child.send_signal(signal.SIGTERM)
                assert child.stderr is not None
                assert any("stopping: finishing what is in hand" in line for line in child.stderr)
                with pytest.raises(subprocess.TimeoutExpired):
                    child.wait(0.5)
                held.let_go.set()
                _, told = child.communicate(timeout=60)
            finally:
                held.let_go.set()
                child.kill()

    assert (child.returncode, "Traceback" in told) == (0, False), told
    with Store.open(f"sqlite:///{tmp_path / 'newsletter.db'}") as store:
        states = [delivery.state for delivery in store.history.deliveries()]
    assert states == [DeliveryState.SENT, DeliveryState.QUEUED]
    assert len(server.taken) == 1


def test_a_store_that_fails_in_one_tick_stops_no_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told in one line; what a tick is given to be told to stop by stays unset until somebody does so."""
    database = tmp_path / "newsletter.db"
    database.write_bytes(b"no database at all, but long enough to be taken for the head of one" * 20)
    stopped: list[bool] = []

    def tick(stop: threading.Event) -> Ran:
        stopped.append(stop.is_set())
        try:
            with Store.open(f"sqlite:///{database}"):
                os.kill(os.getpid(), signal.SIGTERM)
        finally:
            database.unlink()
        return Ran()

    every_second = cron.CronTrigger(second="*")  # of a minute that is a second long
    monkeypatch.setattr(cron, "CronTrigger", lambda **_: every_second)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with caplog.at_level(logging.ERROR):
            serve(tick)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

    assert stopped == [False, False]
    assert [str(database) in record.message and not record.exc_info for record in caplog.records] == [True]


def _at(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


def _edition(world: World, moment: str) -> Edition:
    now = _at(moment)
    [arrival] = collect(named(world.config.sources), day=now.date(), now=now, fetch=world.fetch)
    return Edition(now.date(), dedupe(arrival.entries), (arrival.health,), len(arrival.entries))


def _issue_of(world: World, reader: Subscriber) -> Issue:
    edition = _edition(world, "2026-11-20 07:00")
    prepared = prepare(edition, world.config.subscribers, world._weights)
    return issue_for(prepared, reader, day=date(2026, 11, 20))
