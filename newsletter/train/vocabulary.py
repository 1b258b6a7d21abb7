"""Which terms get a vector: frequent words, and pairs of words that belong together."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from newsletter.train.corpus import Text
from newsletter.words import STOP_WORDS, bigrams, words

# Years, sizes and identifiers: they bind papers that share a number, not a subject.
_LONG_NUMBER = re.compile(r"\d{3,}")


@dataclass(frozen=True, slots=True)
class Limits:
    """How many terms at most, and in how many papers each must stand at least.

    A pair of words must also occur together more often than chance, by e to the power of `pair_information`.
    """

    words: int = 42_000
    word_papers: int = 4
    pairs: int = 10_000
    pair_papers: int = 12
    pair_information: float = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """The terms in the order of their rows, and the share of information each carries: `idf` float64 [terms]."""

    terms: tuple[str, ...]
    idf: NDArray[np.float64]

    @property
    def index(self) -> dict[str, int]:
        """Return the row of each term."""
        return {term: row for row, term in enumerate(self.terms)}


def build(texts: Sequence[Text], limits: Limits) -> Vocabulary:
    """Return the words, then the pairs of words, that get a vector, each group most valuable first."""
    word_papers, pair_papers = _papers_with(texts)
    chosen_words = _frequent_words(word_papers, limits)
    chosen_pairs = _bound_pairs(word_papers, pair_papers, limits, papers=len(texts))
    frequency = [word_papers[word] for word in chosen_words] + [pair_papers[pair] for pair in chosen_pairs]
    idf = np.log((len(texts) + 1) / (np.array(frequency, dtype=np.float64) + 1))
    return Vocabulary(terms=(*chosen_words, *chosen_pairs), idf=idf)


def _papers_with(texts: Sequence[Text]) -> tuple[Counter[str], Counter[str]]:
    """Return in how many papers each word stands, and each pair of neighbours without a stop word."""
    word_papers: Counter[str] = Counter()
    pair_papers: Counter[str] = Counter()
    for text in texts:
        title, abstract = words(text.title), words(text.abstract)
        word_papers.update({*title, *abstract})
        pair_papers.update({*bigrams(title), *bigrams(abstract)})
    return word_papers, Counter({pair: papers for pair, papers in pair_papers.items() if _is_content(pair)})


def _is_content(pair: str) -> bool:
    first, second = pair.split(" ")
    return first not in STOP_WORDS and second not in STOP_WORDS


def _frequent_words(papers_with: Counter[str], limits: Limits) -> list[str]:
    ranked = sorted(papers_with.items(), key=lambda item: (-item[1], item[0]))[: limits.words]
    return [
        word
        for word, papers in ranked
        if papers >= limits.word_papers and word not in STOP_WORDS and not _LONG_NUMBER.fullmatch(word)
    ]


def _bound_pairs(words_in: Counter[str], pairs_in: Counter[str], limits: Limits, *, papers: int) -> list[str]:
    """Return the pairs with the largest sum of information, which is count × pointwise mutual information."""
    worth = {}
    for pair, together in pairs_in.items():
        if together >= limits.pair_papers:
            first, second = pair.split(" ")
            information = math.log(together * papers / (words_in[first] * words_in[second]))
            if information > limits.pair_information:
                worth[pair] = together * information
    return sorted(worth, key=lambda pair: (-worth[pair], pair))[: limits.pairs]
