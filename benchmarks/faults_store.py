"""Faults of a store in a file: full, locked, read-only, damaged."""

from __future__ import annotations

import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from faults_answers import Moment
from faults_kinds import kind
from faults_worker import begun, now, send_all, send_as_nobody, send_starved
from faults_world import Absent, World
from sqlalchemy import event

from newsletter.errors import StoreError
from newsletter.store import Store


def _file(world: World) -> Path:
    return Path(world.url.removeprefix("sqlite:///"))


# ------------------------------------------------------------------ SQLite


@kind("42", "database full (max_page_count) while issues are queued")
def full_database(world: World) -> None:
    """All of a batch or none is queued; what was queued is sent."""
    world.queue()
    due = dict(world.due)

    def no_page_more(store: Store) -> None:
        engine = store._database.backend.reader  # noqa: SLF001 - where else could one say it
        engine.dispose()  # the limit is one of each connection

        @event.listens_for(engine, "connect")
        def _set(connection: Any, _record: object) -> None:
            connection.execute("PRAGMA max_page_count=1")  # which means: as many as it has

    world.on_store = no_page_more
    try:
        world.queue(200, size=40_000)
        world.must(False, "200 messages were queued into a full database")  # noqa: FBT003
    except StoreError as error:
        world.must("full" in str(error), str(error))
    world.due = due
    world.run()
    world.on_store = None


@kind("42b", "disk full (tmpfs) while messages are sent")
def full_disk(world: World) -> None:
    """Hold that what cannot be written down is not sent; what was in hand then may be unknown."""
    with _small_disk(world, megabytes=6) as disk:
        home = world.url
        world.url = f"sqlite:///{disk / 'newsletter.db'}"
        Store.open(world.url).close()
        world.queue(60, size=20_000)
        ballast = disk / "ballast"

        def fill(moment: Moment) -> None:
            if moment.count in (10, 40):
                _fill(ballast)

        world.fault(DOT=fill)
        with Store.open(world.url):  # so that the log of the database is not written back in between
            world.run()
        world.must_tell("full")
        world.expects(unknown=(0, 2 * world.connections))
        ballast.unlink()
        world.run(2)
        ballast.unlink(missing_ok=True)
        world.mend()
        world.settle()
        _copied(world.url, home)
    world.url = home


@kind("42c", "files may not grow (RLIMIT_FSIZE) while messages are sent")
def no_growth(world: World) -> None:
    """Hold that the log of the database cannot be written on: the process ends, the next goes on."""
    world.clock.now = now()
    world.queue(120, size=20_000)
    with Store.open(world.url):
        size = _file(world).stat().st_size
        for more in (40_000, 150_000):
            process = begun(send_starved, world.url, world.sink.port, world.connections, "FSIZE", size + more)
            process.join(60)
            world.must(process.exitcode is not None, "it hangs")
            process.kill()
    world.expects(unknown=(0, 2 * world.connections))


@kind("43", "locked for two seconds")
def locked(world: World) -> None:
    """Hold that it waits."""
    world.queue()
    world.fault(DOT=_lock_at(world, 5, seconds=2.0))
    world.run()
    world.must(world.states()["sent"] == 24, f"not everything was sent: {world.states()}")


@kind("44", "locked for longer than it waits")
def locked_too_long(world: World) -> None:
    """Hold that the run ends with an error that says so; nothing in the hand is forgotten."""
    world.queue()
    world.busy_seconds = 0.2
    world.fault(DOT=_lock_at(world, 5, seconds=1.5))
    world.run()
    time.sleep(1.0)  # the lock goes; an error within may have kept `claimed` from being given back
    world.must_tell("keeps the database locked")
    world.busy_seconds = 30.0
    world.expects(unknown=(0, world.connections))


@kind("45", "file may only be read")
def read_only(world: World) -> None:
    """Nothing is sent, and it says why."""
    world.clock.now = now()
    world.queue()
    told = world.folder / "told"
    told.touch()
    told.chmod(0o666)
    world.folder.chmod(0o555)
    _file(world).chmod(0o444)
    process = begun(send_as_nobody, world.url, world.sink.port, world.connections, str(told))
    process.join(30)
    world.folder.chmod(0o755)
    _file(world).chmod(0o644)
    world.told.append(told.read_text())
    world.must_tell("writ")
    world.must(not world.sink.asked["."], "something was sent")


@kind("48", "pages of the database damaged")
def damaged(world: World) -> None:
    """Hold that it refuses, says so, and sends nothing; a copy from before goes on."""
    world.queue()
    with sqlite3.connect(_file(world)) as plain:
        plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    plain.close()
    copy = _file(world).read_bytes()
    page = 4096
    bad = bytearray(copy)
    for first in range(page, len(bad), page):
        bad[first : first + page] = world.rng.randbytes(page)
    _file(world).write_bytes(bytes(bad))
    world.run(2)
    world.must_tell("damaged")
    world.must(not world.sink.asked["."], "something was sent")
    _file(world).write_bytes(copy)


@kind("48c", "the log of the database (-wal) deleted after a kill", promised=False)
def log_deleted(world: World) -> None:
    """Take away what was committed last: SQLite says that nobody may, and the database is one of before it."""
    world.clock.now = now()
    world.queue(300, size=2_000)
    process = begun(send_all, world.url, world.sink.port, world.connections)
    world.wait_for(100)
    process.kill()
    process.join()
    for suffix in ("-wal", "-shm"):
        _file(world).with_name(_file(world).name + suffix).unlink(missing_ok=True)
    world.expects(unknown=(0, world.connections * 2))


@kind("48b", "settings name another kind of file")
def other_file(world: World) -> None:
    """Hold that a file that is no database of ours is not touched."""
    world.queue()
    other = world.folder / "other.db"
    other.write_bytes(b"not a database at all" * 500)
    home, world.url = world.url, f"sqlite:///{other}"
    world.run()
    world.must_tell("not a newsletter database")
    world.must(other.read_bytes() == b"not a database at all" * 500, "the file was changed")
    world.url = home


def _lock_at(world: World, number: int, *, seconds: float) -> Any:
    """Return an answer that locks the database, when so many messages have come, for some seconds."""

    def lock(moment: Moment) -> None:
        if moment.count != number:
            return
        other = sqlite3.connect(_file(world), isolation_level=None, timeout=5, check_same_thread=False)
        other.execute("BEGIN EXCLUSIVE")
        threading.Timer(seconds, other.close).start()

    return lock


@contextmanager
def _small_disk(world: World, *, megabytes: int) -> Iterator[Path]:
    disk = world.folder / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(disk)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        raise Absent("mounting a small tmpfs needs root")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def _fill(ballast: Path) -> None:
    """Leave no room on a disk."""
    with ballast.open("ab", buffering=0) as file:
        for size in (2**16, 2**12, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue


def _copied(url: str, to: str) -> None:
    with (
        sqlite3.connect(url.removeprefix("sqlite:///")) as source,
        sqlite3.connect(to.removeprefix("sqlite:///")) as copy,
    ):
        source.backup(copy)
    source.close()
    copy.close()
