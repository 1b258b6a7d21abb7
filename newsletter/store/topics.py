"""The labels that topics had, with what they were about, so that the next days can call the same thing the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from newsletter.store.database import Database
from newsletter.store.halves import packed, unpacked
from newsletter.store.tables import topics

if TYPE_CHECKING:
    from newsletter.vectors import Vectors


class TopicLabels:
    """The labels of a store's days."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, day: date, model: str, labels: Sequence[tuple[str, Vectors]]) -> None:
        """Keep the labels of a day, each with the vector [d] of its topic, instead of all that the day had.

        ValueError where a vector is not finite.
        """
        rows = [
            {"day": day, "position": position, "label": label, "model": model, "vector": packed(vector)}
            for position, (label, vector) in enumerate(labels)
        ]
        with self._database.writing() as connection:
            connection.execute(delete(topics).where(topics.c.day == day))
            if rows:
                connection.execute(insert(topics), rows)

    def before(self, day: date, model: str, *, days: int = 14) -> tuple[tuple[str, Vectors], ...]:
        """Return the labels of the `days` before a day with their vectors, float32 [d]: the newest first, each once."""
        asked = (
            select(topics.c.label, topics.c.vector)
            .where(topics.c.model == model, topics.c.day < day, topics.c.day >= day - timedelta(days=days))
            .order_by(topics.c.day.desc(), topics.c.position)
        )
        with self._database.reading() as connection:
            rows = connection.execute(asked).all()
        whole, read = unpacked([row.vector for row in rows])
        sound = (row.label for row, is_sound in zip(rows, whole.tolist(), strict=True) if is_sound)
        found: dict[str, Vectors] = {}
        for label, vector in zip(sound, read, strict=True):
            found.setdefault(label, vector)
        return tuple(found.items())
