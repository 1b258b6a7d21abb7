"""What sources gave before it became an edition: kept as it arrives, so that a crash loses none of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import Connection, delete, select

from newsletter.models import Arrival
from newsletter.store.database import Database, insert
from newsletter.store.records import entry_json, entry_of, health_json, health_of
from newsletter.store.tables import arrivals


class Arrivals:
    """The arrivals of runs that have not made their edition yet."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, day: date, arrival: Arrival, *, settings: str, at: datetime) -> None:
        """Keep what a source gave for `day`, instead of what it gave before; `settings` is a digest of its own."""
        values = {
            "settings": settings,
            "at": at,
            "health": health_json(arrival.health),
            "entries": [entry_json(entry) for entry in arrival.entries],
        }
        row = insert(arrivals).values(day=day, source=arrival.health.source, **values)
        with self._database.writing() as connection:
            connection.execute(row.on_conflict_do_update(index_elements=["day", "source"], set_=values))

    def of(self, day: date, *, settings: Mapping[str, str], since: datetime) -> tuple[Arrival, ...]:
        """Return what was kept for `day` from `since` on, of sources that still have the same settings."""
        asked = select(arrivals).where(arrivals.c.day == day, arrivals.c.at >= since).order_by(arrivals.c.source)
        with self._database.reading() as connection:
            rows = connection.execute(asked).mappings().all()
        same = (row for row in rows if settings.get(row["source"]) == row["settings"])
        return tuple(Arrival(health_of(row["health"]), tuple(map(entry_of, row["entries"]))) for row in same)


def drop_arrivals(connection: Connection, day: date) -> None:
    """Forget the arrivals of `day`: they are in its edition now."""
    connection.execute(delete(arrivals).where(arrivals.c.day == day))
