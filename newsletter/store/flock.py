"""The locks of a store in a file: `flock` on files beside it, dropped by the kernel."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from newsletter.errors import LockedError, StoreError
from newsletter.store.lock import Lock, Owners


class FileLock(Lock):
    """The lock file beside a database."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)
        self.held = False

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the lock for the length of the block; LockedError at once if another run has it."""
        descriptor = _opened(self.path, os.O_CREAT)
        try:
            if not _locked(descriptor):
                holder = os.read(descriptor, 20).decode("ascii", "replace").strip() or "unknown"
                raise LockedError(f"{self.path}: process {holder} holds the lock; wait for it to end, or end it")
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
            self.held = True
            yield
        finally:
            self.held = False
            os.close(descriptor)  # which drops the lock; the file stays, or two runs could lock two files


class FileOwners(Owners):
    """The senders of a database in a file: one lock file each, in a folder beside it.

    A file is removed by its owner, or by whoever finds that it can be locked. Ids are random and never used again, so
    a file that is missing was given back or left by the dead. Who makes a file looks, once it is locked, whether it is
    still there: another process may have found it in between.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, int] = {}

    @contextmanager
    def take(self) -> Iterator[str]:
        """Be a sender for the length of the block: gives a new id, whose lock is held meanwhile."""
        self._sweep()
        owner, descriptor = self._made()
        try:
            self._held[owner] = descriptor
            yield owner
        finally:
            del self._held[owner]
            self._path(owner).unlink(missing_ok=True)  # before the lock is dropped: nobody else need look at it
            os.close(descriptor)

    def is_dead(self, owner: str) -> bool:
        """Return whether nobody holds the lock of `owner` any more; True for "", which is nobody."""
        return not _is_id(owner) or self._is_left(self._path(owner))

    def is_held(self, owner: str) -> bool:
        """Return whether a lock that was taken by this object is still held: its file is there and is the same."""
        descriptor = self._held.get(owner)
        return descriptor is not None and _is_named(descriptor, self._path(owner))

    def _made(self) -> tuple[str, int]:
        while True:
            owner = token_hex(8)
            with suppress(FileExistsError):
                descriptor = self._new(owner)
                # Else somebody took it for one of the dead: the lock is theirs, or the file is gone.
                if _locked(descriptor) and _is_named(descriptor, self._path(owner)):
                    return owner, descriptor
                os.close(descriptor)

    def _new(self, owner: str) -> int:
        try:
            self._folder.mkdir(exist_ok=True)
        except FileExistsError:
            raise StoreError(f"{self._folder}: is no directory; move it away") from None
        except OSError as error:
            raise StoreError(f"{self._folder}: {error.strerror}; the directory must be writable") from None
        return _opened(self._path(owner), os.O_CREAT | os.O_EXCL)

    def _sweep(self) -> None:
        """Remove what the dead left."""
        with suppress(OSError):
            for name in os.listdir(self._folder):  # noqa: PTH208 - names are what is looked at
                with suppress(StoreError):
                    self.is_dead(name)

    def _is_left(self, path: Path) -> bool:
        """Return whether nobody holds the lock of this file, which is removed then."""
        try:
            descriptor = _opened(path)
        except FileNotFoundError:
            return True
        try:
            if is_left := _locked(descriptor):
                with suppress(OSError):  # of another user, or in a folder that only reads: somebody else removes it
                    path.unlink(missing_ok=True)
            return is_left
        finally:
            os.close(descriptor)

    def _path(self, owner: str) -> Path:
        return self._folder / owner


def _opened(path: Path, how: int = 0) -> int:
    """Return a descriptor that no program started from here inherits; StoreError, but for one that is (not) there."""
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC | how, 0o644)
    except (FileNotFoundError, FileExistsError) as error:
        if how & os.O_CREAT and isinstance(error, FileNotFoundError):
            raise StoreError(f"{path}: {error.strerror}; the directory of the database must be writable") from None
        raise
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}; the directory of the database must be writable") from None


def _locked(descriptor: int) -> bool:
    """Lock, if nobody else has; `flock` tells two descriptors apart in one process too."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_named(descriptor: int, path: Path) -> bool:
    """Return whether `path` is the open file."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _is_id(owner: str) -> bool:
    return len(owner) == 16 and owner.isascii() and owner.isalnum()
