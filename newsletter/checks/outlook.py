"""What only Outlook on Windows reads: conditional comments, the ghost tables in them, VML."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks.finding import Finding, Part, error, warning
from newsletter.checks.page import Page

_MARK = re.compile(r"<!--\[if\b[^\]>]*\]>|<!\[endif\]-->|<!--+\s*\[endif|<!--\[if\b", re.IGNORECASE)
_TAG = re.compile(r"<(/?)(table|tr|td|th)\b[^>]*?(/?)>", re.IGNORECASE)
_LAYOUT = re.compile(r"<table\b(?![^>]*\brole\s*=\s*[\"']?(?:presentation|none)\b)[^>]*>", re.IGNORECASE)
_SHAPE = re.compile(r"<v:(?:rect|roundrect|oval|shape|image|polyline|line)\b[^>]*>", re.IGNORECASE)
_ALT = re.compile(r"\balt\s*=", re.IGNORECASE)
_INSIDE_VML = re.compile(r"<(a|h[1-6])\b[^>]*>", re.IGNORECASE)
_REMOTE = re.compile(r"\b(?:src|background|o:href)\s*=\s*[\"']?\s*(?:https?:)?//[^\"'>\s]*", re.IGNORECASE)


def check_outlook(page: Page) -> Iterator[Finding]:
    """Yield what is wrong in conditional comments."""
    depth = 0
    source = page.source
    for mark in _MARK.finditer(source):
        opens, closes = mark[0].endswith("]>"), mark[0].startswith("<![")
        depth += opens - closes
        if depth not in {0, 1} or not (opens or closes):
            what = "a conditional comment opens or closes where it must not: Outlook shows code or drops text; mend it"
            yield error("outlook-comment", what, Part.HTML, _line(source, mark.start()), source[mark.start() :][:80])
            return
    if depth:
        what = "a conditional comment is never closed: Outlook drops the rest; write <![endif]--> behind it"
        yield error("outlook-comment", what, Part.HTML, source.count("\n") + 1)
    inside = list(_conditional(page))
    yield from _check_ghosts(inside)
    for line, markup in inside:
        yield from _check_markup(line, markup)


def _conditional(page: Page) -> Iterator[tuple[int, str]]:
    """Yield the markup in each comment that Outlook reads, with its line."""
    for line, text in page.comments:
        if text.startswith("[if") and "]>" in text:
            yield line, text.partition("]>")[2].removesuffix("<![endif]")


def _check_ghosts(inside: list[tuple[int, str]]) -> Iterator[Finding]:
    """Yield a finding if the tables that only Outlook sees do not nest: one column then swallows the next."""
    stack: list[str] = []
    for line, markup in inside:
        for found in _TAG.finditer(markup):
            tag = found[2].lower()
            if found[3]:
                continue
            if not found[1]:
                stack.append(tag)
            elif not stack or stack.pop() != tag:
                what = f"</{tag}> for Outlook closes what was not opened: its columns fall apart; mend the comments"
                yield error("outlook-table", what, Part.HTML, line, markup)
                return
    if stack:
        what = f"<{stack[-1]}> for Outlook is never closed: its columns fall apart; mend the comments"
        yield error("outlook-table", what, Part.HTML)


def _check_markup(line: int, markup: str) -> Iterator[Finding]:
    for found in _LAYOUT.finditer(markup):
        what = 'a table for layout without role="presentation": screen readers count its rows and columns; add it'
        yield error("table-role", what, Part.HTML, line, found[0])
    for found in _REMOTE.finditer(markup):
        what = "asks a server for something when it is opened: no tracking, so send it as a part and use cid:"
        yield error("remote-resource", what, Part.HTML, line, found[0])
    shapes = [found[0] for found in _SHAPE.finditer(markup)]
    if nameless := next((shape for shape in shapes if not _ALT.search(shape)), ""):
        what = 'VML without alt: a screen reader says "shape" or nothing; describe it, or write alt=""'
        yield error("vml-alt", what, Part.HTML, line, nameless)
    if shapes and (held := _INSIDE_VML.search(markup, markup.find(shapes[0]))):
        what = "a link or heading inside VML is reached by no keyboard and no screen reader: put it outside"
        yield warning("vml-content", what, Part.HTML, line, held[0])


def _line(source: str, offset: int) -> int:
    return source.count("\n", 0, offset) + 1
