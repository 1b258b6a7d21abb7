"""A loop whose time leaps to the next thing to do, so that an hour of waiting takes no time."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class Leaping(asyncio.SelectorEventLoop):
    """The loop."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0

    def time(self) -> float:
        """Return the time."""
        return self._now

    def _run_once(self) -> None:
        scheduled, ready = self._scheduled, self._ready  # type: ignore[attr-defined]
        while scheduled and scheduled[0]._cancelled:
            heapq.heappop(scheduled)._scheduled = False
            self._timer_cancelled_count -= 1  # type: ignore[attr-defined]
        if not ready and scheduled:
            self._now = max(self._now, scheduled[0]._when)
        super()._run_once()  # type: ignore[misc]


def at_leaping_time(act: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Run `act` on such a loop."""
    with asyncio.Runner(loop_factory=Leaping) as runner:
        return runner.run(act())
