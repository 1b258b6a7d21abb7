"""A statement that is executed a thousand times a second: compiled once for its database, filled with rows.

SQLAlchemy looks a statement up in its cache, and its parameters over, with each execution; for what changes in the
outbox that takes twice the time of the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.sql.dml import UpdateBase

Row = Mapping[str, Any]
Filled = Callable[[Sequence[Row]], list[Any]]


class Prepared:
    """A statement whose parameters that change are named; every row gives a value to each of them."""

    def __init__(self, statement: UpdateBase) -> None:
        self._statement = statement
        self._made: dict[str, tuple[str, Filled]] = {}

    def execute(self, connection: Connection, rows: Sequence[Row]) -> int:
        """Execute the statement once for each row, and return how many rows of the table it changed in all."""
        dialect = connection.dialect.name
        if dialect not in self._made:
            self._made[dialect] = self._compiled(connection)
        sql, filled = self._made[dialect]
        return connection.exec_driver_sql(sql, filled(rows)).rowcount

    def _compiled(self, connection: Connection) -> tuple[str, Filled]:
        """Return the statement as the database takes it, and what makes its parameters of rows."""
        dialect = connection.dialect
        compiled = self._statement.compile(dialect=dialect)
        columns: dict[str, Callable[[Sequence[Row]], Iterable[Any]]] = {}
        for bind, name in compiled.bind_names.items():
            made = bind.type.dialect_impl(dialect).bind_processor(dialect)
            # What has a value already stands for every row.
            columns[name] = (
                _column(name, made) if bind.required else _the_same(made(bind.value) if made else bind.value)
            )
        names = compiled.positiontup or tuple(columns)

        def filled(rows: Sequence[Row]) -> list[Any]:
            values = zip(*(columns[name](rows) for name in names), strict=True)
            return list(values) if compiled.positiontup else [dict(zip(names, row, strict=True)) for row in values]

        return str(compiled), filled


def _column(name: str, made: Callable[[Any], Any] | None) -> Callable[[Sequence[Row]], Iterable[Any]]:
    """Return what gives the values of one parameter; rows that are kept together often share a time."""

    def values(rows: Sequence[Row]) -> Iterable[Any]:
        if made is None:
            return [row[name] for row in rows]
        known: dict[int, Any] = {}  # by the identity of what is kept by its row meanwhile
        for row in rows:
            value = row[name]
            if id(value) not in known:
                known[id(value)] = made(value)
        return [known[id(row[name])] for row in rows]

    return values


def _the_same(value: Any) -> Callable[[Sequence[Row]], Iterable[Any]]:
    return lambda rows: repeat(value, len(rows))
