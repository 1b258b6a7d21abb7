"""Whether two lists of authors name somebody in common, however each source writes names.

`Ada Lovelace`, `Lovelace, Ada`, `A. Lovelace` and `Lovelace A` may be one person; `Wei Zhang` and `Wei Li` are not, nor
are two who share nothing but a particle or the word "Collaboration".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from newsletter.ids import title_key

_NO_PART_OF_A_NAME = frozenset(
    """al and bin da das de del della den der di dos du el et for ibn jr la las le los of on sr ten ter the van vom von
    zu behalf collaboration collaborations consortium group groups network project team teams working""".split()
)
_LATIN = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_MOST_INITIALS = 3
_MOST_COMPARED = 50  # a collaboration has thousands
_SHORT_FORM = 4  # characters from which a given name may be short for one that begins with it


@dataclass(frozen=True, slots=True)
class Person:
    """A name as comparable words, without particles: all of them, and those that surely are more than initials."""

    words: tuple[str, ...]
    full: frozenset[str]
    surname: str
    is_latin: bool


@dataclass(slots=True)
class People:
    """The authors of one work, as far as its sightings name them."""

    names: set[str] = field(default_factory=set)
    by_word: dict[str, set[Person]] = field(default_factory=dict)
    latin: int = 0
    other: int = 0

    def add(self, names: Iterable[str]) -> None:
        """Take a list of authors in; of a long one the first names are compared, all others must be the same."""
        told = tuple(names)
        for name in told[:_MOST_COMPARED]:
            if name not in self.names and (person := _person(name)) is not None:
                self.latin += person.is_latin
                self.other += not person.is_latin
                for word in {*person.words, "".join(person.words)}:
                    self.by_word.setdefault(word, set()).add(person)
        self.names.update(name for name in told if name.strip())

    def common(self, others: People) -> bool | None:
        """Return whether somebody is among both; None where nobody can tell: no names, or in different scripts."""
        if not self.names.isdisjoint(others.names):
            return True
        for word in self.by_word.keys() & others.by_word.keys():
            if any(_may_be_one(mine, theirs) for mine in self.by_word[word] for theirs in others.by_word[word]):
                return True
        comparable = (self.latin and others.latin) or (self.other and others.other)
        return False if comparable else None


def _person(name: str) -> Person | None:
    before, comma, behind = name.partition(",")
    written = f"{behind} {before}".split() if comma else name.split()
    keyed = [(word, key) for word in written if (key := title_key(word)) and key not in _NO_PART_OF_A_NAME]
    if not keyed:
        return None
    words = tuple(key for _, key in keyed)
    full = [key for word, key in keyed if not _is_initials(word, key)]
    return Person(words, frozenset(full), full[-1] if full else words[-1], bool(_LATIN.search(name)))


def _is_initials(word: str, key: str) -> bool:
    """Return whether a word may be initials: `J`, `J.`, `J.-P.`, `JP`; ideographs are names, however few."""
    if not _LATIN.search(word):
        return len(word) == 2 and word[1] == "."
    return len(key) == 1 or (("." in word or word.isupper()) and len(key) <= _MOST_INITIALS)


def _may_be_one(one: Person, other: Person) -> bool:
    """Return whether two names may be one person's: two words in common, or the surname and a given name that fits.

    Of what else they have at least one side has only initials: `José García López` is not `José García Ruiz`.
    """
    if "".join(one.words) == "".join(other.words):
        return True
    shared = {word for word in one.words if len(word) > 1} & set(other.words)
    if len(shared) > 1:
        return one.full <= shared or other.full <= shared
    return any(_given_fit(one, other, surname) for surname in {one.surname, other.surname} & shared)


def _given_fit(one: Person, other: Person, surname: str) -> bool:
    """Return whether the names before or after a surname fit; it is the last word of one, the other may be turned."""
    if surname not in {one.surname, one.words[0]} or surname not in {other.surname, other.words[0]}:
        return False
    mine, theirs = (next((word for word in each.words if word != surname), "") for each in (one, other))
    if not mine or not theirs:
        return True
    if mine in one.full and theirs in other.full:  # "Alexa" may be Alexandra, and "Wei" is not Wen nor "Xin" Xing
        shorter, longer = sorted((mine, theirs), key=len)
        return shorter == longer or (len(shorter) >= _SHORT_FORM and longer.startswith(shorter))
    return mine[0] == theirs[0]
