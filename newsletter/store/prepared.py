"""A statement that is executed a thousand times a second: compiled once for its database, filled with rows.

SQLAlchemy looks a statement up in its cache, and its parameters over, with each execution; for the moves of the outbox
that takes twice the time of the database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.sql.dml import DMLWhereBase

Row = Mapping[str, Any]


class Prepared:
    """A statement whose parameters that change are named; every row gives a value to each of them."""

    def __init__(self, statement: DMLWhereBase) -> None:
        self._statement = statement
        self._made: dict[str, tuple[str, Callable[[Row], Any]]] = {}

    def execute(self, connection: Connection, rows: Sequence[Row]) -> int:
        """Execute the statement once for each row, and return how many rows of the table it changed in all."""
        dialect = connection.dialect.name
        if dialect not in self._made:
            self._made[dialect] = self._compiled(connection)
        sql, fill = self._made[dialect]
        return connection.exec_driver_sql(sql, [fill(row) for row in rows]).rowcount

    def _compiled(self, connection: Connection) -> tuple[str, Callable[[Row], Any]]:
        """Return the statement as the database takes it, and what makes its parameters of a row."""
        dialect = connection.dialect
        compiled = self._statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        process: dict[str, Callable[[Any], Any]] = {}
        fixed: dict[str, Any] = {}
        for bind, name in compiled.bind_names.items():
            made = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if made is not None:
                process[name] = made
            if not bind.required:  # it has a value, which stands for every row
                fixed[name] = made(bind.value) if made is not None else bind.value
        order = compiled.positiontup

        def value(row: Row, name: str) -> Any:
            if name in fixed:
                return fixed[name]
            return process[name](row[name]) if name in process else row[name]

        if order is not None:
            return str(compiled), lambda row: tuple(value(row, name) for name in order)
        names = tuple(compiled.bind_names.values())
        return str(compiled), lambda row: {name: value(row, name) for name in names}
