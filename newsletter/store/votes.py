"""What readers think of papers: one vote per reader and paper, the last one counts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, delete, select

from newsletter.store.database import Database, insert
from newsletter.store.tables import papers, votes
from newsletter.tokens import canonical


class Vote(NamedTuple):
    """One reader's vote for a paper (1) or against it (-1), and when."""

    subscriber: str
    paper_id: str
    value: int
    at: datetime


class Votes:
    """The votes of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def cast(self, subscriber: str, paper_id: str, value: int, *, at: datetime) -> None:
        """Keep a vote, instead of an earlier one of this reader on this paper; 0 takes it back."""
        key = canonical(subscriber)
        with self._database.writing() as connection:
            connection.execute(delete(votes).where(votes.c.subscriber_key == key, votes.c.paper_id == paper_id))
            if value:
                row = {"subscriber_key": key, "paper_id": paper_id, "value": value, "at": at}
                connection.execute(insert(votes).values(row))

    def since(self, day: date) -> tuple[Vote, ...]:
        """Return the votes on papers first seen on `day` or later, in a fixed order."""
        asked = (
            select(votes)
            .join(papers)
            .where(papers.c.first_day >= day)
            .order_by(votes.c.paper_id, votes.c.subscriber_key)
        )
        with self._database.reading() as connection:
            return tuple(map(_vote, connection.execute(asked)))

    def of(self, subscriber: str) -> tuple[Vote, ...]:
        """Return the votes of one reader, the oldest first."""
        asked = select(votes).where(votes.c.subscriber_key == canonical(subscriber))
        with self._database.reading() as connection:
            return tuple(map(_vote, connection.execute(asked.order_by(votes.c.at, votes.c.paper_id))))

    def voters(self) -> frozenset[str]:
        """Return the readers who have a vote, as case-folded addresses."""
        with self._database.reading() as connection:
            return frozenset(connection.execute(select(votes.c.subscriber_key).distinct()).scalars())


def _vote(row: Row[Any]) -> Vote:
    return Vote(row.subscriber_key, row.paper_id, row.value, row.at)
