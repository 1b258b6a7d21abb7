"""The statements that move deliveries along the arrows that `newsletter.deliver` draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Boolean, Connection, Update, and_, bindparam, delete, or_, select, update

from newsletter.models import Delivery, DeliveryState, Move
from newsletter.store.history import SHOWN, delivery_of, with_state
from newsletter.store.papers import chunks
from newsletter.store.prepared import Prepared
from newsletter.store.tables import deliveries, messages

_QUEUED, _CLAIMED, _DOT = DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.DOT
_SENT, _FAILED, _UNKNOWN = DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN

_ARROWS: Mapping[DeliveryState, tuple[DeliveryState, ...]] = MappingProxyType(
    {
        _DOT: (_CLAIMED,),
        _SENT: (_DOT, _UNKNOWN),  # the server's answer, although somebody took us for dead meanwhile
        _FAILED: (_CLAIMED, _DOT),
        _UNKNOWN: (_DOT, _CLAIMED),  # the second where an earlier attempt may have arrived
        _QUEUED: (_CLAIMED, _DOT),
    }
)
"""Where a delivery may come from, by where it goes, on the way of its owner."""


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


def packed_messages(connection: Connection, ids: Iterable[int]) -> dict[int, bytes]:
    """Return the packed messages of deliveries, by number."""
    found: dict[int, bytes] = {}
    for some in chunks(ids):
        rows = connection.execute(select(messages).where(messages.c.delivery_id.in_(some)))
        found |= {row.delivery_id: row.data for row in rows}
    return found


def drop_messages(connection: Connection, ids: Iterable[int]) -> None:
    """Drop the messages of deliveries that nothing can send any more."""
    for some in chunks(ids):
        connection.execute(delete(messages).where(messages.c.delivery_id.in_(some)))


def _keeping(state: DeliveryState) -> Update:
    """Return the statement of one move, compiled once and executed for many."""
    values: dict[str, Any] = {"state": state, "changed_at": bindparam("of_now")}
    if state is not _DOT:
        values |= {"code": bindparam("of_code"), "detail": bindparam("of_detail")}
        values["attempts"] = deliveries.c.attempts + bindparam("of_attempted")
    if state is _QUEUED:
        values["next_attempt_at"] = bindparam("of_next")
        values["may_have_arrived"] = or_(deliveries.c.may_have_arrived, bindparam("of_maybe", type_=Boolean))
    mine = and_(deliveries.c.id == bindparam("of_id"), deliveries.c.owner == bindparam("of_owner"))
    there = or_(*(deliveries.c.state == source.value for source in _ARROWS[state]))  # one row: no index is wanted
    return update(deliveries).where(mine, there).values(values)


KEEP: Mapping[DeliveryState, Prepared] = MappingProxyType({state: Prepared(_keeping(state)) for state in _ARROWS})
"""The statement that moves what its owner has claimed, by where it goes; `values_of` fills it."""


def values_of(step: Move, owner: str, now: datetime) -> dict[str, Any]:
    """Return what the statement of a move is filled with."""
    values: dict[str, Any] = {"of_id": step.id, "of_owner": owner, "of_now": now}
    if step.state is _DOT:
        return values
    values |= {"of_code": step.code, "of_detail": step.detail, "of_attempted": int(step.attempted)}
    if step.state is _QUEUED:
        values |= {"of_next": step.next_attempt_at, "of_maybe": step.may_have_arrived}
    return values
