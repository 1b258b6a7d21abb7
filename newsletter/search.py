"""Search: any sentence against every stored paper, by the same match that decides what readers get.

Two ways find candidates, one puts them in order. The nearest by vector know synonyms; those that hold the rarest words
of the query know names that no vector has seen. `match` scores both together, so that a score means here what it means
in an issue. Vectors of papers are kept in the store; what has none yet gets it on the way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

import numpy as np

from newsletter.match import NO_TASTES, Tastes, read, score
from newsletter.models import Interest, InterestKind, Paper, Reason
from newsletter.store import Store
from newsletter.vectors import Vectors
from newsletter.weights import Weights
from newsletter.words import QUERY_STOP_WORDS, stem, words

# Of either way. Among 20,000 papers, of those that pass and are among the best 30 for a phrase of titles, 98.8 % are
# found with 100 candidates, 99.6 % with 150, 99.8 % with 200; half of the time goes into reading them.
CANDIDATES = 150
SCANS = 3  # words that the store is read for
CLOSE = 2.0  # standard deviations: closer than usual, where no word is shared
LIKE = 0.1  # cosine, of an example
_BATCH = 1_000

# Told how many of the papers without a vector have one by now, and how many these are.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Found:
    """A stored paper that a query brought, with the day it was first seen. Made by `search`.

    `score` is in 0 to 1, 0.5 at the gate: from there on an interest of these words would bring the paper to a reader.
    """

    paper: Paper
    first_day: date
    score: float
    reason: Reason


def search(
    store: Store,
    weights: Weights,
    query: str,
    *,
    limit: int,
    since: date | None = None,
    progress: Progress = lambda _stage, _done, _total: None,
) -> tuple[Found, ...]:
    """Return the stored papers that `query` asks for, best first, at most `limit`; nothing for a query without words.

    An id, a DOI or an address of a stored paper asks for papers like it. With `since` only papers first seen on that
    day or later. What shares no word with the query and is not closer to it than usual is left out, whatever the limit.
    """
    example = store.papers.named(query)
    words = example.title if example else query.strip()
    if not asked_words(words):
        return ()
    ids, vectors = _every_vector(store, weights, since=since, progress=progress)
    most = max(CANDIDATES, limit)
    asked = weights.vectors.encode_papers([example]) if example else weights.vectors.encode([words])
    near = _nearest(asked, vectors)
    row_of = {paper_id: row for row, paper_id in enumerate(ids)}
    chosen = {*near[:most], *_holders(store, weights, words, near, row_of)[:most]}
    dated = store.papers.dated(ids[row] for row in sorted(chosen) if not (example and ids[row] == example.id))
    if not dated:
        return ()
    rows = [row_of[paper_id] for paper_id in dated]
    interest, tastes = _interest(words, example, asked)
    papers = [paper for paper, _ in dated.values()]
    ranked = _ranked(interest, papers, vectors[rows], weights, tastes)
    telling = (Found(*dated[paper_id], value, reason) for paper_id, value, reason in ranked if _speaks_for(reason))
    return tuple(islice(telling, limit))


def asked_words(query: str) -> tuple[str, ...]:
    """Return the words of a query that papers are searched by, as stems, each once: no stop words, no other scripts."""
    told = (word for word in words(query) if word not in QUERY_STOP_WORDS and (len(word) > 1 or word.isdigit()))
    return tuple(dict.fromkeys(map(stem, told)))


# ------------------------------------------------------------------ ranking


def _interest(words: str, example: Paper | None, asked: Vectors) -> tuple[Interest, Tastes]:
    """Return what the query would be in the settings."""
    if example is None:
        return Interest(InterestKind.PHRASE, words, (words,)), NO_TASTES
    tastes = Tastes({example.id: example}, vectors={example.id: asked[0]})
    return Interest(InterestKind.PAPER, example.id, (example.id,)), tastes


def _ranked(
    interest: Interest, papers: Sequence[Paper], vectors: Vectors, weights: Weights, tastes: Tastes
) -> Iterator[tuple[str, float, Reason]]:
    """Yield the id of each paper with its score and evidence, the best first, of equals as in `papers`."""
    reading = read(papers, vectors, weights.background)
    hits = score([interest], reading, encode=weights.vectors.encode, floor=0.0, tastes=tastes)
    rows, scores = hits.best([interest], floor=0.0)
    for row, value in zip(rows.tolist(), scores.tolist(), strict=True):
        if (hit := hits.hit(interest, papers[row].id)) is not None:
            yield papers[row].id, round(value, 9), hit.reason


# ------------------------------------------------------------------ candidates


def _every_vector(
    store: Store, weights: Weights, *, since: date | None, progress: Progress
) -> tuple[tuple[str, ...], Vectors]:
    """Return the ids and vectors [n, d] of all stored papers; those that have no vector yet get one, which is kept."""
    model = weights.vectors.name
    ids, vectors = store.vectors.all(model, since=since)
    if len(ids) == store.papers.count(since=since) and _fit(vectors, weights):
        return ids, vectors
    have, vectors = store.vectors.all(model)
    if not _fit(vectors, weights):  # of other weights that had the same name
        store.vectors.forget_others("")
        have = ()
    total = store.papers.count() - len(have)
    for done in range(0, total, _BATCH):
        progress("reading papers", done, total)
        missing = store.vectors.missing(model, limit=_BATCH)
        made = weights.vectors.encode_papers(missing)
        store.vectors.keep(model, dict(zip((paper.id for paper in missing), made, strict=True)))
    progress("reading papers", total, total)
    store.vectors.forget_others(model)
    return store.vectors.all(model, since=since)


def _fit(vectors: Vectors, weights: Weights) -> bool:
    return not len(vectors) or vectors.shape[1] == weights.vectors.dimensions


def _nearest(query: Vectors, vectors: Vectors) -> list[int]:
    """Return the rows of `vectors` [n, d], nearest to `query` [1, d] first; none where no word of it has a vector."""
    if not len(vectors) or not query.any():
        return []
    cosines = np.round(vectors @ query[0], 6)
    nearest: list[int] = np.argsort(-cosines, kind="stable").tolist()  # ties by id: so are the rows ordered
    return nearest


def _holders(store: Store, weights: Weights, phrase: str, near: Sequence[int], row_of: Mapping[str, int]) -> list[int]:
    """Return the rows of papers that hold the rarest words, those with most of them first, of equals the nearest."""
    held: dict[int, float] = {}
    for word, rarity in _rarest(asked_words(phrase), weights):
        for paper_id in store.papers.holding(word):
            if paper_id in row_of:
                row = row_of[paper_id]
                held[row] = held.get(row, 0.0) + rarity
    place = {row: at for at, row in enumerate(near)}
    return sorted(held, key=lambda row: (-round(held[row], 9), place.get(row, 0), row))


def _rarest(asked: Sequence[str], weights: Weights) -> list[tuple[str, float]]:
    """Return the rarest of these words with their rarities: a word that many papers hold points at none of them."""
    size, frequency = weights.background.papers, weights.background.document_frequency
    counts = sorted((frequency.get(word, 0), word) for word in asked)[:SCANS]
    rare = [(count, word) for at, (count, word) in enumerate(counts) if not at or count <= 0.02 * size]
    return [(word, math.log((size + 1) / (count + 1))) for count, word in rare]


def _speaks_for(reason: Reason) -> bool:
    return bool(reason.words) or reason.closeness >= CLOSE or reason.likeness >= LIKE
