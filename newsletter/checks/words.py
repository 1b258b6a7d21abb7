"""Encoded words of a header (RFC 2047), decoded without trusting them."""

from __future__ import annotations

import binascii
import re

ENCODED_WORD = re.compile(r"=\?([^?\s]*)\?([bBqQ])\?([^?\s]*)\?=")
_BETWEEN = re.compile(r"(=\?[^?\s]*\?[bBqQ]\?[^?\s]*\?=)\s+(?==\?[^?\s]*\?[bBqQ]\?[^?\s]*\?=)")


_CHARSET = re.compile(
    r"utf-?(?:8|16|16le|16be)|(?:us-)?ascii|(?:iso-?8859-|windows-|cp)\d{1,4}|latin-?1|koi8-[ru]|gb18030|gb2312|gbk|big5|"
    r"euc-(?:jp|kr)|shift_jis|iso-2022-jp",
    re.IGNORECASE,
)


def characters(data: bytes, charset: str) -> str:
    """Return the characters of `data`; ValueError if `charset` is not one of mail's, or not that of the bytes."""
    if not _CHARSET.fullmatch(charset):  # Python's others decode anything, idna and unicode_escape among them
        raise ValueError(f"unknown charset {charset!a}")
    try:
        return data.decode(charset)
    except LookupError as problem:
        raise ValueError(f"unknown charset {charset!a}") from problem


def decoded(value: str) -> str:
    """Return a header's text as a reader sees it; a word that does not decode stays as it is."""
    return ENCODED_WORD.sub(lambda found: _word(found) or found[0], _BETWEEN.sub(r"\1", value))


def undecodable(value: str) -> str:
    """Return the first encoded word that does not decode, or ""."""
    return next((found[0] for found in ENCODED_WORD.finditer(value) if found[3] and _word(found) is None), "")


def _word(found: re.Match[str]) -> str | None:
    charset, encoding, content = found[1].partition("*")[0], found[2].lower(), found[3]
    try:
        octets = content.encode("ascii")
        data = binascii.a2b_base64(octets) if encoding == "b" else binascii.a2b_qp(octets, header=True)
        return characters(data, charset)
    except ValueError:  # binascii.Error is one
        return None
