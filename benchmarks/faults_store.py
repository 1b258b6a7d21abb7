"""Faults of the store: full, locked, read-only, damaged; a PostgreSQL server that is restarted or breaks connections."""

from __future__ import annotations

import multiprocessing.util
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faults_kinds import kind
from faults_sink import Moment
from faults_worker import begun, now, send_all, send_as_nobody, send_starved
from faults_world import Absent, World
from sqlalchemy import event

from newsletter.deliver import deliver
from newsletter.errors import NewsletterError, StoreError
from newsletter.store import Store

if TYPE_CHECKING:
    from postgres import PostgresServer

_TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}' AND pid <> pg_backend_pid()"
_LOCKS = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"


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
    """What cannot be written down is not sent; what was in hand then may be unknown."""
    with _small_disk(world, megabytes=6) as disk:
        home = world.url
        world.url = f"sqlite:///{disk / 'newsletter.db'}"
        Store.open(world.url).close()
        world.queue(60, size=20_000)
        ballast = disk / "ballast"

        def fill(moment: Moment) -> None:
            if moment.count in (10, 40):
                _fill(ballast)

        world.fault(DOT=fill)  # type: ignore[arg-type]
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
    """The log of the database cannot be written on: the process ends, the next goes on."""
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
    """It waits."""
    world.queue()
    world.fault(DOT=_lock_at(world, 5, seconds=2.0))
    world.run()
    world.must(world.states()["sent"] == 24, f"not everything was sent: {world.states()}")


@kind("44", "locked for longer than it waits")
def locked_too_long(world: World) -> None:
    """The run ends with an error that says so; nothing in the hand is forgotten."""
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
    """It refuses, says so, and sends nothing; a copy from before goes on."""
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


@kind("48b", "settings name another kind of file")
def other_file(world: World) -> None:
    """A file that is no database of ours is not touched."""
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
    with sqlite3.connect(url.removeprefix("sqlite:///")) as source, sqlite3.connect(to.removeprefix("sqlite:///")) as copy:
        source.backup(copy)
    source.close()
    copy.close()


# ------------------------------------------------------------------ PostgreSQL


@cache
def postgres() -> PostgresServer:
    """Return a server of this process; Absent where there is none."""
    sys.path.append(str(Path(__file__).parent.parent / "tests"))
    from postgres import NoServer, PostgresServer  # noqa: PLC0415 - of the tests

    try:
        server = PostgresServer()
    except NoServer as error:
        raise Absent(str(error)) from None
    multiprocessing.util.Finalize(None, server.end, exitpriority=10)
    return server


def _meanwhile(world: World, harm: Any, *, times: int) -> None:
    """Deliver in a thread until nothing waits, and do harm so many times meanwhile."""
    done = threading.Event()

    def runs() -> None:
        for _ in range(60):
            world.run()
            try:
                if not (states := world.states())["queued"] + states["claimed"]:
                    break
            except NewsletterError:
                time.sleep(0.1)
        done.set()

    thread = threading.Thread(target=runs)
    thread.start()
    for _ in range(times):
        time.sleep(world.rng.uniform(0.1, 0.4))
        harm()
    done.wait(120)
    thread.join()
    world.expects(unknown=(0, times * 2 * world.connections))


@kind("46", "PostgreSQL restarted while messages are sent", postgres=True)
def restarted(world: World) -> None:
    """Each restart ends a run; the next goes on."""
    world.queue(200, size=4_000)

    def harm() -> None:
        postgres().stop(signal.SIGINT)
        postgres().start()

    _meanwhile(world, harm, times=3)


@kind("46b", "PostgreSQL crashes while messages are sent", postgres=True)
def crashed(world: World) -> None:
    """SIGQUIT: it recovers from its log when it starts."""
    world.queue(200, size=4_000)

    def harm() -> None:
        postgres().stop(signal.SIGQUIT)
        postgres().start()

    _meanwhile(world, harm, times=2)


@kind("47", "pg_terminate_backend on every connection", postgres=True)
def terminated(world: World) -> None:
    """At random moments, the connection that holds the locks among them."""
    world.queue(200, size=4_000)
    name = world.url.rpartition("/")[2]
    _meanwhile(world, lambda: postgres().run(_TERMINATE.format(name)), times=5)


@kind("47b", "a sender's lock is lost, and another sender takes over", postgres=True)
def lock_lost(world: World) -> None:
    """The first one is refused what the second has taken, before it writes a dot."""
    world.queue(300, size=2_000)
    world.sink.slow = 0.02
    told: list[BaseException] = []

    def sends() -> None:
        try:
            with Store.open(world.url) as store:
                deliver(store.outbox, world.mailer(), clock=world.clock)
        except NewsletterError as error:
            told.append(error)

    threads = [threading.Thread(target=sends) for _ in range(3)]
    for thread in threads:
        thread.start()
        time.sleep(world.rng.uniform(0.2, 0.5))
        postgres().run(_LOCKS)
    for thread in threads:
        thread.join()
    world.sink.slow = 0.002
    world.expects(unknown=(0, 3 * world.connections))


@kind("56b", "two senders at once, on PostgreSQL", postgres=True)
def two_senders(world: World) -> None:
    """Each message is one's."""
    world.clock.now = now()
    world.queue(400, size=2_000)
    processes = [begun(send_all, world.url, world.sink.port, world.connections) for _ in range(2)]
    for process in processes:
        process.join(60)
        world.must(process.exitcode == 0, f"a sender ended with {process.exitcode}")


@kind("57", "workers killed three times, on PostgreSQL", postgres=True)
def workers_killed(world: World) -> None:
    """The server drops the locks of the dead; two workers at once."""
    world.clock.now = now()
    world.queue(600, size=2_000)
    processes = [begun(send_all, world.url, world.sink.port, world.connections) for _ in range(2)]
    for number in range(3):
        world.wait_for(world.rng.randint(20, 120))
        processes[number % 2].kill()
        processes[number % 2].join()
        processes[number % 2] = begun(send_all, world.url, world.sink.port, world.connections)
    for process in processes:
        process.join(60)
    world.expects(unknown=(0, 3 * 2 * world.connections))
