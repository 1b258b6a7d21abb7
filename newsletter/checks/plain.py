"""The text part, for people who read in a terminal and for watches, braille lines and filters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from newsletter.checks.finding import Finding, Part, error, warning
from newsletter.checks.page import Page
from newsletter.checks.reading import Reading

COLUMNS = 78
"""The width of a line, RFC 5322 §2.1.1."""

_ADDRESS = re.compile(r"(?:https?://|mailto:)\S{10,}|\S{20,}@\S{20,}", re.IGNORECASE)  # which nothing may break
_TAG = re.compile(
    r"</?(?:a|abbr|b|big|blockquote|body|br|center|code|div|em|font|h[1-6]|head|hr|html|i|img|li|meta|ol|p|pre|s|small|"
    r"span|strike|strong|style|sub|sup|table|tbody|td|th|title|tr|tt|u|ul)(?:\s[^<>\n]{0,500})?/?>",
    re.IGNORECASE,
)
_ENTITY = re.compile(
    r"&(?:amp|lt|gt|quot|apos|nbsp|[lr]squo|[lr]dquo|[mn]dash|hellip|#\d{2,7}|#x[0-9a-f]{2,6});", re.IGNORECASE
)


def check_plain(reading: Reading, page: Page | None) -> Iterator[Finding]:
    """Yield what is wrong with the text part."""
    if reading.text is None:
        return
    text = reading.text.text
    if not text.strip():
        yield error("text-empty", "the text part is empty: who reads text sees nothing; fill it", Part.TEXT)
        return
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > COLUMNS // 2 and not _ADDRESS.search(line) and _columns(line) > COLUMNS:
            what = f"a line is wider than {COLUMNS} columns: terminals break it anywhere; wrap it at 72"
            yield warning("text-width", what, Part.TEXT, number, line)
    for found in (_TAG.search(text) if "<" in text else None, _ENTITY.search(text) if "&" in text else None):
        if found:
            number = text.count("\n", 0, found.start()) + 1
            what = f"{found[0][:40]} is HTML (it may be data): if it is not, unescape the text before it is written"
            yield warning("text-markup", what, Part.TEXT, number, text.split("\n")[number - 1])
    if page is not None:
        yield from _check_links(text, page)


def _check_links(text: str, page: Page) -> Iterator[Finding]:
    flat = re.sub(r"\s+", " ", text)
    for node in page.tagged("a"):
        href = node.attributes.get("href", "").strip()
        if href.lower().startswith(("http://", "https://")) and not node.hidden and href not in flat:
            what = "an address of the HTML part is not in the text part: who reads text cannot follow it; add it"
            yield warning("text-links", what, Part.TEXT, excerpt=href)


def _columns(line: str) -> int:
    if line.isascii():
        return len(line)
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in line
    )
