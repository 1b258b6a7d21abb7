"""What a screen reader walks along: headings, tables, lists, roles and names of ARIA, ids, the order of focus."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks.finding import Finding, Part, error, warning
from newsletter.checks.page import Node, Page

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_LAYOUT = frozenset({"presentation", "none"})
_ROLES = frozenset(
    """article banner blockquote caption cell code columnheader complementary contentinfo definition deletion document
    emphasis feed figure generic group heading img insertion link list listitem main mark math navigation none note
    paragraph presentation region row rowgroup rowheader separator strong subscript superscript table term text time
    """.split()
)  # of WAI-ARIA 1.2, those that make sense where nothing can be operated
_ARIA = frozenset(
    f"aria-{name}"
    for name in """atomic braillelabel brailleroledescription busy colcount colindex colspan controls current
    describedby description details disabled dropeffect errormessage flowto grabbed haspopup hidden invalid keyshortcuts
    label labelledby level live owns posinset relevant roledescription rowcount rowindex rowspan setsize""".split()
)
_NAMELESS = frozenset({"heading", "img", "link"})  # roles that say nothing without a name
_NAMING = ("aria-label", "aria-labelledby", "aria-describedby", "aria-roledescription")
_LISTS = {
    "ul": frozenset({"li"}),
    "ol": frozenset({"li"}),
    "menu": frozenset({"li"}),
    "dl": frozenset({"dt", "dd", "div"}),
}
_HOLDERS = {"li": frozenset({"ul", "ol", "menu"}), "dt": frozenset({"dl", "div"}), "dd": frozenset({"dl", "div"})}
_BULLET = re.compile(r"\s*(?:[•‣◦▪●∙·*–-]|\d{1,2}[.)])\s+\S")


def check_outline(page: Page) -> Iterator[Finding]:
    """Yield what a screen reader would say wrongly, or not at all."""
    yield from _check_headings(page)
    for node in page.tagged("table"):
        yield from _check_table(page, node)
    yield from _check_lists(page)
    ids: set[str] = set()
    for node in page.nodes:
        name = node.attributes.get("id", "")
        if name and name in ids:
            what = f'id="{name[:40]}" stands twice: labels and anchors find the first only; rename one'
            yield error("duplicate-id", what, Part.HTML, node.line, page.excerpt(node))
        ids.add(name)
    for node in page.nodes:
        yield from _check_aria(page, node, ids)


def _check_headings(page: Page) -> Iterator[Finding]:
    headings = [node for node in page.tagged(*_HEADINGS) if not node.hidden]
    first = [node for node in headings if node.tag == "h1"]
    if len(first) != 1:
        what = f"{len(first) or 'no'} h1: it is where screen readers begin; write exactly one"
        line, excerpt = (first[1].line, page.excerpt(first[1])) if first else (0, "")
        yield error("heading-one", what, Part.HTML, line, excerpt)
    level = 0
    for node in headings:
        if not page.name(node):
            what = f"an empty {node.tag}: screen readers announce a heading and say nothing; fill it or take it out"
            yield error("heading-empty", what, Part.HTML, node.line, page.excerpt(node))
        now = int(node.tag[1])
        if now > level + 1 and level:
            what = f"h{now} follows h{level}: readers look for what is between; use h{level + 1}"
            yield error("heading-skip", what, Part.HTML, node.line, page.excerpt(node))
        level = now


def _check_table(page: Page, node: Node) -> Iterator[Finding]:
    inside = [one for one in page.under(node)[1:] if one.tag in {"th", "caption"} and _table(one) is node]
    role = node.attributes.get("role", "").strip().lower()
    blank = next((one for one in inside if not page.name(one)), None)
    if blank is not None:
        what = f"an empty {blank.tag}: screen readers announce nothing with each cell; name it, or use td"
        yield error("table-header", what, Part.HTML, blank.line, page.excerpt(blank))
    elif role in _LAYOUT and inside:
        what = "a table for layout with headers or a caption: screen readers lose them; use td, or take the role out"
        yield error("table-header", what, Part.HTML, node.line, page.excerpt(node))
    elif role not in _LAYOUT and not any(one.tag == "th" for one in inside):
        what = 'a table for layout without role="presentation": screen readers count its rows and columns; add it'
        yield error("table-role", what, Part.HTML, node.line, page.excerpt(node))


def _table(node: Node) -> Node | None:
    return next((one for one in node.above() if one.tag == "table"), None)


def _check_lists(page: Page) -> Iterator[Finding]:
    for node in page.nodes:
        allowed, holders = _LISTS.get(node.tag), _HOLDERS.get(node.tag)
        wrong = next((one for one in node.children if one.tag not in allowed), None) if allowed else None
        if wrong is not None or (allowed and node.shown):
            what = f"<{node.tag}> holds other than {' or '.join(sorted(allowed or ()))}: screen readers miscount"
            yield error("list-structure", what, Part.HTML, node.line, page.excerpt(wrong or node))
        if holders and (node.parent is None or node.parent.tag not in holders):
            what = f"<{node.tag}> outside a list: screen readers do not count it; put it into one"
            yield error("list-structure", what, Part.HTML, node.line, page.excerpt(node))
        bullets = [
            one for one in node.children if not one.hidden and one.tag not in {"li", "tr"} and _BULLET.match(one.words)
        ]
        if len(bullets) > 1:
            what = "lines that begin with a bullet or a number are a list to the eye only: use ul or ol"
            yield warning("list-fake", what, Part.HTML, bullets[0].line, page.excerpt(bullets[0]))


def _check_aria(page: Page, node: Node, ids: set[str]) -> Iterator[Finding]:
    attributes = node.attributes
    roles = attributes.get("role", "").lower().split()
    if unknown := [role for role in roles if role not in _ROLES]:
        what = f'role="{unknown[0][:40]}" is none that an email has a use for: screen readers ignore it; take it out'
        yield error("aria-role", what, Part.HTML, node.line, page.excerpt(node))
    elif roles and ((roles[0] in _NAMELESS and not page.name(node)) or _lacks_level(node, roles[0])):
        what = f'role="{roles[0]}" without a name or a level tells screen readers nothing: use the element of that kind'
        yield error("aria-role", what, Part.HTML, node.line, page.excerpt(node))
    elif "listitem" in roles and not _is_in_list(node):
        what = 'role="listitem" outside a list: screen readers do not count it; use ul and li'
        yield error("list-structure", what, Part.HTML, node.line, page.excerpt(node))
    yield from _check_aria_attributes(page, node, ids)
    if "accesskey" in attributes:
        what = "an accesskey takes a key from the reader's program: leave it out"
        yield error("accesskey", what, Part.HTML, node.line, page.excerpt(node))
    if re.fullmatch(r"\s*\+?0*[1-9]\d*\s*", attributes.get("tabindex", "")):
        what = "a positive tabindex comes before everything else in the reader's program: leave it out"
        yield error("tabindex", what, Part.HTML, node.line, page.excerpt(node))


def _lacks_level(node: Node, role: str) -> bool:
    return role == "heading" and node.tag not in _HEADINGS and "aria-level" not in node.attributes


def _is_in_list(node: Node) -> bool:
    parent = node.parent
    return parent is not None and (parent.tag in {"ul", "ol"} or parent.attributes.get("role", "").lower() == "list")


def _check_aria_attributes(page: Page, node: Node, ids: set[str]) -> Iterator[Finding]:
    attributes = node.attributes
    for name in sorted(attributes):
        if not name.startswith("aria-"):
            continue
        value = attributes[name].strip()
        if name not in _ARIA or (name in _NAMING and not value):
            what = f"{name} is {'empty' if name in _ARIA else 'none of ARIA'}: screen readers ignore it; take it out"
            yield error("aria-attribute", what, Part.HTML, node.line, page.excerpt(node))
        elif name == "aria-hidden" and value not in {"true", "false"}:
            what = "aria-hidden is true or false: screen readers ignore anything else; mend it"
            yield error("aria-attribute", what, Part.HTML, node.line, page.excerpt(node))
        elif name in {"aria-labelledby", "aria-describedby"} and not set(value.split()) <= ids:
            what = f'{name} names an id that is not there: the element has no name; give "aria-label" instead'
            yield error("aria-attribute", what, Part.HTML, node.line, page.excerpt(node))
    if attributes.get("aria-hidden") == "true" and any("href" in one.attributes for one in page.under(node)):
        what = "a link that screen readers are not told of but the keyboard reaches: take aria-hidden out"
        yield error("aria-attribute", what, Part.HTML, node.line, page.excerpt(node))
