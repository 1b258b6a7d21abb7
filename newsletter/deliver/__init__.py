"""Hand over what is in the outbox, each message once at most.

    queued ──claim──► claimed ──before the final dot is written──► dot ──2yz──► sent
      ▲                 │                                            │
      ├── 4yz, no connection, or lost before the dot ◄───────────────┤ 4yz
      │                 │                                            │
      │                 ├── 5yz, or older than a day ──► failed ◄────┤ 5yz
      │                 │                                            │
      └── another run died here                                      └── no answer, or a run died here ──► unknown

`dot` is committed before the final dot goes out, so a row that is not `dot` was certainly not delivered and can be
queued again; one that is may have arrived and is held, whatever happens to this process (RFC 1047). `unknown` is left
to the operator.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from newsletter.errors import OutcomeUnknown, RecipientRefused, ServerRefused, ServerUnavailable
from newsletter.models import Delivery, DeliveryState

log = logging.getLogger(__name__)

RETRY_AFTER = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120, 240))  # the last one repeats
GIVE_UP_AFTER = timedelta(hours=24)  # the next issue is due: a stale one has no value

_BATCH = 100
_CONNECTION_LOST = (0, 421)  # no reply, or the reply that announces the end
_MOST_LOST_IN_A_ROW = 3  # then it is the server, not the messages


class Claimed(Protocol):
    """A delivery taken to be sent: its envelope and its bytes."""

    @property
    def id(self) -> int:
        """Its number in the outbox."""

    @property
    def sender(self) -> str:
        """Where the envelope says it comes from."""

    @property
    def recipient(self) -> str:
        """Where it goes."""

    @property
    def message(self) -> bytes:
        """The same bytes on every attempt."""

    @property
    def attempts(self) -> int:
        """How often the server was asked and answered, before now."""

    @property
    def created_at(self) -> datetime:
        """When it was queued."""


class Outbox(Protocol):
    """Where deliveries wait and what became of them is kept; each call is durable when it returns."""

    def reconcile(self, *, now: datetime) -> Iterable[Delivery]:
        """Settle what a run that died left behind."""

    def claim(self, limit: int, *, now: datetime) -> Sequence[Claimed]:
        """Take deliveries that are due."""

    def release(self, ids: Iterable[int], *, now: datetime) -> None:
        """Give back those that are still claimed."""

    def mark_dot(self, delivery_id: int, *, now: datetime) -> None:
        """Keep that it may arrive from here on."""

    def mark_sent(self, delivery_id: int, *, code: int, detail: str, now: datetime) -> Delivery:
        """Keep that it was taken."""

    def mark_failed(self, delivery_id: int, *, code: int, detail: str, now: datetime) -> Delivery:
        """Keep that it will not arrive."""

    def mark_unknown(self, delivery_id: int, *, code: int, detail: str, now: datetime) -> Delivery:
        """Keep that nobody knows."""

    def requeue(
        self, delivery_id: int, *, next_attempt_at: datetime, attempted: bool, code: int, detail: str, now: datetime
    ) -> Delivery:
        """Keep that it was not taken, and when to try again."""


class Mailer(Protocol):
    """What takes one message to a server; its errors say why not."""

    def send(self, message: bytes, *, sender: str, recipient: str, before_dot: Callable[[], None]) -> tuple[int, str]:
        """Hand `message` over, calling `before_dot` before the final dot, and return the reply."""


def _silent(_: Delivery) -> None:
    """Tell nobody."""


def deliver(
    outbox: Outbox,
    mailer: Mailer,
    *,
    clock: Callable[[], datetime],
    progress: Callable[[Delivery], None] = _silent,
) -> tuple[Delivery, ...]:
    """Send everything that is due and return every delivery whose state changed, as it now stands.

    The caller holds the lock of the store. One address's failure never stops the rest. ServerRefused stops the drain:
    nothing is lost, everything unsent is queued. A server that cannot be reached stops it too, quietly: the next run
    tries again. `progress` hears of each delivery as its state becomes known.
    """
    changed: dict[int, Delivery] = {}

    def keep(delivery: Delivery) -> Delivery:
        changed[delivery.id] = delivery
        log.info("delivery %d: %s %s", delivery.id, delivery.state, delivery.detail)
        progress(delivery)
        return delivery

    for settled in outbox.reconcile(now=clock()):
        keep(settled)
    lost_in_a_row = 0
    while lost_in_a_row < _MOST_LOST_IN_A_ROW and (waiting := deque(outbox.claim(_BATCH, now=clock()))):
        try:
            while waiting and lost_in_a_row < _MOST_LOST_IN_A_ROW:
                delivery = keep(_attempt(outbox, mailer, waiting[0], clock=clock))
                waiting.popleft()
                lost_in_a_row = lost_in_a_row + 1 if _was_lost(delivery) else 0
        finally:
            # However this ends, what was not begun waits for the next run. A row that is `dot` stays so.
            outbox.release([claimed.id for claimed in waiting], now=clock())
    if lost_in_a_row:
        log.warning("the connection to the mail server was lost; what is queued waits for the next run")
    return tuple(changed.values())


def _attempt(outbox: Outbox, mailer: Mailer, claimed: Claimed, *, clock: Callable[[], datetime]) -> Delivery:
    """Try one delivery and keep what became of it. ServerRefused, after queueing it again, if it is the server."""
    if clock() - claimed.created_at >= GIVE_UP_AFTER:
        return outbox.mark_failed(claimed.id, code=0, detail="expired before it could be sent", now=clock())
    try:
        code, detail = mailer.send(
            claimed.message,
            sender=claimed.sender,
            recipient=claimed.recipient,
            before_dot=lambda: outbox.mark_dot(claimed.id, now=clock()),
        )
    except RecipientRefused as error:
        return outbox.mark_failed(claimed.id, code=error.code, detail=str(error), now=clock())
    except OutcomeUnknown as error:
        return outbox.mark_unknown(claimed.id, code=error.code, detail=str(error), now=clock())
    except ServerUnavailable as error:
        return _try_later(outbox, claimed, error, now=clock())
    except ServerRefused as error:
        now = clock()
        later = now + RETRY_AFTER[0]  # a wrong password tried every minute gets an account locked
        outbox.requeue(claimed.id, next_attempt_at=later, attempted=False, code=error.code, detail=str(error), now=now)
        raise
    return outbox.mark_sent(claimed.id, code=code, detail=detail, now=clock())


def _try_later(outbox: Outbox, claimed: Claimed, error: ServerUnavailable, *, now: datetime) -> Delivery:
    """Queue a delivery again by the schedule, or give it up when its day is over.

    A lost connection is not the recipient's doing: it is tried again after the shortest wait, as long as its day lasts.
    """
    lost = error.code in _CONNECTION_LOST
    wait = RETRY_AFTER[0 if lost else min(claimed.attempts, len(RETRY_AFTER) - 1)]
    if not lost and now + wait >= claimed.created_at + GIVE_UP_AFTER:
        return outbox.mark_failed(claimed.id, code=error.code, detail=f"expired: {error}", now=now)
    return outbox.requeue(
        claimed.id, next_attempt_at=now + wait, attempted=not lost, code=error.code, detail=str(error), now=now
    )


def _was_lost(delivery: Delivery) -> bool:
    return delivery.state is DeliveryState.QUEUED and delivery.code in _CONNECTION_LOST
