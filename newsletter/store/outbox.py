"""The outbox: every delivery with its state, moved along the arrows that `newsletter.deliver` draws.

A move names the states it starts from, in the statement itself: a second sender that got past the lock finds the row
elsewhere and is refused, before it has written the final dot. The message is kept, compressed, as long as anything
could still send it.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Update, and_, bindparam, func, null, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from newsletter.errors import StoreError
from newsletter.models import Delivery, DeliveryState, MatchedPaper
from newsletter.store.database import Database
from newsletter.store.lock import Lock
from newsletter.store.papers import paper_of
from newsletter.store.sent import issue_rows, reasons_of, versions_told
from newsletter.store.tables import deliveries, issue_papers, papers, silences

_QUEUED, _CLAIMED, _DOT = DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.DOT
_SENT, _FAILED, _UNKNOWN = DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN

_SHOWN = tuple(deliveries.c[name] for name in Delivery.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this run has taken to send, with its envelope and bytes. Made by `Outbox.claim`."""

    id: int
    sender: str
    recipient: str
    message: bytes
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Silence:
    """That an issue had nothing in it, and why. Made by `Outbox.silence`."""

    subscriber: str
    issue_date: date
    reason: str
    at: datetime


class Outbox:
    """The deliveries of a store, and what each of them brought."""

    def __init__(self, database: Database, lock: Lock) -> None:
        self._database = database
        self._lock = lock

    # ------------------------------------------------------------------ in

    def queue(
        self,
        subscriber: str,
        issue_date: date,
        *,
        message_id: str,
        message: bytes,
        sender: str,
        recipient: str,
        papers: Sequence[tuple[str, MatchedPaper]],
        now: datetime,
    ) -> bool:
        """Put an issue into the outbox; False, and nothing changed, if the subscriber has one of that date.

        `sender` and `recipient` are the envelope, `papers` the issue in reading order, each with the label of its
        section. The papers must be those of a saved edition.
        """
        row = {
            "subscriber": subscriber,
            "subscriber_key": subscriber.casefold(),
            "issue_date": issue_date,
            "message_id": message_id,
            "state": _QUEUED,
            "message": zlib.compress(message),
            "sender": sender,
            "recipient": recipient,
            "papers": len(papers),
            "attempts": 0,
            "next_attempt_at": now,
            "code": 0,
            "detail": "",
            "changed_at": now,
            "created_at": now,
        }
        statement = insert(deliveries).values(row).on_conflict_do_nothing().returning(deliveries.c.id)
        with self._database.writing() as connection:
            delivery_id = connection.execute(statement).scalar_one_or_none()
            if delivery_id is not None and papers:
                connection.execute(insert(issue_papers), issue_rows(delivery_id, papers))
        return delivery_id is not None

    def silence(self, subscriber: str, issue_date: date, *, reason: str, now: datetime) -> bool:
        """Remember that the issue of that date has nothing in it, so that it is not made again; False if known."""
        key = subscriber.casefold()
        row = {"subscriber": subscriber, "subscriber_key": key, "issue_date": issue_date, "reason": reason, "at": now}
        statement = insert(silences).values(row).on_conflict_do_nothing().returning(silences.c.at)
        with self._database.writing() as connection:
            return connection.execute(statement).one_or_none() is not None

    # ------------------------------------------------------------------ on the way

    def reconcile(self, *, now: datetime) -> tuple[Delivery, ...]:
        """Settle what a dead run left: `claimed` is queued again, `dot` becomes unknown. Needs the lock.

        Whoever holds the lock knows that no other run is alive. Before `dot` was committed no final dot was written,
        so those are safe to send; after it nobody can say (RFC 1047), so those are held.
        """
        if not self._lock.held:
            raise StoreError(f"{self._lock.path}: the lock must be held to settle what another run left")
        lost = "the run that sent it ended before the server's answer was kept; it may have arrived"
        with self._database.writing() as connection:
            queued = _move(connection, (_CLAIMED,), _QUEUED, now=now)
            unknown = _move(connection, (_DOT,), _UNKNOWN, now=now, detail=lost)
        return tuple(sorted(queued + unknown, key=lambda delivery: delivery.id))

    def claim(self, limit: int, *, now: datetime) -> tuple[Claimed, ...]:
        """Take up to `limit` queued deliveries that are due, those that wait longest first."""
        due = (
            select(deliveries.c.id)
            .where(_with_state(_QUEUED), deliveries.c.next_attempt_at <= now)
            .order_by(deliveries.c.next_attempt_at, deliveries.c.id)
            .limit(limit)
        )
        statement = (
            update(deliveries)
            .where(deliveries.c.id.in_(due), deliveries.c.state == _QUEUED)
            .values(state=_CLAIMED, changed_at=now)
            .returning(*(deliveries.c[name] for name in Claimed.__dataclass_fields__), deliveries.c.next_attempt_at)
        )
        with self._database.writing() as connection:
            rows = connection.execute(statement).all()
        rows = sorted(rows, key=lambda row: (row.next_attempt_at, row.id))
        return tuple(
            Claimed(row.id, row.sender, row.recipient, zlib.decompress(row.message), row.attempts, row.created_at)
            for row in rows
        )

    def release(self, ids: Iterable[int], *, now: datetime) -> None:
        """Give back claimed deliveries that were not tried."""
        wanted = tuple(ids)
        with self._database.writing() as connection:
            for delivery_id in wanted:
                _move(connection, (_CLAIMED,), _QUEUED, now=now, delivery_id=delivery_id)

    def mark_dot(self, delivery_id: int, *, now: datetime) -> None:
        """Commit that the final dot is about to be written: from here on it may have arrived."""
        self._moved(delivery_id, (_CLAIMED,), _DOT, now=now)

    def mark_sent(self, delivery_id: int, *, code: int, detail: str, now: datetime) -> Delivery:
        """Keep that the server took it."""
        return self._moved(delivery_id, (_DOT,), _SENT, now=now, code=code, detail=detail, attempted=True)

    def mark_failed(self, delivery_id: int, *, code: int, detail: str, now: datetime) -> Delivery:
        """Keep that it will not arrive: its papers count as not received. No code: no server was asked."""
        values = {"code": code, "detail": detail, "attempted": bool(code)}
        return self._moved(delivery_id, (_CLAIMED, _DOT), _FAILED, now=now, **values)

    def mark_unknown(self, delivery_id: int, *, code: int, detail: str, now: datetime) -> Delivery:
        """Keep that nobody knows whether it arrived; it is held."""
        return self._moved(delivery_id, (_DOT,), _UNKNOWN, now=now, code=code, detail=detail, attempted=True)

    def requeue(
        self, delivery_id: int, *, next_attempt_at: datetime, attempted: bool, code: int, detail: str, now: datetime
    ) -> Delivery:
        """Keep that it was certainly not taken, and when to try again; `attempted` counts against this delivery."""
        values = {"next_attempt_at": next_attempt_at, "attempted": attempted, "code": code, "detail": detail}
        return self._moved(delivery_id, (_CLAIMED, _DOT), _QUEUED, now=now, **values)

    # ------------------------------------------------------------------ asked about

    def deliveries(
        self, *, subscriber: str | None = None, issue_date: date | None = None, state: DeliveryState | None = None
    ) -> tuple[Delivery, ...]:
        """Return the deliveries that fit everything given, in the order they were queued."""
        asked = {
            deliveries.c.subscriber_key: subscriber and subscriber.casefold(),
            deliveries.c.issue_date: issue_date,
            deliveries.c.state: state,
        }
        fits = [column == value for column, value in asked.items() if value is not None]
        with self._database.reading() as connection:
            rows = connection.execute(select(*_SHOWN).where(*fits).order_by(deliveries.c.id)).mappings()
            return tuple(_delivery(row) for row in rows)

    def silences(self, issue_date: date) -> tuple[Silence, ...]:
        """Return the issues of that date that had nothing in them, by subscriber."""
        asked = select(silences).where(silences.c.issue_date == issue_date).order_by(silences.c.subscriber_key)
        with self._database.reading() as connection:
            rows = connection.execute(asked)
            return tuple(Silence(row.subscriber, row.issue_date, row.reason, row.at) for row in rows)

    def settled(self, issue_date: date) -> frozenset[str]:
        """Return the case-folded addresses of those who need no issue of that date made: queued already, or silent."""
        with self._database.reading() as connection:
            found = (
                connection.execute(select(table.c.subscriber_key).where(table.c.issue_date == issue_date)).scalars()
                for table in (deliveries, silences)
            )
            return frozenset(key for keys in found for key in keys)

    def unfinished(self, *, now: datetime) -> bool:
        """Return whether anything waits to be sent by now, or was left half-way by a run that died."""
        due = and_(_with_state(_QUEUED), deliveries.c.next_attempt_at <= now)
        with self._database.reading() as connection:
            asked = select(deliveries.c.id).where(or_(due, _with_state(_CLAIMED), _with_state(_DOT))).limit(1)
            return connection.execute(asked).one_or_none() is not None

    def last_made(self, subscriber: str, *, before: date = date.max) -> datetime | None:
        """Return when this reader's latest issue was made, empty ones included, failed ones not; None before any.

        Only issues whose date is before `before` count.
        """
        key = subscriber.casefold()
        made = select(func.max(deliveries.c.created_at)).where(
            deliveries.c.subscriber_key == key, deliveries.c.state != _FAILED, deliveries.c.issue_date < before
        )
        silent = select(func.max(silences.c.at)).where(silences.c.subscriber_key == key, silences.c.issue_date < before)
        with self._database.reading() as connection:
            found = [connection.execute(asked).scalar_one() for asked in (made, silent)]
        return max((at for at in found if at is not None), default=None)

    def withdraw(self, receiving: Collection[str], *, now: datetime) -> tuple[Delivery, ...]:
        """Fail what is queued for any address but `receiving`: who left gets nothing more, made before or not."""
        keys = {address.casefold() for address in receiving}
        with self._database.writing() as connection:
            waiting = connection.execute(
                select(deliveries.c.id, deliveries.c.subscriber_key).where(_with_state(_QUEUED))
            )
            gone = [row.id for row in waiting if row.subscriber_key not in keys]
            detail = "withdrawn: no longer an active subscriber"
            moved = [_move(connection, (_QUEUED,), _FAILED, now=now, delivery_id=each, detail=detail) for each in gone]
        return tuple(delivery for found in moved for delivery in found)

    def received(self, subscriber: str) -> Mapping[str, date]:
        """Return the ids of the papers this reader was sent or is about to be sent, each with its first issue date.

        Only failed deliveries do not count: what may have arrived is not sent again.
        """
        asked = (
            select(issue_papers.c.paper_id, deliveries.c.issue_date)
            .join_from(deliveries, issue_papers)
            .where(deliveries.c.subscriber_key == subscriber.casefold(), deliveries.c.state != _FAILED)
            .order_by(deliveries.c.issue_date.desc())
        )
        with self._database.reading() as connection:
            return MappingProxyType({row.paper_id: row.issue_date for row in connection.execute(asked)})

    def versions(self, subscriber: str, *, besides: date | None = None) -> Mapping[str, int]:
        """Return the newest version of each paper that this reader was told of as an update, by paper id.

        The version stands in the reasons that were kept with the issue. `besides` leaves out the issue of a date.
        """
        with self._database.reading() as connection:
            return MappingProxyType(versions_told(connection, subscriber, besides))

    def issue_papers(self, delivery_id: int) -> tuple[tuple[str, MatchedPaper], ...]:
        """Return what a delivery brought, in reading order: the label of the section, the paper, why it was chosen."""
        asked = (
            select(issue_papers.c.section, issue_papers.c.score, issue_papers.c.reasons, papers)
            .join_from(issue_papers, papers)
            .where(issue_papers.c.delivery_id == delivery_id)
            .order_by(issue_papers.c.position)
        )
        with self._database.reading() as connection:
            rows = connection.execute(asked).mappings()
            return tuple((row["section"], MatchedPaper(paper_of(row), row["score"], reasons_of(row))) for row in rows)

    def _moved(
        self, delivery_id: int, sources: Sequence[DeliveryState], target: DeliveryState, **values: Any
    ) -> Delivery:
        with self._database.writing() as connection:
            found = _move(connection, sources, target, delivery_id=delivery_id, **values)
        if not found:
            raise StoreError(f"delivery {delivery_id} cannot become {target}: another run has changed it")
        return found[0]


def _with_state(state: DeliveryState) -> ColumnElement[bool]:
    return deliveries.c.state == bindparam(None, state.value, literal_execute=True)


def _move(
    connection: Connection,
    sources: Sequence[DeliveryState],
    target: DeliveryState,
    *,
    now: datetime,
    delivery_id: int | None = None,
    attempted: bool = False,
    **values: Any,
) -> tuple[Delivery, ...]:
    statement: Update = update(deliveries).where(or_(*map(_with_state, sources)))
    if delivery_id is not None:
        statement = statement.where(deliveries.c.id == delivery_id)
    if attempted:
        values["attempts"] = deliveries.c.attempts + 1
    if target in (_SENT, _FAILED):
        values["message"] = null()
    rows = connection.execute(statement.values(state=target, changed_at=now, **values).returning(*_SHOWN))
    return tuple(_delivery(row) for row in rows.mappings())


def _delivery(row: RowMapping) -> Delivery:
    return Delivery(**{**row, "state": DeliveryState(row["state"])})
