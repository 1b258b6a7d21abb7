"""Once per run: everybody's issues made, queued, delivered, and what became of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime

from newsletter.collect import Fetch
from newsletter.config import Config
from newsletter.deliver import Mailer
from newsletter.errors import StoreError
from newsletter.pipeline.collecting import Progress, silent
from newsletter.pipeline.delivering import Delivering
from newsletter.pipeline.drafts import Draft, Drafts, Due, Outcome, OutcomeKind, standing
from newsletter.render import Templates
from newsletter.store import Store
from newsletter.weights import Weights

Clock = Callable[[], datetime]

_BATCH = 50  # issues made and queued together, while those before them are sent


def send(
    config: Config,
    store: Store,
    due: Sequence[Due],
    *,
    weights: Weights,
    templates: Templates,
    mailer: Mailer | None,
    clock: Clock,
    pictures: Fetch | None = None,
    progress: Progress = silent,
    made: Callable[[Draft], None] | None = None,
    stop: threading.Event | None = None,
) -> tuple[Outcome, ...]:
    """Make, queue and deliver the issues in `due`; return what became of each, in the same order.

    An issue that was queued before is never made again. What earlier runs left in the outbox is settled or tried
    again too, and what became of it follows. `pictures` brings thumbnails, for a look that shows them. Without a
    `mailer` nothing is queued or sent: a dry run. `made` hears of every issue as it is made; they are sent while the
    next are, and only what became of them is kept. Once `stop` is set, what is in hand is finished and nothing new
    begun. LockedError when another run is at it; what the mail server does to one address never stops the others.
    """
    stop = stop or threading.Event()
    with store.lock():
        drafts = Drafts(config, store, weights, templates, clock(), progress, pictures=pictures)
        outcomes: list[Outcome] = []
        with Delivering(config, store, mailer, clock, progress, stop) if mailer else nullcontext() as delivering:
            for batch in _batches(due):
                if stop.is_set():
                    break
                drafted = [drafts.draft_or_failure(task) for task in batch]
                if made:
                    for draft in drafted:
                        made(draft)
                if delivering is None:
                    outcomes += (_drafted(draft.outcome) for draft in drafted)
                else:
                    outcomes += _queued(store, drafted, clock())
                    delivering.queued(sum(draft.queued is not None for draft in drafted))
                progress("compose", len(outcomes), len(due))
            if delivering is not None:
                drafts.keep_headings()
        return delivering.settle(outcomes) if delivering else tuple(outcomes)


def deliver_waiting(
    config: Config,
    store: Store,
    *,
    mailer: Mailer,
    clock: Clock,
    progress: Progress = silent,
    stop: threading.Event | None = None,
) -> tuple[Outcome, ...]:
    """Settle what an earlier run left, and try again what is due to be tried again; return what became of it."""
    with store.lock():
        with Delivering(config, store, mailer, clock, progress, stop or threading.Event()) as delivering:
            pass
        return delivering.settle((), waiting=True)


def _batches(due: Sequence[Due]) -> Iterator[Sequence[Due]]:
    return (due[first : first + _BATCH] for first in range(0, len(due), _BATCH))


def _drafted(outcome: Outcome) -> Outcome:
    """Return the outcome of an issue that is made and not sent."""
    made = outcome.kind is OutcomeKind.WAITING and outcome.message_id
    return replace(outcome, kind=OutcomeKind.DRAFTED) if made else outcome


def _queued(store: Store, drafted: Sequence[Draft], now: datetime) -> Iterator[Outcome]:
    """Queue what was made, note the silences, and yield each outcome."""
    issues = [draft.queued for draft in drafted if draft.queued]
    new = dict(zip(map(id, issues), store.outbox.queue(issues, now=now) if issues else (), strict=True))
    for draft in drafted:
        outcome = draft.outcome
        if outcome.kind is OutcomeKind.EMPTY:
            store.outbox.silence(outcome.subscriber, outcome.issue_date, reason=outcome.detail, now=now)
        if draft.queued is None or new[id(draft.queued)]:
            yield outcome
            continue
        there = store.history.deliveries(subscriber=outcome.subscriber, issue_date=outcome.issue_date)
        if not there:
            raise StoreError(f"{outcome.subscriber}: the issue of {outcome.issue_date} could not be queued")
        yield Outcome(outcome.subscriber, outcome.issue_date, *standing(there[0]))
