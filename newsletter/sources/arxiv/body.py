"""The XML that arXiv answers, as it is written: the Atom announcement, its RSS variant, and the Atom of the API.

Read by lxml and not by feedparser, which takes the plain text of RSS descriptions for HTML (`$a<b$ … $c>d$` loses its
middle). Everything before the root goes: the declared encoding no longer holds, and no entity may be declared.
Forms: https://info.arxiv.org/help/atom_specifications.html, …/rss_specifications.html, …/api/user-manual.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any

from newsletter.errors import SourceError
from newsletter.sources.addresses import shown
from newsletter.sources.source import Request
from newsletter.sources.xml_characters import legal
from newsletter.sources.xml_root import declared_encoding, is_feed, root_of
from newsletter.text import clean, decode, shorten

MOST_ITEMS = 5_000  # of one body: arXiv's own limit is 2000


@dataclass(slots=True)
class Item:
    """One item as it is written: elements by their local name in lower case, and what may stand there several times."""

    fields: dict[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Body:
    """What one body says: of itself (`about`, as in `Item.fields`), its items in order, what was damaged, what `lost`.

    `total` and `start` are told by the API only: how many papers it counts, and which one is the first here.
    """

    about: dict[str, str]
    items: tuple[Item, ...]
    warnings: tuple[str, ...] = ()
    lost: int = 0

    @property
    def is_search(self) -> bool:
        """Return whether it is an answer of the API."""
        return "totalresults" in self.about or "startindex" in self.about

    @property
    def total(self) -> int | None:
        """Return how many papers the API counts."""
        return _whole(self.about.get("totalresults", ""))

    @property
    def start(self) -> int | None:
        """Return the place of the first item among those that the API counts, from 0."""
        return _whole(self.about.get("startindex", ""))


def place_of(request: Request) -> str:
    """Return what warnings and entries name: the address without its query, which is long and says nothing of them."""
    return shown(request.address).partition("?")[0]


def read_body(body: bytes, request: Request) -> Body:
    """Return what a body says; SourceError where it is no feed, or one in which arXiv says what went wrong."""
    place = place_of(request)
    text, root = _from_root(decode(body, declared=declared_encoding(body)), place)
    tree, warnings = _tree(text, root, place)
    about, items = _about(tree), tuple(map(_item, islice(_elements(tree), MOST_ITEMS + 1)))
    _raise_refusal(about, items, place)
    lost = max(len(_END_OF_ITEM.findall(text)) - len(items), 0) if warnings else 0
    if lost:
        warnings.append(f"{lost} papers are lost by that")
    if len(items) > MOST_ITEMS:
        warnings.append(f"more than {MOST_ITEMS} papers; only those are read")
    return Body(about, items[:MOST_ITEMS], tuple(f"{place}: {warning}" for warning in warnings), lost)


# ------------------------------------------------------------------ bytes to a tree

_END_OF_ITEM = re.compile(r"</(?:[\w.-]+:)?(?:item|entry)\s*>")


def _from_root(text: str, place: str) -> tuple[str, str]:
    """Return the text from its root element on, and that element's name."""
    if not text.strip():
        raise SourceError(f"{place}: the body is empty; the next run tries again")
    start, root = root_of(text) or (0, "")
    if not is_feed(root):
        html = re.search(r"<html[\s>]", text[:5_000], re.IGNORECASE)
        kind = "an HTML page" if html else f'neither RSS nor Atom ("{shorten(clean(text[:400]), limit=80)}")'
        raise SourceError(f"{place}: this is {kind}, not a feed of arXiv; the next run tries again")
    return text[start:], root


def _tree(text: str, root: str, place: str) -> tuple[Any, list[str]]:
    """Return the root element, and what was damaged: a body that breaks off keeps its complete items."""
    from lxml import etree  # noqa: PLC0415 costs 30 ms

    safe = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
    try:
        return etree.fromstring(text.encode("utf-8", "replace"), etree.XMLParser(**safe)), []
    except etree.XMLSyntaxError as error:
        warning = f"not well-formed, read as far as possible ({shorten(clean(str(error)), limit=120)})"
    text = legal(text)
    end = max((match.end() for match in _END_OF_ITEM.finditer(text)), default=0)
    if f"</{root}" not in text[end:]:
        if not end:
            raise SourceError(f"{place}: the body breaks off before its first paper ends; the next run tries again")
        warning = "the body breaks off; the papers before that are kept"
        text = text[:end] + ("</channel>" if root.lower() == "rss" else "") + f"</{root}>"
    try:
        tree = etree.fromstring(text.encode("utf-8", "replace"), etree.XMLParser(recover=True, **safe))
    except etree.XMLSyntaxError:
        tree = None
    if tree is None:
        raise SourceError(f"{place}: damaged beyond reading; the next run tries again")
    return tree, [warning]


# ------------------------------------------------------------------ the tree to items

_ITEMS = frozenset({"item", "entry"})


def _about(tree: Any) -> dict[str, str]:
    """Return what the feed says of itself."""
    channel = tree if _local(tree.tag) == "feed" else next((one for one in tree if _name(one) == "channel"), tree)
    about: dict[str, str] = {}
    for element in channel:
        name = _name(element)
        if name and name not in _ITEMS:
            about.setdefault(name, _text(element))
    return about


def _elements(tree: Any) -> Iterator[Any]:
    """Yield the elements of the items, also where damage put one into another."""
    return iter(tree.iter(*(f"{{*}}{name}" for name in sorted(_ITEMS))))


def _item(element: Any) -> Item:
    item = Item()
    for child in element:
        name = _name(child)
        if name == "category":
            item.categories.append(child.get("term") or _text(child))
        elif name == "author":
            item.names.extend(_text(one) for one in child if _name(one) == "name")
        elif name == "primary_category":
            item.fields.setdefault(name, child.get("term") or _text(child))
        elif name == "link":
            item.fields.setdefault(name, child.get("href") or _text(child))
        elif name and name not in _ITEMS:
            item.fields.setdefault(name, _text(child))
    return item


def _name(element: Any) -> str:
    """Return the local name of an element in lower case, "" for a comment, an entity or an instruction."""
    tag = element.tag
    return _local(tag) if isinstance(tag, str) else ""


@lru_cache(maxsize=256)
def _local(tag: str) -> str:
    # A prefix stays where a damaged body does not declare it.
    return tag.rpartition("}")[2].rpartition(":")[2].lower()


def _text(element: Any) -> str:
    return "".join(_texts(element)) if len(element) else element.text or ""


def _texts(element: Any) -> Iterator[str]:
    for part in element.iter():
        if isinstance(part.tag, str):
            yield part.text or ""
        if part is not element:
            yield part.tail or ""


def _whole(written: str) -> int | None:
    return int(written) if re.fullmatch(r"\s*[0-9]{1,9}\s*", written) else None


# ------------------------------------------------------------------ refusals


def _raise_refusal(about: dict[str, str], items: tuple[Item, ...], place: str) -> None:
    """Raise what arXiv says in the feed it answers to a query it refuses, and in the entry its API answers."""
    title = clean(about.get("title", ""))
    if title.startswith("Feed error for query"):
        said = clean(about.get("subtitle") or about.get("description") or "")
        raise SourceError(f"{place}: {shorten(f'{title}. {said}', limit=300)}; correct the categories")
    if len(items) == 1 and "/api/errors" in items[0].fields.get("id", ""):
        said = clean(items[0].fields.get("summary", ""))
        raise SourceError(f"{place}: arXiv answers an error: {shorten(said, limit=300)}; the next run tries again")
