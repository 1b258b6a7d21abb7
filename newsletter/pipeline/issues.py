"""Once per run: everybody's issues made, queued, delivered, and what became of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from newsletter.collect import Fetch
from newsletter.config import Config
from newsletter.deliver import Mailer, deliver
from newsletter.errors import ServerRefused
from newsletter.models import Delivery, DeliveryState, Status
from newsletter.pipeline.collecting import Progress, silent
from newsletter.pipeline.drafts import Drafts, Due, Outcome, OutcomeKind
from newsletter.render import Templates
from newsletter.store import Store
from newsletter.weights import Weights

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]


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
) -> tuple[Outcome, ...]:
    """Make, queue and deliver the issues in `due`; return what became of each, in the same order.

    An issue that was queued before is never made again. What earlier runs left in the outbox is settled or tried
    again too, and what became of it follows. `pictures` brings thumbnails, for a look that shows them. Without a
    `mailer` nothing is queued or sent: a dry run. LockedError when another run is at it; what the mail server does to
    one address never stops the others.
    """
    with store.lock():
        drafts = Drafts(config, store, weights, templates, clock(), progress, pictures=pictures)
        outcomes = []
        for done, task in enumerate(due):
            progress("compose", done, len(due))
            outcomes.append(drafts.outcome_or_failure(task, queue=mailer is not None))
        progress("compose", len(due), len(due))
        if mailer is None:
            return tuple(outcomes)
        drafts.keep_headings(outcomes)
        changed, trouble = _deliver(config, store, mailer, clock=clock, progress=progress)
        told = {(outcome.subscriber.casefold(), outcome.issue_date) for outcome in outcomes}
        others = (each for each in changed if (each.subscriber.casefold(), each.issue_date) not in told)
        return tuple(_settled(outcome, store, trouble) for outcome in outcomes) + _others(others, store, trouble)


def deliver_waiting(
    config: Config, store: Store, *, mailer: Mailer, clock: Clock, progress: Progress = silent
) -> tuple[Outcome, ...]:
    """Settle what an earlier run left, and try again what is due to be tried again; return what became of it."""
    with store.lock():
        changed, trouble = _deliver(config, store, mailer, clock=clock, progress=progress)
        waiting = store.outbox.deliveries(state=DeliveryState.QUEUED) if trouble else ()
        return _others(dict.fromkeys((*changed, *waiting)), store, trouble)


def _deliver(
    config: Config, store: Store, mailer: Mailer, *, clock: Clock, progress: Progress
) -> tuple[tuple[Delivery, ...], str]:
    """Drain the outbox; return the deliveries that changed, and why the server takes nothing ("" where it does)."""
    active = [reader.email for reader in config.subscribers if reader.status is Status.ACTIVE]
    changed = {delivery.id: delivery for delivery in store.outbox.withdraw(active, now=clock())}
    total = len(store.outbox.deliveries(state=DeliveryState.QUEUED))

    def keep(delivery: Delivery) -> None:
        changed[delivery.id] = delivery
        progress("deliver", min(len(changed), total), total)

    try:
        deliver(store.outbox, mailer, clock=clock, progress=keep)
    except ServerRefused as error:
        log.error("nothing more is sent, what is queued waits: %s", error)  # noqa: TRY400 - told, not traced
        return tuple(changed.values()), str(error)
    return tuple(changed.values()), ""


_KINDS = {
    DeliveryState.SENT: OutcomeKind.SENT,
    DeliveryState.FAILED: OutcomeKind.FAILED,
    DeliveryState.UNKNOWN: OutcomeKind.UNKNOWN,
}


def _settled(outcome: Outcome, store: Store, trouble: str) -> Outcome:
    """Return the outcome as the outbox has it after delivering; `trouble` is why the server took nothing more."""
    if outcome.kind is not OutcomeKind.WAITING:
        return outcome
    (delivery,) = store.outbox.deliveries(subscriber=outcome.subscriber, issue_date=outcome.issue_date)
    kind = _KINDS.get(delivery.state, OutcomeKind.WAITING)
    detail = delivery.detail or trouble
    if kind is OutcomeKind.WAITING:
        detail = f"{detail}; tried again by a later run" if detail else "tried again by a later run"
    return replace(outcome, kind=kind, detail=detail)


def _others(deliveries: Iterable[Delivery], store: Store, trouble: str) -> tuple[Outcome, ...]:
    """Return what became of deliveries that earlier runs had queued."""
    waiting = (Outcome(each.subscriber, each.issue_date, OutcomeKind.WAITING) for each in deliveries)
    return tuple(_settled(outcome, store, trouble) for outcome in waiting)
