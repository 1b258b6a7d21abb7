"""What is usual: the collection of papers by which today's are judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from newsletter.vectors import Vectors, unit

PRIOR_PAPERS = 30


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """Counts and vector statistics of a broad collection of papers. Made by `train`, read by `weights`.

    `papers` is the size of that collection. `document_frequency` counts in how many of its papers a token of
    `words.tokens` stands; tokens of very few papers are left out and count as 0. `mean` float32 [dimensions] and
    `covariance` float32 [dimensions, dimensions] are those of the papers' unit vectors. `title_phrases` counts the
    titles that hold a phrase of 1 to 5 words, `spelling` gives the usual capitals of a word ("llm": "LLM"), `heads`
    the share of a word's uses in which no further noun follows it: near 1 for "galaxies", near 0 for "gravitational".
    """

    papers: int
    document_frequency: Mapping[str, int]
    mean: Vectors
    covariance: Vectors
    title_phrases: Mapping[str, int]
    spelling: Mapping[str, str]
    heads: Mapping[str, float]

    def centred(self, vectors: Vectors) -> Vectors:
        """Return unit vectors [n, d] without what these papers and papers in general share, again of length 1.

        The papers at hand count as themselves, the background as 30: a few papers say little of what is common, a
        day's papers say more than the background does.
        """
        common = (vectors.sum(axis=0) + PRIOR_PAPERS * self.mean) / np.float32(len(vectors) + PRIOR_PAPERS)
        return unit(vectors - common)

    def moments(self, queries: Vectors) -> tuple[Vectors, Vectors]:
        """Return mean and standard deviation of the cosines of each query [n, dimensions] with the background's papers.

        Exact, and without the papers: the cosine of unit vectors is linear in the paper, so its mean is q·m and its
        variance qᵀCq.
        """
        variance = np.einsum("nd,nd->n", queries @ self.covariance, queries)
        return queries @ self.mean, np.sqrt(np.maximum(variance, 0.0))
