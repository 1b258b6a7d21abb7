"""Text as it travels in an email: ASCII in short lines, each line by itself (RFC 2045 §6.7)."""

from __future__ import annotations

import binascii
import re
from functools import lru_cache

_SHORT = 75  # characters: b2a_qp breaks a line of 76, which RFC 2045 §6.7 (5) would allow
_MOST_KEPT = 4_096
_BLANKS = re.compile(rb"[ \t]+(?=\n)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROLS = bytes([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F])


def quoted_printable(text: str) -> bytes:
    """Return `text` in lines of at most 76 ASCII characters; results may be joined, each ends with CRLF.

    Most lines stand for themselves; of the others most are those of many emails, and are not encoded again.
    """
    if "\r" in text or "\t" in text or not text.endswith("\n"):
        return _encoded(text)
    lines = [
        line if len(line) <= _SHORT and line.isascii() and "=" not in line else _line(line) for line in text.split("\n")
    ]
    octets = "\r\n".join(lines).encode()
    # Blanks at the end of a line go; a lone dot is written as =2E.
    if b" \r" in octets or "." in lines or len(octets.translate(None, _CONTROLS)) < len(octets):
        return _encoded(text)
    return octets


def _encoded(text: str) -> bytes:
    """Return lines with their ends in this encoding, without what it cannot hold."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        octets = text.encode()
    except UnicodeEncodeError:
        octets = _SURROGATE.sub("\ufffd", text).encode()
    plain = octets.translate(None, _CONTROLS)
    if b" \n" in plain or b"\t\n" in plain:
        plain = _BLANKS.sub(b"", plain)
    plain = plain.rstrip(b" \t")
    plain = plain if plain.endswith(b"\n") else plain + b"\n"
    # b2a_qp takes its line ends from the first one it meets, and lets a blank at a line's end grow the line.
    return binascii.b2a_qp(plain.replace(b"\n", b"\r\n"), quotetabs=False, istext=True, header=False)


@lru_cache(maxsize=_MOST_KEPT)
def _line(line: str) -> str:
    """Return a line in this encoding, without its end."""
    return _encoded(line).removesuffix(b"\r\n").decode()
