"""Shared words: TF-IDF over the words of papers, and the cosines between them.

Term frequency is sublinear (1 + ln tf), a word of the title counts three times. A word's rarity is counted over the
papers at hand and the background, which counts as 4,000 papers however large it is: what is common here tells papers
apart less than anything. Pairs of words are left out: in so few papers every pair is rare, whatever it says.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from newsletter.background import Background
from newsletter.models import Paper
from newsletter.words import tokens

BACKGROUND_PAPERS = 4_000

# How often a word of the title counts again, besides once where it stands.
_TITLE_EXTRA = 2
# A word of more papers than this is multiplied as a dense column, one of fewer pair by pair.
_FREQUENT = 64
_COLUMNS, _PAIRS = 512, 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class _Entries:
    """The words that two papers or more share: `weights` float64 of word `terms` in paper `rows`, sorted by both.

    `frequency` int64 [words] is in how many of the papers a word stands.
    """

    terms: NDArray[np.int64]
    rows: NDArray[np.int64]
    weights: NDArray[np.float64]
    frequency: NDArray[np.int64]


def cosines(papers: Sequence[Paper], background: Background) -> NDArray[np.float64]:
    """Return the cosine of the words of each two papers, float64 [papers, papers]; 0 for a paper without words.

    On the diagonal stands only what a paper shares with any other, which is for the caller to overwrite.
    The cost of a rare word is the square of its papers, of a frequent one that of all papers; so is the memory.
    """
    entries = _weighed(papers, background)
    total = np.zeros((len(papers), len(papers)))
    frequent = entries.frequency > _FREQUENT
    _add_columns(total, entries, np.flatnonzero(frequent))
    for count in np.unique(entries.frequency[~frequent]):
        _add_pairs(total, entries, np.flatnonzero(entries.frequency == count), int(count))
    return total


def _add_columns(total: NDArray[np.float64], entries: _Entries, terms: NDArray[np.int64]) -> None:
    for start in range(0, len(terms), _COLUMNS):
        block = terms[start : start + _COLUMNS]
        column = np.full(len(entries.frequency), -1)
        column[block] = np.arange(len(block))
        here = column[entries.terms] >= 0
        dense = np.zeros((len(total), len(block)))
        dense[entries.rows[here], column[entries.terms[here]]] = entries.weights[here]
        total += dense @ dense.T


def _add_pairs(total: NDArray[np.float64], entries: _Entries, terms: NDArray[np.int64], count: int) -> None:
    """Add the products of each two papers that share a word, for words which stand in `count` papers each."""
    starts = np.searchsorted(entries.terms, terms)
    step = max(1, _PAIRS // count**2)
    for first in range(0, len(terms), step):
        places = starts[first : first + step, None] + np.arange(count)
        rows, weights = entries.rows[places], entries.weights[places]
        flat = rows[:, :, None] * len(total) + rows[:, None, :]
        np.add.at(total.reshape(-1), flat.reshape(-1), (weights[:, :, None] * weights[:, None, :]).reshape(-1))


def _weighed(papers: Sequence[Paper], background: Background) -> _Entries:
    counts = [_counts(paper.title, paper.text) for paper in papers]
    frequency = Counter(term for counted in counts for term in counted)
    size, share = BACKGROUND_PAPERS + len(papers), BACKGROUND_PAPERS / background.papers
    known = background.document_frequency
    rarity = {term: math.log((size + 1) / (share * known.get(term, 0) + n + 1)) for term, n in frequency.items()}
    # Sorted: a sum must not depend on the order in which words were met.
    shared = sorted(term for term, n in frequency.items() if n > 1)
    number = {term: place for place, term in enumerate(shared)}
    found: list[tuple[int, int, float]] = []
    for row, counted in enumerate(counts):
        weights = {term: (1 + math.log(n)) * rarity[term] for term, n in counted.items()}
        length = math.sqrt(math.fsum(weight * weight for weight in weights.values())) or 1.0
        found += [(number[term], row, weight / length) for term, weight in weights.items() if term in number]
    found.sort()
    terms, rows, values = zip(*found, strict=True) if found else ((), (), ())
    return _Entries(
        terms=np.array(terms, dtype=np.int64),
        rows=np.array(rows, dtype=np.int64),
        weights=np.array(values, dtype=np.float64),
        frequency=np.array([frequency[term] for term in shared], dtype=np.int64),
    )


@lru_cache(maxsize=8192)
def _counts(title: str, text: str) -> Counter[str]:
    """Return how often each word stands in a paper; kept, since an edition's papers are grouped more than once."""
    counts = Counter(tokens(text))
    for term in tokens(title):
        counts[term] += _TITLE_EXTRA
    return counts
