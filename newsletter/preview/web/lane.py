"""One thread that answers one question after the other, and gives up one that takes too long.

A template is a program of whoever writes it, and may never end. So the thread is told to stop by an exception, which a
loop of a template turns into an error with its line; and it is a daemon, so that the process can end in any case.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

from newsletter.errors import NewsletterError

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

_LOOK_ROUND_SECONDS = 0.5


class TookTooLong(NewsletterError):
    """A question was given up."""

    def __init__(self) -> None:
        super().__init__("this took too long and was given up; is there a loop that never ends?")


class Lane:
    """Answers questions in one thread of its own; one that runs longer than `longest_seconds` raises TookTooLong."""

    def __init__(self, *, longest_seconds: float) -> None:
        self._longest_seconds = longest_seconds
        self._waiting: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._running = threading.Lock()
        self._began: float | None = None
        self._thread = threading.Thread(target=self._run, name="desk", daemon=True)
        self._thread.start()

    async def ask(self, question: Callable[[], Answer]) -> Answer:
        """Return the answer to a question, after those asked before it; what it raises is raised here."""
        asked: asyncio.Future[Answer] = _future(question, self._waiting.put)
        while True:
            done, _ = await asyncio.wait({asked}, timeout=_LOOK_ROUND_SECONDS)
            if done:
                return asked.result()
            self._give_up_if_late()

    def _run(self) -> None:
        while True:
            try:
                work = self._waiting.get()
                with self._running:
                    self._began = time.monotonic()
                work()
            except TookTooLong:
                continue  # it came when the question was answered already
            finally:
                with self._running:
                    self._began = None

    def _give_up_if_late(self) -> None:
        with self._running:
            if self._began is None or time.monotonic() - self._began < self._longest_seconds:
                return
            self._began = time.monotonic()  # once more, should somebody swallow it
            log.info("a question is given up")
            # https://docs.python.org/3/c-api/init.html#c.PyThreadState_SetAsyncExc
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self._thread.ident or 0), ctypes.py_object(TookTooLong)
            )


async def aside(question: Callable[[], Answer]) -> Answer:
    """Return the answer to a question that waits for somebody else, in a thread that nobody waits for at the end."""
    asked: asyncio.Future[Answer] = _future(question, lambda work: threading.Thread(target=work, daemon=True).start())
    return await asked


def _future(question: Callable[[], Any], begin: Callable[[Callable[[], None]], None]) -> asyncio.Future[Any]:
    """Return what becomes of a question, and let its work begin."""
    loop = asyncio.get_running_loop()
    asked: asyncio.Future[Any] = loop.create_future()

    def settle(answer: Any, error: BaseException | None) -> None:
        if asked.done():
            return  # nobody wants it any more
        if error is None:
            asked.set_result(answer)
        else:
            asked.set_exception(error)

    def work() -> None:
        answer, error = None, None
        try:
            answer = question()
        except Exception as raised:  # noqa: BLE001 - it is raised where the question was asked
            error = raised
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, answer, error)

    begin(work)
    return asked
