"""The thumbnails of papers: each asked for once, kept while an issue may still show it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, select

from newsletter.store.database import Database, insert
from newsletter.store.papers import chunks
from newsletter.store.tables import thumbnails


class KeptThumbnail(NamedTuple):
    """What asking for a paper's thumbnail gave, and when; `data` is None where it was in vain, sizes are CSS pixels."""

    data: bytes | None
    width: int
    height: int
    at: datetime


class Thumbnails:
    """The thumbnails of a store.

    A row names its paper and does not point at it: nothing else depends on a picture, so none may stop a run.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, paper_id: str, data: bytes, *, width: int, height: int, at: datetime) -> None:
        """Keep the picture of a paper, instead of what was known before."""
        values = {"data": data, "width": width, "height": height, "at": at}
        row = insert(thumbnails).values(paper_id=paper_id, **values)
        with self._database.writing() as connection:
            connection.execute(row.on_conflict_do_update(index_elements=["paper_id"], set_=values))

    def keep_missing(self, paper_id: str, at: datetime) -> None:
        """Note that a picture was asked for in vain; one that was found before stays."""
        row = insert(thumbnails).values(paper_id=paper_id, data=None, width=0, height=0, at=at)
        failed = thumbnails.c.data.is_(None)
        with self._database.writing() as connection:
            connection.execute(row.on_conflict_do_update(index_elements=["paper_id"], set_={"at": at}, where=failed))

    def of(self, paper_ids: Iterable[str]) -> dict[str, KeptThumbnail]:
        """Return what is known of the picture of each of these papers that one was asked for."""
        found: dict[str, KeptThumbnail] = {}
        columns = (thumbnails.c.data, thumbnails.c.width, thumbnails.c.height, thumbnails.c.at)
        asked = select(thumbnails.c.paper_id, *columns)
        with self._database.reading() as connection:
            for chunk in chunks(dict.fromkeys(paper_ids)):
                rows = connection.execute(asked.where(thumbnails.c.paper_id.in_(chunk)))
                found.update((paper_id, KeptThumbnail(*known)) for paper_id, *known in rows)
        return found

    def forget(self, *, before: datetime) -> None:
        """Drop what was asked for before an instant."""
        with self._database.writing() as connection:
            connection.execute(delete(thumbnails).where(thumbnails.c.at < before))
