"""The email as a dark theme shows it: what `@media (prefers-color-scheme: dark)` makes of the inline colours.

As much of the cascade as emails use: compounds of tags, classes and ids, with descendants and children between them;
rules beat inline styles by `!important` only. A selector of any other kind is taken to match nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from newsletter.checks.css import Colour, contrast, declarations, ground, ink, spelled
from newsletter.checks.finding import Finding, Part, error
from newsletter.checks.legible import LEAST_CONTRAST
from newsletter.checks.page import Node, Page

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_DARK = re.compile(r"prefers-color-scheme\s*:\s*dark", re.IGNORECASE)
_PIECE = re.compile(r"([^{}]*)([{}]|\Z)")
_COMPOUND = re.compile(r"(?:[a-zA-Z][a-zA-Z0-9]*|\*)?(?:[.#][\w-]+)*")
_COLOURS = ("color", "background-color", "background", "background-image")


@dataclass(frozen=True, slots=True)
class _Compound:
    """A tag ("" for any), ids and classes; `child` says whether the one before it must be its parent."""

    tag: str
    ids: frozenset[str]
    classes: frozenset[str]
    child: bool

    def fits(self, node: Node) -> bool:
        """Return whether an element is meant."""
        return (
            (not self.tag or self.tag == node.tag)
            and self.classes <= node.classes
            and (not self.ids or self.ids <= {node.attributes.get("id", "")})
        )


@dataclass(frozen=True, slots=True)
class _Rule:
    """A selector, last compound first, and its declarations of colours."""

    selector: tuple[_Compound, ...]
    colours: Mapping[str, str]
    weight: tuple[int, int, int, int]

    @property
    def needs(self) -> str:
        """Return a class, id or tag without which no element is meant."""
        last = self.selector[0]
        return min(
            (f".{name}" for name in last.classes), default=min((f"#{name}" for name in last.ids), default=last.tag)
        )


def check_dark(page: Page) -> Iterator[Finding]:
    """Yield text that the dark theme of the email makes hard to read."""
    rules = _rules(page)
    if not rules:
        return
    colours: list[Colour | None] = []
    grounds: list[Colour | None] = []
    for node in page.nodes:
        style = _overruled(node, rules)
        above = node.parent.index if node.parent is not None else -1
        behind = ground(style, node.attributes, grounds[above] if above >= 0 else None)
        text = ink(node.tag, style, node.attributes, colours[above] if above >= 0 else None, behind)
        grounds.append(behind)
        colours.append(text)
        if node.shown and text is not None and behind is not None and contrast(text, behind) < LEAST_CONTRAST:
            pair = f"{spelled(text)} on {spelled(behind)} is {contrast(text, behind):.2f}"
            what = f"in a dark theme the contrast of {pair}, under {LEAST_CONTRAST}: lighten it in the dark styles"
            yield error("contrast-dark", what, Part.HTML, node.line, page.excerpt(node))


def _rules(page: Page) -> Mapping[str, list[_Rule]]:
    """Return the dark rules by a class, id or tag that their last compound needs, "" for none."""
    found: list[_Rule] = []
    for sheet in page.tagged("style"):
        around: list[str] = []
        dark = 0  # how many of the blocks around ask for the dark
        for piece in _PIECE.finditer(_COMMENT.sub("", sheet.words)):
            if piece[2] == "{":
                around.append(piece[1])
                dark += _asks_for_dark(piece[1])
            elif around and piece[2]:
                opened = around.pop()
                dark -= _asks_for_dark(opened)
                found += _parsed(opened, piece[1], len(found)) if dark else ()
    rules: dict[str, list[_Rule]] = defaultdict(list)
    for one in found:
        rules[one.needs].append(one)
    return rules


def _asks_for_dark(prelude: str) -> bool:
    return prelude.lstrip().lower().startswith("@media") and bool(_DARK.search(prelude))


def _parsed(selectors: str, body: str, order: int) -> Iterator[_Rule]:
    told = {name: value for name, value in declarations(body) if name in _COLOURS}
    for one in selectors.split(",") if told else ():
        if selector := _selector(one):
            ids, classes = (sum(len(getattr(part, name)) for part in selector) for name in ("ids", "classes"))
            yield _Rule(selector, told, (ids, classes, sum(bool(part.tag) for part in selector), order))


def _selector(text: str) -> tuple[_Compound, ...]:
    parts: list[_Compound] = []
    child = False
    for word in text.replace(">", " > ").split():
        if word == ">":
            child = True
            continue
        if not _COMPOUND.fullmatch(word):
            return ()
        tag = re.split(r"[.#]", word, maxsplit=1)[0].lower()
        names = {mark: frozenset(re.findall(rf"{re.escape(mark)}([\w-]+)", word)) for mark in "#."}
        parts.append(_Compound("" if tag == "*" else tag, names["#"], names["."], child))
        child = False
    return tuple(reversed(parts))


def _overruled(node: Node, rules: Mapping[str, list[_Rule]]) -> Mapping[str, str]:
    """Return the style of an element in the dark."""
    style = node.style
    keys = ["", node.tag, *(f".{name}" for name in node.classes)]
    keys += [f"#{node.attributes['id']}"] if "id" in node.attributes else []
    near = [rule for key in keys if key in rules for rule in rules[key]]
    for rule in sorted(near, key=lambda rule: rule.weight) if near else ():
        if rule.selector[0].fits(node) and _matches(rule.selector, node):
            for name, value in rule.colours.items():
                written = value.lower().partition("!important")
                if written[1] or name not in style:
                    style = {key: old for key, old in style.items() if name != "background" or key not in _COLOURS[1:]}
                    style[name] = written[0].strip()
    return style


def _matches(selector: tuple[_Compound, ...], node: Node) -> bool:
    """Return whether the elements around one are those that the rest of a selector names."""
    place: Node | None = node
    for inner, outer in pairwise(selector):
        place = place.parent if place is not None else None
        while place is not None and not inner.child and not outer.fits(place):
            place = place.parent
        if place is None or not outer.fits(place):
            return False
    return True
