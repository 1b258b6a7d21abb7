"""The outbox: every delivery with its state, moved along the arrows that `newsletter.deliver` draws.

A move names the state and the owner it starts from, in the statement itself: a second sender that got past the lock
finds the row elsewhere and is refused, before it has written the final dot. The message is kept, compressed, as long as
anything could still send it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, select, union

from newsletter.models import Delivery, DeliveryState, MatchedPaper, Move
from newsletter.store.database import Database, insert
from newsletter.store.fresh import Fresh
from newsletter.store.history import packed, unpacked, with_state
from newsletter.store.lock import Owners
from newsletter.store.moves import changed, failed, moving
from newsletter.store.sent import issue_rows
from newsletter.store.steps import (
    ADD_MESSAGES,
    ADD_PAPERS,
    KEEP,
    QUEUE,
    TAKE,
    Taken,
    drop_messages,
    packed_messages,
    values_of,
)
from newsletter.store.suppressions import suppressed_among
from newsletter.store.tables import deliveries, messages, silences
from newsletter.tokens import canonical

_QUEUED, _CLAIMED, _DOT = DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.DOT
_SENT, _FAILED, _UNKNOWN = DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN

_LEFT = "withdrawn: no longer an active subscriber"
_NO_MESSAGE = "its message is gone from the database; its papers may come with the next issue"
_LIFE = timedelta(hours=24)  # of what an earlier version queued, which did not say


@dataclass(frozen=True, slots=True)
class Queued:
    """An issue to be sent: its envelope, its bytes and what it brings. Made by `pipeline`.

    `papers` is the issue in reading order, each with the label of its section; they must be those of a saved edition.
    After `expires_at` it has no value any more.
    """

    subscriber: str
    issue_date: date
    message_id: str
    message: bytes = field(repr=False)
    sender: str
    recipient: str
    papers: Sequence[tuple[str, MatchedPaper]]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that a sender has taken, with its envelope and bytes. Made by `Outbox.claim`."""

    id: int
    subscriber: str
    issue_date: date
    message_id: str
    sender: str
    recipient: str
    message: bytes = field(repr=False)
    papers: int
    attempts: int
    may_have_arrived: bool
    expires_at: datetime


