"""Text as it travels in an email: ASCII in short lines, each line by itself (RFC 2045 §6.7)."""

from __future__ import annotations

import binascii
import re
from functools import lru_cache
from itertools import chain, zip_longest

_SHORT, _LONG = 120, 4_000  # characters: what is shorter is sooner encoded than looked up, what is longer is not kept
_MOST_KEPT = 8_192
_BLANKS = re.compile(rb"[ \t]+(?=\n)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_GAP = "\x1e"  # stands for a paragraph that is known; like every control character, it is in no text
_ENCODED_GAP = b"=1E\r\n"
_CONTROLS = bytes([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F])
_ALL_BUT_GAP = _CONTROLS.replace(_GAP.encode(), b"")


def quoted_printable(text: str) -> bytes:
    """Return `text` in lines of at most 76 ASCII characters; results may be joined, each ends with CRLF.

    Emails of a day say much the same, so a paragraph that was encoded lately is not encoded again.
    """
    known: list[bytes] = []
    others: list[str] = []
    for paragraph in text.split("\n\n"):
        if _SHORT < len(paragraph) < _LONG and "\r" not in paragraph:
            known.append(_kept(paragraph))
            others.append(_GAP)
        else:
            others.append(paragraph)
    rest = "\n\n".join(others)
    if rest.count(_GAP) != len(known):
        return _encoded(text)
    gaps = _encoded(rest, controls=_ALL_BUT_GAP).split(_ENCODED_GAP)  # at once: a call takes longer than a line
    return b"".join(chain.from_iterable(zip_longest(gaps, known, fillvalue=b"")))


def _encoded(text: str, *, controls: bytes = _CONTROLS) -> bytes:
    """Return lines with their ends in this encoding, without `controls`."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        octets = text.encode()
    except UnicodeEncodeError:
        octets = _SURROGATE.sub("\ufffd", text).encode()
    plain = octets.translate(None, controls)
    if b" \n" in plain or b"\t\n" in plain:
        plain = _BLANKS.sub(b"", plain)
    plain = plain.rstrip(b" \t")
    plain = plain if plain.endswith(b"\n") else plain + b"\n"
    # b2a_qp takes its line ends from the first one it meets, and lets a blank at a line's end grow the line.
    return binascii.b2a_qp(plain.replace(b"\n", b"\r\n"), quotetabs=False, istext=True, header=False)


_kept = lru_cache(maxsize=_MOST_KEPT)(_encoded)
