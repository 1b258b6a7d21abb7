"""Bodies that are JSON: read, and their fields taken out whatever they turn out to be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from newsletter.errors import SourceError
from newsletter.sources.addresses import shown
from newsletter.sources.source import Request
from newsletter.text import clean, decode, shorten


def read_json(body: bytes, request: Request) -> Any:
    """Return the value of a JSON body; SourceError, with the beginning of the body, where it is none."""
    place = shown(request.address)
    if not body.strip():
        raise SourceError(f"{place}: the body is empty; the next run tries again")
    try:
        return json.loads(decode(body), strict=False)  # line breaks in strings do no harm
    except (ValueError, RecursionError):
        said = shorten(clean(decode(body[:400])), limit=80)
        raise SourceError(f"{place}: this is not JSON, or breaks off ({said}); the next run tries again") from None


def mapping(value: Any) -> Mapping[str, Any]:
    """Return `value` if it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> list[Any]:
    """Return `value` if it is an array, else an empty one."""
    return value if isinstance(value, list) else []


def string(value: Any) -> str:
    """Return `value` if it is a string, a number as one, else ""."""
    if isinstance(value, bool):
        return ""
    return value if isinstance(value, str) else str(value) if isinstance(value, int | float) else ""


def whole(value: Any) -> int | None:
    """Return `value` as a whole number, also where it is written as a string, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return int(value)
    except (ValueError, OverflowError):
        return None
