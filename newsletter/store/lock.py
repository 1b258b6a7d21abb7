"""Who is alive: the lock of a run and the locks of senders, which a killed process cannot leave behind.

Whoever drops these locks is not the program: the kernel does (`flock`), or the server of the database
(`advisory`), at the end of a process however it ends, `kill -9` and the loss of power among it. A stopped process
(SIGSTOP) keeps them, and so does a child that was forked and did not exec. No time limit decides who is dead.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager


class Lock(ABC):
    """The lock that keeps two runs apart; `held` says whether this object holds it now, `name` what people call it."""

    name: str
    held: bool

    @abstractmethod
    def hold(self) -> AbstractContextManager[None]:
        """Hold the lock for the length of the block; LockedError at once if another run has it."""


class Owners(ABC):
    """The senders of a store: each has an id of its own, whose lock tells whether it is alive."""

    @abstractmethod
    def take(self) -> AbstractContextManager[str]:
        """Be a sender for the length of the block, in whatever thread: gives a new id, whose lock is held meanwhile.

        StoreError where the lock cannot be had.
        """

    @abstractmethod
    def is_dead(self, owner: str) -> bool:
        """Return whether nobody holds the lock of `owner` any more, here or elsewhere; True for "", which is nobody.

        StoreError where that cannot be told.
        """

    @abstractmethod
    def is_held(self, owner: str) -> bool:
        """Return whether a lock that was taken by this object is still held.

        It is lost where the connection to the server that keeps it breaks, or somebody removes its file. Others may
        have settled what this sender had claimed, which then is refused to it; it must take a new id to go on.
        """
