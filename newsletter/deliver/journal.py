"""What became of deliveries, written down together: all changes that wait become one transaction.

A transaction is synced to the disk before anybody goes on, and a sync takes longer than a message. While one is written
the next changes gather, so that many sessions share a sync and none of them does without.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime
from typing import Protocol

from newsletter.models import Move


class Kept(Protocol):
    """Where moves are kept: `Outbox.keep`."""

    def __call__(self, owner: str, moves: list[Move], *, now: datetime) -> frozenset[int]:
        """Keep the moves in one transaction, and return the ids of the deliveries that made theirs."""


class Journal:
    """The moves of one drain. Once a transaction fails, everything later fails with the same error."""

    def __init__(self, keep: Kept, owner: str, *, clock: Callable[[], datetime], executor: Executor) -> None:
        self._keep, self._owner, self._clock, self._executor = keep, owner, clock, executor
        self._waiting: list[tuple[Move, asyncio.Future[bool]]] = []
        self._writing: asyncio.Task[None] | None = None
        self.broken: BaseException | None = None

    def keep(self, move: Move) -> asyncio.Future[bool]:
        """Return what tells, once a move is on the disk, whether the delivery made it: False if another run has it."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        future.add_done_callback(_heard)
        if self.broken is not None:
            future.set_exception(self.broken)
            return future
        self._waiting.append((move, future))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write())
        return future

    async def close(self) -> None:
        """Wait until everything is on the disk; raises what kept it from there."""
        if self._writing is not None:
            await self._writing
        if self.broken is not None:
            raise self.broken

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting, []
            moves = [move for move, _ in batch]
            try:
                kept = await loop.run_in_executor(self._executor, self._commit, moves)
            except BaseException as error:  # noqa: BLE001 - handed to everybody who waits, and raised by `close`
                self.broken = error
                for _, future in (*batch, *self._waiting):
                    if not future.done():
                        future.set_exception(error)
                self._waiting = []
                return
            for move, future in batch:
                if not future.done():
                    future.set_result(move.id in kept)

    def _commit(self, moves: list[Move]) -> frozenset[int]:
        return self._keep(self._owner, moves, now=self._clock())


def _heard(future: asyncio.Future[bool]) -> None:
    """Take note of an error that nobody waits for: `close` raises it."""
    if not future.cancelled():
        future.exception()
