"""Gates: requests to one service go one at a time, with a pause between them, whoever makes them.

    through("arxiv.org", 3.0) ─► threads of this process ─► processes of this user ─► the rest of the pause ─► request
                                  a lock                     a lock file and a time

A gate without a pause holds within one process only: a feed that is read once a day needs no more.
"""

from __future__ import annotations

import logging
import os
import re
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path

from newsletter.errors import SourceError

log = logging.getLogger(__name__)

# https://info.arxiv.org/help/api/tou.html: one request in three seconds over all its hosts, one connection
_ARXIV = "arxiv.org"
_ARXIV_PAUSE_SECONDS = 3.0
_PATIENCE_SECONDS = 300.0  # for another process: a stopped one (SIGSTOP) holds its gates


def terms(host: str, *, gate: str = "", pause_seconds: float = 0.0) -> tuple[str, float]:
    """Return (gate, pause in seconds) for a request to `host`; arXiv's hosts share one gate, whatever is asked for."""
    host = host.lower().rstrip(".")
    if host == _ARXIV or host.endswith(f".{_ARXIV}"):
        return _ARXIV, max(pause_seconds, _ARXIV_PAUSE_SECONDS)
    return gate or host, max(pause_seconds, 0.0)


class Gate:
    """What one process knows of a gate: who is in it, and when it opens again (monotonic seconds)."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.opens_at = 0.0


class Gates:
    """The gates of one process; those with a pause are shared through `directory` with this user's other processes.

    Without a `directory` it is one of this user's in the place for temporary files. Where it cannot be trusted (a link,
    somebody else's) or written, the gates hold within this process only, with a line in the log.
    """

    def __init__(
        self,
        directory: Path | None = None,
        *,
        patience_seconds: float = _PATIENCE_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._wanted_directory = directory
        self._patience_seconds = patience_seconds
        self._sleep = sleep
        self._monotonic = monotonic
        self._clock = clock
        self._gates: dict[str, Gate] = {}
        self._lock = threading.Lock()

    @contextmanager
    def through(self, name: str, pause_seconds: float) -> Iterator[None]:
        """Hold a gate for the length of the block, entered `pause_seconds` after the last one left it.

        Raises `SourceError` where another process does not leave it.
        """
        with self._lock:
            gate = self._gates.setdefault(name, Gate())
        with gate.lock, self._among_processes(name, pause_seconds) as stamp:
            wait_seconds = max(gate.opens_at - self._monotonic(), self._rest(stamp, pause_seconds))
            if wait_seconds > 0:
                self._sleep(wait_seconds)
            self._leave(stamp)  # already now: whoever is killed inside has asked as well
            try:
                yield
            finally:
                gate.opens_at = self._monotonic() + pause_seconds
                self._leave(stamp)

    # -------------------------------------------------------------- among processes

    @contextmanager
    def _among_processes(self, name: str, pause_seconds: float) -> Iterator[Path | None]:
        """Hold the lock file of a gate; give the file whose time says when it was left, None without such files."""
        directory = self._directory if pause_seconds > 0 else None
        if directory is None:
            yield None
            return
        import filelock  # noqa: PLC0415 only where a service asks for pauses

        file = re.sub(r"[^a-z0-9.-]", "_", name.lower())[:100]
        lock = filelock.FileLock(directory / f"{file}.lock", mode=0o600)
        try:
            lock.acquire(timeout=self._patience_seconds)
        except filelock.Timeout:
            raise SourceError(
                f"another run of the newsletter has been asking {name} for {self._patience_seconds:g} s; "
                "the next run tries again"
            ) from None
        except OSError as error:
            _alone(directory, error.strerror or type(error).__name__)
            yield None
            return
        try:
            yield directory / f"{file}.left"
        finally:
            lock.release()

    def _rest(self, stamp: Path | None, pause_seconds: float) -> float:
        """Return the seconds left of a pause; at most all of it, also when the clock was set back."""
        if stamp is None:
            return 0.0
        try:
            left_at = stamp.stat().st_mtime
        except OSError:
            return 0.0
        return min(left_at + pause_seconds - self._clock(), pause_seconds)

    def _leave(self, stamp: Path | None) -> None:
        if stamp is None:
            return
        now = self._clock()
        with suppress(OSError):  # a full disk: this process still keeps its pauses
            stamp.touch(mode=0o600)
            os.utime(stamp, (now, now))

    @cached_property
    def _directory(self) -> Path | None:
        user = f"-{os.getuid()}" if hasattr(os, "getuid") else ""  # elsewhere that place is the user's own
        directory = self._wanted_directory or Path(tempfile.gettempdir()) / f"paper-newsletter{user}"
        reason = _objection(directory)
        if reason:
            _alone(directory, reason)
        return None if reason else directory


def _objection(directory: Path) -> str:
    """Make a directory only we can write, and return why it cannot be trusted, "" where it can."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = directory.lstat()
        if not stat.S_ISDIR(found.st_mode):
            return "it is no directory"
        if hasattr(os, "getuid") and found.st_uid != os.getuid():
            return "it is another user's"
        if found.st_mode & 0o077:
            directory.chmod(0o700)
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def _alone(directory: Path, reason: str) -> None:
    log.warning(
        "%s: cannot be used (%s), so pauses between requests do not hold for runs at the same time; remove it",
        directory, reason,
    )  # fmt: skip
