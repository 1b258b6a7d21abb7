"""Names of people: whether the one a reader wrote may be the one on a paper."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Sequence

# Letters that Unicode does not take apart, as people write them who have no such key.
_LETTERS = str.maketrans(
    {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ı": "i", "æ": "ae", "Æ": "Ae", "œ": "oe", "’": "'"}
)


_SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv"))


@functools.lru_cache(maxsize=65_536)
def name_parts(name: str) -> tuple[str, ...]:
    """Return a name's parts for comparison: no accents, no dots, lower case, "Liskov, Barbara" turned round."""
    surname, *given = [part for part in name.split(",") if not _is_suffix(part)] or [""]
    plain = unicodedata.normalize("NFKD", " ".join([*given, surname]))
    letters = "".join(letter for letter in plain.translate(_LETTERS) if not unicodedata.combining(letter))
    parts = letters.replace(".", " ").replace("-", " ").casefold().split()
    while len(parts) > 1 and _is_suffix(parts[-1]):
        parts.pop()
    return tuple(parts)


def _is_suffix(part: str) -> bool:
    return part.strip(" .").casefold() in _SUFFIXES


def same_person(asked: Sequence[str], author: Sequence[str]) -> bool:
    """Compare surnames, then given names from the left, where an initial stands for any name that begins with it."""
    if not asked or not author or asked[-1] != author[-1]:
        return False
    pairs = zip(asked[:-1], author[:-1], strict=False)
    return all(one == other or (len(min(one, other, key=len)) == 1 and one[0] == other[0]) for one, other in pairs)
