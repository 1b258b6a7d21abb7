"""An email as the bytes that are sent: 7-bit, CRLF, the same on every attempt.

    text/plain                        to who reads text only: the email has no HTML
    alternative ─┬─ text/plain
                 └─ text/html
    alternative ─┬─ text/plain
                 └─ related ─┬─ text/html
                             └─ image/jpeg …   the pictures that the HTML shows, by `cid:`

Written by hand rather than by `email.message`, which encodes a long List-Unsubscribe so that no reader's program can
follow it, decodes encoded words that a feed wrote (a header injection, CVE-2024-6923), and takes ten times as long.

What the message cannot carry is changed, and nothing else:

- in headers, blanks of any kind become one, line breaks among them; other controls and bidirectional overrides go;
- in the parts, line ends become CRLF, control characters go, the last line is ended; in text, blanks at line ends go;
- a lone surrogate becomes U+FFFD.

Text that looks like an encoded word is encoded once more, so it is read as it was written.
"""

from __future__ import annotations

import binascii
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256
from itertools import accumulate
from urllib.parse import quote

from newsletter.deliver.address import safe_address
from newsletter.models import Email, Picture
from newsletter.quoted_printable import quoted_printable
from newsletter.transfer import transferred

_LINE = 78  # the length lines are folded at, RFC 5322 §2.1.1
_LONGEST_LINE = 998  # octets without CRLF, same place
_WORD = 75  # characters of an encoded word, RFC 2047 §2
_WORD_LINE = 76  # and of a line that holds one
_FRAME = len("=?utf-8?q??=")
_OCTETS = 57  # make a line of 76 characters in base64

_BLANKS = re.compile(r"\s+")  # of any script, line breaks among them
_CONTROLS = re.compile("[\0-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]")  # that are no blanks
_SURROGATE = re.compile("[\ud800-\udfff]")

_PLAIN_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")  # RFC 5322 §3.2.3
_FIELD_NAME = re.compile(r"[!-9;-~]+")
_FIELD_LINE = re.compile(rb"(?:[!-9;-~]+: | )[^\0\r\n]+")
_PICTURE_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,58}[A-Za-z0-9])?")  # its line stays a short one
_PICTURE_TYPE = re.compile(r"image/[a-z0-9](?:[a-z0-9.+-]{0,38}[a-z0-9])?")
_NOT_Q = re.compile(rb"[^A-Za-z0-9!*+/ -]")  # RFC 2047 §5 (3)
_BETWEEN = re.compile(r"(?<!=)(?<!=.)(?!=[89AB])")  # characters: not within an octet, nor before a later one of UTF-8
_LONGEST_Q = 12  # what a character takes at most


def as_bytes(email: Email) -> bytes:
    """Return the MIME message of `email`: text part first, then the HTML, its pictures with it (RFC 2387).

    RecipientRefused for an address that is none; ValueError for a header or the name of a picture that no message can
    hold.
    """
    if not email.html:
        return _head((*_fields(email), ("MIME-Version", "1.0"), *_TEXT)) + b"\r\n" + quoted_printable(email.text)
    boundary = _boundary(email, "")
    parts = (_part(_PLAIN, quoted_printable(email.text)), _shown(email))
    head = _head((*_fields(email), ("MIME-Version", "1.0"), ("Content-Type", _multipart("alternative", boundary))))
    return b"".join((head, *_between(parts, boundary)))


# ------------------------------------------------------------------ the header


def _fields(email: Email) -> Iterator[tuple[str, str]]:
    """Yield the fields in order, each value as it stands in the message."""
    yield "From", _mailbox("From", *email.sender)
    yield "To", _mailbox("To", *email.recipient)
    yield "Subject", _text("Subject", email.subject)
    yield "Date", _date(email.date)
    yield "Message-ID", _machine(email.message_id)
    for name, value in email.headers:
        yield name, _machine(value)


_date = lru_cache(maxsize=16)(format_datetime)  # a run has one time


def _head(fields: Iterable[tuple[str, str]]) -> bytes:
    """Return the header; ValueError if any field would not stand as itself.

    A field without a value is left out: an empty one is not allowed (RFC 5322 §3.2.2).
    """
    there = [(name, value) for name, value in fields if value]
    _named(tuple([name for name, _ in there]))
    return "".join([_field(name, value) for name, value in there]).encode()


