"""What came back by mail: each mail once, and how often in a row a reader's mailbox took nothing.

A kind is spelled as in `replies.ReplyKind`; besides these there are `foreign` for mail that has nothing to do with the
newsletter, and `resubscribed` for what the operator knows.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, select

from newsletter.models import DeliveryState
from newsletter.store.database import Database, insert
from newsletter.store.tables import deliveries, replies
from newsletter.tokens import canonical

SOFT_BOUNCE = "soft bounce"
RESUBSCRIBED = "resubscribed"
SIGNS_OF_LIFE = ("unsubscribe", "vote", "automatic", "other", RESUBSCRIBED)
"""The kinds which say that what a reader gets arrives."""

_LATEST = 60  # deliveries that are looked at: a row is long before


class Replies:
    """The mails that came back to a store's newsletter."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def kind_of(self, key: str) -> str:
        """Return as what a mail was kept, "" for one that is new."""
        with self._database.reading() as connection:
            return connection.execute(select(replies.c.kind).where(replies.c.key == key)).scalar_one_or_none() or ""

    def keep(
        self,
        key: str,
        *,
        kind: str,
        subscriber: str = "",
        delivery_id: int | None = None,
        detail: str = "",
        at: datetime,
    ) -> bool:
        """Keep a mail by its key; False, and nothing changed, if it is known. `at` is when it was written."""
        row = {
            "key": key,
            "subscriber_key": canonical(subscriber),
            "delivery_id": delivery_id,
            "kind": kind,
            "detail": detail,
            "at": at,
        }
        statement = insert(replies).values(row).on_conflict_do_nothing().returning(replies.c.key)
        with self._database.writing() as connection:
            return connection.execute(statement).one_or_none() is not None

    def soft_bounces(self, subscriber: str) -> tuple[date, ...]:
        """Return the dates of the latest issues in a row that did not get into a reader's mailbox, the newest first.

        A row ends at an issue that did, and at one made before the reader's last sign of life. Issues after the last
        one that bounced do not count: their bounces may still come.
        """
        key = canonical(subscriber)
        issues = (
            select(deliveries.c.id, deliveries.c.issue_date, deliveries.c.state, deliveries.c.created_at)
            .where(deliveries.c.subscriber_key == key)
            .order_by(deliveries.c.issue_date.desc())
            .limit(_LATEST)
        )
        bounces = select(replies.c.delivery_id).where(replies.c.subscriber_key == key, replies.c.kind == SOFT_BOUNCE)
        signs = select(func.max(replies.c.at)).where(replies.c.subscriber_key == key, replies.c.kind.in_(SIGNS_OF_LIFE))
        with self._database.reading() as connection:
            bounced = frozenset(connection.execute(bounces).scalars())
            alive = connection.execute(signs).scalar_one()
            rows = connection.execute(issues).all()
        found: list[date] = []
        for row in rows:
            if alive is not None and row.created_at <= alive:
                break
            if row.id in bounced:
                found.append(row.issue_date)
            elif found and row.state == DeliveryState.SENT:
                break
        return tuple(found)
