"""Whether the database is sound, of this version, and can be written; nothing in it is changed, nor is it upgraded."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import OperationalError

from newsletter.config import Config
from newsletter.doctor.line import Line, failed, warning, well
from newsletter.errors import StoreError
from newsletter.store.database import Database
from newsletter.store.tables import HEAD

_CHECK_SECONDS = 8.0
_BUSY_SECONDS = 3.0
_STEPS = 100_000  # of SQLite's machine, between two looks at the clock
_ABOUT = "database"


def database(config: Config) -> Iterator[Line]:
    """Yield whether the database is sound, of this version, and can be written; nothing in it is changed."""
    file = config.store_file
    if file is not None and not file.exists():
        if file.parent.is_dir():
            yield warning(_ABOUT, f"{file} is not there yet", "`newsletter collect` makes it")
        else:
            yield failed(_ABOUT, f"there is no folder {file.parent}", "make it, or correct `store:`")
        return
    with closing(Database(config.store, busy_timeout_seconds=_BUSY_SECONDS)) as opened:
        try:
            with opened.reading() as connection:
                yield _sound(opened.name, connection)
        except StoreError as error:
            yield failed(_ABOUT, str(error))
            return
        try:
            with opened.writing() as connection:
                connection.execute(text("SELECT 1"))
        except StoreError as error:
            busy = "keeps the database locked" in str(error)
            yield (warning if busy else failed)(_ABOUT, str(error))


def is_ready(config: Config) -> bool:
    """Return whether there is a store of this version that can be asked without changing it."""
    return not unanswered(config)


def unanswered(config: Config) -> str:
    """Return why the store cannot be asked, "" where it can; nothing in it is changed."""
    file = config.store_file
    if file is not None and not file.exists():
        return f"{file}: is not there"
    with closing(Database(config.store, busy_timeout_seconds=_BUSY_SECONDS)) as opened:
        try:
            with opened.reading() as connection:
                return "" if _revision(connection) == HEAD else f"{opened.name}: is not of this version of newsletter"
        except StoreError as error:
            return str(error)


def _sound(name: str, connection: Connection) -> Line:
    revision = _revision(connection)
    if revision is None:
        return failed(_ABOUT, f"{name} holds something else than a newsletter", "name another one in `store:`")
    if revision == "":
        return warning(_ABOUT, f"{name} is empty", "`newsletter collect` makes its tables")
    found = _quick_check(connection)
    earlier = "is sound, and of an earlier version of newsletter"
    late = f"is too large to be checked in {_CHECK_SECONDS:g} seconds"
    by_hand = f'check it while nothing runs: sqlite3 "{name}" "PRAGMA quick_check"'
    rules = (
        (found == "", warning, late, by_hand),
        (found != "ok", failed, f"is damaged: {found}", "restore a copy, or move it away and start anew"),
        (revision > HEAD, failed, "was written by a newer version of newsletter", "upgrade newsletter"),
        (revision < HEAD, warning, earlier, "make a copy; the next command that uses it upgrades it"),
    )
    lines = (kind(_ABOUT, f"{name} {told}", fix) for holds, kind, told, fix in rules if holds)
    return next(lines, well(_ABOUT, f"{name} is sound and can be written, revision {revision}"))


def _quick_check(connection: Connection) -> str:
    """Return "ok", what is wrong with a database, or "" where that takes too long."""
    driver = connection.connection.driver_connection
    if connection.dialect.name != "sqlite" or driver is None:
        return "ok" if connection.execute(text("SELECT 1")).scalar_one() == 1 else "it does not answer"
    until = time.monotonic() + _CHECK_SECONDS
    driver.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    try:
        found = connection.exec_driver_sql("PRAGMA quick_check(3)").scalars().all()
    except OperationalError as error:
        if "interrupted" not in str(error.orig):
            raise
        return ""
    finally:
        driver.set_progress_handler(None, 0)
    return " ".join("; ".join(map(str, found)).split())


def _revision(connection: Connection) -> str | None:
    """Return the revision of the tables, "" for an empty database, None for one that is not ours."""
    tables = set(inspect(connection).get_table_names())
    if not tables:
        return ""
    if not {"alembic_version", "papers", "deliveries"} <= tables:
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return None if found is None else str(found)
