"""What lets a reader leave: List-Unsubscribe, one click, the same address in sight (RFC 2369, 2919, 8058)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from newsletter.checks.finding import Finding, Part, error
from newsletter.checks.page import Page
from newsletter.checks.reading import Reading

_ONE_CLICK = "List-Unsubscribe=One-Click"
_URI = re.compile(r"\s*<\s*([^<>\s]+)\s*>\s*")
_LABEL = r"[A-Za-z0-9_!#$%&'*+/=?^`{|}~-]+"
_LIST_ID = re.compile(rf'(?:(?:"(?:[^"\\]|\\.)*"|[^"<>@,;:()\[\]\\]*)[ \t]?)?<{_LABEL}(?:\.{_LABEL})+>')
_MOST_FIELDS = 4  # of Feedback-ID, as Google's help says
_SENDER_ID = range(5, 16)
_LEAVING = re.compile(
    r"unsubscrib|opt[ -]?out|abmelden|abbestellen|désinscri|désabonn|cancelar|darse de baja", re.IGNORECASE
)


def check_subscription(reading: Reading, page: Page | None) -> Iterator[Finding]:
    """Yield what keeps a reader from leaving, or a program from knowing the list."""
    addresses = _addresses(reading)
    yield from _check_unsubscribe(reading, addresses)
    yield from _check_post(reading, addresses)
    yield from _check_list_id(reading)
    yield from _check_feedback(reading)
    yield from _check_signature(reading)
    if page is not None:
        yield from _check_visible(page, addresses)
    if reading.text is not None and not _stands(reading.text.text, addresses):
        what = "the text part does not show the address of List-Unsubscribe: write it there, for who reads text only"
        yield error("unsubscribe-text", what, Part.TEXT)


def _addresses(reading: Reading) -> tuple[str, ...]:
    return tuple(found[1] for found in _URI.finditer(reading.value("List-Unsubscribe")))


def _is_known(address: str) -> bool:
    return address.lower().startswith(("https://", "mailto:"))


def _check_unsubscribe(reading: Reading, addresses: tuple[str, ...]) -> Iterator[Finding]:
    found = reading.named("List-Unsubscribe")
    if not found:
        what = "List-Unsubscribe is missing: Gmail, Yahoo and Outlook ask for it, and readers press Spam; add it"
        yield error("list-unsubscribe", what, Part.HEADERS)
        return
    field = found[0]
    what = ""
    if "=?" in field.raw:
        what = "is an encoded word, which no program follows: write the address as it is"
    elif "\n" in field.raw or "\r" in field.raw:
        what = "is folded: some programs read the first line only; keep it on one, up to 998 octets"
    elif not addresses or not _is_known(addresses[0]):
        what = "does not begin with <https://…> or <mailto:…>: write one of them first (RFC 8058)"
    if what:
        yield error("list-unsubscribe", f"List-Unsubscribe {what}", Part.HEADERS, field.line, field.value)


def _check_post(reading: Reading, addresses: tuple[str, ...]) -> Iterator[Finding]:
    posts = reading.named("List-Unsubscribe-Post")
    secure = any(address.lower().startswith("https://") for address in addresses)
    if secure and (not posts or posts[0].value != _ONE_CLICK):
        what = f"List-Unsubscribe has an https address, so add List-Unsubscribe-Post: {_ONE_CLICK} (RFC 8058)"
        yield error("list-unsubscribe-post", what, Part.HEADERS, posts[0].line if posts else 0)
    elif posts and not secure:
        what = "List-Unsubscribe-Post without an https address promises what nobody answers (RFC 8058): take it out"
        yield error("list-unsubscribe-post", what, Part.HEADERS, posts[0].line, posts[0].value)


def _check_list_id(reading: Reading) -> Iterator[Finding]:
    found = reading.named("List-Id")
    plain = re.sub(r"=\?\S+\?=", "word", found[0].value) if found else ""
    if not _LIST_ID.fullmatch(plain):
        what = "List-Id is missing" if not found else "List-Id has not the form of RFC 2919"
        way_out = "filters cannot tell the newsletter from other mail; write Name <label.example.org>"
        line, value = (found[0].line, found[0].value) if found else (0, "")
        yield error("list-id", f"{what}: {way_out}", Part.HEADERS, line, value)


def _check_feedback(reading: Reading) -> Iterator[Finding]:
    for field in reading.named("Feedback-ID"):
        fields = field.value.split(":")
        if len(fields) > _MOST_FIELDS or len(fields[-1].strip()) not in _SENDER_ID:
            what = f"Feedback-ID takes at most {_MOST_FIELDS} fields, the last the sender's, of 5 to 15 characters"
            yield error("feedback-id", f"{what}: Gmail ignores this one", Part.HEADERS, field.line, field.value)


def _check_signature(reading: Reading) -> Iterator[Finding]:
    """Yield what a signature leaves out; a message without one is not judged, since a relay may sign it."""
    present = {name for name in ("list-unsubscribe", "list-unsubscribe-post") if reading.named(name)}
    for field in reading.named("DKIM-Signature"):
        signed = re.search(r"(?:^|;)\s*h\s*=([^;]*)", field.value)
        names = {name.strip().lower() for name in signed[1].split(":")} if signed else set[str]()
        if missing := sorted(present - names):
            what = f"DKIM-Signature does not cover {' and '.join(missing)}, as RFC 8058 §4 wants: add them to h="
            yield error("dkim-coverage", what, Part.HEADERS, field.line)


def _check_visible(page: Page, addresses: tuple[str, ...]) -> Iterator[Finding]:
    links = [node for node in page.tagged("a") if "href" in node.attributes and not node.hidden]
    if any(_same(node.attributes["href"], address) for node in links for address in addresses):
        return
    leaving = next((node for node in links if _LEAVING.search(page.name(node))), None)
    if leaving is None:
        what = "no link in sight to unsubscribe: readers press Spam instead; link the address of List-Unsubscribe"
        yield error("unsubscribe-visible", what, Part.HTML)
    elif addresses:
        what = "the link to unsubscribe is another address than List-Unsubscribe: use the same, so that both work"
        yield error("unsubscribe-visible", what, Part.HTML, leaving.line, page.excerpt(leaving))


def _same(one: str, other: str) -> bool:
    return one == other or unquote(one) == unquote(other)


def _stands(text: str, addresses: tuple[str, ...]) -> bool:
    if not addresses:
        return bool(_LEAVING.search(text))
    return any(address in text or unquote(address) in unquote(text) for address in addresses)
