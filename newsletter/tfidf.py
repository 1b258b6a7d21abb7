"""Shared words: TF-IDF over words and word pairs, and the cosines between texts.

Term frequency is sublinear (1 + ln tf). A word's rarity is counted over the texts at hand and the background, which
counts as 4,000 papers however large it is: what is common here tells texts apart less than anything. A pair's is
counted over the texts at hand alone: pairs are too many to keep.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Container, Mapping, Sequence
from functools import lru_cache

import numpy as np

from newsletter.background import Background
from newsletter.vectors import Vectors
from newsletter.words import bigrams, tokens

Weights = Mapping[str, float]

BACKGROUND_PAPERS = 4_000


def weigh(texts: Sequence[str], background: Background) -> list[Weights]:
    """Return for each text its terms with their weights, of length 1."""
    counts = [_count(text) for text in texts]
    frequency = Counter(term for counted in counts for term in counted)
    size, share = BACKGROUND_PAPERS + len(texts), BACKGROUND_PAPERS / background.papers
    usual = {term: share * background.document_frequency.get(term, 0) for term in frequency if " " not in term}
    rarity = {term: math.log((size + 1) / (usual.get(term, 0) + n + 1)) for term, n in frequency.items()}
    return [_unit({term: (1 + math.log(n)) * rarity[term] for term, n in counted.items()}) for counted in counts]


def cosines(left: Sequence[Weights], right: Sequence[Weights]) -> Vectors:
    """Return the cosine of each text of `left` with each of `right`, float32 [left, right].

    Cost grows with the pairs of texts that share a term, summed over the terms.
    """
    total = np.zeros((len(left), len(right)), dtype=np.float32)
    columns = _postings(right)
    for term, (rows, weights) in _postings(left, wanted=columns).items():
        others, other_weights = columns[term]
        total[np.ix_(rows, others)] += np.outer(weights, other_weights)
    return total


@lru_cache(maxsize=4096)
def _count(text: str) -> Counter[str]:
    """Return the terms of a text; kept, since an edition's texts are weighed for topics, examples and headings."""
    found = tokens(text)
    return Counter(found + bigrams(found))


def _unit(weights: dict[str, float]) -> Weights:
    length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
    return {term: weight / length for term, weight in weights.items()}


def _postings(
    texts: Sequence[Weights], *, wanted: Container[str] | None = None
) -> dict[str, tuple[list[int], list[float]]]:
    """Return for each term (of `wanted`) the texts that hold it, and its weight in each."""
    postings: defaultdict[str, tuple[list[int], list[float]]] = defaultdict(lambda: ([], []))
    for row, weights in enumerate(texts):
        for term, weight in weights.items():
            if wanted is None or term in wanted:
                rows, values = postings[term]
                rows.append(row)
                values.append(weight)
    return postings
