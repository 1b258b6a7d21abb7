"""The statements that every email takes: queued, claimed, moved, its message added, read and dropped.

A thousand emails a second pass through them, so they are compiled once and take many rows together (`prepared`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    Connection,
    Integer,
    Update,
    and_,
    bindparam,
    delete,
    literal_column,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from newsletter.models import DeliveryState, Move
from newsletter.store.database import insert
from newsletter.store.history import with_state
from newsletter.store.prepared import Prepared, Together, of
from newsletter.store.tables import deliveries, issue_papers, messages

_QUEUED, _CLAIMED, _DOT = DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.DOT
_SENT, _FAILED, _UNKNOWN = DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN
_GIVEN = ("subscriber", "subscriber_key", "issue_date", "message_id", "sender", "recipient", "papers", "expires_at")

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

# ---------------------------------------------------------------------- in


def _queueing(number: int) -> ReturningInsert[Any]:
    """Return the statement that queues so many issues; one that is there already stays as it is."""
    now = {
        name: bindparam("of_now", type_=deliveries.c[name].type)
        for name in ("next_attempt_at", "changed_at", "created_at")
    }
    same = {"state": _QUEUED, "attempts": 0, "code": 0, "detail": "", "owner": "", **now}
    rows = [
        {**same, **{name: bindparam(of(name, each), type_=deliveries.c[name].type) for name in _GIVEN}}
        for each in range(number)
    ]
    made = (deliveries.c.id, deliveries.c.subscriber_key, deliveries.c.issue_date)
    return insert(deliveries).values(rows).on_conflict_do_nothing().returning(*made)


QUEUE = Together(_queueing, once=True)  # PostgreSQL gives a number to a row that is there, too
"""Queues issues at `of_now`, and returns number, reader and date of those that were not there."""

ADD_MESSAGES, ADD_PAPERS = Prepared(insert(messages)), Prepared(insert(issue_papers))

# ---------------------------------------------------------------------- on the way


class Taken(NamedTuple):
    """A row that was claimed."""

    id: int
    subscriber: str
    issue_date: date
    message_id: str
    sender: str
    recipient: str
    papers: int
    attempts: int
    may_have_arrived: bool
    expires_at: datetime | None
    next_attempt_at: datetime
    created_at: datetime


def _take() -> ReturningUpdate[Any]:
    """Return the statement that claims what is due."""
    now = bindparam("of_now", type_=deliveries.c.changed_at.type)
    due = (
        select(deliveries.c.id)
        .where(with_state(_QUEUED), deliveries.c.next_attempt_at <= now)
        .order_by(deliveries.c.next_attempt_at, deliveries.c.id)
        .limit(bindparam("of_limit", type_=Integer))
        .with_for_update(skip_locked=True)  # where several senders can ask at once
        .cte()  # PostgreSQL evaluates a subquery for each row, and claims more than the limit
    )
    taken = update(deliveries).where(with_state(_QUEUED), deliveries.c.id.in_(select(due.c.id)))
    values = {"state": _CLAIMED, "owner": bindparam("of_owner"), "changed_at": now}
    return taken.values(values).returning(*(deliveries.c[name] for name in Taken._fields))


TAKE = Prepared(_take())
"""Claims up to `of_limit` deliveries that are due at `of_now` for `of_owner`, those that wait longest first."""


def _keeping(state: DeliveryState, number: int) -> Update:
    """Return the statement of so many moves to one state."""
    # Rows are found by their number. SQLite would search by state instead, or, where the state is a parameter, compile
    # the statement again for each value, which takes ten times the time of the move.
    now_in = deliveries.c.state.concat(literal_column("''"))
    here = or_(*(now_in == source.value for source in _ARROWS[state]))
    mine = and_(deliveries.c.owner == bindparam("of_owner"), here)
    kept = update(deliveries).where(mine).values(state=state, changed_at=bindparam("of_now"))
    if state is _DOT:
        return kept.where(deliveries.c.id.in_(_parameters("id", number)))
    kinds = {"id": Integer(), "code": Integer(), "detail": deliveries.c.detail.type, "attempted": Integer()}
    if state is _QUEUED:
        kinds |= {name: deliveries.c[name].type for name in ("next_attempt_at", "may_have_arrived")}
    rows = [
        select(*(bindparam(of(name, each), type_=kind).label(name) for name, kind in kinds.items()))
        for each in range(number)
    ]
    steps = union_all(*rows).subquery("steps")
    kept = kept.where(deliveries.c.id == steps.c.id).values(
        code=steps.c.code, detail=steps.c.detail, attempts=deliveries.c.attempts + steps.c.attempted
    )
    if state is _QUEUED:
        maybe = or_(deliveries.c.may_have_arrived, steps.c.may_have_arrived)
        kept = kept.values(next_attempt_at=steps.c.next_attempt_at, may_have_arrived=maybe)
    return kept


KEEP: Mapping[DeliveryState, Together] = MappingProxyType(
    {state: Together(partial(_keeping, state)) for state in _ARROWS}
)
"""The statements that move what an owner has claimed, by where it goes.

`values_of` fills them, with `of_owner` and `of_now` beside.
"""


def values_of(step: Move) -> dict[str, Any]:
    """Return what the statement of its state is filled with for one move."""
    if step.state is _DOT:
        return {"id": step.id}
    values = {"id": step.id, "code": step.code, "detail": step.detail, "attempted": int(step.attempted)}
    if step.state is _QUEUED:
        values |= {"next_attempt_at": step.next_attempt_at, "may_have_arrived": step.may_have_arrived}
    return values


# ---------------------------------------------------------------------- the message


def packed_messages(connection: Connection, ids: Iterable[int]) -> dict[int, bytes]:
    """Return the packed messages of deliveries, by number."""
    return dict(_MESSAGES.fetch(connection, [{"id": number} for number in ids]))


def drop_messages(connection: Connection, ids: Iterable[int]) -> None:
    """Drop the messages of deliveries that nothing can send any more."""
    _DROP.execute(connection, [{"id": number} for number in ids])


_MESSAGES = Together(lambda number: select(messages).where(messages.c.delivery_id.in_(_parameters("id", number))))
_DROP = Together(lambda number: delete(messages).where(messages.c.delivery_id.in_(_parameters("id", number))))


def _parameters(name: str, number: int) -> list[BindParameter[Any]]:
    return [bindparam(of(name, each)) for each in range(number)]
