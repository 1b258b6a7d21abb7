"""Whether text can be read: size, leading, contrast, alignment, as the inline styles give them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks.css import contrast, pixels, spelled
from newsletter.checks.finding import Finding, Part, error, warning
from newsletter.checks.page import Node, Page

LEAST_SIZE = 12.0
"""CSS pixels below which text is too small to read."""

LEAST_CONTRAST = 4.5
"""The contrast ratio of WCAG 2.2, 1.4.3, asked of text of any size."""

_JUSTIFIED = re.compile(r"text-align\s*:\s*justify", re.IGNORECASE)


def check_legible(page: Page) -> Iterator[Finding]:
    """Yield what is hard to read."""
    for node in page.nodes:
        if node.style.get("text-align", "").lower().startswith("justify") or node.attributes.get("align") == "justify":
            yield _justified(node, page.excerpt(node))
        elif node.tag == "style" and (found := _JUSTIFIED.search(node.words)):
            yield _justified(node, found[0])
        if node.shown:
            yield from _check_text(page, node)


def _justified(node: Node, excerpt: str) -> Finding:
    what = "justified text has gaps that people with dyslexia lose the line in: align it left"
    return error("text-justify", what, Part.HTML, node.line, excerpt)


def _check_text(page: Page, node: Node) -> Iterator[Finding]:
    if node.size is not None and round(node.size, 3) < LEAST_SIZE:
        what = f"text of {node.size:g} px is too small to read: use {LEAST_SIZE:g} px or more"
        yield error("font-size", what, Part.HTML, node.line, page.excerpt(node))
    if node.leading is None or pixels(node.leading) == 0:
        what = "text without a line-height: each program chooses its own, often too tight; set one around 1.5"
        yield warning("line-height", what, Part.HTML, node.line, page.excerpt(node))
    if node.colour is None or node.ground is None:
        return
    ratio = contrast(node.colour, node.ground)
    if ratio < LEAST_CONTRAST:
        pair = f"{spelled(node.colour)} on {spelled(node.ground)}"
        what = f"the contrast of {pair} is {ratio:.2f}, under {LEAST_CONTRAST}: people with low vision cannot read it"
        yield error("contrast", f"{what}; darken the text", Part.HTML, node.line, page.excerpt(node))
