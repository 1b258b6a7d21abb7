"""Bodies made worse: bytes that break off, bytes put in between, and JSON whose fields are not what they should be."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from newsletter.errors import SourceError
from newsletter.sources.source import Parsed

HOSTILE: tuple[Any, ...] = (
    None, True, -1, 0, 10**40, 1.5, float("nan"), float("inf"), "", "\x00", "9" * 5_000, "<b>" * 50, "\ud800", [], {},
    [None], [[[]]], {"value": None}, {"value": [1]}, [{"name": 7}], "2026-13-45", "1e999",
)  # fmt: skip
_SPLINTERS = (b"\x00", b"\xff\xfe", b"{", b"}", b"[" * 200, b'"', b"\\", b"\n", b"@x{", b"TY  - ", b"<", b"&#0;", b"")


def damaged(body: bytes) -> st.SearchStrategy[bytes]:
    """Return bodies of which a part is missing, or replaced by something that does not belong there."""

    def splinter(start: int, length: int, splinter: bytes) -> bytes:
        return body[:start] + splinter + body[start + length :]

    places = st.integers(0, len(body))
    return st.one_of(
        places.map(lambda end: body[:end]),
        st.builds(splinter, places, st.integers(0, 60), st.sampled_from(_SPLINTERS) | st.binary(max_size=8)),
    )


def twisted(told: Any) -> st.SearchStrategy[bytes]:
    """Return JSON bodies in which one value, at any depth, is another than it should be."""

    def replaced(value: Any, path: tuple[Any, ...], other: Any) -> Any:
        if not path:
            return other
        if isinstance(value, dict):
            return {key: replaced(one, path[1:], other) if key == path[0] else one for key, one in value.items()}
        return [replaced(one, path[1:], other) if place == path[0] else one for place, one in enumerate(value)]

    def body(path: tuple[Any, ...], other: Any) -> bytes:
        return json.dumps(replaced(told, path, other)).encode()

    return st.builds(body, st.sampled_from(list(_paths(told))), st.sampled_from(HOSTILE))


def _paths(value: Any) -> list[tuple[Any, ...]]:
    inner = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    return [(), *((key, *path) for key, one in inner for path in _paths(one))]


def check_reading(parse: Callable[[bytes], Parsed], body: bytes) -> None:
    """Check that a body gives entries with titles and lines of warnings, or one line of a `SourceError`."""
    page, said = Parsed(), ""
    try:
        page = parse(body)
    except SourceError as error:
        said = str(error)

    assert all(entry.title for entry in page.entries)
    assert not any("\n" in line for line in (said, *page.warnings))
