"""Dollar signs that are money or a variable, told from those around formulas."""

from __future__ import annotations

import re

_WORDS = re.compile(
    r"[a-z]{3,} [a-z]{2,}|\d[kKMB]? (?:and|billion|each|for|in|million|of|or|per|plus|to|trillion|USD|versus|vs)\b"
)
_GROUP = re.compile(r"\{[^{}]*\}")
_COMMAND = re.compile(r"\\[A-Za-z({|]")
_SIGN = re.compile(r"[=<>\\]")
_LONE_WORD = re.compile(r"\s[a-z]{2,}\s")
_RELATION = re.compile(r"\s*(?:[A-Za-z]\w{0,3}\s*)?[=<>≤≥≈~]\s*[-\d.]*\s*")  # `$z = $10`, `$< 1.0 $`


def has_words(inner: str) -> bool:
    """Return whether what stands between two `$` holds two words in a row outside of braces."""
    return bool(_WORDS.search(_GROUP.sub("", inner)))


def is_price(before: str, inner: str, after: str) -> bool:
    """Return whether the first of two `$` is money or a variable: `$5 and $10`, `US$5 or US$ 6`, `$HOME and $PATH`."""
    if inner[0].isdigit() and after.isdigit():
        return True
    if _COMMAND.search(inner) or _RELATION.fullmatch(inner):
        return False
    scripts = "^" in inner or "_" in inner
    if scripts and not _WORDS.search(inner) and not _LONE_WORD.search(inner):
        return False
    if inner[-1].isspace() and (not inner[0].isspace() or before.isalpha()):
        return True
    return not (scripts or _SIGN.search(inner)) and _is_sum(before, inner)


def _is_sum(before: str, inner: str) -> bool:
    if before.isupper() and inner.lstrip()[:1].isdigit() and not inner[-1].isdigit():
        return True
    return bool(_WORDS.search(inner))
