"""Text as it travels in an email: ASCII in short lines, each line by itself (RFC 2045 §6.7)."""

from __future__ import annotations

import binascii
import re
from functools import lru_cache

_LONGEST_KEPT = 4_000  # characters: so that the lines that are kept take 40 MB at the very most of plain text
_MOST_KEPT = 16_384
_SHORT = 100  # characters of a line, on average
_BLANKS = re.compile(rb"[ \t]+(?=\n)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROLS = bytes([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F])


@lru_cache(maxsize=4)  # who asks for the size of a part sends it next
def quoted_printable(text: str) -> bytes:
    """Return `text` in lines of at most 76 ASCII characters; results may be joined, each ends with CRLF.

    Emails of a day say much the same, so each line that was encoded lately is not encoded again.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) < _SHORT * text.count("\n"):  # plain text: to look a short line up takes longer than to encode it
        return _encoded(text)
    lines = text.split("\n")
    encoded = list(map(_kept if max(map(len, lines)) <= _LONGEST_KEPT else _encoded, lines))
    if len(encoded) > 1 and encoded[-1] == b"\r\n":
        del encoded[-1]  # nothing stands behind the last line end
    return b"".join(encoded)


def _encoded(text: str) -> bytes:
    """Return some lines, each of which stands by itself in this encoding, with their ends."""
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


_kept = lru_cache(maxsize=_MOST_KEPT)(_encoded)
