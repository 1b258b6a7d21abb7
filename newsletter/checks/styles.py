"""CSS that some program answers by dropping far more than the one rule."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks.finding import Finding, Part, error
from newsletter.checks.page import Node, Page

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_STRING = re.compile(r'"[^"\n]*"|' + r"'[^'\n]*'")
_IMPORT = re.compile(r"@import\b[^;]*;?", re.IGNORECASE)
_FONT_FACE = re.compile(r"@font-face\b[^}]*\}?", re.IGNORECASE)
_URL = re.compile(r"url\(\s*[\"']?([^)\"']*)", re.IGNORECASE)
_LAYOUTS = frozenset({"flex", "inline-flex", "grid", "inline-grid"})


def check_styles(page: Page) -> Iterator[Finding]:
    """Yield what is wrong in style elements and inline styles."""
    for node in page.tagged("style"):
        yield from _check_sheet(node)
    for node in page.nodes:
        if node.style:
            yield from _check_inline(node)


def _check_sheet(node: Node) -> Iterator[Finding]:
    css = _COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), node.words)  # lines stay what they are
    if found := _IMPORT.search(css):
        what = "@import asks a server for styles when the email is opened: write the styles here"
        yield error("css-import", what, Part.HTML, _line(node, css, found), found[0])
    if found := _FONT_FACE.search(css):
        what = "@font-face asks a server for a font when the email is opened: use fonts that readers have"
        yield error("css-font-face", what, Part.HTML, _line(node, css, found), found[0])
    if found := _URL.search(_FONT_FACE.sub(_emptied, _IMPORT.sub(_emptied, css))):
        what = "url() in a style element: Gmail drops the whole element for it, or asks a server; use an img"
        yield error("css-url", what, Part.HTML, _line(node, css, found), found[0])
    yield from _check_blocks(node, _STRING.sub(_emptied, css))


def _emptied(found: re.Match[str]) -> str:
    return " " * len(found[0])  # places stay what they are


def _line(node: Node, css: str, found: re.Match[str]) -> int:
    return node.line + css.count("\n", 0, found.start())


def _check_blocks(node: Node, css: str) -> Iterator[Finding]:
    depth = 0
    for found in re.finditer(r"[{}]|@[\w-]+", css):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if depth < 0:
            break
        if depth and found[0].startswith("@"):
            what = f"{found[0]} stands inside another rule: Gmail drops the whole style element; write it on its own"
            yield error("css-nested-at", what, Part.HTML, _line(node, css, found), css[found.start() :][:80])
            return
    if depth:
        what = "the braces of a style element do not match: what follows is lost; mend them"
        yield error("css-braces", what, Part.HTML, node.line + css.count("\n"), css[-80:])


def _check_inline(node: Node) -> Iterator[Finding]:
    for name, value in node.style.items():
        lower = value.lower()
        if "url(" in lower:
            what = "url() in an inline style: Gmail drops the whole attribute; use an img, or bgcolor"
            yield error("css-inline-url", what, Part.HTML, node.line, f"{name}: {value}")
        layout = name == "display" and lower.split(maxsplit=1)[:1] and lower.split(maxsplit=1)[0] in _LAYOUTS
        placed = name == "position" and not lower.startswith("static")
        if layout or placed or "var(" in lower or "calc(" in lower:
            what = f"{name}: {lower[:60]} does nothing in Outlook and Gmail, and the layout falls apart: use tables"
            yield error("css-layout", what, Part.HTML, node.line, f"<{node.tag}> {name}: {value}")
