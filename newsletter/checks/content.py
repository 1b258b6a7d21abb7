"""What no email may hold: code, forms, anything asked of a server, tracking, leftovers of the templates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from newsletter.checks.css import pixels
from newsletter.checks.finding import Finding, Part, error, warning
from newsletter.checks.page import Node, Page
from newsletter.checks.reading import Reading

# C0 but tab and line ends, DEL, C1 (one U+0092 makes Gmail clip), surrogates, noncharacters, bidirectional overrides.
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_TOKEN = re.compile(r"jx\d{4}xj")
_LEFTOVER = re.compile(r"\{\{|\{%|<mj-", re.IGNORECASE)
FORBIDDEN = frozenset(
    """script noscript form input button select textarea iframe frame frameset object embed applet link svg math video
    audio source track base marquee blink canvas dialog""".split()
)
"""Elements that no email may hold."""

_REMOTE = re.compile(r"\s*(?:https?:|ftp:)?//", re.IGNORECASE)
_FETCHED = {
    "src": None, "srcset": None, "background": None, "poster": None, "data": frozenset({"object"}),
    "href": frozenset({"link", "use", "image"}), "xlink:href": None, "lowsrc": None,
}  # fmt: skip
_TRACKERS = frozenset({"mc_cid", "mc_eid", "fbclid", "gclid", "dclid", "msclkid", "_hsenc", "_hsmi", "mkt_tok"})
_URL = re.compile(r"https?://[^\s<>\"')\]]+", re.IGNORECASE)
_PIXEL = 2.0


def check_content(reading: Reading, page: Page | None) -> Iterator[Finding]:
    """Yield what must not be in either part."""
    for leaf, part in ((reading.html, Part.HTML), (reading.text, Part.TEXT)):
        if leaf is not None:
            yield from _check_characters(leaf.text, part)
    yield from _check_tokens(reading)
    if page is not None:
        for node in page.nodes:
            yield from _check_node(node, page)
    if reading.text is not None:
        for found in _URL.finditer(reading.text.text):
            if _tracks(found[0]):
                yield _tracking(Part.TEXT, reading.text.text.count("\n", 0, found.start()) + 1, found[0])


def _check_characters(text: str, part: Part) -> Iterator[Finding]:
    def place(found: re.Match[str]) -> tuple[int, str]:
        return text.count("\n", 0, found.start()) + 1, _near(text, found)

    if found := _CONTROL.search(text):
        what = f"the character U+{ord(found[0]):04X} shows nothing, and Gmail clips an email for less: take it out"
        yield error("content-control", what, part, *place(found))
    if found := _LEFTOVER.search(text):
        what = f"{found[0]} looks like an unfinished template (it may be data): if it is, close the expression"
        yield warning("content-leftover", what, part, *place(found))


def _check_tokens(reading: Reading) -> Iterator[Finding]:
    """Yield what the template compiler left behind; the text part is not compiled, so what it holds too is data."""
    plain = reading.text.text if reading.text is not None else ""
    html = reading.html.text if reading.html is not None else ""
    for found in _TOKEN.finditer(html):
        if found[0] not in plain:
            what = "a token of the template compiler was not filled in: compile the templates again"
            yield error("content-token", what, Part.HTML, html.count("\n", 0, found.start()) + 1, _near(html, found))
            return


def _near(text: str, found: re.Match[str]) -> str:
    return text[max(0, found.start() - 30) : found.end() + 30]


def _check_node(node: Node, page: Page) -> Iterator[Finding]:
    attributes = node.attributes
    refresh = node.tag == "meta" and attributes.get("http-equiv", "").strip().lower() == "refresh"
    if node.tag in FORBIDDEN or refresh:
        what = f"<{node.tag}> does nothing in an email or makes it spam: take it out"
        yield error("content-forbidden", what, Part.HTML, node.line, page.excerpt(node))
    if handler := next((name for name in attributes if name.startswith("on")), ""):
        what = f"{handler} is a script, which no program runs and filters punish: take it out"
        yield error("content-forbidden", what, Part.HTML, node.line, page.excerpt(node))
    for name in () if node.tag in FORBIDDEN else sorted(attributes.keys() & _FETCHED.keys()):
        tags = _FETCHED[name]
        if (tags is None or node.tag in tags) and _REMOTE.match(attributes[name]):
            what = "asks a server for something when it is opened: no tracking, so send it as a part and use cid:"
            yield error("remote-resource", what, Part.HTML, node.line, page.excerpt(node))
    if node.tag == "img" and _is_pixel(node):
        what = "an image of a pixel counts who opens the email, and we promise no tracking: take it out"
        yield error("tracking-pixel", what, Part.HTML, node.line, page.excerpt(node))
    if node.tag in {"a", "area"} and ("ping" in attributes or _tracks(attributes.get("href", ""))):
        yield _tracking(Part.HTML, node.line, attributes.get("ping", "") or attributes.get("href", ""))


def _is_pixel(node: Node) -> bool:
    sizes = [pixels(node.attributes.get(name, "") or node.style.get(name, "")) for name in ("width", "height")]
    known = [size for size in sizes if size is not None]
    return bool(known) and max(known) <= _PIXEL


def _tracking(part: Part, line: int, address: str) -> Finding:
    what = "the address counts clicks, and we promise no tracking: cut its query down to what the page needs"
    return error("tracking-link", what, part, line, address)


def _tracks(address: str) -> bool:
    try:
        query = urlsplit(address).query
        names = [name.lower() for name, _ in parse_qsl(query, keep_blank_values=True)] if query else []
    except ValueError:
        return False
    return any(name.startswith("utm_") or name in _TRACKERS for name in names)
