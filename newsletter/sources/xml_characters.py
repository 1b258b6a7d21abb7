"""Characters that XML cannot hold, taken out before a parser meets them: https://www.w3.org/TR/xml/#charsets"""

from __future__ import annotations

import re
import sys

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REFERENCE = re.compile(r"&#(?:[xX](?P<hex>[0-9a-fA-F]+)|(?P<decimal>[0-9]+));?")
_MOST_DIGITS = 8


def legal(text: str) -> str:
    """Return `text` without the characters, and the references to characters, that XML cannot hold.

    References too: lxml recovers half a surrogate from one, and then cannot read it.
    """
    return _REFERENCE.sub(_kept, without_illegal(text))


def without_illegal(text: str) -> str:
    """Return `text` without characters that XML cannot hold."""
    return _ILLEGAL.sub("", text)


def is_legal(number: int) -> bool:
    """Return whether XML can hold the character of this number."""
    return 0 < number <= sys.maxunicode and not _ILLEGAL.match(chr(number))


def number_of(digits: str, *, base: int) -> int:
    """Return the number that a character reference writes, 0 for one that is beyond all characters."""
    return int(digits, base) if len(digits) <= _MOST_DIGITS else 0


def _kept(match: re.Match[str]) -> str:
    digits, base = (match["hex"], 16) if match["hex"] else (match["decimal"], 10)
    return match[0] if is_legal(number_of(digits, base=base)) else " "  # what stood around it must not make another one
