"""Bytes to feedparser's entries, whatever state they are in."""

from __future__ import annotations

import re
from html.entities import html5
from io import BytesIO
from itertools import islice
from typing import Any
from xml.parsers import expat

from newsletter.errors import SourceError
from newsletter.sources.addresses import shown
from newsletter.sources.xml_characters import is_legal, number_of, without_illegal
from newsletter.sources.xml_root import declared_encoding, is_feed, root_of
from newsletter.text import clean, decode

MOST_ENTRIES = 5_000  # of one body: more is no day's news
LARGEST_DAMAGED = 2_000_000  # characters: damage is read 100 times more slowly


def read(body: bytes, location: str) -> tuple[Any, tuple[str, ...]]:
    """Return what feedparser makes of a body, and a warning for each damage; SourceError where it is no feed."""
    import feedparser  # noqa: PLC0415 costs 80 ms

    place = shown(location)
    if not body.strip():
        raise SourceError(f"{place}: the body is empty; open the address in a browser to see what it answers")
    text = decode(body, declared=declared_encoding(body))
    start, root = root_of(text) or (0, "")
    if not is_feed(root):
        kind = "an HTML page" if re.search(r"<html[\s>]", text[:5_000], re.IGNORECASE) else "neither RSS nor Atom"
        raise SourceError(f"{place}: this is {kind}, not a feed; look for the address of the site's RSS or Atom feed")
    # Everything before the root goes: the declared encoding no longer holds, and no entity may be declared.
    prologue = text[:start]
    text, warnings = _well_formed(text[start:], root)
    if "<!ENTITY" in prologue:
        warnings.append("it declares entities, which are never resolved; where they stand, text is missing")
    if len(text) > LARGEST_DAMAGED and not _is_well_formed(text):
        raise SourceError(f"{place}: a large body that is not well-formed; ask its publisher to mend it")
    try:
        feed = feedparser.parse(BytesIO(text.encode()), sanitize_html=False, resolve_relative_uris=False)
    except Exception as error:  # its parser for damaged feeds has mistakes of its own
        what = f"{type(error).__name__}: {clean(str(error))}"
        raise SourceError(f"{place}: damaged beyond reading ({what}); ask its publisher to mend it") from error
    if feed.bozo:
        warnings.append(f"not well-formed, read as far as possible ({clean(str(feed.bozo_exception))})")
    return feed, tuple(f"{place}: {warning}" for warning in warnings)


_END_OF_ENTRY = re.compile(r"</(?:[\w.-]+:)?(?:item|entry)\s*>", re.IGNORECASE)
_AMPERSAND = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|&(?:(?P<name>[A-Za-z][A-Za-z0-9]*)|#(?:(?P<decimal>[0-9]+)|[xX](?P<hex>[0-9a-fA-F]+)));|&",
    re.DOTALL,
)
_XML_NAMES = frozenset({"lt", "gt", "amp", "quot", "apos"})  # all that XML knows: &nbsp; and &eacute; are HTML


def _well_formed(text: str, root: str) -> tuple[str, list[str]]:
    """Return the element `root` with the commonest damage repaired, and what was lost by it."""
    text = _AMPERSAND.sub(_escaped, without_illegal(text))
    ends = [match.end() for match in islice(_END_OF_ENTRY.finditer(text), MOST_ENTRIES + 1)]
    if len(ends) > MOST_ENTRIES:
        warning, end = f"more than {MOST_ENTRIES} entries; only those are read", ends[MOST_ENTRIES - 1]
    elif ends and f"</{root}" not in text[ends[-1] :]:
        warning, end = "the feed breaks off; the entries before that are kept", ends[-1]
    else:
        return text, []
    return text[:end] + (f"</channel></{root}>" if root.lower() == "rss" else f"</{root}>"), [warning]


def _is_well_formed(text: str) -> bool:
    try:
        expat.ParserCreate(namespace_separator=" ").Parse(text.encode(), True)  # noqa: FBT003 the last part
    except expat.ExpatError:
        return False
    return True


def _escaped(match: re.Match[str]) -> str:
    """Return a reference that any XML parser accepts, and nothing for a character that XML cannot hold."""
    if match[0].startswith("<") or match["name"] in _XML_NAMES:
        return match[0]
    if digits := match["decimal"] or match["hex"]:
        number = number_of(digits, base=10 if match["decimal"] else 16)
        return f"&#{number};" if is_legal(number) else ""
    characters = html5.get(f"{match['name']};")
    return "".join(f"&#{ord(one)};" for one in characters) if characters else f"&amp;{match[0][1:]}"
