"""Which mail programs do not know a CSS property, a value or an element, by the data of caniemail.com.

Only inline styles and elements are looked at, and what is known to degrade well is let pass: without these two limits
every email made by MJML has dozens of complaints that nobody can act on.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from newsletter.checks.content import FORBIDDEN
from newsletter.checks.finding import Finding, Part, warning
from newsletter.checks.page import Page

ACCEPTED: Mapping[str, str] = {
    "border-radius": "corners are square in Outlook on Windows",
    "cursor": "the pointer keeps its usual form",
    "display:none": "only the preheader is hidden so, and it has no size where that is not known",
    "height": "what has a height is a spacer, or an image whose attribute says the same",
    "max-height": "only the preheader has one",
    "min-height": "a box is as high as what is in it",
    "min-width": "a column is as wide as what is in it",
    "opacity": "only the preheader has one",
    "outline": "the program draws its own",
    "overflow": "only the preheader and rounded corners need it",
    "overflow-wrap": "a long word widens its column",
    "text-decoration": "Proton Mail on iOS underlines every link",
    "text-overflow": "the text goes on",
    "white-space": "a line may break where we would rather it did not",
    "word-break": "a long word widens its column",
    "word-spacing": "MJML writes `normal`, which it is anyway",
    "word-wrap": "a long word widens its column",
}
"""What may be lacking, and what a reader sees then."""

# These have rules of their own, which say more.
_TOLD = frozenset({"position", "display:flex", "display:grid", "calc()", "var()", "left", "right", "top", "bottom"})
_SKIPPED = FORBIDDEN | {"style"}  # whatever must survive without it is inline

_FUNCTION = re.compile(r"([a-z-]+)\(")
_UNIT = re.compile(r"(?<![\w#.])[\d.]+(ch|cm|em|ex|in|mm|pc|pt|px|rem|vh|vmax|vmin|vw|%)(?![\w-])")
_KEYWORD = re.compile(r"(?<![\w-])(initial|(?:fit|min|max)-content)(?![\w-])")


@dataclass(frozen=True, slots=True)
class Support:
    """What is lacking, by name: the numbers of `clients` that lack it. `date` is that of the data."""

    date: str
    clients: tuple[str, ...]
    properties: Mapping[str, Sequence[int]]
    values: Mapping[str, Sequence[int]]
    elements: Mapping[str, Sequence[int]]


@cache
def support() -> Support:
    """Return the data that ships with the package."""
    told = json.loads(gzip.decompress((files("newsletter") / "checks" / "support.json.gz").read_bytes()))
    return Support(told["date"], tuple(told["clients"]), told["properties"], told["values"], told["elements"])


def check_support(page: Page) -> Iterator[Finding]:
    """Yield what some mail program does not know, and nobody has accepted."""
    known = support()
    for node in page.nodes:
        lacking = known.elements.get(node.tag)
        if lacking and node.tag not in _SKIPPED:
            yield _lacking(f"<{node.tag}>", lacking, node.line, page.excerpt(node))
        for name, value in node.style.items():
            for feature, clients in _features(name, value):
                yield _lacking(feature, clients, node.line, f"<{node.tag}> {name}: {value}")


@lru_cache(maxsize=4096)
def _features(name: str, value: str) -> tuple[tuple[str, Sequence[int]], ...]:
    """Return what a declaration needs that some program lacks."""
    known = support()
    lower = value.lower()
    wanted = [(name, known.properties.get(name)), (f"{name}:{lower}", known.values.get(f"{name}:{lower}"))]
    wanted += [(f"{function}()", known.values.get(f"{function}()")) for function in _FUNCTION.findall(lower)]
    wanted += [(f"the unit {unit}", known.values.get(f"1{unit}")) for unit in _UNIT.findall(lower)]
    wanted += [(keyword, known.values.get(keyword)) for keyword in _KEYWORD.findall(lower)]
    return tuple(
        (feature, lacking) for feature, lacking in wanted if lacking and feature not in ACCEPTED.keys() | _TOLD
    )


def _lacking(feature: str, clients: Sequence[int], line: int, excerpt: str) -> Finding:
    known = support()
    names = ", ".join(known.clients[number] for number in clients)
    what = f"{feature} is not known to {names}: see that the email can do without (caniemail.com, {known.date})"
    return warning("support", what, Part.HTML, line, excerpt)
