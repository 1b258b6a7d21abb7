"""The header: the fields every message needs, once each, as RFC 5322, 2047 and 3834 want them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from newsletter.checks.finding import Finding, Part, error, warning
from newsletter.checks.reading import Field, Reading
from newsletter.checks.words import ENCODED_WORD, decoded, undecodable

_NEEDED = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version")
_ONCE = frozenset(
    """from sender reply-to to cc bcc message-id in-reply-to references subject date mime-version content-type
    content-transfer-encoding content-id content-language list-id list-unsubscribe list-unsubscribe-post list-help
    list-archive list-subscribe list-post list-owner auto-submitted precedence feedback-id""".split()
)  # RFC 5322 §3.6, RFC 2369 §3.6
_LONGEST_SUBJECT = 100
_LONGEST_WORD = 75  # RFC 2047 §2
_LONGEST_WORD_LINE = 76
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = rf"{_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"
_BARE = re.compile(_ADDRESS)
_NAMED = re.compile(rf'(?P<name>"(?:[^"\\]|\\.)*"|[^"<>@,;:()\[\]\\]*)[ \t]?<{_ADDRESS}>')
_MESSAGE_ID = re.compile(r"<[^<>@\s]+@[^<>@\s]+>")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")


def check_headers(reading: Reading) -> Iterator[Finding]:
    """Yield what is wrong with the header's fields, whatever they are."""
    for number, line in reading.strays:
        what = "a line that is no field: what follows may be read as something else; write NAME: VALUE"
        yield error("header-name", what, Part.HEADERS, number, line)
    counts: dict[str, int] = {}
    for one in reading.fields:
        name = one.name.lower()
        counts[name] = counts.get(name, 0) + 1
        if name in _ONCE and counts[name] == 2:
            what = f"{one.name} stands twice: programs take either, and signatures break; leave one"
            yield error("header-repeated", what, Part.HEADERS, one.line, one.value)
        yield from _check_value(one)
    for name in _NEEDED:
        if name.lower() not in counts:
            what = f"{name} is missing: filters take the message for spam; add it"
            yield error("header-missing", what, Part.HEADERS)
    yield from _check_known(reading)


def _check_value(one: Field) -> Iterator[Finding]:
    """Yield what no field may hold."""
    if not one.value:
        yield error("header-empty", f"{one.name} is empty, against RFC 5322; fill it", Part.HEADERS, one.line)
        return
    if _CONTROL.search(one.value) or _CONTROL.search(decoded(one.value)):
        what = f"{one.name} holds a control character, written or encoded: a header may be injected; take it out"
        yield error("header-control", what, Part.HEADERS, one.line, one.value)
    elif not one.value.isascii():
        what = f"{one.name} holds letters beyond ASCII: servers refuse or change them; use encoded words"
        yield error("header-8bit", what, Part.HEADERS, one.line, one.value)
    if "=?" in one.raw:
        yield from _check_words(one)


def _check_words(one: Field) -> Iterator[Finding]:
    longest = max((len(found[0]) for found in ENCODED_WORD.finditer(one.raw)), default=0)
    lines = re.split(r"\r\n|\r|\n", f"{one.name}: {one.raw.lstrip()}")
    what = ""
    if longest > _LONGEST_WORD:
        what = f"an encoded word of {longest} characters, over {_LONGEST_WORD} (RFC 2047 §2): break it in two"
    elif any(len(line) > _LONGEST_WORD_LINE and ENCODED_WORD.search(line) for line in lines):
        what = f"a line with encoded words is over {_LONGEST_WORD_LINE} characters (RFC 2047 §2): fold it"
    elif undecodable(one.raw):
        what = "an encoded word does not decode, so readers see its code: encode it anew"
    elif re.search(r"<[^<>]*=\?|=\?[^\s]*@", one.raw) and one.name.lower() in {"from", "to", "reply-to", "sender"}:
        what = "an encoded word inside an address, which no server understands: encode the name only"
    if what:
        yield error("header-encoded-word", f"{one.name}: {what}", Part.HEADERS, one.line, one.value)


def _check_known(reading: Reading) -> Iterator[Finding]:
    """Yield what is wrong with the fields whose form is known."""
    for one in reading.fields:
        name = one.name.lower()
        if name in {"from", "to", "reply-to"} and one.value and not _is_mailbox(one.value):
            what = f"{one.name} is not one address, with or without a name: write Name <name@example.org>"
            yield error("header-address", what, Part.HEADERS, one.line, one.value)
        elif name == "date" and one.value and not _is_date(one.value):
            what = "Date is none of RFC 5322: programs sort the message anywhere; use email.utils.format_datetime"
            yield error("header-date", what, Part.HEADERS, one.line, one.value)
        elif name == "message-id" and one.value and not _MESSAGE_ID.fullmatch(one.value):
            what = "Message-ID is not <something@domain>: replies find nothing to follow; give it that form"
            yield error("header-message-id", what, Part.HEADERS, one.line, one.value)
        elif name == "subject" and len(decoded(one.value)) > _LONGEST_SUBJECT:
            what = f"the subject is over {_LONGEST_SUBJECT} characters: no program shows that much; shorten it"
            yield warning("subject-long", what, Part.HEADERS, one.line, decoded(one.value))
        elif name == "mime-version" and one.value.partition("(")[0].strip() != "1.0":
            yield error("header-mime-version", "MIME-Version is not 1.0; write that", Part.HEADERS, one.line, one.value)
        elif name == "content-language" and not all(_LANGUAGE.fullmatch(tag.strip()) for tag in one.value.split(",")):
            what = "Content-Language is no language tag (RFC 5646): write en, or pt-BR"
            yield error("lang-form", what, Part.HEADERS, one.line, one.value)
    yield from _check_automatic(reading)


def _check_automatic(reading: Reading) -> Iterator[Finding]:
    automatic = reading.named("Auto-Submitted")
    if not automatic or automatic[0].value.partition(";")[0].strip().lower() in {"no", ""}:
        what = "Auto-Submitted does not say auto-generated (RFC 3834): vacation robots answer the newsletter; add it"
        line = automatic[0].line if automatic else 0
        yield error("auto-submitted", what, Part.HEADERS, line)


def _is_mailbox(value: str) -> bool:
    named = _NAMED.fullmatch(ENCODED_WORD.sub("word", value))
    return bool(_BARE.fullmatch(value) or named)


def _is_date(value: str) -> bool:
    try:
        parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return False
    return True
