"""What changes on the disk is told to who listens; whatever happens, watching goes on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from shutil import copytree, rmtree
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


Events = asyncio.Queue[str]


@asynccontextmanager
async def listening(told: Told) -> AsyncIterator[Events]:
    """Give the events of a live folder, as they come."""
    watching, events = asyncio.create_task(told.live.watch()), Events()
    pumping = asyncio.create_task(pump(told, events))
    assert (await asyncio.wait_for(events.get(), _PATIENCE)).startswith("event: hello\n")
    await asyncio.sleep(0.2)  # a watch takes a moment to begin, and nobody says when it has
    try:
        yield events
    finally:
        told.live.stop()
        await asyncio.wait_for(asyncio.gather(watching, pumping), _PATIENCE)


async def pump(told: Told, events: Events) -> None:
    """Put what is told into a queue, which can be waited for."""
    async for event in told.live.events({"revision": 0}):
        events.put_nowait(event)


async def next_told(events: Events) -> dict[str, Any]:
    """Return what the next change brought, which was told when reading began too."""
    assert (await asyncio.wait_for(events.get(), _PATIENCE)).startswith("event: changing\n")
    event = await asyncio.wait_for(events.get(), _PATIENCE)
    assert event.startswith("event: changed\n")
    found: dict[str, Any] = json.loads(event.split("data: ", 1)[1])
    return found


async def silence(events: Events) -> None:
    """Wait until nothing more is told."""
    with suppress(TimeoutError):
        while True:
            await asyncio.wait_for(events.get(), 1.5)


def run(folder: Path, body: Callable[[Events, Told], Any], *, fails: int = 0) -> Told:
    """Run `body` on the events of a folder."""

    async def whole() -> Told:
        told = Told(folder, fails=fails)
        async with listening(told) as events:
            await body(events, told)
        return told

    return asyncio.run(whole())


def test_a_save_is_told(tmp_path: Path) -> None:
    """With what the file is."""

    async def body(events: Events, _told: Told) -> None:
        (tmp_path / "a.css").write_text("p {}")
        assert (await next_told(events))["what"] == ["template"]
        (tmp_path / "a.yaml").write_text("a: 1")
        assert (await next_told(events))["what"] == ["settings"]

    run(tmp_path, body)


def test_what_does_not_matter_is_not_read(tmp_path: Path) -> None:
    """Neither are the copies that editors make."""

    async def body(events: Events, told: Told) -> None:
        (tmp_path / "a.txt").write_text("nothing")
        (tmp_path / "a.css~").write_text("p {}")
        (tmp_path / "b.css").write_text("p {}")
        await next_told(events)
        assert len(told.read) == 1

    run(tmp_path, body)


def test_a_file_moved_into_its_place_is_a_save(tmp_path: Path) -> None:
    """As most editors write."""

    async def body(events: Events, _told: Told) -> None:
        (tmp_path / "new").write_text("p {}")
        (tmp_path / "new").replace(tmp_path / "a.css")
        assert (await next_told(events))["what"] == ["template"]

    run(tmp_path, body)


def test_a_new_folder_is_watched(tmp_path: Path) -> None:
    """However it came."""
    inner = tmp_path / "issue"

    async def body(events: Events, _told: Told) -> None:
        inner.mkdir()
        await silence(events)
        (inner / "a.css").write_text("p {}")
        assert (await next_told(events))["what"] == ["template"]

    run(tmp_path, body)


def test_a_tree_that_is_taken_away_and_put_back_is_watched_again(tmp_path: Path) -> None:
    """As `git checkout` does, or who copies the templates anew: however fast, the next save is told."""
    tree, spare = tmp_path / "templates", tmp_path.with_name(f"{tmp_path.name}-spare")
    for name in ("issue", "letter", "plain"):
        (spare / name).mkdir(parents=True)
        (spare / name / "a.css").write_text("p {}")
    copytree(spare, tree)

    async def body(events: Events, _told: Told) -> None:
        for _ in range(3):
            rmtree(tree)
            copytree(spare, tree)
            await silence(events)
            (tree / "plain" / "a.css").write_text("p { color: red }")
            assert (await next_told(events))["what"] == ["template"]

    run(tmp_path, body)


def test_watching_goes_on_after_what_cannot_be_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and the next change is told."""

    async def body(events: Events, told: Told) -> None:
        (tmp_path / "a.css").write_text("p {}")
        await asyncio.wait_for(told.failed.wait(), _PATIENCE)
        assert (await asyncio.wait_for(events.get(), _PATIENCE)).startswith("event: changing\n")
        assert (await next_told(events))["revision"] == 2  # read again by itself

    run(tmp_path, body, fails=1)

    assert "the disk is away" in caplog.text


def test_everybody_who_listens_is_told(tmp_path: Path) -> None:
    """Two pages may be open; one that went is forgotten."""

    async def body(events: Events, told: Told) -> None:
        other, gone = Events(), told.live.events({"revision": 0})
        pumping = asyncio.create_task(pump(told, other))
        await asyncio.wait_for(other.get(), _PATIENCE)
        await anext(gone)
        await gone.aclose()  # type: ignore[attr-defined]
        (tmp_path / "a.css").write_text("p {}")
        assert await next_told(events) == await next_told(other)
        told.live.stop()
        await pumping

    run(tmp_path, body)
