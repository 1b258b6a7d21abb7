"""Exact words: normalised BM25 of a phrase against an edition's papers.

BM25 divided by the most that any paper could reach, words that no paper contains included, so that the scores of
different phrases share one threshold. A title's word counts twice.
Source: Robertson and Zaragoza, The Probabilistic Relevance Framework (2009), for BM25; the divisor is our own.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from newsletter.models import Paper
from newsletter.words import QUERY_STOP_WORDS, tokens

SATURATION = 1.2  # k1: how fast repeating a word stops counting
LENGTH_PENALTY = 0.6  # b: how much a long abstract is held against its words
TITLE_WEIGHT = 2


@dataclass(frozen=True, slots=True, eq=False)
class LexicalIndex:
    """Where each token stands in an edition's papers, and how rare it is.

    `titles` and `abstracts` are the tokens of each paper's title and abstract in order. `occurrences` gives for a
    token (row of the paper, count) of each paper that holds it; `norms` float64 [papers] is what a paper's length
    adds to the saturation.
    """

    titles: Sequence[Sequence[str]]
    abstracts: Sequence[Sequence[str]]
    occurrences: Mapping[str, Sequence[tuple[int, int]]]
    norms: NDArray[np.float64]
    background_frequency: Mapping[str, int]
    collection_size: int

    def scores(self, phrase: str) -> NDArray[np.float32]:
        """Return the normalised BM25 of `phrase` for each paper, float32 [papers] in 0 to 1."""
        total = np.zeros(len(self.norms), dtype=np.float32)
        query = query_tokens(phrase)
        attainable = (SATURATION + 1) * sum(self.rarity(token) for token in query)
        for token in query:
            if found := self.occurrences.get(token):
                rows, counts = np.array(found, dtype=np.intp).T
                total[rows] += self.rarity(token) * counts * (SATURATION + 1) / (counts + self.norms[rows]) / attainable
        return total

    def holders(self, phrase: str) -> tuple[list[int], list[int]]:
        """Return the papers that hold every word of `phrase`, and those of them where the words stand side by side."""
        query = query_tokens(phrase)
        rows = [{row for row, _ in self.occurrences.get(token, ())} for token in query]
        every = sorted(set.intersection(*rows)) if rows else []
        exact = [row for row in every if stands_in(query, self.titles[row]) or stands_in(query, self.abstracts[row])]
        return every, exact

    def rarity(self, token: str) -> float:
        """Return the inverse document frequency of `token` over the edition and the background, never negative."""
        frequency = len(self.occurrences.get(token, ())) + self.background_frequency.get(token, 0)
        return math.log(1 + (self.collection_size - frequency + 0.5) / (frequency + 0.5))


def query_tokens(phrase: str) -> list[str]:
    """Return the tokens of an interest's phrase, without what people write around it ("papers about …")."""
    return tokens(phrase, stop_words=QUERY_STOP_WORDS)


def stands_in(query: Sequence[str], text: Sequence[str]) -> bool:
    """Return whether the tokens of `query` stand side by side in `text`."""
    size, wanted = len(query), list(query)
    return any(list(text[start : start + size]) == wanted for start in range(len(text) - size + 1))


def index(papers: Sequence[Paper], *, frequency: Mapping[str, int], size: int) -> LexicalIndex:
    """Return the index of `papers`; `frequency` counts tokens over a background of `size` papers."""
    titles = [tokens(paper.title) for paper in papers]
    abstracts = [tokens(paper.abstract) for paper in papers]
    counts = [_count(title, abstract) for title, abstract in zip(titles, abstracts, strict=True)]
    occurrences: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for row, counted in enumerate(counts):
        for token, count in counted.items():
            occurrences[token].append((row, count))
    lengths = np.array([counted.total() for counted in counts], dtype=np.float64)
    relative = lengths / max(float(lengths.mean()), 1.0) if len(lengths) else lengths
    return LexicalIndex(
        titles=titles,
        abstracts=abstracts,
        occurrences=occurrences,
        norms=SATURATION * (1 - LENGTH_PENALTY + LENGTH_PENALTY * relative),
        background_frequency=frequency,
        collection_size=len(papers) + size,
    )


def _count(title: list[str], abstract: list[str]) -> Counter[str]:
    counted = Counter(abstract)
    for token in title:
        counted[token] += TITLE_WEIGHT
    return counted
