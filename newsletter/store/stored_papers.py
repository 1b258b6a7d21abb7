"""Every paper that a store has: by id, by the words in it, and what is learnt of it later."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import func, or_, select, update

from newsletter.models import Paper
from newsletter.store.database import Database, has_part
from newsletter.store.papers import chunks, named_identities, paper_of
from newsletter.store.tables import identities, papers

_LONGEST = 100  # letters of a word; SQLite refuses to look for 50,000


class Papers:
    """The papers of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, ids: Iterable[str]) -> dict[str, Paper]:
        """Return each of these papers that the store has, by id, in the order asked for."""
        return {paper_id: paper for paper_id, (paper, _) in self.dated(ids).items()}

    def dated(self, ids: Iterable[str]) -> dict[str, tuple[Paper, date]]:
        """Return what `of` does, each paper with the day it was first seen."""
        wanted = tuple(dict.fromkeys(ids))
        found: dict[str, tuple[Paper, date]] = {}
        with self._database.reading() as connection:
            for chunk in chunks(wanted):
                rows = connection.execute(select(papers).where(papers.c.id.in_(chunk))).mappings()
                found.update((row["id"], (paper_of(row), row["first_day"])) for row in rows)
        return {paper_id: found[paper_id] for paper_id in wanted if paper_id in found}

    def count(self, *, since: date | None = None) -> int:
        """Return how many papers there are, with `since` of those first seen on that day or later."""
        asked = select(func.count()).select_from(papers)
        if since is not None:
            asked = asked.where(papers.c.first_day >= since)
        with self._database.reading() as connection:
            return connection.execute(asked).scalar_one()

    def named(self, query: str) -> Paper | None:
        """Return the paper that `query` names by an id in any of its forms, a DOI or an address, or None."""
        query = query.strip()
        named = identities.c.identity.in_(named_identities(query))
        owner = select(identities.c.paper_id).where(named).order_by(identities.c.paper_id)
        by_address = select(papers.c.id).where(papers.c.url == query).order_by(papers.c.first_day.desc(), papers.c.id)
        with self._database.reading() as connection:
            for asked in (owner, by_address) if query else ():
                if (found := connection.execute(asked.limit(1)).scalar_one_or_none()) is not None:
                    row = connection.execute(select(papers).where(papers.c.id == found)).mappings().one()
                    return paper_of(row)
        return None

    def holding(self, word: str) -> tuple[str, ...]:
        """Return the ids of the papers whose title or abstract has `word`, alone or within a longer one; in no order.

        Case does not count for what is ASCII. The end of a word in -y is not asked for, since its plural has -ies.
        """
        part = (word[:-1] if len(word) > 3 and word.endswith("y") else word)[:_LONGEST]
        with self._database.reading() as connection:
            within = [has_part(connection, column, part) for column in (papers.c.title, papers.c.abstract)]
            return tuple(connection.execute(select(papers.c.id).where(or_(*within))).scalars())

    def keep_tldr(self, paper_id: str, text: str) -> None:
        """Keep what a language model says of a paper, instead of what it said before; "" takes it back."""
        with self._database.writing() as connection:
            connection.execute(update(papers).where(papers.c.id == paper_id).values(tldr=text))