@lru_cache(maxsize=16)  # the emails of a run have the same ones
def _named(names: tuple[str, ...]) -> None:
    """Raise ValueError for names of fields that are not plain, or stand twice."""
    if len({name.lower() for name in names}) < len(names) or not all(map(_FIELD_NAME.fullmatch, names)):
        raise ValueError(f"header names must be plain and stand once: {', '.join(names)!a}")


def _field(name: str, value: str) -> str:
    """Return a field with its end; ValueError unless it is exactly one: the last guard against an injected one."""
    if _is_plain(value) and value[0] != " " and len(name) + len(value) < _LONGEST_LINE - 1:
        return f"{name}: {value}\r\n"  # as most are
    lines = f"{name}: {value}".encode().split(b"\r\n")
    for line in lines:
        if not _FIELD_LINE.fullmatch(line) or len(line) > _LONGEST_LINE or (line[:1] == b" ") == (line is lines[0]):
            raise ValueError(f"no message can hold this header line: {line[:100]!a}")
    return f"{name}: {value}\r\n"


def _is_plain(text: str) -> bool:
    """Return whether there is nothing but printable ASCII."""
    return text.isascii() and text.isprintable()


def _clean(text: str) -> str:
    """Return `text` on one line, without what a header cannot show."""
    if _is_plain(text) and "  " not in text:
        return text.strip(" ")
    return _SURROGATE.sub("\ufffd", _BLANKS.sub(" ", _CONTROLS.sub("", text))).strip(" ")


@lru_cache(maxsize=1024)  # readers of one lead paper share their subject
def _text(name: str, value: str) -> str:
    """Return free text, folded, in encoded words where it needs them."""
    value = _clean(value)
    if value.isascii() and "=?" not in value and max(map(len, value.split(" "))) < _LINE - len(name):
        return _folded(name, value)
    return _encoded(value, used=len(name) + 2)


def _folded(name: str, value: str) -> str:
    """Return `value` in lines of at most 78 characters, broken at blanks, which stay."""
    lines = [""]
    room = _LINE - len(name) - 2
    for word in value.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > room:
            lines.append(word)
            room = _LINE - 1
        else:
            lines[-1] += f" {word}" if lines[-1] else word
    return "\r\n ".join(lines)


@lru_cache(maxsize=256)
def _mailbox(name: str, display_name: str, address: str) -> str:
    """Return a display name and an address; the name may be empty."""
    address = safe_address(address)
    phrase = _phrase(_clean(display_name), used=len(name) + 2)
    if not phrase:
        return address
    last_line = len(phrase.rpartition("\r\n")[2]) + (0 if "\r\n" in phrase else len(name) + 2)
    blank = " " if last_line + len(address) + 3 <= _WORD_LINE else "\r\n "
    return f"{phrase}{blank}<{address}>"


def _phrase(text: str, *, used: int) -> str:
    """Return a display name: plain, quoted or in encoded words, as it needs."""
    if not text.isascii() or "=?" in text or len(text) > _LINE - 2 * used:
        return _encoded(text, used=used)
    if not text or _PLAIN_PHRASE.fullmatch(text):
        return text
    return '"' + re.sub(r'([\\"])', r"\\\1", text) + '"'


def _machine(value: str) -> str:
    """Return a value that programs read: never folded, and never encoded but for a name before an address.

    Letters beyond ASCII inside brackets are those of a URL, which are written as percent and octet (RFC 3987 §3.1).
    """
    value = _clean(value)
    if value.isascii():
        return value
    phrase, bracket, rest = value.partition("<")
    words = _encoded(phrase.strip(" "), used=0).replace("\r\n", "") if not phrase.isascii() else phrase.strip(" ")
    return " ".join(filter(None, (words, bracket + quote(rest, safe=_PRINTABLE))))


_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))


