"""The bytes of a mail as header fields and text, bounded: no message takes long or breaks anything.

`email.policy.default` parses every field by a grammar that hostile ones make slow or make fail, so the plain policy is
used and the few fields that matter are read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header
from email.message import Message
from email.policy import compat32
from email.utils import parsedate_to_datetime

from newsletter.text import clean, decode, shorten

LONGEST = 1 << 20
"""Bytes of a mail that are read: what a program or a person says stands before what they attach."""

_MOST_NESTED = 50  # multiparts and messages in a mail: the parser takes lines times depth
_MOST_PARTS = 100
_MOST_FIELDS = 500
_LONGEST_FIELD = 4_000
_LONGEST_TEXT = 200_000
_LONGEST_SHOWN = 200
_MOST_ADDRESSES = 50
_MOST_IDS = 20

_NESTING = re.compile(rb"content-type:\s*(?:multipart|message)/", re.IGNORECASE)
_TYPE = re.compile(rb"^content-type:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n|\r\r")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"\\@]{1,256}@[^\s<>()\[\],;:\"\\@]{1,255}")
_ANGLES = re.compile(r"<\s*([^<>\s]{1,512}@[^<>\s]{1,255})\s*>")
_QUOTED_OR_COMMENT = re.compile(r'"(?:[^"\\]|\\.)*"|\([^()]*\)')
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")


def parse(message: bytes) -> Message:
    """Return a mail, only the header of one that is deeply nested or has a Content-Type that the parser is slow at."""
    message = message[:LONGEST].lstrip(b"\r\n")
    slow = any(len(found[0]) > _LONGEST_FIELD for found in _TYPE.finditer(message))
    if slow or len(_NESTING.findall(message)) > _MOST_NESTED:
        message = _END_OF_HEAD.split(message, maxsplit=1)[0] + b"\r\n\r\n"
        message = re.sub(rb"(?im)^content-type:", b"X-Content-Type:", message)
    return message_from_bytes(message, policy=compat32)


def leaves(message: Message) -> Iterator[Message]:
    """Yield the parts of a mail that hold something, in order; a message within it is one and is not looked into."""
    waiting = [message]
    for _ in range(_MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting += (each for each in reversed(payload) if isinstance(each, Message))
        else:
            yield part


# ------------------------------------------------------------------ fields


def fields(message: Message, name: str) -> list[str]:
    """Return the raw values of a field, unfolded, encoded words as they are."""
    name = name.lower()
    pairs = list(message.raw_items())[:_MOST_FIELDS]
    return [_unfolded(value) for key, value in pairs if key.lower() == name]


def field(message: Message, name: str) -> str:
    """Return the first value of a field, "" where there is none."""
    return next(iter(fields(message, name)), "")


def words(value: str) -> str:
    """Return a field for people: encoded words (RFC 2047) decoded, one clean line."""
    try:
        pieces = [
            decode(piece, declared=charset or "") if isinstance(piece, bytes) else piece
            for piece, charset in decode_header(value)
        ]
    except (ValueError, LookupError, AssertionError):  # what is no encoded word in the end
        return one_line(value)
    return one_line("".join(pieces))


def one_line(text: str) -> str:
    """Return `text` on one clean line that is not longer than a person reads."""
    return shorten(clean(text), limit=_LONGEST_SHOWN)


def the_sender(message: Message) -> str:
    """Return the address in From; "" where there is none, or more than one, since nobody knows which is meant."""
    values = fields(message, "From")
    if len(values) != 1:
        return ""
    bare = _QUOTED_OR_COMMENT.sub(" ", values[0])
    found = _ANGLES.findall(bare) or _ADDRESS.findall(bare)
    return found[0] if len(found) == 1 and _ADDRESS.fullmatch(found[0]) and found[0].isprintable() else ""


def addresses(value: str) -> list[str]:
    """Return every address that a field holds."""
    return [each for each in _ADDRESS.findall(value)[:_MOST_ADDRESSES] if each.isprintable()]


def message_ids(*values: str) -> tuple[str, ...]:
    """Return the Message-IDs that stand in these fields, each once."""
    found = (each for value in values for each in _MESSAGE_ID.findall(value) if each.isprintable())
    return tuple(dict.fromkeys(found))[:_MOST_IDS]


def the_date(message: Message) -> datetime | None:
    """Return the time of the Date field, in UTC where it has no zone; None where there is none."""
    try:
        found = parsedate_to_datetime(field(message, "Date"))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _unfolded(value: object) -> str:
    raw = str(value)[:_LONGEST_FIELD].encode("utf-8", "surrogateescape")
    return " ".join(decode(raw).split())


# ------------------------------------------------------------------ text


def is_attached(part: Message) -> bool:
    """Return whether a part is a file rather than what the sender says."""
    return field(part, "Content-Disposition").lower().startswith("attachment")


def text_of(part: Message) -> str:
    """Return the text of a part in whatever encoding it is, or is said to be."""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    declared = ""
    with suppress(ValueError, LookupError, TypeError):
        declared = part.get_content_charset() or ""
    return decode(payload[:_LONGEST_TEXT], declared=declared)
