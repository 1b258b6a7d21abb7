"""Fixtures that every test may use."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import Command, command_line
from stores import a_store

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


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return an empty store on the disk."""
    with a_store(tmp_path) as opened:
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
