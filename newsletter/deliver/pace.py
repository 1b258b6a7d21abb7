"""How fast, and how many at once: by the settings, and by what the server bears."""

from __future__ import annotations

import asyncio
from contextlib import suppress

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 1.0, 30.0
_TAKEN_TO_GROW = 20  # messages in a row, for one more session


class Pace:
    """The pace of one drain: at most `per_minute` messages (0: no limit), by at most `sessions` side by side.

    A server that asks us to slow down gets half as many sessions after a pause, and one more for every twenty messages
    that it then takes (additive increase, multiplicative decrease).
    """

    def __init__(self, *, sessions: int, per_minute: int) -> None:
        self._most = self._limit = max(1, sessions)
        self._interval = 60.0 / per_minute if per_minute else 0.0
        self._next = 0.0
        self._resume = 0.0
        self._pause = _FIRST_PAUSE_SECONDS
        self._taken = 0
        self._grown, self._hurried = asyncio.Event(), asyncio.Event()
        self._all_admitted = False
        self._held: set[str] = set()

    @property
    def limit(self) -> int:
        """Return how many sessions may work now."""
        return self._limit

    async def admitted(self, session: int) -> None:
        """Wait until the session of this number, counted from 0, may take a message."""
        while session >= self._limit and not self._all_admitted:
            self._grown.clear()
            await self._grown.wait()

    async def turn(self) -> None:
        """Wait until a message may be handed over."""
        now = asyncio.get_running_loop().time()
        mine = max(now, self._resume)
        if self._interval:
            mine = max(mine, self._next)
            self._next = mine + self._interval
        if mine > now:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurried.wait(), mine - now)

    def taken(self) -> None:
        """Note that the server took a message."""
        self._pause = _FIRST_PAUSE_SECONDS
        self._taken += 1
        if self._taken >= _TAKEN_TO_GROW and self._limit < self._most:
            self._taken = 0
            self._limit += 1
            self._grown.set()

    def throttled(self) -> None:
        """Note that the server asked us to slow down."""
        self._limit = max(1, self._limit // 2)
        self._taken = 0
        self._resume = asyncio.get_running_loop().time() + self._pause
        self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)

    def finish(self) -> None:
        """Let every session come to its end, whatever the server asks for meanwhile; messages keep their pace."""
        self._all_admitted = True
        self._grown.set()

    def hurry(self) -> None:
        """Let nobody wait any more: nothing new is begun."""
        self._hurried.set()
        self.finish()

    def hold(self, recipient: str) -> None:
        """Send nothing more to the domain of this address: it takes no more for now."""
        self._held.add(_domain(recipient))

    def is_held(self, recipient: str) -> bool:
        """Say whether nothing should be sent to the domain of this address for now."""
        return bool(self._held) and _domain(recipient) in self._held


def _domain(address: str) -> str:
    return address.rpartition("@")[2].casefold()
