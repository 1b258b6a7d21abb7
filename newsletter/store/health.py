"""The health of each source on each day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select

from newsletter.models import HealthState, SourceHealth
from newsletter.store.tables import source_health


def health_on(connection: Connection, day: date) -> tuple[SourceHealth, ...]:
    """Return each source's health on `day`, in their order."""
    asked = select(source_health).where(source_health.c.day == day).order_by(source_health.c.position)
    return tuple(map(_health, connection.execute(asked).mappings()))


def latest_health(connection: Connection, until: date) -> dict[str, SourceHealth]:
    """Return the health of each source on the last day up to `until` on which it was asked."""
    newest = select(source_health.c.source, func.max(source_health.c.day).label("day"))
    last = newest.where(source_health.c.day <= until).group_by(source_health.c.source).subquery()
    same = (source_health.c.source == last.c.source) & (source_health.c.day == last.c.day)
    rows = connection.execute(select(source_health).join(last, same)).mappings()
    return {health.source: health for health in map(_health, rows)}


def save_health(connection: Connection, day: date, latest: Sequence[SourceHealth]) -> None:
    """Keep the health of every source on `day`; what was told of others before is forgotten."""
    connection.execute(delete(source_health).where(source_health.c.day == day))
    rows = [_row(health, day, position) for position, health in enumerate(latest)]
    if rows:
        connection.execute(insert(source_health), rows)


def _row(health: SourceHealth, day: date, position: int) -> dict[str, Any]:
    return {
        "day": day,
        "position": position,
        "source": health.source,
        "state": health.state.value,
        "entries": health.entries,
        "detail": health.detail,
        "warnings": list(health.warnings),
        "at": health.at,
        "again_at": health.again_at,
        "next_at": health.next_at,
        "failures": health.failures,
    }


def _health(row: RowMapping) -> SourceHealth:
    return SourceHealth(
        source=row["source"],
        state=HealthState(row["state"]),
        entries=row["entries"],
        detail=row["detail"],
        warnings=tuple(row["warnings"]),
        at=row["at"],
        again_at=row["again_at"],
        next_at=row["next_at"],
        failures=row["failures"],
    )
