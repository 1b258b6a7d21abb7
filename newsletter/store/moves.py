"""Deliveries moved by their state, whoever has them, along the arrows that `newsletter.deliver` draws."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, Update, or_, update

from newsletter.models import Delivery, DeliveryState
from newsletter.store.history import SHOWN, delivery_of, with_state
from newsletter.store.papers import chunks
from newsletter.store.steps import drop_messages
from newsletter.store.tables import deliveries

_QUEUED, _CLAIMED = DeliveryState.QUEUED, DeliveryState.CLAIMED
_FAILED, _UNKNOWN = DeliveryState.FAILED, DeliveryState.UNKNOWN


def moving(sources: Iterable[DeliveryState], target: DeliveryState, now: datetime) -> Update:
    """Return the statement that moves every delivery from some states to another; narrow it before it is executed."""
    return update(deliveries).where(or_(*map(with_state, sources))).values(state=target, changed_at=now)


def changed(connection: Connection, statement: Update) -> tuple[Delivery, ...]:
    """Execute a statement, and return the deliveries it changed as they are now."""
    return tuple(delivery_of(row) for row in connection.execute(statement.returning(*SHOWN)).mappings())


def failed(connection: Connection, ids: Sequence[int], detail: str, now: datetime) -> tuple[Delivery, ...]:
    """Fail deliveries that nobody has begun, and return them by number; what may have arrived before is unknown."""
    if not ids:
        return ()
    drop_messages(connection, ids)
    maybe = deliveries.c.may_have_arrived
    held = moving((_QUEUED, _CLAIMED), _UNKNOWN, now).where(maybe)
    statements = (
        moving((_QUEUED, _CLAIMED), _FAILED, now).where(~maybe).values(detail=detail),
        held.values(detail=f"{detail}; an earlier attempt may have arrived"),
    )
    moved = [
        each
        for some in chunks(ids)
        for statement in statements
        for each in changed(connection, statement.where(deliveries.c.id.in_(some)))
    ]
    return tuple(sorted(moved, key=lambda delivery: delivery.id))
