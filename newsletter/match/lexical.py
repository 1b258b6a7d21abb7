"""Exact words: normalised BM25 of phrases against an edition's papers.

BM25 divided by the most that any paper could reach, words that no paper contains included, so that the scores of
different phrases share one threshold. A title's word counts twice.
Source: Robertson and Zaragoza, The Probabilistic Relevance Framework (2009), for BM25; the divisor is our own.

A word, and a pair of neighbouring words, is looked up in an inverted index, whose papers and weights lie in two long
arrays; so the score of many phrases is a few operations of numpy.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from newsletter.match.asked import Asked, ask
from newsletter.models import Paper
from newsletter.words import QUERY_STOP_WORDS, STOP_WORDS, tokens

SATURATION = 1.2  # k1: how fast repeating a word stops counting
LENGTH_PENALTY = 0.6  # b: how much a long abstract is held against its words
TITLE_WEIGHT = 2

Rows = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class LexicalIndex:
    """Where each token stands in an edition's papers, and how rare it is.

    `titles` and `abstracts` are the tokens of each paper's title and abstract in order. Token t stands in the papers
    `holders[starts[t]:starts[t + 1]]` with the saturated frequencies `weights` at the same places; `keys` are those of
    a token and a paper there, ascending, and `pairs` of a paper and two tokens that are neighbours in it. `rarities`
    [tokens] are inverse document frequencies. After the last token stands one that no paper holds.
    """

    titles: Sequence[Sequence[str]]
    abstracts: Sequence[Sequence[str]]
    token_rows: Mapping[str, int]
    starts: NDArray[np.int64]
    holders: NDArray[np.int64]
    weights: NDArray[np.float32]
    keys: NDArray[np.int64]
    pairs: NDArray[np.int64]
    rarities: NDArray[np.float64]
    background_frequency: Mapping[str, int]
    collection_size: int

    def ask(self, phrases: Sequence[str]) -> Asked:
        """Return `phrases` ready to be looked up."""
        return ask(
            [query_tokens(phrase) for phrase in phrases],
            rows=self.token_rows,
            frequencies=np.diff(self.starts)[:-1],
            rarities=self.rarities,
            rarity=self.rarity,
        )

    def add_early(self, asked: Asked, counts: NDArray[np.float32], to: NDArray[np.float32]) -> None:
        """Add the early words of phrases, times `counts` [phrases], to their papers in `to` [phrases, papers].

        Cost grows with the papers that hold them.
        """
        flat, early = to.reshape(-1), np.diff(asked.starts) - asked.late
        for place in range(int(early.max(initial=0))):
            phrases = np.flatnonzero(early > place)
            at = asked.starts[phrases] + place
            first = self.starts[asked.tokens[at]]
            sizes = self.starts[asked.tokens[at] + 1] - first
            places = ranges(first, sizes)
            value = np.repeat((asked.shares[at] * counts[phrases]).astype(np.float32), sizes)
            value *= self.weights.take(places)
            # No two of these are one: a phrase has this many-th token once, and a token each paper once.
            flat[np.repeat(phrases * len(self.titles), sizes) + self.holders.take(places)] += value

    def late(self, asked: Asked, phrases: NDArray[np.int64], papers: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return what the late words of phrases add in papers, for pairs of both [n]."""
        sizes = asked.late[phrases]
        return self._sums(asked, asked.starts[phrases + 1] - sizes, sizes, papers)[0]

    def exactness(
        self, asked: Asked, phrases: NDArray[np.int64], papers: NDArray[np.int64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return of pairs of a phrase and a paper [n] whether it holds every word, and whether all side by side."""
        sizes = asked.starts[phrases + 1] - asked.starts[phrases]
        _, held = self._sums(asked, asked.starts[phrases], sizes, papers)
        every = (held == sizes) & (sizes > 0)
        exact, candidates = every.copy(), np.flatnonzero(every)
        sizes = (asked.pair_starts[phrases + 1] - asked.pair_starts[phrases])[candidates]
        places = ranges(asked.pair_starts[phrases[candidates]], sizes)
        base = len(self.token_rows) + 1
        keys = (np.repeat(papers[candidates], sizes) * base + asked.firsts[places]) * base + asked.seconds[places]
        exact[np.repeat(candidates, sizes)[~_contains(self.pairs, keys)]] = False
        return every, exact

    def score(self, phrase: str, row: int) -> float:
        """Return the normalised BM25 of `phrase` for one paper."""
        query = query_tokens(phrase)
        attainable = sum(map(self.rarity, query)) or 1.0
        return sum(self.rarity(token) * self._weight(token, row) for token in query) / attainable

    def _weight(self, token: str, row: int) -> float:
        place = self.token_rows.get(token)
        if place is None:
            return 0.0
        first, last = int(self.starts[place]), int(self.starts[place + 1])
        at = first + int(np.searchsorted(self.holders[first:last], row))
        return float(self.weights[at]) if at < last and self.holders[at] == row else 0.0

    def held_by(self, word: str) -> list[int] | None:
        """Return the papers that hold a stem, ascending; None for a word that no index knows, such as a stop word."""
        if word in STOP_WORDS or (len(word) == 1 and not word.isdigit()):
            return None
        row = self.token_rows.get(word)
        return [] if row is None else self.holders[self.starts[row] : self.starts[row + 1]].tolist()

    def rarity(self, token: str) -> float:
        """Return the inverse document frequency of `token` over the edition and the background, never negative."""
        row = self.token_rows.get(token)
        if row is not None:
            return float(self.rarities[row])
        return _rarity(self.background_frequency.get(token, 0), self.collection_size)

    def _sums(
        self, asked: Asked, starts: NDArray[np.int64], sizes: NDArray[np.int64], papers: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return what the `sizes` tokens of `asked` from `starts` on add in each of `papers`, and how many it holds."""
        places, owner = ranges(starts, sizes), np.repeat(np.arange(len(papers)), sizes)
        keys = asked.tokens[places] * len(self.titles) + papers[owner]
        at = np.minimum(np.searchsorted(self.keys, keys), max(len(self.keys) - 1, 0))
        held = np.flatnonzero(self.keys[at] == keys) if self.keys.size else np.zeros(0, dtype=np.int64)
        value = asked.shares[places[held]] * self.weights[at[held]]
        count = len(papers)
        sums = np.bincount(owner[held], weights=value, minlength=count).astype(np.float32)
        return sums, np.bincount(owner[held], minlength=count)


def query_tokens(phrase: str) -> list[str]:
    """Return the tokens of an interest's phrase, without what people write around it ("papers about …")."""
    return [token for word in phrase.split() for token in _query_tokens(word)]


@lru_cache(maxsize=65_536)
def _query_tokens(word: str) -> tuple[str, ...]:
    """Return the tokens of one word between blanks; kept, since phrases are many and their words few."""
    return tuple(tokens(word, stop_words=QUERY_STOP_WORDS))


def index(papers: Sequence[Paper], *, frequency: Mapping[str, int], size: int) -> LexicalIndex:
    """Return the index of `papers`; `frequency` counts tokens over a background of `size` papers."""
    titles = [tokens(paper.title) for paper in papers]
    abstracts = [tokens(paper.abstract) for paper in papers]
    token_rows: dict[str, int] = {}
    texts = [*titles, *abstracts]
    # Every word of every text end to end: which text it stands in, and which token it is.
    token = np.array([token_rows.setdefault(word, len(token_rows)) for text in texts for word in text], dtype=np.int64)
    text = np.repeat(np.arange(len(texts)), [len(found) for found in texts])
    paper = text % max(len(papers), 1)
    places, at = np.unique(token * len(papers) + paper, return_inverse=True)
    weight = np.where(text < len(papers), TITLE_WEIGHT, 1)
    frequencies = np.bincount(at, weights=weight, minlength=len(places))
    lengths = np.bincount(paper, weights=weight, minlength=len(papers))
    relative = lengths / max(float(lengths.mean()), 1.0) if len(lengths) else lengths
    norms = SATURATION * (1 - LENGTH_PENALTY + LENGTH_PENALTY * relative)
    rows, holders = np.divmod(places, max(len(papers), 1))
    held = np.bincount(rows, minlength=len(token_rows))
    here = zip(token_rows, held.tolist(), strict=True)
    return LexicalIndex(
        titles=titles,
        abstracts=abstracts,
        token_rows=token_rows,
        starts=np.cumsum([0, *held, 0]),
        holders=holders,
        # The share of what a token could reach at most: (k1 + 1) is divided out.
        weights=(frequencies / (frequencies + norms[holders])).astype(np.float32),
        keys=places,
        pairs=_neighbours(token, text, paper, size=len(token_rows) + 1),
        rarities=np.array([_rarity(n + frequency.get(word, 0), len(papers) + size) for word, n in here], np.float64),
        background_frequency=frequency,
        collection_size=len(papers) + size,
    )


def _rarity(frequency: int, size: int) -> float:
    return math.log(1 + (size - frequency + 0.5) / (frequency + 0.5))


def _neighbours(
    token: NDArray[np.int64], text: NDArray[np.int64], paper: NDArray[np.int64], *, size: int
) -> NDArray[np.int64]:
    """Return a key for each paper and pair of neighbours in its title or abstract, ascending."""
    same = text[1:] == text[:-1]
    keys = (paper[1:] * size + token[:-1]) * size + token[1:]
    return np.unique(keys[same])


def ranges(starts: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers from each of `starts`, as many as its of `sizes`, end to end."""
    ends = np.cumsum(sizes)
    places: NDArray[np.int64] = np.arange(ends[-1] if ends.size else 0) + np.repeat(starts - ends + sizes, sizes)
    return places


def _contains(sorted_keys: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.bool_]:
    if not sorted_keys.size:
        return np.zeros(len(wanted), dtype=np.bool_)
    at = np.minimum(np.searchsorted(sorted_keys, wanted), len(sorted_keys) - 1)
    found: NDArray[np.bool_] = sorted_keys[at] == wanted
    return found
