"""Papers weighed for likeness: their words and what they mean, each paper by itself, once per edition.

Nothing here depends on which other papers there are, so that what is weighed once serves every reader, on any day.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from newsletter.background import Background
from newsletter.models import Paper
from newsletter.vectors import Vectors, unit
from newsletter.words import bigrams, tokens

# Terms are told apart by a hash of 20 bits (https://arxiv.org/abs/0902.2206): no vocabulary to keep or to share.
BUCKETS = 1 << 20

# A word of the title counts three times: once where it stands, and twice more.
_TITLE_EXTRA = 2
# The background counts as so many papers: a word that it does not know is no rarer than that.
_BACKGROUND_PAPERS = 4_000
# How far directions that papers rarely differ in are drawn out, as a share of the mean variance.
_RIDGE = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """Papers as likeness sees them. Made by `weigh`.

    Row i of the words stands in `starts[i]` to `starts[i + 1]` of `columns` (a term's bucket, int32, ascending) and
    `weights` (float32); its length is 1, or 0 for a paper without words. `meanings` float32 [papers, dimensions] are
    whitened unit vectors; zeros where no term is known.
    """

    starts: NDArray[np.int64]
    columns: NDArray[np.int32]
    weights: Vectors
    meanings: Vectors

    def __len__(self) -> int:
        return len(self.meanings)

    def take(self, rows: Sequence[int]) -> Weighed:
        """Return the papers at `rows`, in that order."""
        spans = [slice(self.starts[row], self.starts[row + 1]) for row in rows]
        return Weighed(
            starts=np.concatenate([[0], np.cumsum([span.stop - span.start for span in spans], dtype=np.int64)]),
            columns=np.concatenate([self.columns[:0], *(self.columns[span] for span in spans)]),
            weights=np.concatenate([self.weights[:0], *(self.weights[span] for span in spans)]),
            meanings=self.meanings[list(rows)],
        )

    def words_against(self, columns: NDArray[np.int32], weights: Vectors) -> Vectors:
        """Return the product of each paper's words with those of a query, float32 [papers]."""
        query = np.zeros(BUCKETS, dtype=np.float32)
        query[columns] = weights
        # A running sum in double precision: a paper without words needs no case of its own.
        running = np.concatenate([[0.0], np.cumsum(query[self.columns] * self.weights, dtype=np.float64)])
        products: Vectors = (running[self.starts[1:]] - running[self.starts[:-1]]).astype(np.float32)
        return products

    def words_of(self, row: int) -> tuple[NDArray[np.int32], Vectors]:
        """Return the columns and weights of one paper."""
        span = slice(self.starts[row], self.starts[row + 1])
        return self.columns[span], self.weights[span]

    def cosines(self, others: Weighed) -> Vectors:
        """Return the mean of the two cosines, of words and of meanings, of each of `others` with each paper here.

        float32 [others, papers], in -0.5 to 1; the cost is the product of both sizes.
        """
        meanings = others.meanings @ self.meanings.T
        words = [self.words_against(*others.words_of(row)) for row in range(len(others))]
        mean: Vectors = ((np.array(words).reshape(meanings.shape) + meanings) / 2).astype(np.float32)
        return mean


def weigh(papers: Sequence[Paper], vectors: Vectors, background: Background, *, among: Sequence[Paper] = ()) -> Weighed:
    """Return `papers`, whose unit vectors are `vectors` [papers, dimensions], weighed for likeness.

    Words and neighbouring pairs by TF-IDF with 1 + ln tf. Rarity is that of the background alone, a pair's what it
    would be if its words fell together by chance; with `among`, words are counted over those papers too and pairs over
    them alone, which orders one day better and says nothing that holds on another. Vectors are centred on the
    background's mean and whitened by its covariance, so that what papers in general differ in does not outweigh what
    few are about.
    """
    frequency = Counter(chain.from_iterable(_terms(paper.title, paper.abstract).terms for paper in among))
    rarity = _Rarity(background, frequency, len(among))
    found = [_terms(paper.title, paper.abstract) for paper in papers]
    weights = [_unit_row(terms.counted * np.array([rarity[term] for term in terms.terms])) for terms in found]
    lengths = np.array([len(terms.terms) for terms in found], dtype=np.int64)
    return Weighed(
        starts=np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]),
        columns=np.concatenate([np.zeros(0, dtype=np.int32), *(terms.columns for terms in found)]),
        weights=np.concatenate([np.zeros(0), *weights]).astype(np.float32),
        meanings=_whitened(vectors, background),
    )


class _Rarity(dict[str, float]):
    """The rarity of each term asked for: the logarithm of one in how many papers it stands."""

    def __init__(self, background: Background, frequency: Mapping[str, int], papers: int) -> None:
        super().__init__()
        self._known, self._share = background.document_frequency, _BACKGROUND_PAPERS / background.papers
        self._frequency, self._size = frequency, _BACKGROUND_PAPERS + papers

    def __missing__(self, term: str) -> float:
        rarest = math.log(self._size + 1)
        words, here = term.split(" "), self._frequency.get(term, 0)
        if len(words) > 1 and self._frequency:
            rarity = rarest - math.log(here + 1)
        else:
            usual = (self._share * self._known.get(word, 0) for word in words)
            rarity = min(rarest, sum(rarest - math.log(count + here + 1) for count in usual))
        self[term] = rarity
        return rarity


class _Terms(NamedTuple):
    """The terms of a paper, their buckets in ascending order, and 1 + ln tf of each."""

    terms: tuple[str, ...]
    columns: NDArray[np.int32]
    counted: NDArray[np.float64]


@lru_cache(maxsize=8192)
def _terms(title: str, abstract: str) -> _Terms:
    """Return the terms of a paper; kept, since the same examples come with every edition."""
    in_title, in_text = tokens(title), tokens(f"{title}. {abstract}")
    counts = Counter(in_text + bigrams(in_text))
    for term in in_title + bigrams(in_title):
        counts[term] += _TITLE_EXTRA
    # Of terms that meet in one bucket the first speaks for all.
    by_bucket: dict[int, tuple[str, int]] = {}
    for term, count in counts.items():
        bucket = zlib.crc32(term.encode()) % BUCKETS
        first, so_far = by_bucket.get(bucket, (term, 0))
        by_bucket[bucket] = (first, so_far + count)
    columns = sorted(by_bucket)
    return _Terms(
        tuple(by_bucket[column][0] for column in columns),
        np.array(columns, dtype=np.int32),
        1 + np.log(np.array([by_bucket[column][1] for column in columns], dtype=np.float64)),
    )


def _unit_row(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return weights / (float(np.linalg.norm(weights)) or 1.0)


def _whitened(vectors: Vectors, background: Background) -> Vectors:
    centred = np.where(vectors.any(axis=1, keepdims=True), vectors - background.mean, 0)
    whitened: Vectors = unit((centred @ _whitening(background)).astype(np.float32))
    return whitened


@lru_cache(maxsize=4)
def _whitening(background: Background) -> Vectors:
    """Return W [dimensions, dimensions] with W Wᵀ the inverse of the background's ridged covariance."""
    covariance = background.covariance.astype(np.float64)
    size = len(covariance)
    ridge = _RIDGE * covariance.trace() / size or 1.0
    lower = np.linalg.cholesky(covariance + ridge * np.eye(size))
    whitening: Vectors = np.linalg.solve(lower, np.eye(size)).T.astype(np.float32)
    return whitening
