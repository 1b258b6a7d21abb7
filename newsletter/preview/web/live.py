"""What changes on the disk is read again, and told to every page that is open."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from watchfiles import Change, awatch

from newsletter.preview.trouble import What

log = logging.getLogger(__name__)

_STEP_MS = 10  # a save is some writes one after the other: read when nothing came for so long
_DEBOUNCE_MS = 200  # but do not wait longer
_ALIVE_SECONDS = 15.0
_PATIENCE_SECONDS = 1.0  # before a folder that is gone is looked for again

# Reads again what changed, and returns what is told of it.
Reload = Callable[[frozenset[What]], Awaitable[dict[str, Any]]]


class Live:
    """Watches the folders that `watched` names, calls `reload` with what changed, and tells who listens.

    `kind_of` says what a file is, None for one that does not matter. Folders are asked for again after every change,
    so that a new one is watched from then on.
    """

    def __init__(
        self,
        *,
        watched: Callable[[], frozenset[Path]],
        kind_of: Callable[[Path], What | None],
        reload: Reload,
    ) -> None:
        self._watched, self._kind_of, self._reload = watched, kind_of, reload
        self._listening: set[asyncio.Queue[str]] = set()
        self._stopping = asyncio.Event()

    async def watch(self) -> None:
        """Read again and tell, until `stop`. Whatever goes wrong is logged, and watching goes on."""
        while not self._stopping.is_set():
            try:
                await self._watch_once()
            except Exception:
                log.exception("what changed could not be read; it is tried again at the next change")
                await asyncio.sleep(_PATIENCE_SECONDS)

    def stop(self) -> None:
        """End watching, and every stream of events."""
        self._stopping.set()
        for queue in self._listening:
            queue.put_nowait("")

    async def events(self, hello: dict[str, Any]) -> AsyncIterator[str]:
        """Yield server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html"""
        queue: asyncio.Queue[str] = asyncio.Queue()
        self._listening.add(queue)
        try:
            yield _event("hello", hello)
            while not self._stopping.is_set():
                try:
                    event = await asyncio.wait_for(queue.get(), _ALIVE_SECONDS)
                except TimeoutError:
                    event = ": alive\n\n"
                if event:
                    yield event
        finally:
            self._listening.discard(queue)

    async def _watch_once(self) -> None:
        """Watch until the folders that matter are others."""
        folders = self._watched()
        there = sorted(folder for folder in folders if folder.is_dir())
        if not there:
            await asyncio.sleep(_PATIENCE_SECONDS)
            return
        changes = awatch(
            *there,
            watch_filter=self._matters,
            recursive=False,
            step=_STEP_MS,
            debounce=_DEBOUNCE_MS,
            stop_event=self._stopping,
            rust_timeout=1000,
            yield_on_timeout=True,
        )
        async for found in changes:
            what = frozenset(kind for _, name in found if (kind := self._kind_of(Path(name))))
            if what:
                self._tell(_event("changed", await self._reload(what)))
            if self._watched() != folders or any(not folder.is_dir() for folder in there):
                return

    def _matters(self, _change: Change, path: str) -> bool:
        return self._kind_of(Path(path)) is not None

    def _tell(self, event: str) -> None:
        for queue in self._listening:
            queue.put_nowait(event)


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
