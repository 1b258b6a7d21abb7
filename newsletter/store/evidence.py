"""What mail that comes back proves of deliveries: the arrows that begin where the server's answer ended.

unknown ──somebody answered it──► sent
sent, unknown ──it bounced──► failed
queued ──its reader left──► failed
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, or_, select, update

from newsletter.models import Delivery, DeliveryState
from newsletter.store.database import Database
from newsletter.store.history import SHOWN, delivery_of, with_state
from newsletter.store.tables import deliveries, issue_papers, messages
from newsletter.tokens import canonical

_QUEUED, _SENT, _FAILED = DeliveryState.QUEUED, DeliveryState.SENT, DeliveryState.FAILED
_UNKNOWN = DeliveryState.UNKNOWN


class Evidence:
    """The deliveries of a store as what comes back names them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # ------------------------------------------------------------------ found

    def by_message_id(self, *message_ids: str) -> tuple[Delivery, ...]:
        """Return the deliveries with these Message-IDs, in the order they were queued."""
        return self._found(deliveries.c.message_id.in_(message_ids))

    def by_reader(self, day: date, key: str) -> Delivery | None:
        """Return the delivery of a day to the reader with this `tokens.reader_key`: Message-IDs begin with both."""
        first = f"<i{day:%Y%m%d}.s{key}."
        within = (deliveries.c.message_id >= first, deliveries.c.message_id < first[:-1] + "/")  # its index is used
        return next(iter(self._found(deliveries.c.issue_date == day, *within, limit=1)), None)

    def latest(self, subscriber: str, *, since: date = date.min) -> Delivery | None:
        """Return the newest delivery to a reader that left us, of a date from `since` on."""
        theirs = deliveries.c.subscriber_key == canonical(subscriber)
        left_us = or_(*map(with_state, (_SENT, _UNKNOWN, _FAILED)))
        order = deliveries.c.issue_date.desc()
        return next(iter(self._found(theirs, left_us, deliveries.c.issue_date >= since, order=order, limit=1)), None)

    def holding(self, subscriber: str, paper_ids: Collection[str]) -> tuple[Delivery, ...]:
        """Return the deliveries to a reader that brought one of these papers and of which nobody knows whether."""
        brought = select(issue_papers.c.delivery_id).where(issue_papers.c.paper_id.in_(tuple(paper_ids)))
        theirs = deliveries.c.subscriber_key == canonical(subscriber)
        return self._found(theirs, with_state(_UNKNOWN), deliveries.c.id.in_(brought))

    def known(self, address: str) -> str:
        """Return the spelling of a reader who was ever sent anything, "" for anybody else."""
        key = canonical(address)
        asked = select(deliveries.c.subscriber).where(deliveries.c.subscriber_key == key).order_by(deliveries.c.id)
        with self._database.reading() as connection:
            return connection.execute(asked.limit(1)).scalar_one_or_none() or ""

    def addresses(self) -> tuple[str, ...]:
        """Return everybody who was ever sent anything, as spelled then."""
        asked = select(deliveries.c.subscriber).distinct().order_by(deliveries.c.subscriber)
        with self._database.reading() as connection:
            return tuple(connection.execute(asked).scalars())

    # ------------------------------------------------------------------ moved

    def arrived(self, delivery_id: int, *, detail: str, now: datetime) -> bool:
        """Keep that a delivery of which nobody knew has arrived; False for any other."""
        return self._moved((_UNKNOWN,), _SENT, deliveries.c.id == delivery_id, detail=detail, now=now)

    def bounced(self, delivery_id: int, *, detail: str, now: datetime) -> bool:
        """Keep that a delivery did not arrive, so that its papers count as not received; False for one under way."""
        return self._moved((_SENT, _UNKNOWN), _FAILED, deliveries.c.id == delivery_id, detail=detail, now=now)

    def withdraw(self, subscriber: str, *, detail: str, now: datetime) -> bool:
        """Fail what is queued for a reader; False where nothing is."""
        theirs = deliveries.c.subscriber_key == canonical(subscriber)
        return self._moved((_QUEUED,), _FAILED, theirs, detail=detail, now=now)

    def _found(self, *fits: Any, order: Any = deliveries.c.id, limit: int | None = None) -> tuple[Delivery, ...]:
        asked = select(*SHOWN).where(*fits).order_by(order, deliveries.c.id).limit(limit)
        with self._database.reading() as connection:
            return tuple(delivery_of(row) for row in connection.execute(asked).mappings())

    def _moved(
        self, sources: Sequence[DeliveryState], target: DeliveryState, which: Any, *, detail: str, now: datetime
    ) -> bool:
        values = {"state": target, "detail": detail, "changed_at": now}
        statement = update(deliveries).where(which, or_(*map(with_state, sources))).values(values)
        with self._database.writing() as connection:
            moved = connection.execute(statement.returning(deliveries.c.id)).scalars().all()
            connection.execute(delete(messages).where(messages.c.delivery_id.in_(moved)))  # nothing sends it any more
        return bool(moved)
