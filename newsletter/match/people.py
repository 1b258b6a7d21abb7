"""Names of people: whether the one a reader wrote may be the one on a paper."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Sequence


@functools.lru_cache(maxsize=65_536)
def name_parts(name: str) -> tuple[str, ...]:
    """Return a name's parts for comparison: no accents, no dots, lower case, "Liskov, Barbara" turned round."""
    surname, comma, given = name.partition(",")
    plain = unicodedata.normalize("NFKD", f"{given} {surname}" if comma else name)
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return tuple(letters.replace(".", " ").replace("-", " ").casefold().split())


def same_person(asked: Sequence[str], author: Sequence[str]) -> bool:
    """Compare surnames, then given names from the left, where an initial stands for any name that begins with it."""
    if not asked or not author or asked[-1] != author[-1]:
        return False
    pairs = zip(asked[:-1], author[:-1], strict=False)
    return all(one == other or (len(min(one, other, key=len)) == 1 and one[0] == other[0]) for one, other in pairs)
