"""When the pipeline runs: `run_due` once, for cron; `serve` every minute, until stopped."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any
from zoneinfo import ZoneInfo

from newsletter.collect import Fetch, named
from newsletter.collect.health import is_due
from newsletter.config import Config
from newsletter.deliver import Mailer
from newsletter.errors import NewsletterError
from newsletter.models import Edition, InboxSettings, SourceHealth, Status, Subscriber
from newsletter.pipeline import (
    Clock,
    Due,
    Outcome,
    OutcomeKind,
    Progress,
    always,
    collect_edition,
    collect_examples,
    deliver_waiting,
    left,
    send,
    silent,
)
from newsletter.render import Templates
from newsletter.schedule.slots import LONGEST_GAP, days_covered, due_slot
from newsletter.store import Store
from newsletter.tokens import canonical
from newsletter.weights import Weights

log = logging.getLogger(__name__)

_INBOX_MINUTES = 15  # it is read every so many, and before issues are sent

# Says by a source's name and its health on a day, None where it has none, whether it is asked.
Asked = Callable[[str, SourceHealth | None], bool]


@dataclass(frozen=True, slots=True)
class Tools:
    """What a run needs from the world; the costly ones are made when first asked for."""

    fetch: Fetch
    weights: Callable[[], Weights]
    templates: Callable[[], Templates]
    mailer: Mailer | None
    clock: Clock
    pictures: Callable[[], AbstractContextManager[Fetch]] | None = None
    stop: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class Ran:
    """What one run did: the edition it read (None when nothing was due) and what became of each issue."""

    edition: Edition | None = None
    outcomes: tuple[Outcome, ...] = ()


def today(config: Config, now: datetime) -> date:
    """Return the day whose edition is collected at `now`: the date in the newsletter's own zone."""
    return now.astimezone(ZoneInfo(config.schedule.timezone)).date()


def run_due(config: Config, store: Store, tools: Tools, *, progress: Progress = silent) -> Ran:
    """Collect and send what is due now, once; nothing is done, and cheaply, when nothing is."""
    now = tools.clock()
    tasks = due_now(config, store, now)
    if tools.mailer is not None and config.inbox is not None and (tasks or now.minute % _INBOX_MINUTES == 0):
        _read_inbox(config, config.inbox, store, now)
    edition = None
    if tasks or collection_due(config, store, now):
        fill_gaps(config, store, tools, progress=progress)
        edition = edition_of_today(config, store, tools, progress=progress)
    if tasks:
        return Ran(edition, send_issues(config, store, tools, tasks, progress=progress))
    if tools.mailer is not None and store.outbox.unfinished(now=now):
        waiting = deliver_waiting(
            config, store, mailer=tools.mailer, clock=tools.clock, progress=progress, stop=tools.stop
        )
        return Ran(edition, waiting)
    return Ran(edition)


def _read_inbox(config: Config, settings: InboxSettings, store: Store, now: datetime) -> None:
    """Read what came back, so that who has left gets nothing more; that it cannot be read stops no issue."""
    from newsletter.pipeline.inbox import read_inbox  # noqa: PLC0415 - loads what knows bounces, 0.1 s
    from newsletter.pipeline.incoming import Fate  # noqa: PLC0415

    try:
        for taken in read_inbox(config, settings, store, now=now):
            if taken.new and taken.fate is Fate.DONE:
                log.info("inbox: %s: %s", taken.subscriber or taken.sender, taken.did)
    except NewsletterError as error:
        log.error("the inbox was not read: %s", error)  # noqa: TRY400 - a person's mistake needs no traceback


def send_issues(
    config: Config, store: Store, tools: Tools, tasks: Sequence[Due], *, progress: Progress = silent
) -> tuple[Outcome, ...]:
    """Make and send the issues in `tasks`, loading what that needs."""
    templates = tools.templates()
    with tools.pictures() if tools.pictures and templates.shows_pictures else nullcontext() as pictures:
        return send(
            config,
            store,
            tasks,
            weights=tools.weights(),
            templates=templates,
            mailer=tools.mailer,
            clock=tools.clock,
            pictures=pictures,
            progress=progress,
            stop=tools.stop,
        )


