"""A statement that is executed a thousand times a second: compiled once for its database, filled with rows.

SQLAlchemy looks a statement up in its cache, and its parameters over, with each execution; for what changes in the
outbox that takes twice the time of the database. So does executing it for one row after the other: each time Python's
lock is given away, and another thread may keep it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.types import TypeEngine

Statement = UpdateBase | Select[Any]
Row = Mapping[str, Any]
Rows = list[tuple[Any, ...]]
Parameters = Any  # a list or a mapping, as the driver has it
_Spots = list[tuple[int, str]]

_MOST = 128  # rows in one statement
_NOTHING: Row = MappingProxyType({})


class Prepared:
    """A statement whose parameters that change are named."""

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        self._known: dict[str, _Compiled] = {}

    def execute(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Execute the statement once for each row, which gives a value to each parameter."""
        compiled = self._compiled(connection.dialect)
        cursor = connection.connection.cursor()
        cursor.executemany(compiled.sql, [compiled.filled([row[name] for name in compiled.asked]) for row in rows])
        cursor.close()

    def fetch(self, connection: Connection, values: Row) -> Rows:
        """Execute the statement once and return its rows."""
        compiled = self._compiled(connection.dialect)
        return _fetched(connection, compiled, compiled.filled([values[name] for name in compiled.asked]))

    def _compiled(self, dialect: Dialect) -> _Compiled:
        if dialect.name not in self._known:
            self._known[dialect.name] = _Compiled(self._statement, dialect)
        return self._known[dialect.name]


class Together:
    """A statement over many rows at once: `made` gives it for a number of rows, its parameters named by `of`.

    Only powers of two are asked for, to compile few. The last row then stands several times, or, where each may stand
    only `once`, the statement is executed for parts of them.
    """

    def __init__(self, made: Callable[[int], Statement], *, once: bool = False) -> None:
        self._made = made
        self._once = once
        self._known: dict[tuple[str, int], tuple[_Compiled, _Spots]] = {}

    def execute(self, connection: Connection, rows: Sequence[Row], shared: Row = _NOTHING) -> int:
        """Execute the statement over the rows, and return how many it changed; `shared` is the same for all."""
        changed = 0
        for compiled, parameters in self._parts(connection.dialect, rows, shared):
            cursor = connection.connection.cursor()
            cursor.execute(compiled.sql, parameters)
            changed += cursor.rowcount
            cursor.close()
        return changed

    def fetch(self, connection: Connection, rows: Sequence[Row], shared: Row = _NOTHING) -> Rows:
        """Execute the statement over the rows, and return what it returns."""
        return [
            row
            for compiled, parameters in self._parts(connection.dialect, rows, shared)
            for row in _fetched(connection, compiled, parameters)
        ]

    def _parts(self, dialect: Dialect, rows: Sequence[Row], shared: Row) -> Iterator[tuple[_Compiled, Parameters]]:
        start = 0
        while start < len(rows):
            left = min(len(rows) - start, _MOST)
            size = 1 << (left.bit_length() - 1 if self._once else (left - 1).bit_length())
            some = [*rows[start : start + size]]
            start += size
            if (dialect.name, size) not in self._known:
                places = {of(name, number): (number, name) for number in range(size) for name in some[0]}
                compiled = _Compiled(self._made(size), dialect)
                self._known[dialect.name, size] = compiled, [places.get(name, (size, name)) for name in compiled.asked]
            compiled, spots = self._known[dialect.name, size]
            some += [some[-1]] * (size - len(some))
            some.append(shared)
            yield compiled, compiled.filled([some[number][name] for number, name in spots])


def of(name: str, number: int) -> str:
    """Return what the parameter of a row is called."""
    return f"of_{name}_{number}"


class _Compiled:
    """A statement as the database takes it; what makes its parameters of values, and values of its rows."""

    def __init__(self, statement: Statement, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        names = compiled.positiontup or list(binds)
        makers = [_impl(binds[name].type, dialect).bind_processor(dialect) for name in names]
        self.sql = str(compiled)
        self.asked = [name for name in names if binds[name].required]
        self._names = None if compiled.positiontup else names
        self._open = [(place, makers[place]) for place, name in enumerate(names) if binds[name].required]
        self._filled = [
            None if binds[name].required else maker(binds[name].value) if maker else binds[name].value
            for name, maker in zip(names, makers, strict=True)
        ]
        columns = statement.exported_columns
        self._shown = [_impl(column.type, dialect).result_processor(dialect, None) for column in columns]

    def filled(self, values: Iterable[Any]) -> Parameters:
        """Return the parameters, of values in the order of `asked`."""
        parameters = self._filled.copy()
        for (place, maker), value in zip(self._open, values, strict=True):
            parameters[place] = maker(value) if maker else value
        return parameters if self._names is None else dict(zip(self._names, parameters, strict=True))

    def shown(self, rows: Rows) -> Rows:
        """Return rows of the database with the values they stand for."""
        if not any(self._shown):
            return rows
        columns = zip(self._shown, zip(*rows, strict=True), strict=False)  # no row has no columns
        return list(zip(*(map(made, column) if made else column for made, column in columns), strict=True))


def _fetched(connection: Connection, compiled: _Compiled, parameters: Parameters) -> Rows:
    cursor = connection.connection.cursor()
    cursor.execute(compiled.sql, parameters)
    rows = list(cursor.fetchall())
    cursor.close()
    return compiled.shown(rows)


def _impl(kind: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    return kind.dialect_impl(dialect)
