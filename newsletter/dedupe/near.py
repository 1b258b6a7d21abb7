"""Works that read alike though no identity joins them: a listing's copy of a preprint under a title that was changed.

Measured on 600 altered copies among 2,000 papers: copies have a cosine of .837 at least, different papers .729 at most.
Still, a conference paper and its sequel may share an abstract, and so do a paper and its erratum: so titles must have
most words in common, and none of those that tell such works apart; and one source is not taken to list one work under
two titles.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

import numpy as np

from newsletter.dedupe.evidence import FEWEST_CHARACTERS
from newsletter.dedupe.sighting import Sighting
from newsletter.dedupe.works import lasting
from newsletter.vectors import Encode, Vectors
from newsletter.words import QUERY_STOP_WORDS, tokens

ALIKE = 0.83  # cosine
_SHARED_WORDS = 0.5  # of the shorter title's words that mean something
_BLOCK = 1_024

# A title with one of these is no other title of the work without it.
_APART = re.compile(
    r"""\b(?: errat(?:um|a) | corrigend(?:um|a) | corrections? | comment(?:s|ary)? | repl(?:y|ies) | responses? |
    rebuttals? | retract(?:ion|ed) | withdrawn | addend(?:um|a) | parts? | supplement(?:s|al|ary)? | editorials? )\b""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"\d+(?:\.\d+)*|(?<![\w'])[IVX]+(?![\w'-])")
_ROMAN = re.compile(r"X{0,3}(?:IX|IV|V?I{0,3})")
_NUMBERS = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5"}
_NUMBERS |= {"first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5"}
_NUMBER_WORDS = re.compile(rf"\b(?:{'|'.join(_NUMBERS)})\b")
_VALUES = {"I": 1, "V": 5, "X": 10}


def near_pairs(sightings: Sequence[Sighting], encode: Encode) -> tuple[tuple[int, int], ...]:
    """Return the pairs of rows that read alike and carry no ids that contradict each other, in order; none both stored.

    Cost grows with rows × rows without an arXiv id; there is none where all sightings have ids of the same kind.
    """
    rows = [row for row, sighting in enumerate(sightings) if len(_abstract(sighting)) >= FEWEST_CHARACTERS]
    kind_of = {row: (*map(bool, lasting(sightings[row])), bool(sightings[row].stored_id)) for row in rows}
    every = set(kind_of.values())
    useful = {one for one in every if any(_compatible(one, other) for other in every)}
    rows = [row for row in rows if kind_of[row] in useful]
    if not rows:
        return ()
    kinds = [kind_of[row] for row in rows]
    vectors = encode([f"{sightings[row].entries[0].title}. {_abstract(sightings[row])}" for row in rows])
    pairs = {tuple(sorted(pair)) for pair in _pairs(kinds, vectors)}
    found = sorted((rows[one], rows[other]) for one, other in pairs)
    return tuple((one, other) for one, other in found if _named_alike(sightings[one], sightings[other]))


def _pairs(kinds: Sequence[tuple[bool, ...]], vectors: Vectors) -> Iterator[tuple[int, int]]:
    """Yield the pairs that are alike, some twice: of two that may be one work, one has no arXiv id."""
    bare = [at for at, kind in enumerate(kinds) if not kind[0]]
    for start in range(0, len(bare), _BLOCK):
        block = bare[start : start + _BLOCK]
        for one, other in np.argwhere(vectors[block] @ vectors.T >= ALIKE).tolist():
            if block[one] != other and _compatible(kinds[block[one]], kinds[other]):
                yield block[one], other


def _named_alike(one: Sighting, other: Sighting) -> bool:
    """Return whether two sightings, of different sources, have titles with most words in common."""
    if {entry.source for entry in one.entries} & {entry.source for entry in other.entries}:
        return False
    titles, theirs = ({entry.title for entry in each.entries} for each in (one, other))
    return any(_titles_alike(mine, other_title) for mine in titles for other_title in theirs)


def _titles_alike(one: str, other: str) -> bool:
    mine, others = (set(tokens(title, stop_words=QUERY_STOP_WORDS)) for title in (one, other))
    return len(mine & others) >= _SHARED_WORDS * min(len(mine), len(others)) > 0 and _marks(one) == _marks(other)


def _marks(title: str) -> set[str]:
    """Return the numbers of a title, however written, and the words that set a work apart from the one it is about."""
    title = unicodedata.normalize("NFKC", title)
    numbers = {_arabic(number) for number in _NUMBER.findall(title)}
    lower = title.lower()
    words = {word[:4] for word in _APART.findall(lower)}
    return numbers | words | {_NUMBERS[word] for word in _NUMBER_WORDS.findall(lower)}


def _arabic(number: str) -> str:
    """Return a number in digits; what only looks like a Roman one as it is."""
    if number[0].isdigit() or not _ROMAN.fullmatch(number):
        return number
    values = [_VALUES[letter] for letter in number]
    return str(sum(-value if value < max(values[at:]) else value for at, value in enumerate(values)))


def _compatible(one: tuple[bool, ...], other: tuple[bool, ...]) -> bool:
    """Return whether two sightings of these kinds may be one work: two arXiv papers never are, nor two stored ones."""
    return not any(mine and others for mine, others in zip(one, other, strict=True))


def _abstract(sighting: Sighting) -> str:
    return max((entry.abstract for entry in sighting.entries), key=len, default="")
