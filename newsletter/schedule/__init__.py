"""When the pipeline runs: `run_due` once, for cron; `serve` every minute, until stopped."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import FrameType
from zoneinfo import ZoneInfo

from newsletter.collect import Fetch
from newsletter.config import Config
from newsletter.deliver import Mailer
from newsletter.errors import NewsletterError
from newsletter.models import DeliveryState, Edition, HealthState, Status, Subscriber
from newsletter.pipeline import (
    Clock,
    Due,
    Outcome,
    OutcomeKind,
    Progress,
    collect_edition,
    deliver_waiting,
    send,
    silent,
)
from newsletter.render import Templates
from newsletter.schedule.slots import due_slot, papers_since
from newsletter.store import Store
from newsletter.weights import Weights

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tools:
    """What a run needs from the world; the costly ones are made when first asked for."""

    fetch: Fetch
    weights: Callable[[], Weights]
    templates: Callable[[], Templates]
    mailer: Mailer | None
    clock: Clock


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
    due = due_now(config.subscribers, store, now)
    edition = None
    if due or collection_due(config, store, now):
        edition = edition_of_today(config, store, tools, progress=progress)
    if due:
        return Ran(edition, send_issues(config, store, tools, due, progress=progress))
    if tools.mailer is not None and store.outbox.unfinished(now=now):
        return Ran(edition, deliver_waiting(store, mailer=tools.mailer, clock=tools.clock, progress=progress))
    return Ran(edition)


def send_issues(
    config: Config, store: Store, tools: Tools, due: Sequence[Due], *, progress: Progress = silent
) -> tuple[Outcome, ...]:
    """Make and send the issues in `due`, loading what that needs."""
    return send(
        config,
        store,
        due,
        weights=tools.weights(),
        templates=tools.templates(),
        mailer=tools.mailer,
        clock=tools.clock,
        progress=progress,
    )


def collection_due(config: Config, store: Store, now: datetime) -> bool:
    """Return whether today is still to be collected, though nobody waits for it.

    arXiv's feed holds one day: who reads on Fridays would miss Monday's papers if nobody had fetched them.
    """
    local = now.astimezone(ZoneInfo(config.schedule.timezone))
    return local.time() >= config.schedule.send_at and store.editions.on(local.date()) is None


def due_now(subscribers: Sequence[Subscriber], store: Store, now: datetime) -> tuple[Due, ...]:
    """Return whose issue should be made at `now` and is not settled yet."""
    settled: dict[date, frozenset[str]] = {}
    found = []
    for subscriber in subscribers:
        slot = due_slot(subscriber, now)
        if subscriber.status is not Status.ACTIVE or slot is None:
            continue
        if slot.nominal not in settled:
            settled[slot.nominal] = store.outbox.settled(slot.nominal)
        if subscriber.email.casefold() not in settled[slot.nominal]:
            last = _last_issue(store, subscriber)
            found.append(Due(subscriber, slot.nominal, papers_since(subscriber, slot, last_issue=last)))
    return tuple(found)


def edition_of_today(config: Config, store: Store, tools: Tools, *, progress: Progress = silent) -> Edition:
    """Return today's edition, collected now if it was not yet, or if a source failed the last time."""
    now = tools.clock()
    day = today(config, now)
    kept = store.editions.on(day)
    if kept is not None and all(health.state is not HealthState.FAILED for health in kept.health):
        return kept
    return collect_edition(config.sources, store, fetch=tools.fetch, day=day, now=now, progress=progress)


def serve(tick: Callable[[], Ran]) -> None:
    """Call `tick` now and at every full minute until the process is told to stop; what it is doing it finishes."""
    from apscheduler.schedulers.blocking import BlockingScheduler  # noqa: PLC0415 - only the server needs it
    from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415

    scheduler = BlockingScheduler(timezone="UTC")

    def stop(_signal: int, _frame: FrameType | None) -> None:
        log.info("stopping: finishing what is in hand")
        scheduler.shutdown(wait=False)

    # The defaults would skip a tick that starts a second late; one late tick is as good as any.
    scheduler.add_job(
        lambda: _told(tick), CronTrigger(second=0), max_instances=1, coalesce=True, misfire_grace_time=None
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    _told(tick)
    scheduler.start()


def _told(tick: Callable[[], Ran]) -> None:
    """Run one tick; whatever goes wrong is logged, and the next minute tries again."""
    try:
        ran = tick()
    except NewsletterError as error:
        log.error("%s", error)  # noqa: TRY400 - a person's mistake needs no traceback
    except Exception:
        log.exception("this minute's run failed; the next one tries again")
    else:
        for outcome in ran.outcomes:
            level = logging.WARNING if outcome.kind in {OutcomeKind.FAILED, OutcomeKind.UNKNOWN} else logging.INFO
            log.log(level, "%s %s: %s %s", outcome.subscriber, outcome.issue_date, outcome.kind, outcome.detail)


def _last_issue(store: Store, subscriber: Subscriber) -> date | None:
    deliveries = store.outbox.deliveries(subscriber=subscriber.email)
    return max((each.issue_date for each in deliveries if each.state is not DeliveryState.FAILED), default=None)
