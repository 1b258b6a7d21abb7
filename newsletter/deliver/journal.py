"""What became of deliveries, written down together: all changes that wait become one transaction.

A transaction is synced to the disk before anybody goes on, and a sync takes longer than a message. So a `dot`, which a
session waits for, waits a moment for those of the other sessions that are about to have one; what nobody waits for is
written with the next `dot`. While one transaction is written the next changes gather.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from datetime import datetime
from time import perf_counter
from typing import Protocol

from newsletter.models import DeliveryState, Move

_DOT_SECONDS = 0.001  # a `dot` waits for others
_REST_SECONDS = 0.005  # what nobody waits for; what is not written when the program is killed becomes unknown
_QUICK_SECONDS = 0.002  # where the last transaction took no longer, another thread takes more time than it saves


class Kept(Protocol):
    """Where moves are kept: `Outbox.keep`."""

    def __call__(self, owner: str, moves: list[Move], *, now: datetime) -> frozenset[int]:
        """Keep the moves in one transaction, and return the ids of the deliveries that made theirs."""


class Journal:
    """The moves of one drain. Once a transaction fails, everything later fails with the same error.

    `more_to_come` tells whether another session is about to have a `dot`.
    """

    def __init__(
        self,
        keep: Kept,
        owner: str,
        *,
        clock: Callable[[], datetime],
        executor: Executor,
        more_to_come: Callable[[], bool] = lambda: False,
    ) -> None:
        self._keep, self._owner, self._clock, self._executor = keep, owner, clock, executor
        self._more_to_come = more_to_come
        self._waiting: list[tuple[Move, asyncio.Future[bool]]] = []
        self._dot_waits = self._quick = False
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self._answers: list[Move] = []  # of servers, that could not be written: tried once more at the end
        self.broken: BaseException | None = None

    def keep(self, move: Move) -> asyncio.Future[bool]:
        """Return what tells, once a move is on the disk, whether the delivery made it: False if another run has it."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        future.add_done_callback(_heard)
        if self.broken is not None:
            future.set_exception(self.broken)
            return future
        self._waiting.append((move, future))
        if move.state is DeliveryState.DOT and not self._dot_waits:
            self._dot_waits = True
            self._forget_timer()  # what waited longer is written with it
        self._schedule()
        return future

    async def close(self) -> None:
        """Wait until everything is on the disk; raises what kept it from there."""
        while self._waiting or self._writing is not None:
            self._begin()
            if self._writing is not None:
                await self._writing
        if self.broken is None:
            return
        if self._answers:
            with suppress(Exception):  # what broke it is raised
                await asyncio.get_running_loop().run_in_executor(self._executor, self._commit, self._answers)
        raise self.broken

    def _schedule(self) -> None:
        """Write what waits: at once where nothing else is to be expected, or when its time has come."""
        if self._writing is not None or not self._waiting:
            return
        if self._dot_waits and not self._more_to_come():
            self._begin()
        elif self._timer is None:
            seconds = _DOT_SECONDS if self._dot_waits else _REST_SECONDS
            self._timer = asyncio.get_running_loop().call_later(seconds, self._begin)

    def _begin(self) -> None:
        """Write what waits, unless something is being written."""
        self._forget_timer()
        if self._writing is None and self._waiting:
            self._writing = asyncio.get_running_loop().create_task(self._write())

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _write(self) -> None:
        batch, self._waiting, self._dot_waits = self._waiting, [], False
        moves = [move for move, _ in batch]
        try:
            if self._quick:
                kept = self._commit(moves)
            else:
                kept = await asyncio.get_running_loop().run_in_executor(self._executor, self._commit, moves)
        except BaseException as error:  # noqa: BLE001 - handed to everybody who waits, and raised by `close`
            self.broken = error
            batch, self._waiting = [*batch, *self._waiting], []
            self._answers = [move for move, _ in batch if move.state is not DeliveryState.DOT]
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
        else:
            for move, future in batch:
                if not future.done():
                    future.set_result(move.id in kept)
        finally:
            self._writing = None
        self._schedule()

    def _commit(self, moves: list[Move]) -> frozenset[int]:
        began = perf_counter()
        kept = self._keep(self._owner, moves, now=self._clock())
        self._quick = perf_counter() - began < _QUICK_SECONDS
        return kept


def _heard(future: asyncio.Future[bool]) -> None:
    """Take note of an error that nobody waits for: `close` raises it."""
    if not future.cancelled():
        future.exception()
