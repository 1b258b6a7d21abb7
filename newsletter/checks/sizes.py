"""How much a message weighs: what Gmail clips, what it drops, what SMTP refuses."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.checks.finding import Facts, Finding, Part, error, warning
from newsletter.checks.page import Page
from newsletter.checks.reading import Reading

HTML_LIMIT = 100_000
"""Bytes of the HTML part as it travels: Gmail clips near 102 KB, and whether encoding counts is disputed."""

CSS_LIMIT = 16_384
"""Bytes of all style elements: Gmail drops what is beyond."""

LINE_LIMIT = 998
"""Octets of a line without its end, RFC 5322 §2.1.1."""

MESSAGE_LIMIT = 10_000_000
"""Bytes of a message that some servers begin to refuse."""


def measured(reading: Reading, page: Page | None) -> Facts:
    """Return the sizes of a message."""
    return Facts(
        message=len(reading.message),
        html=len(reading.html.body) if reading.html else 0,
        css=_css(page),
        text=len(reading.text.body) if reading.text else 0,
        pictures=sum(len(leaf.body) for leaf in reading.pictures),
        links=sum("href" in node.attributes for node in page.tagged("a")) if page else 0,
        images=len(page.tagged("img")) if page else 0,
    )


def check_sizes(reading: Reading, page: Page | None) -> Iterator[Finding]:
    """Yield what is too large."""
    facts = measured(reading, page)
    if facts.html > HTML_LIMIT:
        way_out = "take papers out or shorten abstracts until it fits"
        what = f"the HTML part is {facts.html:,} bytes as sent, over {HTML_LIMIT:,}: Gmail clips it; {way_out}"
        yield error("size-html", what, Part.HTML)
    if facts.css > CSS_LIMIT:
        what = f"the style elements are {facts.css:,} bytes, over {CSS_LIMIT:,}: Gmail drops the rest; shorten them"
        yield error("size-css", what, Part.HTML)
    if facts.message > MESSAGE_LIMIT:
        what = f"the message is {facts.message:,} bytes: some servers refuse over {MESSAGE_LIMIT:,}; use fewer pictures"
        yield warning("size-message", what, Part.MESSAGE)
    what = f"a line is over {LINE_LIMIT} octets, which SMTP does not carry: encode the part as quoted-printable"
    for number, line in enumerate(reading.message.splitlines(), 1):
        if len(line) > LINE_LIMIT:
            yield error("size-line", what, Part.MESSAGE, number, line[:80].decode("latin-1"))


def _css(page: Page | None) -> int:
    return sum(len(node.words.encode("utf-8", "replace")) for node in page.tagged("style")) if page else 0