def collection_due(config: Config, store: Store, now: datetime) -> bool:
    """Return whether today is still to be collected, though nobody waits for it.

    arXiv's feed holds one day: who reads on Fridays would miss Monday's papers if nobody had fetched them.
    """
    local = now.astimezone(ZoneInfo(config.schedule.timezone))
    if local.time() < config.schedule.send_at:
        return False
    health = store.editions.health_on(local.date())
    return health is None or any(_is_missing(health.get(name), now) for name in named(config.sources))


def due_now(config: Config, store: Store, now: datetime) -> tuple[Due, ...]:
    """Return whose issue should be made at `now` and is not settled yet."""
    settled: dict[date, frozenset[str]] = {}
    gone = left(config, store)
    found = []
    for subscriber in config.subscribers:
        slot = due_slot(subscriber, now)
        if subscriber.status is not Status.ACTIVE or slot is None or subscriber.email in gone:
            continue
        if slot.nominal not in settled:
            settled[slot.nominal] = store.outbox.settled(slot.nominal)
        if canonical(subscriber.email) not in settled[slot.nominal]:
            days = days_covered(subscriber, slot)
            found.append(due(config, store, subscriber, slot.nominal, latest=today(config, now), days=days))
    return tuple(found)


def due(config: Config, store: Store, subscriber: Subscriber, issue_date: date, *, latest: date, days: int = 1) -> Due:
    """Return that an issue should be made of what came since the reader's last one, at most a week of it.

    `latest` is the newest edition; a first issue covers `days`. What counts is when a paper came and when the last
    issue was made, not the dates they are called by: readers live in other zones than the newsletter, and a source
    that failed at seven may answer at ten.
    """
    made = store.history.last_made(subscriber.email)
    first = latest - timedelta(days=days - 1)
    if made is not None:
        first = max(today(config, made) - timedelta(days=1), latest - LONGEST_GAP + timedelta(days=1))
    return Due(subscriber, issue_date, first, latest, made)


def edition_of_today(
    config: Config, store: Store, tools: Tools, *, asked: Asked | None = None, progress: Progress = silent
) -> Edition:
    """Return today's edition, after asking each source that never answered today or may have more by now.

    `asked` decides otherwise.
    """
    now = tools.clock()
    asked = asked or (lambda _name, health: is_due(health, now))
    edition = _collected(config, store, tools, today(config, now), now, asked, progress)
    collect_examples(config, store, fetch=tools.fetch, now=now, progress=progress)
    return edition


def backfill(
    config: Config, store: Store, tools: Tools, *, since: date, asked: Asked = always, progress: Progress = silent
) -> Iterator[Edition]:
    """Yield the editions from `since` to yesterday, each after asking the sources that have not answered for its day.

    Sources that hold only what is newest say so in their health.
    """
    now = tools.clock()
    for day in _days(since, today(config, now)):
        yield _collected(
            config,
            store,
            tools,
            day,
            now,
            lambda name, health: asked(name, health) and (health is None or health.incomplete),
            progress,
        )


def fill_gaps(config: Config, store: Store, tools: Tools, *, progress: Progress = silent) -> None:
    """Ask for the days since the first edition, a week back at most, on which nobody collected or a source failed."""
    now = tools.clock().astimezone(ZoneInfo(config.schedule.timezone))
    known, sources = store.editions.days(), named(config.sources)
    for day in _days(max(now.date() - LONGEST_GAP, min(known, default=date.max)), now.date()):
        if day not in known:
            _collected(config, store, tools, day, now, always, progress)
            continue
        health = store.editions.health_on(day) or {}
        missing = [name for name in sources if _is_missing(health.get(name), now)]
        if any(sources[name].requests(day, now=now) for name in missing):
            _collected(config, store, tools, day, now, lambda _name, health: _is_missing(health, now), progress)


