"""What is usual: the collection of papers by which today's are judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from newsletter.vectors import Vectors


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """Counts and vector statistics of a broad collection of papers. Made by `train`, read by `weights`.

    `papers` is the size of that collection. `document_frequency` counts in how many of its papers a token of
    `words.tokens` stands; tokens of very few papers are left out and count as 0. `mean` float32 [dimensions] and
    `covariance` float32 [dimensions, dimensions] are those of the papers' unit vectors. `title_phrases` counts the
    titles that hold a phrase of 1 to 5 words, `spelling` gives the usual capitals of a word ("llm": "LLM").
    """

    papers: int
    document_frequency: Mapping[str, int]
    mean: Vectors
    covariance: Vectors
    title_phrases: Mapping[str, int]
    spelling: Mapping[str, str]

    def moments(self, queries: Vectors) -> tuple[Vectors, Vectors]:
        """Return mean and standard deviation of the cosines of each query [n, dimensions] with the background's papers.

        Exact, and without the papers: the cosine of unit vectors is linear in the paper, so its mean is q·m and its
        variance qᵀCq.
        """
        variance = np.einsum("nd,de,ne->n", queries, self.covariance, queries, optimize=True)
        return queries @ self.mean, np.sqrt(np.maximum(variance, 0.0))
