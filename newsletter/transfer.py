"""HTML as it travels in an email: in ASCII, and so as it is, wherever its lines allow that (RFC 2045 §2.7).

A character beyond ASCII is written as a reference (`&#8211;`), which every program reads whatever it thinks the charset
is. That takes fewer octets than quoted-printable, which also has three for each `=` of an attribute.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from newsletter.quoted_printable import quoted_printable

_LONGEST_LINE = 998  # octets without CRLF, RFC 5322 §2.1.1
_BLANK = ord(" ")
_STYLE = re.compile(r"(<style\b.*?</style)", re.DOTALL)
# No reference stands for a character between U+0080 and U+009F (HTML §13.2.5.80), or for half a character.
_NO_REFERENCE = re.compile("[\x80-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Transferred:
    """A text as octets that end with CRLF, and how they are to be read: the value of Content-Transfer-Encoding."""

    encoding: Literal["7bit", "quoted-printable"]
    octets: bytes


def in_ascii(html: str) -> str:
    """Return HTML, or a piece of it, with references for what is not ASCII.

    What no reference can stand for is as it is: styles know none.
    """
    if html.isascii():
        return html
    if "<style" not in html:
        return _referred(html)
    parts = _STYLE.split(html)
    parts[::2] = map(_referred, parts[::2])
    return "".join(parts)


def _referred(html: str) -> str:
    if not _NO_REFERENCE.search(html):
        return html.encode("ascii", "xmlcharrefreplace").decode()
    return "".join(each if _NO_REFERENCE.match(each) else f"&#{ord(each)};" if each > "\x7f" else each for each in html)


def transferred(html: str) -> Transferred:
    """Return an HTML document as it is sent.

    Where ASCII cannot say it, a line is too long or there are control characters, it is in quoted-printable, by whose
    rules it is cleaned.
    """
    plain = in_ascii(html if html.endswith("\n") else html + "\n")
    if plain.isascii() and _is_seven_bit(octets := plain.encode()):
        return Transferred("7bit", octets.replace(b"\n", b"\r\n"))
    return Transferred("quoted-printable", quoted_printable(html))


def _is_seven_bit(plain: bytes) -> bool:
    """Return whether ASCII that ends with a line end can stand in a message, but for its line ends (RFC 5322 §2.3)."""
    octets = np.frombuffer(plain, np.uint8)
    ends = (octets < _BLANK).nonzero()[0]  # and other controls
    longest = max(int(ends[0]), int(np.maximum.reduce(ends[1:] - ends[:-1], initial=1)) - 1)
    return longest <= _LONGEST_LINE and octets[ends].tobytes() == b"\n" * len(ends) and b"\x7f" not in plain