class Outbox:
    """The deliveries of a store that are on their way."""

    def __init__(self, database: Database, owners: Owners) -> None:
        self._database = database
        self._owners = owners
        self._fresh = Fresh()
        self._over: deque[int] = deque()  # whose messages nothing needs any more: dropped by the hundred

    # ------------------------------------------------------------------ in

    def queue(self, issues: Sequence[Queued], *, now: datetime) -> tuple[bool, ...]:
        """Put issues into the outbox, all or none; False for each whose subscriber has one of that date already."""
        with self._database.writing() as connection:
            rows = QUEUE.fetch(connection, list(map(_row, issues)), {"of_now": now})
            free = {(key, issue_date): number for number, key, issue_date in rows}
            ids = [free.pop((canonical(issue.subscriber), issue.issue_date), None) for issue in issues]
            new = [(number, issue) for number, issue in zip(ids, issues, strict=True) if number is not None]
            if new:
                ADD_MESSAGES.execute(
                    connection, [{"delivery_id": number, "data": packed(issue.message)} for number, issue in new]
                )
            if brought := [row for number, issue in new for row in issue_rows(number, issue.papers)]:
                ADD_PAPERS.execute(connection, brought)
        self._fresh.add((number, issue.message) for number, issue in new)
        return tuple(delivery_id is not None for delivery_id in ids)

    def silence(self, subscriber: str, issue_date: date, *, reason: str, now: datetime) -> bool:
        """Remember that the issue of that date has nothing in it, so that it is not made again; False if known."""
        key = canonical(subscriber)
        row = {"subscriber": subscriber, "subscriber_key": key, "issue_date": issue_date, "reason": reason, "at": now}
        statement = insert(silences).values(row).on_conflict_do_nothing().returning(silences.c.at)
        with self._database.writing() as connection:
            return connection.execute(statement).one_or_none() is not None

    # ------------------------------------------------------------------ on the way

    def owning(self) -> AbstractContextManager[str]:
        """Give a name for what one sender claims, for the length of the block; others see whether it is alive."""
        return self._owners.take()

    def reconcile(self, owner: str, *, now: datetime, resend: bool = False) -> tuple[Delivery, ...]:
        """Settle what dead senders left: `claimed` is queued again, `dot` becomes unknown, or once is queued too.

        The last where it is to `resend`. Before `dot` was committed no final dot was written, so those are safe to
        send; after it nobody can say (RFC 1047).
        """
        asked = union(*(select(deliveries.c.owner).where(with_state(state)) for state in (_CLAIMED, _DOT)))
        with self._database.reading() as connection:
            owners = connection.execute(asked).scalars().all()
        dead = [other for other in sorted(owners) if other != owner and self._owners.is_dead(other)]
        if not dead:
            return ()
        theirs = deliveries.c.owner.in_(dead)
        lost = "its sender ended before the server's answer was kept; it may have arrived"
        with self._database.writing() as connection:
            queued = changed(connection, moving((_CLAIMED,), _QUEUED, now).where(theirs))
            if resend:
                once = moving((_DOT,), _QUEUED, now).where(theirs, ~deliveries.c.may_have_arrived)
                queued += changed(connection, once.values(detail=lost, may_have_arrived=True))
            unknown = changed(connection, moving((_DOT,), _UNKNOWN, now).where(theirs).values(detail=lost))
        return tuple(sorted(queued + unknown, key=lambda delivery: delivery.id))

    def claim(self, owner: str, limit: int, *, now: datetime) -> tuple[Claimed, ...]:
        """Take up to `limit` queued deliveries that are due, those that wait longest first.

        Those of people who have left since are failed instead.
        """
        with self._database.writing() as connection:
            drop_messages(connection, [self._over.popleft() for _ in range(len(self._over))])
            while True:
                values = {"of_owner": owner, "of_limit": limit, "of_now": now}
                rows = [Taken(*row) for row in TAKE.fetch(connection, values)]
                left = suppressed_among(connection, {row.subscriber for row in rows})
                found = self._messages(connection, [row.id for row in rows])
                failed(connection, [row.id for row in rows if row.subscriber in left], _LEFT, now)
                failed(connection, [row.id for row in rows if row.id not in found], _NO_MESSAGE, now)
                kept = [row for row in rows if row.subscriber not in left and row.id in found]
                if kept or not rows:
                    return tuple(_claimed(row, found[row.id]) for row in sorted(kept, key=_waiting))

    def _messages(self, connection: Connection, ids: Sequence[int]) -> Mapping[int, bytes]:
        """Return the messages of deliveries, as far as they are there."""
        fresh = self._fresh.take(ids)
        stored = packed_messages(connection, [number for number in ids if number not in fresh])
        return {**fresh, **{number: unpacked(data) for number, data in stored.items()}}

    def keep(self, owner: str, moves: Collection[Move], *, now: datetime) -> frozenset[int]:
        """Keep moves of what `owner` has claimed in one transaction; return the ids of those that could be made.

        One that is missing was moved by somebody else meanwhile.
        """
        groups: dict[DeliveryState, list[Move]] = {}
        for step in moves:
            groups.setdefault(step.state, []).append(step)
        made, over = set[int](), list[int]()
        with self._database.writing() as connection:
            for state, group in groups.items():
                ids = {step.id for step in group}
                shared = {"of_owner": owner, "of_now": now}
                if KEEP[state].execute(connection, list(map(values_of, group)), shared) != len(group):
                    there = select(deliveries.c.id).where(with_state(state), deliveries.c.owner == owner)
                    ids &= set(connection.execute(there.where(deliveries.c.id.in_(ids))).scalars())
                over += ids if state in (_SENT, _FAILED) else ()
                made |= ids
        self._over.extend(over)  # now that it is on the disk
        return frozenset(made)

    def release(self, owner: str, *, now: datetime) -> None:
        """Give back what `owner` has claimed and not begun, and drop the messages that nothing needs any more."""
        with self._database.writing() as connection:
            connection.execute(moving((_CLAIMED,), _QUEUED, now).where(deliveries.c.owner == owner))
            state = select(deliveries.c.state).where(deliveries.c.id == messages.c.delivery_id).scalar_subquery()
            settled = select(messages.c.delivery_id).where(state.in_((_SENT, _FAILED)))
            drop_messages(connection, connection.execute(settled).scalars().all())  # also of those who died before

    # ------------------------------------------------------------------ by the operator

    def withdraw(self, receiving: Collection[str], *, now: datetime) -> tuple[Delivery, ...]:
        """Fail what is queued for any address but `receiving`: who left gets nothing more, made before or not."""
        keys = {canonical(address) for address in receiving}
        with self._database.writing() as connection:
            waiting = connection.execute(
                select(deliveries.c.id, deliveries.c.subscriber_key).where(with_state(_QUEUED))
            )
            return failed(connection, [row.id for row in waiting if row.subscriber_key not in keys], _LEFT, now)

    def hasten(self, *, now: datetime) -> int:
        """Make due what waits for no fault of its reader's, and return how many: the server may be mended."""
        waiting = and_(deliveries.c.attempts == 0, deliveries.c.next_attempt_at > now)
        with self._database.writing() as connection:
            return len(changed(connection, moving((_QUEUED,), _QUEUED, now).where(waiting).values(next_attempt_at=now)))

    def resend(self, delivery_id: int, *, expires_at: datetime, now: datetime) -> Delivery | None:
        """Queue a delivery of which nobody knows once more, with the same bytes; None for any other."""
        with self._database.writing() as connection:
            values = {"next_attempt_at": now, "expires_at": expires_at, "attempts": 0, "may_have_arrived": True}
            moved = moving((_UNKNOWN,), _QUEUED, now).where(deliveries.c.id == delivery_id).values(values)
            return next(iter(changed(connection, moved)), None)

    # ------------------------------------------------------------------ asked about

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
        due = and_(with_state(_QUEUED), deliveries.c.next_attempt_at <= now)
        with self._database.reading() as connection:
            for which in (due, with_state(_CLAIMED), with_state(_DOT)):  # of each by itself the index knows
                if connection.execute(select(deliveries.c.id).where(which).limit(1)).one_or_none() is not None:
                    return True
        return False


def _row(issue: Queued) -> dict[str, Any]:
    return {
        "subscriber": issue.subscriber,
        "subscriber_key": canonical(issue.subscriber),
        "issue_date": issue.issue_date,
        "message_id": issue.message_id,
        "sender": issue.sender,
        "recipient": issue.recipient,
        "papers": len(issue.papers),
        "expires_at": issue.expires_at,
    }


def _waiting(row: Taken) -> tuple[datetime, int]:
    return row.next_attempt_at, row.id


def _claimed(row: Taken, message: bytes) -> Claimed:
    return Claimed(
        row.id,
        row.subscriber,
        row.issue_date,
        row.message_id,
        row.sender,
        row.recipient,
        message,
        row.papers,
        row.attempts,
        row.may_have_arrived,
        row.expires_at or row.created_at + _LIFE,
    )
