"""Text to unit vectors: the project's own term vectors.

A text's vector is the sum of the vectors of its words and of its adjacent word pairs, scaled to length 1. How much a
term counts is the length of its own vector, which training has set; no further weight is applied. Nothing here reads
a file: `newsletter.weights` loads what ships, `newsletter.train` makes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from newsletter.vectors import Vectors, unit
from newsletter.words import bigrams, words


@dataclass(frozen=True, slots=True, eq=False)
class TermVectors:
    """One vector per term, kept as small integers: a term's vector is its row times its scale.

    `index` gives a term's row; a term is a word or two neighbouring words joined by a blank. `rows` is
    int8 [terms, dimensions], `scales` float32 [terms].
    """

    index: Mapping[str, int]
    rows: NDArray[np.int8]
    scales: Vectors

    @property
    def dimensions(self) -> int:
        """Return the length of a vector."""
        return int(self.rows.shape[1])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return the unit vector of each text, float32 [texts, dimensions]; zeros where no term is known."""
        sums = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            terms = self._terms(text)
            if terms.size:
                sums[row] = self.scales.take(terms) @ self.rows.take(terms, axis=0).astype(np.float32)
        return unit(sums)

    def _terms(self, text: str) -> NDArray[np.intp]:
        """Return the row of each known term of `text`, as often as it occurs."""
        found = words(text)
        rows = map(self.index.get, chain(found, bigrams(found)))
        return np.array([row for row in rows if row is not None], dtype=np.intp)
