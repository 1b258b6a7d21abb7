"""Text to unit vectors: the project's own term vectors.

A text's vector is the sum of the vectors of its words and of its adjacent word pairs, scaled to length 1. How much a
term counts is the length of its own vector, which training has set; no further weight is applied. Nothing here reads
a file: `newsletter.weights` loads what ships, `newsletter.train` makes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise, repeat

import numpy as np
from numpy.typing import NDArray

from newsletter.spelling import all_usual
from newsletter.vectors import Titled, Vectors, as_stored, unit
from newsletter.words import words

TITLE_WEIGHT = 0.5
"""How much the vector of a paper's title counts beside that of title and abstract together."""


# Phrases and titles are added up term by term, all of a block at once; an abstract is one product by itself.
_BLOCK, _SHORT = 2048, 32


@dataclass(frozen=True, slots=True, eq=False)
class TermVectors:
    """One vector per term, kept as small integers: a term's vector is its row times its scale.

    `index` gives a term's row; a term is a word or two neighbouring words joined by a blank. `rows` is
    int8 [terms, dimensions], `scales` float32 [terms]. `name` is that of the training, see `Embedder`.
    """

    index: Mapping[str, int]
    rows: NDArray[np.int8]
    scales: Vectors
    name: str = "terms"

    @property
    def dimensions(self) -> int:
        """Return the length of a vector."""
        return int(self.rows.shape[1])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return the unit vector of each text, float32 [texts, dimensions]; zeros where no term is known."""
        blocks = [self._sums(texts[start : start + _BLOCK]) for start in range(0, len(texts), _BLOCK)]
        return unit(np.concatenate([np.zeros((0, self.dimensions), dtype=np.float32), *blocks]))

    def encode_papers(self, papers: Sequence[Titled]) -> Vectors:
        """Return the unit vector of each paper, float32 [papers, dimensions], as a store gives it back."""
        titles = self.encode([paper.title for paper in papers])
        return as_stored(unit(self.encode([paper.text for paper in papers]) + np.float32(TITLE_WEIGHT) * titles))

    def _sums(self, texts: Sequence[str]) -> Vectors:
        """Return the sum of the vectors of each text's terms; a text's does not depend on its company."""
        sums = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        terms, ends = self._terms(texts)
        sizes = np.diff(ends, prepend=0)
        starts = ends - sizes
        for place in range(min(int(sizes.max(initial=0)), _SHORT)):
            short = np.flatnonzero((sizes > place) & (sizes <= _SHORT))
            found = terms[starts[short] + place]
            sums[short] += self.rows.take(found, axis=0) * self.scales.take(found)[:, None]
        for text in np.flatnonzero(sizes > _SHORT):
            found = terms[starts[text] : ends[text]]
            sums[text] = self.scales.take(found) @ self.rows.take(found, axis=0).astype(np.float32)
        return sums

    def _terms(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the row of each known term of all texts, as often as it occurs, and where those of each text end."""
        found = [all_usual(words(text)) for text in texts]
        asked = chain.from_iterable(chain(each, map(" ".join, pairwise(each))) for each in found)
        rows = np.fromiter(map(self.index.get, asked, repeat(-1)), dtype=np.int64)
        known = rows >= 0
        ends = np.cumsum([max(2 * len(each) - 1, 0) for each in found])
        return rows[known], np.concatenate([[0], np.cumsum(known)])[ends]
