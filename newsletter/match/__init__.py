"""Interests against papers: who asked for what, how strongly, and on what evidence.

    read      an edition's papers, once for all who ask
    score     interests × papers, once per edition, whoever shares the interest
    excluded  which papers an exclusion covers

A paper passes an interest when the best of the interest's phrases reaches the gate; those that pass are ordered
by the best and the mean of its phrases together. One gate for all interests, so silence is possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from newsletter.match.exact import rows_with, value_of
from newsletter.match.exclusions import excluded
from newsletter.match.hits import Hit, Hits
from newsletter.match.phrases import PASSES, Verdicts, verdicts
from newsletter.match.reading import Reading, read
from newsletter.match.tastes import BY_LIKENESS, NO_TASTES, Tastes, Voted, own_interests, rows_like
from newsletter.models import Interest, InterestKind
from newsletter.vectors import Encode

__all__ = [
    "NO_TASTES",
    "PASSES",
    "Hit",
    "Hits",
    "Reading",
    "Tastes",
    "Voted",
    "excluded",
    "own_interests",
    "read",
    "score",
]

_EXACT = frozenset((InterestKind.AUTHOR, InterestKind.CATEGORY, InterestKind.VENUE))


def score(
    interests: Iterable[Interest],
    reading: Reading,
    *,
    encode: Encode,
    floor: float = PASSES,
    tastes: Tastes = NO_TASTES,
) -> Hits:
    """Return every hit of `floor` and above, for each distinct interest; `encode` gives the vectors of phrases.

    `tastes` are the papers that interests by likeness mean. Cost is that of the product of phrases × papers, and of
    the hits.
    """
    places: dict[Interest, int] = {}
    for interest in interests:
        places.setdefault(interest, len(places))
    distinct = list(places)
    phrases = [place for place, interest in enumerate(distinct) if interest.kind is InterestKind.PHRASE]
    asked = [(distinct[place].phrases, distinct[place].weight) for place in phrases]
    at = np.array(phrases, dtype=np.int64)
    said = verdicts(asked, reading.lexical, reading.vectors, encode=encode, background=reading.background, floor=floor)
    parts = [Verdicts(at[told.interests], told.papers, told.scores) for told in said]
    for place, interest in enumerate(distinct):
        if interest.kind in _EXACT:
            rows = np.array(rows_with(interest, reading), dtype=np.int32)
            scores = np.full(len(rows), value_of(interest), dtype=np.float32)
            parts.append(Verdicts(np.full(len(rows), place, dtype=np.int64), rows, scores))
        elif interest.kind in BY_LIKENESS:
            rows, scores = rows_like(interest, reading, tastes, floor=floor)
            parts.append(Verdicts(np.full(len(rows), place, dtype=np.int64), rows, scores))
    return _joined(parts, places, reading, encode, tastes)


def _joined(
    parts: Sequence[Verdicts], places: Mapping[Interest, int], reading: Reading, encode: Encode, tastes: Tastes
) -> Hits:
    """Return the hits of all `parts`, in the order of interests, then papers."""
    none = Verdicts(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32))
    told = [none, *parts]
    owners = np.concatenate([part.interests for part in told])
    order = np.argsort(owners, kind="stable")
    return Hits(
        reading=reading,
        encode=encode,
        places=places,
        starts=np.searchsorted(owners[order], np.arange(len(places) + 1)),
        rows=np.concatenate([part.papers for part in told])[order],
        scores=np.concatenate([part.scores for part in told])[order],
        tastes=tastes,
    )
