"""Links and images: where they lead, what they are called, whether every program shows them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import SplitResult, unquote, urlsplit

from newsletter.checks.css import contrast
from newsletter.checks.finding import Finding, Part, error, warning
from newsletter.checks.page import Node, Page
from newsletter.checks.reading import Leaf

_VAGUE = frozenset(
    """a|click|click here|click me|click this|continue|continue reading|details|download|find out more|follow|go|here|
    info|learn more|link|more|more info|more information|open|page|press here|read|read here|read more|read on|see|
    see here|see more|start|tap here|this|this link|this page|url|view|view more|website""".replace("\n    ", "").split(
        "|"
    )
)
_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f]")
_FILE_NAME = re.compile(r"\S+\.(?:jpe?g|png|gif|webp|svg|bmp)|(?:img|dsc|image)[_-]?\d+", re.IGNORECASE)
_UNSHOWN = re.compile(r"\.(?:svg|webp|avif|heic|tiff?)(?:$|[?#])", re.IGNORECASE)
_REMOTE = re.compile(r"\s*(?:https?:)?//", re.IGNORECASE)
_CONTENT_ID = re.compile(r"[cC][iI][dD]:([^\s\"'<>)]+)")
_DISTINCT = 3.0  # WCAG 2.2, technique G183


def check_links(page: Page) -> Iterator[Finding]:
    """Yield what is wrong with links."""
    named: dict[str, str] = {}
    for node in page.tagged("a", "area"):
        attributes = node.attributes
        if "href" not in attributes:
            if not attributes.get("name") and not attributes.get("id"):
                what = "a link without href: no keyboard reaches it; give it an address or make it a span"
                yield error("link-href", what, Part.HTML, node.line, page.excerpt(node))
            continue
        rule, what = _address_problem(attributes["href"])
        if rule:
            yield error(rule, what, Part.HTML, node.line, page.excerpt(node))
        elif attributes["href"].startswith("#"):
            what = "a link inside the email does nothing in Gmail on iOS, Samsung and Yahoo: write plain text"
            yield warning("link-anchor", what, Part.HTML, node.line, page.excerpt(node))
        if not node.hidden:
            yield from _check_name(page, node)
            if named.setdefault(page.name(node).lower(), attributes["href"]) != attributes["href"]:
                what = "links with one name lead to different places: tell them apart by their text or an aria-label"
                yield warning("link-same", what, Part.HTML, node.line, page.excerpt(node))


def _address_problem(href: str) -> tuple[str, str]:
    """Return the rule that an address breaks and how, two empty strings if none."""
    address = href.strip()
    if address in {"", "#"}:
        return "link-href", "a link that leads nowhere: give it its address or make it text"
    if address.startswith("#"):
        return "", ""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "link-scheme", "an address that is none: programs open it wrongly or not at all; mend it"
    scheme = parts.scheme.lower()
    if scheme not in {"http", "https", "mailto"} or _CONTROL.search(href):
        named = scheme[:20] or "a relative address"
        return "link-scheme", f"{named} cannot be opened from an email: use https or mailto"
    return _place_problem(parts)


def _place_problem(parts: SplitResult) -> tuple[str, str]:
    if parts.scheme.lower() == "mailto":
        return ("", "") if "@" in unquote(parts.path) else ("link-scheme", "mailto without an address: give it one")
    if not parts.netloc:
        return "link-scheme", "an address without a host leads nowhere: write https://example.org/…"
    if "@" in parts.netloc:
        return "link-userinfo", "a name before the host disguises where a link leads: take it out"
    return "", ""


def _check_name(page: Page, node: Node) -> Iterator[Finding]:
    name = page.name(node)
    if not name and not node.attributes.get("alt", "").strip():
        what = "a link without text: screen readers spell its address; write where it leads, or the image's alt"
        yield error("link-name", what, Part.HTML, node.line, page.excerpt(node))
    elif name.lower().strip(" .…!:›»→>") in _VAGUE:
        what = f'"{name}" says nothing in a list of links: name what it leads to, or add an aria-label'
        yield warning("link-vague", what, Part.HTML, node.line, page.excerpt(node))
    for one in page.under(node) if name else ():
        alt = one.attributes.get("alt", "").strip() if one.tag == "img" else ""
        if alt and alt.lower() == page.text(node).lower():
            what = 'the alt of an image repeats the text beside it: screen readers say it twice; write alt=""'
            yield warning("image-redundant", what, Part.HTML, one.line, page.excerpt(one))
    yield from _check_distinct(page, node)


def _check_distinct(page: Page, node: Node) -> Iterator[Finding]:
    """Yield a finding for a link in running text that only its colour tells from it."""
    style, parent = node.style, node.parent
    plain = "none" in style.get("text-decoration", style.get("text-decoration-line", "")).lower()
    if not plain or parent is None or not parent.shown or node.colour is None or parent.colour is None:
        return
    marked = "bold" in style.get("font-weight", "") or any(name.startswith(("border", "background")) for name in style)
    ratio = contrast(node.colour, parent.colour)
    if not marked and ratio < _DISTINCT:
        what = f"only its colour ({ratio:.1f}:1) tells the link from the text around it: underline it"
        yield error("link-distinct", what, Part.HTML, node.line, page.excerpt(node))


def check_images(page: Page, pictures: Sequence[Leaf]) -> Iterator[Finding]:
    """Yield what is wrong with images, and with the parts that they show."""
    held = [leaf.content_id for leaf in pictures if leaf.content_id]
    used = {unquote(found[1]) for found in _CONTENT_ID.finditer(page.source)}
    for name in sorted(set(held) - used):
        what = "a picture that nothing shows: programs show it as an attachment; leave it out"
        yield error("picture-unused", what, Part.MESSAGE, excerpt=name)
    for name in sorted({name for name in held if held.count(name) > 1}):
        what = "two pictures have one Content-ID: programs show either; name them apart"
        yield error("picture-twice", what, Part.MESSAGE, excerpt=name)
    for node in page.tagged("img"):
        yield from _check_image(page, node, set(held))


def _check_image(page: Page, node: Node, held: set[str]) -> Iterator[Finding]:
    attributes = node.attributes
    source = attributes.get("src", "").strip()
    alt = attributes.get("alt")
    if alt is None:
        what = 'an image without alt: screen readers spell its name; describe it, or write alt="" where it adds nothing'
        yield error("image-alt", what, Part.HTML, node.line, page.excerpt(node))
    elif _FILE_NAME.fullmatch(alt.strip()):
        what = "the alt of an image is a file name: say what is to be seen"
        yield error("image-alt", what, Part.HTML, node.line, page.excerpt(node))
    if not re.fullmatch(r"[1-9]\d{0,3}", attributes.get("width", "").strip()):
        what = "an image without a width in plain numbers: Outlook shows it as large as it is; add width"
        yield error("image-width", what, Part.HTML, node.line, page.excerpt(node))
    if source.lower().startswith("cid:"):
        if unquote(source[4:]) not in held:
            what = "the image shows a part that is not in the message: add the picture, or take the image out"
            yield error("picture-missing", what, Part.HTML, node.line, page.excerpt(node))
    elif not _REMOTE.match(source):
        scheme = source.partition(":")[0].lower() if ":" in source else ""
        what = f"an image by {scheme[:20] or 'a relative address'} is shown by no or few programs: use cid:"
        yield error("image-source", what, Part.HTML, node.line, page.excerpt(node))
    elif _UNSHOWN.search(source):
        what = "an image of a kind that Gmail or Outlook do not show: use JPEG or PNG"
        yield error("image-format", what, Part.HTML, node.line, page.excerpt(node))
