"""What an XML body begins with: the encoding it declares, and its first element."""

from __future__ import annotations

import re

_DECLARATION = re.compile(rb"""^\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([\w.:-]{1,40})["']""")
# A feed's name inside a comment, an instruction or a document type makes no feed; nor does a picture's in a web page.
_FIRST_ELEMENT = re.compile(
    r"""<!--.*?(?:-->|\Z) | <\?.*?(?:\?>|\Z) | <!doctype[^\[<>]*(?:\[.*?(?:\]\s*>|\Z))? | <(?P<name>[a-z_][\w.:-]*)""",
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
_FEED = re.compile(r"(?:[\w.-]+:)?(?:rss|feed|rdf)", re.IGNORECASE)


def declared_encoding(body: bytes) -> str:
    """Return the encoding that the XML declaration of a body names, or ""."""
    match = _DECLARATION.match(body)
    return match[1].decode("ascii") if match else ""


def root_of(text: str) -> tuple[int, str] | None:
    """Return where the first element of `text` begins and its name, or None where there is none."""
    found = next((match for match in _FIRST_ELEMENT.finditer(text) if match["name"]), None)
    return (found.start(), found["name"]) if found else None


def is_feed(root: str) -> bool:
    """Return whether an element of this name is the root of a feed: RSS, RDF or Atom."""
    return _FEED.fullmatch(root) is not None