def _encoded(text: str, *, used: int) -> str:
    """Return `text` as encoded words, one to a line, the first behind `used` characters.

    Whole characters stay together, since each word is decoded by itself (RFC 2047 §5). The shorter of the two
    encodings is taken: Q for mostly Latin letters, B for others.
    """
    octets = text.encode()
    written = _NOT_Q.sub(lambda found: b"=%02X" % found[0][0], octets).replace(b" ", b"_").decode()
    if len(written) <= _in_base64(len(octets)):
        words = _cut(written, _WORD_LINE - used - _FRAME, _WORD - _FRAME)
        return "\r\n ".join(f"=?utf-8?q?{word}?=" for word in words)
    # Three octets make four characters.
    words = _gathered(text, (_WORD_LINE - used - _FRAME) // 4 * 3, (_WORD - _FRAME) // 4 * 3)
    return "\r\n ".join(f"=?utf-8?b?{binascii.b2a_base64(word.encode(), newline=False).decode()}?=" for word in words)


def _cut(written: str, room: int, later: int) -> Iterator[str]:
    """Yield what is written in Q, as much as fits into `room`, from the second on into `later`."""
    start = 0
    while start < len(written):
        stop = start + max(room, _LONGEST_Q)
        while not _BETWEEN.match(written, stop):
            stop -= 1
        yield written[start:stop]
        start, room = stop, later


def _gathered(text: str, room: int, later: int) -> Iterator[str]:
    """Yield a text in parts whose octets fit into `room`, from the second on into `later`; one character at least."""
    ends = list(accumulate(len(character.encode()) for character in text))
    start = done = 0
    while start < len(text):
        stop = max(bisect_right(ends, done + room), start + 1)
        yield text[start:stop]
        start, done, room = stop, ends[stop - 1], later


def _in_base64(octets: int) -> int:
    return (octets + 2) // 3 * 4


# ------------------------------------------------------------------ the parts

_TEXT = (("Content-Type", "text/plain; charset=utf-8"), ("Content-Transfer-Encoding", "quoted-printable"))
_PLAIN = "".join(f"{name}: {value}\r\n" for name, value in _TEXT)
_HTML = "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n"
_Part = tuple[bytes, ...]  # joined at the very end: pictures are large
_ROOT = ' type="text/html";'  # what the first part of a related one is, RFC 2387 §3.1


def _shown(email: Email) -> _Part:
    """Return the part of the HTML, with the pictures it shows where it has any."""
    shown = transferred(email.html)
    html = _part(_HTML.format(encoding=shown.encoding), shown.octets)
    if not email.pictures:
        return html
    boundary = _boundary(email, "related")
    head = f"Content-Type: {_multipart('related', boundary, _ROOT)}\r\n"
    return (head.encode(), *_between((html, *_pictures(email.pictures)), boundary))


def _pictures(pictures: Sequence[Picture]) -> Iterator[_Part]:
    """Yield each picture as a part that the HTML finds by its name (RFC 2392); ValueError for a name that is none."""
    names = [picture.name for picture in pictures]
    if len(set(names)) < len(names) or not all(map(_PICTURE_NAME.fullmatch, names)):
        raise ValueError(f"the names of pictures must be plain and stand once: {', '.join(names)[:200]!a}")
    for picture in pictures:
        if not _PICTURE_TYPE.fullmatch(picture.media_type):
            raise ValueError(f"not the type of a picture: {picture.media_type[:100]!a}")
        head = (
            f"Content-Type: {picture.media_type}\r\n"
            "Content-Transfer-Encoding: base64\r\n"
            f"Content-ID: <{picture.name}>\r\n"
            f'Content-Disposition: inline;\r\n filename="{picture.name}"\r\n'
        )
        yield _part(head, _base64_lines(picture.data))


def _boundary(email: Email, level: str) -> str:
    # In quoted-printable a "=" is followed by a hexadecimal digit or a line end, and in base64 by a "=" or one, so
    # "=_" stands in no part.
    told = f"{level} {email.message_id}" if level else email.message_id
    return "=_" + sha256(told.encode("utf-8", "replace")).hexdigest()[:24]


def _multipart(kind: str, boundary: str, parameters: str = "") -> str:
    return f'multipart/{kind};{parameters}\r\n boundary="{boundary}"'


def _part(head: str, body: bytes) -> _Part:
    return head.encode(), b"\r\n", body


def _between(parts: Iterable[_Part], boundary: str) -> Iterator[bytes]:
    """Yield parts between their boundaries, behind the header of the whole."""
    mark = f"\r\n--{boundary}".encode()
    for part in parts:
        yield mark + b"\r\n"
        yield from part
    yield mark + b"--\r\n"


@lru_cache(maxsize=256)
def _base64_lines(data: bytes) -> bytes:
    """Return `data` in lines of 76 characters, each ended with CRLF (RFC 2045 §6.8); those of an edition are kept."""
    lines = (data[start : start + _OCTETS] for start in range(0, len(data), _OCTETS))
    return b"".join(binascii.b2a_base64(line, newline=False) + b"\r\n" for line in lines)
