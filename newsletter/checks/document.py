"""The HTML document: what it says of itself, and what a mail program needs to show it as it was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks.finding import Finding, Part, error, warning
from newsletter.checks.page import INVISIBLE, Node, Page

_DOCTYPE = re.compile(r"\ufeff?\s*<!doctype\s+html\b", re.IGNORECASE)
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")  # the form of RFC 5646, not its registry
_DIRECTIONS = frozenset({"ltr", "rtl", "auto"})
_PREHEADER = (40, 140)
_ZOOM = re.compile(r"user-scalable\s*=\s*(?:no|0)\b|maximum-scale\s*=", re.IGNORECASE)


def check_document(page: Page) -> Iterator[Finding]:
    """Yield what is wrong with the document as a whole."""
    if not _DOCTYPE.match(page.source):
        what = "no <!doctype html>: programs fall back to the rules of 1998, and tables lose colours; begin with it"
        yield error("document-doctype", what, Part.HTML, 1)
    yield from _check_root(page)
    yield from _check_body(page)
    yield from _check_languages(page)
    yield from _check_metas(page)
    yield from _check_preheader(page)


def _check_root(page: Page) -> Iterator[Finding]:
    root = page.nodes[0]
    for name, why in (
        ("lang", "screen readers guess the language"),
        ("dir", "each program chooses a direction"),
    ):
        if not root.attributes.get(name, "").strip():
            what = f"<html> has no {name}: {why}; add it, and to the first element of the body too"
            yield error(f"document-{name}", what, Part.HTML, root.line)
    titles = [node for node in page.tagged("title") if not any(one.tag == "svg" for one in node.above())]
    if not any(INVISIBLE.sub("", node.words) for node in titles):
        what = "no title: the page opened in a browser has no name, and screen readers begin with none; add one"
        yield error("document-title", what, Part.HTML, titles[0].line if titles else 0)


def _check_body(page: Page) -> Iterator[Finding]:
    """Yield where text in the body has no language or direction of its own: Gmail drops html and body."""
    tops = [child for node in page.tagged("body") for child in node.children]
    bodies = page.tagged("body")
    for name in ("lang", "dir"):
        bare = next((node for node in tops if not node.attributes.get(name, "").strip() and page.text(node)), None)
        bare = bare or next((node for node in bodies if node.shown), None)
        if bare is not None:
            what = f"text in the body without {name} around it: programs drop that of <html>; put it on the wrapper"
            yield error(f"body-{name}", what, Part.HTML, bare.line, page.excerpt(bare))


def _check_languages(page: Page) -> Iterator[Finding]:
    for node in page.nodes:
        for name in ("lang", "xml:lang"):
            value = node.attributes.get(name, "")
            if value and not _LANGUAGE.fullmatch(value):
                what = f'{name}="{value[:40]}" is no language tag (RFC 5646): write en, or pt-BR'
                yield error("lang-form", what, Part.HTML, node.line, page.excerpt(node))
        other = node.attributes.get("xml:lang", "")
        if other and other.lower().split("-")[0] != node.attributes.get("lang", other).lower().split("-")[0]:
            what = "lang and xml:lang name two languages: programs take either; leave xml:lang out"
            yield error("lang-form", what, Part.HTML, node.line, page.excerpt(node))
        direction = node.attributes.get("dir", "")
        if direction and direction.strip().lower() not in _DIRECTIONS:
            what = f'dir="{direction[:40]}" is no direction: write ltr, rtl or auto'
            yield error("dir-form", what, Part.HTML, node.line, page.excerpt(node))


def _check_metas(page: Page) -> Iterator[Finding]:
    metas = {_name(node): node for node in page.tagged("meta")}
    charset = metas.get("charset") or metas.get("content-type")
    if charset is None or "utf-8" not in f"{charset.attributes}".lower():
        what = "no meta charset of utf-8: a saved or forwarded copy shows wrong letters; add it first in the head"
        yield error("document-charset", what, Part.HTML)
    viewport = metas.get("viewport")
    if viewport is None:
        what = "no viewport meta: phones show the whole width, tiny; add width=device-width, initial-scale=1"
        yield warning("document-viewport", what, Part.HTML)
    elif _ZOOM.search(viewport.attributes.get("content", "")):
        what = "the viewport forbids zooming, which people with low vision need: leave out maximum-scale, user-scalable"
        yield error("document-zoom", what, Part.HTML, viewport.line, page.excerpt(viewport))
    for names, rule, why in (
        (
            ("color-scheme", "supported-color-schemes"),
            "document-color-scheme",
            "some programs darken on their own",
        ),
        (("format-detection",), "document-format-detection", "Apple Mail makes links of dates and numbers"),
        (("x-apple-disable-message-reformatting",), "document-reformatting", "Apple Mail enlarges text on its own"),
    ):
        if missing := [name for name in names if name not in metas]:
            yield warning(rule, f"no meta {' and '.join(missing)}: {why}; add it", Part.HTML)


def _name(node: Node) -> str:
    attributes = node.attributes
    if "charset" in attributes:
        return "charset"
    return (attributes.get("name", "") or attributes.get("http-equiv", "")).strip().lower()


def _check_preheader(page: Page) -> Iterator[Finding]:
    """Yield a finding unless the first hidden element is what an inbox shows beside the subject."""
    tops = [child for node in page.tagged("body") for child in node.children]
    first = next((node for node in tops if node.hidden), None)
    said = _hidden_text(page, first) if first is not None else ""
    low, high = _PREHEADER
    if not low <= len(said) <= high:
        what = f"the preheader has {len(said)} characters: inboxes show {low} to {high}, or whatever comes first"
        yield warning("preheader", what, Part.HTML, first.line if first is not None else 0, said)


def _hidden_text(page: Page, node: Node) -> str:
    return INVISIBLE.sub(" ", " ".join(one.words for one in page.under(node))).strip()