def _is_missing(health: SourceHealth | None, now: datetime) -> bool:
    return health is not None and health.incomplete and is_due(health, now)


def _days(first: date, end: date) -> Iterator[date]:
    """Yield the days from `first` to the one before `end`."""
    return (first + timedelta(days=number) for number in range((end - first).days))


def _collected(
    config: Config, store: Store, tools: Tools, day: date, now: datetime, asked: Asked, progress: Progress
) -> Edition:
    return collect_edition(
        config.sources,
        store,
        fetch=tools.fetch,
        day=day,
        now=now.astimezone(ZoneInfo(config.schedule.timezone)),
        weights=tools.weights,
        asked=asked,
        progress=progress,
    )


def serve(tick: Callable[[threading.Event], Ran], *, heartbeat: Path | None = None) -> None:
    """Call `tick` now and at every full minute until the process is told to stop.

    What it is given is set then: it finishes what is in hand, and begins nothing new. Meanwhile `heartbeat` is touched
    each minute, also while a long tick goes on, and removed at the end.
    """
    from apscheduler.events import EVENT_SCHEDULER_STARTED  # noqa: PLC0415 - only the server needs it
    from apscheduler.schedulers.blocking import BlockingScheduler  # noqa: PLC0415
    from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415

    logging.getLogger("apscheduler").setLevel(logging.WARNING)  # it would log every minute of an idle day
    scheduler = BlockingScheduler(timezone="UTC")
    started, stopping, ticking = threading.Event(), threading.Event(), threading.Lock()
    scheduler.add_listener(lambda _: started.set(), EVENT_SCHEDULER_STARTED)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()
        log.info("stopping: finishing what is in hand")

    def run() -> None:
        with ticking:
            if not stopping.is_set():
                _told(tick, stopping)

    def shut_down() -> None:
        stopping.wait()
        started.wait()
        scheduler.shutdown(wait=False)  # the tick has a thread of its own, which the process waits for

    # Not in the handler: it interrupts the main thread, which may be handing a tick to the lock that this waits for.
    threading.Thread(target=shut_down, daemon=True).start()
    # The defaults would skip a tick that starts a second late; one late tick is as good as any.
    patience: dict[str, Any] = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
    scheduler.add_job(run, CronTrigger(second=0), next_run_time=datetime.now(UTC), **patience)
    if heartbeat is not None:
        now = datetime.now(UTC)
        scheduler.add_job(lambda: _beat(heartbeat), CronTrigger(second=0), next_run_time=now, **patience)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    if not stopping.is_set():
        scheduler.start()
    with ticking:  # the end of this thread would end those that a tick needs
        pass
    if heartbeat is not None:
        heartbeat.unlink(missing_ok=True)


def _beat(heartbeat: Path) -> None:
    """Say that the scheduler is alive."""
    try:
        heartbeat.touch(mode=0o600)
    except OSError as error:  # a full disk: health tells, and mail goes on
        log.warning("%s: %s", heartbeat, error.strerror)


def _told(tick: Callable[[threading.Event], Ran], stopping: threading.Event) -> None:
    """Run one tick; whatever goes wrong is logged, and the next minute tries again."""
    try:
        ran = tick(stopping)
    except NewsletterError as error:
        log.error("%s", error)  # noqa: TRY400 - a person's mistake needs no traceback
    except Exception:
        log.exception("this minute's run failed; the next one tries again")
    else:
        for outcome in ran.outcomes:
            level = logging.WARNING if outcome.kind in {OutcomeKind.FAILED, OutcomeKind.UNKNOWN} else logging.INFO
            log.log(level, "%s %s: %s %s", outcome.subscriber, outcome.issue_date, outcome.kind, outcome.detail)
