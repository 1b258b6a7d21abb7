"""Pairs of texts that belong together, cut anew each time: a title, or a few words of it, and its abstract.

Cutting makes the vectors fit for short phrases: an interest is two to five words, not a whole title. Hiding the
title's words in some of the abstracts makes them learn what exact matching cannot see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from newsletter.train.corpus import Text
from newsletter.train.vocabulary import Vocabulary
from newsletter.words import bigrams, words

Integers = NDArray[np.int64]

_SPAN_WORDS = np.array([2, 2, 3, 3, 4, 5])
_WHOLE_TITLE_SHARE = 0.5
_SHORTEST_CROP = 0.4
_UNCUT_WORDS = 40
_FEWEST_ABSTRACT_TERMS = 6
_HIDDEN_SHARE = 0.3  # measured in `newsletter.train`


@dataclass(frozen=True, slots=True, eq=False)
class TermTexts:
    """Texts as rows of terms, end to end: text i is positions `starts[i]` to `starts[i + 1]`.

    At each position stand the row of the word (`words`) and of the pair it begins (`pairs`); -1 where the
    vocabulary has none.
    """

    words: Integers
    pairs: Integers
    starts: Integers

    def lengths(self) -> Integers:
        """Return how many words each text has."""
        return np.diff(self.starts)

    def bag(self, first: Integers, last: Integers, *, terms: int) -> sp.csr_matrix:
        """Return the counts of terms between positions `first` and `last` (exclusive), sparse float32 [n, terms]."""
        sizes = last - first
        owner = np.repeat(np.arange(len(first)), sizes)
        position = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes) + first[owner]
        # The pair that begins at the last word reaches beyond the cut.
        inside = position + 1 < last[owner]
        column = np.concatenate([self.words[position], np.where(inside, self.pairs[position], -1)])
        row = np.concatenate([owner, owner])
        known = column >= 0
        ones = np.ones(int(known.sum()), dtype=np.float32)
        return sp.csr_matrix((ones, (row[known], column[known])), shape=(len(first), terms))


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Titles and abstracts of the same papers, row by row, ready to be drawn from."""

    titles: TermTexts
    abstracts: TermTexts
    terms: int

    def __len__(self) -> int:
        """Return the number of papers."""
        return len(self.titles.starts) - 1

    def draw(self, papers: Integers, rng: np.random.Generator) -> tuple[sp.csr_matrix, sp.csr_matrix]:
        """Return a bag of terms for each of `papers` as it is asked for and as it is found, each [n, terms]."""
        asked, found = self._asked(papers, rng), self._found(papers, rng)
        return asked, _without_shared(found, asked, hidden=rng.random(len(papers)) < _HIDDEN_SHARE)

    def _asked(self, papers: Integers, rng: np.random.Generator) -> sp.csr_matrix:
        """Return half of the titles whole, of the others a span of 2 to 5 words."""
        first, length = self.titles.starts[papers], self.titles.lengths()[papers]
        whole = rng.random(len(papers)) < _WHOLE_TITLE_SHARE
        span = np.where(whole, length, np.minimum(rng.choice(_SPAN_WORDS, len(papers)), length))
        cut = first + rng.integers(0, length - span + 1)
        bag = self.titles.bag(cut, cut + span, terms=self.terms)
        empty = np.diff(bag.indptr) == 0
        if empty.any():
            cut, span = np.where(empty, first, cut), np.where(empty, length, span)
            bag = self.titles.bag(cut, cut + span, terms=self.terms)
        return bag

    def _found(self, papers: Integers, rng: np.random.Generator) -> sp.csr_matrix:
        """Return the abstracts, the longer ones cut to a run of 40 to 100 % of their words."""
        first, length = self.abstracts.starts[papers], self.abstracts.lengths()[papers]
        share = rng.uniform(_SHORTEST_CROP, 1.0, len(papers))
        crop = np.where(length > _UNCUT_WORDS, (length * share).astype(np.int64), length)
        cut = first + rng.integers(0, length - crop + 1)
        return self.abstracts.bag(cut, cut + crop, terms=self.terms)


def _without_shared(found: sp.csr_matrix, asked: sp.csr_matrix, *, hidden: NDArray[np.bool_]) -> sp.csr_matrix:
    """Return `found` without the terms that `asked` has too, in the rows where `hidden` [n] says so."""
    shared = sp.diags(hidden.astype(np.float32)) @ found.multiply(asked.sign())
    rest = (found - shared).tocsr()
    rest.eliminate_zeros()
    return rest


def pair(texts: Sequence[Text], vocabulary: Vocabulary) -> Pairs:
    """Return titles with their abstracts, of the papers with a known term in the title and some in the abstract."""
    index = vocabulary.index
    titles = [_rows(text.title, index) for text in texts]
    abstracts = [_rows(text.abstract, index) for text in texts]
    usable = [i for i in range(len(texts)) if _known(titles[i]) > 0 and _known(abstracts[i]) >= _FEWEST_ABSTRACT_TERMS]
    return Pairs(
        titles=_end_to_end([titles[i] for i in usable]),
        abstracts=_end_to_end([abstracts[i] for i in usable]),
        terms=len(vocabulary.terms),
    )


def _rows(text: str, index: dict[str, int]) -> Integers:
    """Return the rows of words and of the pairs they begin, int64 [2, words]."""
    found = words(text)
    pairs = [index.get(pair, -1) for pair in bigrams(found)]
    return np.array([[index.get(word, -1) for word in found], [*pairs, -1][: len(found)]], dtype=np.int64)


def _known(rows: Integers) -> int:
    return int((rows >= 0).sum())


def _end_to_end(rows: Sequence[Integers]) -> TermTexts:
    starts = np.cumsum([0] + [part.shape[1] for part in rows])
    joined = np.concatenate(rows, axis=1) if rows else np.zeros((2, 0), dtype=np.int64)
    return TermTexts(words=joined[0], pairs=joined[1], starts=starts)
