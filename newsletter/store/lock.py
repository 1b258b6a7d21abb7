"""One run at a time: a lock that a killed process cannot leave behind.

The kernel drops a `flock` when its holder ends, however it ends, so whoever has the lock knows that the owner of every
claimed delivery is dead. A stopped process (SIGSTOP) keeps it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from newsletter.errors import LockedError, StoreError


class Lock:
    """The lock file beside a database; `held` says whether this object holds it now."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.held = False

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the lock for the length of the block; LockedError at once if another run has it."""
        descriptor = self._open()
        try:
            self._take(descriptor)
            self.held = True
            yield
        finally:
            self.held = False
            os.close(descriptor)  # which drops the lock; the file stays, or two runs could lock two files

    def _open(self) -> int:
        try:
            return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StoreError(f"{self.path}: {error.strerror}; the directory of the database must be writable") from None

    def _take(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode("ascii", "replace").strip() or "unknown"
            raise LockedError(f"{self.path}: process {holder} holds the lock; wait for it to end, or end it") from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
