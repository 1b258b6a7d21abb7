"""What changes on the disk is told to who listens; whatever happens, watching goes on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest

from newsletter.preview.trouble import What
from newsletter.preview.web.live import Live

_PATIENCE = 20.0  # seconds, of which some milliseconds are needed


class Told:
    """A live folder, and what is told of it."""

    def __init__(self, folder: Path, *, fails: int = 0) -> None:
        self.read: list[frozenset[What]] = []
        self.failed = asyncio.Event()
        self._fails = fails
        self.live = Live(
            watched=lambda: frozenset({folder, *(each for each in folder.rglob("*") if each.is_dir())}),
            kind_of=lambda path: {".css": What.TEMPLATE, ".yaml": What.SETTINGS}.get(path.suffix),
            reload=self._reload,
        )

    async def _reload(self, what: frozenset[What]) -> dict[str, Any]:
        self.read.append(what)
        if len(self.read) <= self._fails:
            self.failed.set()
            raise OSError("the disk is away")
        return {"revision": len(self.read), "what": sorted(what)}


@asynccontextmanager
async def listening(told: Told) -> AsyncIterator[AsyncIterator[str]]:
    """Give the stream of events of a live folder, begun."""
    watching = asyncio.create_task(told.live.watch())
    events = told.live.events({"revision": 0})
    assert (await anext(events)).startswith("event: hello\n")
    await asyncio.sleep(0.2)  # a watch takes a moment to begin, and nobody says when it has
    try:
        yield events
    finally:
        told.live.stop()
        with suppress(StopAsyncIteration):
            await asyncio.wait_for(anext(events), _PATIENCE)
        await asyncio.wait_for(watching, _PATIENCE)


async def next_told(events: AsyncIterator[str]) -> dict[str, Any]:
    """Return the data of the next event."""
    event = await asyncio.wait_for(anext(events), _PATIENCE)
    found: dict[str, Any] = json.loads(event.split("data: ", 1)[1])
    return found


def run(folder: Path, body: Callable[[AsyncIterator[str], Told], Any], *, fails: int = 0) -> Told:
    """Run `body` on the events of a folder."""

    async def whole() -> Told:
        told = Told(folder, fails=fails)
        async with listening(told) as events:
            await body(events, told)
        return told

    return asyncio.run(whole())


def test_a_save_is_told(tmp_path: Path) -> None:
    """With what the file is."""

    async def body(events: AsyncIterator[str], _told: Told) -> None:
        (tmp_path / "a.css").write_text("p {}")
        assert (await next_told(events))["what"] == ["template"]
        (tmp_path / "a.yaml").write_text("a: 1")
        assert (await next_told(events))["what"] == ["settings"]

    run(tmp_path, body)


def test_what_does_not_matter_is_not_read(tmp_path: Path) -> None:
    """Neither are the copies that editors make."""

    async def body(events: AsyncIterator[str], told: Told) -> None:
        (tmp_path / "a.txt").write_text("nothing")
        (tmp_path / "a.css~").write_text("p {}")
        (tmp_path / "b.css").write_text("p {}")
        await next_told(events)
        assert len(told.read) == 1

    run(tmp_path, body)


def test_a_file_moved_into_its_place_is_a_save(tmp_path: Path) -> None:
    """As most editors write."""

    async def body(events: AsyncIterator[str], _told: Told) -> None:
        (tmp_path / "new").write_text("p {}")
        (tmp_path / "new").replace(tmp_path / "a.css")
        assert (await next_told(events))["what"] == ["template"]

    run(tmp_path, body)


def test_a_new_folder_is_watched(tmp_path: Path) -> None:
    """And one that is deleted and made again."""
    inner = tmp_path / "issue"

    async def body(events: AsyncIterator[str], _told: Told) -> None:
        for _ in range(2):
            inner.mkdir()
            (inner / "a.css").write_text("p {}")
            (tmp_path / "b.css").write_text("p {}")  # whichever is seen first
            await next_told(events)
            await asyncio.sleep(0.3)
            (inner / "a.css").write_text("p { color: red }")
            assert (await next_told(events))["what"] == ["template"]
            await asyncio.sleep(0.3)
            rmtree(inner)
            (tmp_path / "b.css").write_text("p {}")
            await next_told(events)
            await asyncio.sleep(0.3)

    run(tmp_path, body)


def test_watching_goes_on_after_what_cannot_be_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and the next change is told."""

    async def body(events: AsyncIterator[str], told: Told) -> None:
        (tmp_path / "a.css").write_text("p {}")
        await asyncio.wait_for(told.failed.wait(), _PATIENCE)
        await asyncio.sleep(1.5)  # it waits a second before it begins again
        (tmp_path / "a.css").write_text("p { color: red }")
        assert (await next_told(events))["revision"] == 2

    run(tmp_path, body, fails=1)

    assert "the disk is away" in caplog.text


def test_everybody_who_listens_is_told(tmp_path: Path) -> None:
    """Two pages may be open; one that went is forgotten."""

    async def body(events: AsyncIterator[str], told: Told) -> None:
        other, gone = told.live.events({"revision": 0}), told.live.events({"revision": 0})
        await anext(other)
        await anext(gone)
        await gone.aclose()  # type: ignore[attr-defined]
        (tmp_path / "a.css").write_text("p {}")
        assert await next_told(events) == await next_told(other)

    run(tmp_path, body)
