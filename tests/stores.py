"""Stores for tests: real files, made by the migrations once and copied, since making one takes 0.1 s."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from newsletter.store import Store


def a_store(directory: Path) -> Store:
    """Return an open, empty store in `directory`; close it."""
    return Store.open(f"sqlite:///{a_file(directory)}")


def a_file(directory: Path) -> Path:
    """Return the database of an empty store in `directory`."""
    path = directory / "newsletter.db"
    path.write_bytes(_empty())
    return path


@cache
def _empty() -> bytes:
    with TemporaryDirectory() as directory:
        path = Path(directory) / "newsletter.db"
        Store.open(f"sqlite:///{path}").close()
        return path.read_bytes()
