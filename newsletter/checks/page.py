"""The HTML part as a list of elements in document order, each with what it inherits from inline styles.

Only inline styles count: some programs show nothing else, and a head style can only be right if they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from lxml import etree

from newsletter.checks.css import WHITE, Colour, declarations, ground, ink, pixels
from newsletter.checks.finding import short

INVISIBLE = re.compile("[\\s\u00ad\u034f\u061c\u115f\u17b4\u17b5\u180e\u200b-\u200f\u2060-\u2064\ufeff]+")
"""Characters that show nothing: white space of any kind, and what fills a preheader."""

_ENOUGH = 100  # characters of an excerpt
_SILENT = frozenset("head style script title template noscript".split())
_FONT = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?(?:px|pt|em|rem|%))(?:\s*/\s*([\d.]+[\w%]*))?", re.IGNORECASE)


@dataclass(slots=True, eq=False)
class Node:
    """An element. `end` is the index behind its last descendant; `words` its own text, not that of its descendants.

    `hidden` says that nobody sees it, `shown` that somebody sees text of its own.
    `colour`, `ground` (behind it), `size` (CSS pixels) and `leading` are what inline styles give it, or None.
    """

    index: int
    tag: str
    attributes: dict[str, str]
    style: dict[str, str]
    line: int
    parent: Node | None
    hidden: bool = False
    colour: Colour | None = None
    ground: Colour | None = None
    size: float | None = None
    leading: str | None = None
    end: int = 0
    words: str = ""
    shown: bool = False
    classes: frozenset[str] = frozenset()
    children: list[Node] = field(default_factory=list)

    def above(self) -> Iterator[Node]:
        """Yield the elements around it, the nearest first."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent


@dataclass(slots=True, eq=False)
class Page:
    """The HTML part. `nodes` are in document order; `source` is the decoded part; `comments` come with their lines."""

    source: str
    nodes: list[Node]
    comments: list[tuple[int, str]]
    by_tag: dict[str, list[Node]] = field(default_factory=dict)

    def tagged(self, *tags: str) -> list[Node]:
        """Return the elements of some names, in order."""
        found = [node for tag in tags for node in self.by_tag.get(tag, ())]
        return found if len(tags) == 1 else sorted(found, key=lambda node: node.index)

    def under(self, node: Node) -> list[Node]:
        """Return an element and everything in it, in order."""
        return self.nodes[node.index : node.end]

    def text(self, node: Node) -> str:
        """Return the text in an element that a reader sees, on one line; that of its own before its children's."""
        return " ".join(" ".join(one.words for one in self.under(node) if one.shown).split())

    def name(self, node: Node) -> str:
        """Return what a screen reader calls an element: its label, or its text and its pictures' (HTML-AAM)."""
        if label := node.attributes.get("aria-label", "").strip():
            return label
        pictures = (one.attributes.get("alt", "") for one in self.under(node) if one.tag == "img" and not one.hidden)
        found = INVISIBLE.sub(" ", " ".join((self.text(node), *pictures))).strip()
        return found or node.attributes.get("title", "").strip()

    def excerpt(self, node: Node) -> str:
        """Return the start tag without its styles, and the first words."""
        attributes = "".join(
            f' {name}="{short(value, 40)}"' for name, value in node.attributes.items() if name != "style"
        )
        said = ""
        for one in self.under(node):
            said += f" {one.words}" if one.shown else ""
            if len(said) > _ENOUGH:
                break
        return short(f"<{node.tag}{attributes}>{' '.join(said[:_ENOUGH].split())}")


def parse(source: str) -> Page | None:
    """Return the page of `source`, None if nothing in it is an element."""
    # A NUL would end the document for libxml2; the check of characters tells of it.
    markup = source.replace("\0", "\ufffd").encode("utf-8", "replace")
    if not markup.strip():
        return None
    try:
        root = etree.fromstring(markup, etree.HTMLParser(encoding="utf-8", recover=True, huge_tree=True))
    except (etree.LxmlError, ValueError):
        return None
    if root is None:
        return None
    page = Page(source, [], [])
    _walk(root, page)
    return page


def _walk(root: etree._Element, page: Page) -> None:
    open_nodes: list[Node] = []
    words: list[list[str]] = []
    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event == "start":
            parent = open_nodes[-1] if open_nodes else None
            node = _node(element, parent, len(page.nodes))
            page.nodes.append(node)
            page.by_tag.setdefault(node.tag, []).append(node)
            if parent is not None:
                parent.children.append(node)
            open_nodes.append(node)
            words.append([element.text or ""])
            continue
        if event == "end":
            node = open_nodes.pop()
            node.end, node.words = len(page.nodes), "".join(words.pop())
            node.shown = not node.hidden and bool(node.words) and bool(INVISIBLE.sub("", node.words))
        elif event == "comment":
            page.comments.append((element.sourceline or 0, element.text or ""))
        if words and element.tail:
            words[-1].append(element.tail)


def _node(element: etree._Element, parent: Node | None, index: int) -> Node:
    attributes = {str(name): str(value) for name, value in element.attrib.items()}
    style = dict(declarations(attributes["style"])) if "style" in attributes else {}
    tag = str(element.tag).lower()
    node = Node(index, tag, attributes, style, element.sourceline or 0, parent)
    node.hidden = (
        tag in _SILENT or "hidden" in attributes or _is_hidden(style) or (parent is not None and parent.hidden)
    )
    if "class" in attributes:
        node.classes = _classes(attributes["class"])
    if parent is not None:
        node.colour, node.ground, node.size, node.leading = parent.colour, parent.ground, parent.size, parent.leading
    else:
        node.ground = WHITE
    if style or "bgcolor" in attributes or tag in {"a", "font", "body"}:
        _dress(node)
    return node


@lru_cache(maxsize=1024)
def _classes(value: str) -> frozenset[str]:
    return frozenset(value.split())


def _is_hidden(style: dict[str, str]) -> bool:
    return (
        style.get("display", "").startswith("none")
        or style.get("visibility", "").startswith("hidden")
        or style.get("mso-hide", "") == "all"
        or (style.get("overflow", "").startswith("hidden") and pixels(style.get("max-height", "1px")) == 0)
    )


def _dress(node: Node) -> None:
    """Set what a node's own attributes change of what it inherited."""
    style, attributes = node.style, node.attributes
    node.ground = ground(style, attributes, node.ground)
    node.colour = ink(node.tag, style, attributes, node.colour, node.ground)
    shorthand = _FONT.search(style["font"]) if "font" in style else None
    if written := style.get("font-size") or (shorthand[1] if shorthand else ""):
        node.size = pixels(written, node.size)
    if written := style.get("line-height") or (shorthand[2] if shorthand else ""):
        node.leading = written
