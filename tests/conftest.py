"""Fixtures that every test may use."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import Command, command_line
from postgres import NoServer, PostgresServer
from stores import a_file

from newsletter import weights as shipped
from newsletter.inbox import Inbox
from newsletter.store import Store


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tests talk to this machine only: anything else is a mistake."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else "localhost"
        if not (host in {"localhost", "::1"} or str(host).startswith("127.")):
            raise AssertionError(f"a test reached for {host}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


# What a store promises is promised of both databases; other modules only need one that works.
ON_BOTH = {
    "test_crashes",
    "test_examples",
    "test_history",
    "test_outbox",
    "test_steps",
    "test_owners",
    "test_replies",
    "test_store",
    "test_suppressions",
    "test_writers",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of the store on SQLite and on PostgreSQL."""
    if metafunc.module.__name__ in ON_BOTH:
        for name in {"store_url", "empty_url"} & set(metafunc.fixturenames):
            metafunc.parametrize(name, ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Return a PostgreSQL server; skipped where there is none, and failed where CI says that there must be one."""
    try:
        server = PostgresServer()
    except NoServer as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))
    yield server
    server.end()


@pytest.fixture
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the address of an empty store."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield f"sqlite:///{a_file(tmp_path)}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        with server.database() as url:
            yield url


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the address of a store that was never opened."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield f"sqlite:///{tmp_path}/newsletter.db"
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        with server.database(template="empty") as url:
            yield url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """Return an empty store, open; it is at `store_url`."""
    with Store.open(store_url) as opened:
        yield opened


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    """Return a real SMTP server that keeps what it gets."""
    with Inbox(tmp_path / "inbox") as opened:
        yield opened


@pytest.fixture(scope="session")
def weights() -> shipped.Weights:
    """Return the term vectors that ship."""
    return shipped.load()


@pytest.fixture
def newsletter(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """Return what runs the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SMTP_PASSWORD", raising=False)
    return command_line(monkeypatch, capsys)
