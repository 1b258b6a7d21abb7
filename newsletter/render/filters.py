"""Filters that templates may use: each takes any text there is and gives something harmless to its place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

from newsletter.summary import split

# Controls, surrogates, noncharacters (XML 1.0 2.2) and the bidirectional overrides that could reverse what follows.
_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\u202a-\u202e\u2066-\u2069]")
_LONGEST_URL = 2000


def harmless(text: str) -> str:
    """Return `text` on one line, without characters that no text has a use for."""
    return _HARMFUL.sub("", " ".join(text.split()))


def shorten(text: str, limit: int) -> str:
    """Return `text` cut to `limit` characters, at the end of a word where one is near, with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    at_word = cut.rpartition(" ")[0]
    return (at_word if len(at_word) > limit * 2 // 3 else cut).rstrip(" ,;:.–—-(") + "…"


@lru_cache(maxsize=8192)
def safe_url(url: str) -> str:
    """Return an address a reader may be sent to (http, https, mailto), or a part of this email (cid); else `#`."""
    if len(url) > _LONGEST_URL or re.search(r"[\x00-\x20\x7f-\xa0\\<>\"`]", url) or _HARMFUL.search(url):
        return "#"
    try:
        parts = urlsplit(url)
    except ValueError:
        return "#"
    if parts.scheme == "cid":
        return url if re.fullmatch(r"cid:[\w.-]+", url, re.ASCII) else "#"
    web = parts.scheme in ("http", "https") and parts.netloc and "@" not in parts.netloc
    return url if web or (parts.scheme == "mailto" and parts.path) else "#"


def hexcolor(value: str) -> str:
    """Return a colour of the form `#4338ca`, or black."""
    return value if re.fullmatch(r"#[0-9a-fA-F]{6}", value) else "#000000"


# ------------------------------------------------------------------ sentences

_WIDE_MARKS = tuple("。！？」』")
_LONGEST_WITHOUT_ELLIPSIS = 30


def sentences(text: str, count: int | None, limit: int | None = None) -> str:
    """Return the first `count` sentences (all for None) as far as they fit into `limit` characters.

    The limit is `max(200, 120 * count)` unless given. A first sentence that does not fit is cut at a word; a text that
    ends in mid-sentence, as listing pages cut them, ends with an ellipsis.
    """
    if count is None:
        return _closed(text)
    limit = limit or max(200, 120 * count)
    summary = ""
    for _, sentence in zip(range(count), split(text[: 4 * limit]), strict=False):
        blank = "" if summary.endswith(_WIDE_MARKS) else " "
        longer = f"{summary}{blank}{sentence}".lstrip()
        if summary and len(longer) > limit:
            break
        summary = longer
    return _closed(shorten(summary, limit))


def _closed(text: str) -> str:
    return text + "…" if text and text[-1].isalnum() and len(text) > _LONGEST_WITHOUT_ELLIPSIS else text


# ------------------------------------------------------------------ text for terminals


# Latin letters, and the quotes, dashes and dots that are set around them.
_NARROW = re.compile("[\x20-\x7e\xa0-\u02ff\u2010-\u2026]*")


def columns(text: str) -> int:
    """Return how many columns of a terminal `text` takes: East Asian wide characters two, combining marks none."""
    if text.isascii() or _NARROW.fullmatch(text):
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


@lru_cache(maxsize=16_384)  # the words around papers come again in every email
def wrap(text: str, width: int = 72, indent: int = 0, first: str | None = None) -> str:
    """Return `text` in lines of at most `width` columns, indented, the first line led by `first`.

    An address is never broken; any other word too long for a line is.
    """
    margin = " " * indent
    room = width - indent
    if len(text) <= room and _NARROW.fullmatch(text) and "  " not in text:
        return (margin if first is None else first) + text.strip(" ")
    lines, line, used = [], "", 0
    for word in chain.from_iterable(_fitting(long, room) for long in _BLANKS.split(text.strip()) if long):
        size = columns(word)
        if line and used + 1 + size > room:
            lines.append(line)
            line, used = word, size
        else:
            line, used = (f"{line} {word}", used + 1 + size) if line else (word, size)
    lines.append(line)
    return (margin if first is None else first) + f"\n{margin}".join(lines)


def underline(text: str, mark: str = "-", width: int = 72) -> str:
    """Return a rule as long as `text`, at most `width`."""
    return mark * min(columns(text), width)


def _fitting(word: str, room: int) -> Iterator[str]:
    if columns(word) <= room or "://" in word or "@" in word:
        yield word
        return
    part, used = "", 0
    for character in word:
        size = columns(character)
        if used + size > room:
            yield part
            part, used = "", 0
        part, used = part + character, used + size
    yield part


_BLANKS = re.compile(r"[ \t\r\n]+")  # a no-break space parts nothing

FILTERS: Mapping[str, Callable[..., Any]] = {
    "hexcolor": hexcolor,
    "safe_url": safe_url,
    "sentences": sentences,
    "shorten": shorten,
    "underline": underline,
    "wrap": wrap,
}
