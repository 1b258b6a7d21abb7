"""The vectors of stored papers, which searching and likeness compare: made once, kept by model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import compress
from operator import itemgetter
from typing import TYPE_CHECKING

from sqlalchemy import Row, Select, delete, select

from newsletter.models import Paper
from newsletter.store.database import Database, insert
from newsletter.store.halves import packed, unpacked
from newsletter.store.papers import chunks, paper_of
from newsletter.store.tables import papers, vectors

if TYPE_CHECKING:
    from newsletter.vectors import Vectors


class PaperVectors:
    """The vectors of a store; one that is damaged counts as missing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, model: str, made: Mapping[str, Vectors]) -> None:
        """Keep the vector [d] of each paper by its id, instead of an earlier one of this model.

        ValueError where one is not finite, StoreError for a paper that the store does not have.
        """
        rows = [{"paper_id": paper_id, "model": model, "vector": packed(vector)} for paper_id, vector in made.items()]
        if not rows:
            return
        statement = insert(vectors)
        changed = {"vector": statement.excluded.vector}
        with self._database.writing() as connection:
            connection.execute(
                statement.on_conflict_do_update(index_elements=["paper_id", "model"], set_=changed), rows
            )

    def of(self, model: str, ids: Iterable[str]) -> dict[str, Vectors]:
        """Return the vector of each of these papers that has one, float32 [d]."""
        asked = _asked(model)
        rows: list[Row[tuple[str, bytes]]] = []
        with self._database.reading() as connection:
            for chunk in chunks(dict.fromkeys(ids)):
                rows += connection.execute(asked.where(vectors.c.paper_id.in_(chunk))).all()
        found, read = _sound(rows)
        return dict(zip(found, read, strict=True))

    def all(self, model: str, *, since: date | None = None) -> tuple[tuple[str, ...], Vectors]:
        """Return the ids of the papers that have a vector, in the order of ids, and the vectors, float32 [n, d].

        With `since` only papers first seen on that day or later. Without any, the vectors are [0, 0].
        """
        asked = _asked(model)
        if since is not None:
            asked = asked.join(papers).where(papers.c.first_day >= since)
        with self._database.reading() as connection:
            rows = connection.execute(asked).all()
        return _sound(sorted(rows, key=itemgetter(0)))  # here, since databases do not agree on the order of text

    def missing(self, model: str, *, limit: int) -> tuple[Paper, ...]:
        """Return papers without a vector, the newest first, at most `limit`."""
        # All vectors are read, as only that tells whether they are sound: 0.05 s for 20,000.
        with self._database.reading() as connection:
            have = frozenset(_sound(connection.execute(_asked(model)).all())[0])
            order = (papers.c.first_day.desc(), papers.c.id)
            every = connection.execute(select(papers.c.id).order_by(*order)).scalars()
            wanted = [paper_id for paper_id in every if paper_id not in have][:limit]
            found = {
                row["id"]: paper_of(row)
                for chunk in chunks(wanted)
                for row in connection.execute(select(papers).where(papers.c.id.in_(chunk))).mappings()
            }
        return tuple(found[paper_id] for paper_id in wanted)

    def forget_others(self, model: str) -> None:
        """Drop the vectors of every other model."""
        with self._database.writing() as connection:
            connection.execute(delete(vectors).where(vectors.c.model != model))


def _asked(model: str) -> Select[tuple[str, bytes]]:
    return select(vectors.c.paper_id, vectors.c.vector).where(vectors.c.model == model)


def _sound(rows: Sequence[Row[tuple[str, bytes]]]) -> tuple[tuple[str, ...], Vectors]:
    """Return the ids of the rows that hold a vector, and the vectors [n, d]."""
    ids, blobs = zip(*rows, strict=True) if rows else ((), ())
    whole, read = unpacked(blobs)
    return tuple(compress(ids, whole)), read
