"""What readers were sent, and when: the questions that are asked of deliveries and of days without one."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

import lz4.frame
from sqlalchemy import ColumnElement, RowMapping, func, literal_column, or_, select

from newsletter.models import Delivery, DeliveryState, MatchedPaper
from newsletter.store.database import Database
from newsletter.store.papers import paper_of
from newsletter.store.sent import reasons_of, versions_told
from newsletter.store.tables import deliveries, issue_papers, messages, papers, silences
from newsletter.tokens import canonical

SHOWN = tuple(deliveries.c[name] for name in Delivery.__dataclass_fields__)
"""The columns that make a `Delivery`."""

_LZ4 = b"\x04\x22\x4d\x18"


@dataclass(frozen=True, slots=True)
class Silence:
    """That an issue had nothing in it, and why. Made by `History.silences`."""

    subscriber: str
    issue_date: date
    reason: str
    at: datetime


class History:
    """The past of a store's outbox."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def deliveries(
        self, *, subscriber: str | None = None, issue_date: date | None = None, state: DeliveryState | None = None
    ) -> tuple[Delivery, ...]:
        """Return the deliveries that fit everything given, in the order they were queued."""
        people = () if subscriber is None else (subscriber,)
        return self.newest(None, people=people, issue_date=issue_date, state=state)

    def newest(
        self,
        limit: int | None,
        *,
        people: Collection[str] = (),
        issue_date: date | None = None,
        state: DeliveryState | None = None,
    ) -> tuple[Delivery, ...]:
        """Return the newest so many deliveries that fit everything given, all with None, in the order they were queued.

        `people` are addresses, or what stands before their @.
        """
        asked = select(*SHOWN).where(*_fits(people, issue_date, state)).order_by(deliveries.c.id.desc()).limit(limit)
        with self._database.reading() as connection:
            rows = connection.execute(asked).mappings().all()
        return tuple(delivery_of(row) for row in reversed(rows))

    def counts(
        self, *, people: Collection[str] = (), issue_date: date | None = None, state: DeliveryState | None = None
    ) -> Mapping[DeliveryState, int]:
        """Return how many deliveries that fit everything given are in each state that any is in."""
        asked = select(deliveries.c.state, func.count()).where(*_fits(people, issue_date, state))
        with self._database.reading() as connection:
            found = connection.execute(asked.group_by(deliveries.c.state)).all()
        return MappingProxyType({DeliveryState(name): number for name, number in found})

    def silences(self, issue_date: date) -> tuple[Silence, ...]:
        """Return the issues of that date that had nothing in them, by subscriber."""
        asked = select(silences).where(silences.c.issue_date == issue_date).order_by(silences.c.subscriber_key)
        with self._database.reading() as connection:
            rows = connection.execute(asked)
            return tuple(Silence(row.subscriber, row.issue_date, row.reason, row.at) for row in rows)

    def delivery(self, delivery_id: int) -> Delivery | None:
        """Return the delivery of this number, None where there is none."""
        with self._database.reading() as connection:
            row = connection.execute(select(*SHOWN).where(deliveries.c.id == delivery_id)).mappings().one_or_none()
            return None if row is None else delivery_of(row)

    def message(self, delivery_id: int) -> bytes | None:
        """Return the bytes of a delivery, None where they are gone; those of settled ones go by and by."""
        with self._database.reading() as connection:
            asked = select(messages.c.data).where(messages.c.delivery_id == delivery_id)
            packed = connection.execute(asked).scalar_one_or_none()
            return None if packed is None else unpacked(packed)

    def last_made(self, subscriber: str, *, before: date = date.max) -> datetime | None:
        """Return when this reader's latest issue was made, empty ones included, failed ones not; None before any.

        Only issues whose date is before `before` count.
        """
        key = canonical(subscriber)
        made = select(func.max(deliveries.c.created_at)).where(
            deliveries.c.subscriber_key == key,
            deliveries.c.state != DeliveryState.FAILED,
            deliveries.c.issue_date < before,
        )
        silent = select(func.max(silences.c.at)).where(silences.c.subscriber_key == key, silences.c.issue_date < before)
        with self._database.reading() as connection:
            found = [connection.execute(asked).scalar_one() for asked in (made, silent)]
        return max((at for at in found if at is not None), default=None)

    def received(self, subscriber: str) -> Mapping[str, date]:
        """Return the ids of the papers this reader was sent or is about to be sent, each with its first issue date.

        Only failed deliveries do not count: what may have arrived is not sent again.
        """
        asked = (
            select(issue_papers.c.paper_id, deliveries.c.issue_date)
            .join_from(deliveries, issue_papers)
            .where(deliveries.c.subscriber_key == canonical(subscriber), deliveries.c.state != DeliveryState.FAILED)
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


def _fits(people: Collection[str], issue_date: date | None, state: DeliveryState | None) -> list[ColumnElement[bool]]:
    """Return what a delivery has to be."""
    fits = [] if state is None else [with_state(state)]
    if issue_date is not None:
        fits.append(deliveries.c.issue_date == issue_date)
    if people:
        key, keys = deliveries.c.subscriber_key, [canonical(each) for each in people]
        names = [key.startswith(f"{each}@", autoescape=True) for each in keys if "@" not in each]
        fits.append(or_(key.in_(keys), *names))
    return fits


def packed(message: bytes) -> bytes:
    """Return a message as it is stored: a fifth of its size, in a tenth of the time that zlib takes."""
    return bytes(lz4.frame.compress(message))


def unpacked(message: bytes) -> bytes:
    """Return a message that was stored, by this version or by one that used zlib."""
    return bytes(lz4.frame.decompress(message)) if message[:4] == _LZ4 else zlib.decompress(message)


def with_state(state: DeliveryState) -> ColumnElement[bool]:
    """Return that a delivery has a state, as a value in the statement: see the index in `tables`."""
    return deliveries.c.state == literal_column(f"'{state.value}'", deliveries.c.state.type)


def delivery_of(row: RowMapping) -> Delivery:
    """Return the delivery that a row of `SHOWN` holds."""
    return Delivery(**{**row, "state": DeliveryState(row["state"])})
