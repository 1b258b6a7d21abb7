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

_STEP_MS = 5  # a save is some writes one after the other: read when nothing came for so long
_DEBOUNCE_MS = 200  # but do not wait longer
_LOOK_ROUND_MS = 500  # a folder may come while nobody watches it
_ALIVE_SECONDS = 15.0
_PATIENCE_SECONDS = 1.0  # before a folder that is gone is looked for again

# Reads again what changed, and returns what is told of it.
Reload = Callable[[frozenset[What]], Awaitable[dict[str, Any]]]


class Live:
    """Watches the folders that `watched` names, calls `reload` with what changed, and tells who listens.

    Two events: `changing` when reading begins, so that a page can ask at once for what it will show, and `changed` with
    what `reload` returned.

    `kind_of` says what a file is, None for one that does not matter. Folders are asked for again after every change,
    and twice a second, so that a new one is watched from then on.
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
        missed: frozenset[What] = frozenset()
        while not self._stopping.is_set():
            try:
                await self._watch_once(missed)
            except Exception:
                log.exception("what changed could not be read; it is tried again at the next change")
                await asyncio.sleep(_PATIENCE_SECONDS)
            # What came between two watches nobody saw.
            missed = frozenset((What.SETTINGS, What.TEMPLATE, What.DATA))

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

    async def _watch_once(self, missed: frozenset[What]) -> None:
        """Watch until the folders that matter are others; what was `missed` is read as soon as watching has begun."""
        there = self._there()
        if not there:
            await asyncio.sleep(_PATIENCE_SECONDS)
            return
        changes = awatch(
            *sorted(there),
            watch_filter=lambda _, name: Path(name) in there or self._kind_of(Path(name)) is not None,
            recursive=False,
            step=_STEP_MS,
            debounce=_DEBOUNCE_MS,
            stop_event=self._stopping,
            rust_timeout=_LOOK_ROUND_MS,
            yield_on_timeout=True,
        )
        async for found in changes:
            what = missed | {kind for _, name in found if (kind := self._kind_of(Path(name)))}
            missed = frozenset()
            if what:
                reading = asyncio.ensure_future(self._reload(what))
                await asyncio.sleep(0)  # it has begun: what is asked from now on is answered after it
                self._tell(_event("changing", {"what": sorted(what)}))
                self._tell(_event("changed", await reading))
            # A folder that was taken away is watched no more, though another stands in its place.
            replaced = any(Path(name) in there and change is not Change.modified for change, name in found)
            if replaced or self._there() != there:
                return

    def _there(self) -> frozenset[Path]:
        """Return the folders that matter and are there."""
        return frozenset(folder for folder in self._watched() if folder.is_dir())

    def _tell(self, event: str) -> None:
        for queue in self._listening:
            queue.put_nowait(event)


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
