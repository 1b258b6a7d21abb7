"""What one reader's votes say of new papers: the examples they liked and disliked, on the scale of `likeness`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from newsletter.match.examples import Profile, chance, log_odds, profile
from newsletter.match.weighed import Weighed
from newsletter.vectors import Vectors

# From so many votes on, a classifier is learnt; fewer say too little beside the mean of what was liked.
LEARNT_FROM = 10

_DISLIKED_SHARE = 0.25
_OTHERS = 100
_L2 = 0.5
_STEPS = 12
# The log odds that a reader of many votes wants a paper: per unit of the mean's log odds, of the classifier's decision,
# and at nothing.
_MEAN, _LEARNT, _NONE = 0.66, 2.42, 2.5

Numbers = NDArray[np.float64]


def by_votes(liked: Weighed, disliked: Weighed, papers: Weighed, *, others: Weighed) -> Vectors:
    """Return how much each paper is what this reader votes for, float32 [papers], in 0 to 1 with the gate at 0.5.

    Fewer than `LEARNT_FROM` votes: likeness to the mean of the liked, less a quarter of the disliked. From then on a
    logistic regression has its say too, with `others`, papers nobody voted on (the day's will do), as what is not
    liked. All zeros where nothing was liked: dislikes alone recommend nothing.
    """
    if not len(liked) or not len(papers):
        return np.zeros(len(papers), dtype=np.float32)
    odds = _odds_of_mean(liked, disliked, papers)
    if len(liked) + len(disliked) >= LEARNT_FROM and len(others):
        decisions = _decisions(liked, disliked, papers, others=_spread(others, _OTHERS))
        odds = np.float32(_MEAN) * odds + np.float32(_LEARNT) * decisions + np.float32(_NONE)
    return chance(odds)


def _odds_of_mean(liked: Weighed, disliked: Weighed, papers: Weighed) -> Vectors:
    asked = profile(liked)
    words, meaning = asked.against(papers)
    if len(disliked):
        away_words, away_meaning = profile(disliked).against(papers)
        words = words - np.float32(_DISLIKED_SHARE) * away_words
        meaning = meaning - np.float32(_DISLIKED_SHARE) * away_meaning
    return log_odds(words, meaning, asked)


def _decisions(liked: Weighed, disliked: Weighed, papers: Weighed, *, others: Weighed) -> Vectors:
    """Return the decision of the classifier on each paper, float32 [papers], above 0 for what is rather liked."""
    seen = _joined(liked, disliked, others)
    answers = np.zeros(len(seen))
    answers[: len(liked)] = 1.0
    # The others count together as much as the votes, however many there are.
    trust = np.ones(len(seen))
    trust[len(liked) + len(disliked) :] = (len(liked) + len(disliked)) / len(others)
    shares, offset = _regress(_products(seen), answers, trust)
    words, meaning = _combined(seen, shares).against(papers)
    decisions: Vectors = words + meaning + np.float32(offset)
    return decisions


def _regress(products: Numbers, answers: Numbers, trust: Numbers) -> tuple[Numbers, float]:
    """Return the share of each example in the classifier, and its offset: logistic regression by Newton's steps.

    `products` [n, n] are those of the examples with each other, `answers` 0 or 1, `trust` how much each counts.
    Iterated least squares in the span of the examples (Zhu and Hastie 2005, doi:10.1198/106186005X25619), L2 on all but
    the offset; it starts at zero and takes a fixed number of steps, so that the same votes give the same shares.
    """
    size = len(answers)
    shares, offset = np.zeros(size), 0.0
    for _ in range(_STEPS):
        decisions = products @ shares + offset
        chances = 1 / (1 + np.exp(-decisions))
        curvature = np.maximum(trust * chances * (1 - chances), 1e-6)
        target = decisions + trust * (answers - chances) / curvature
        system = np.ones((size + 1, size + 1))
        system[:size, :size] = products + np.diag(_L2 / curvature)
        system[size, size] = 0.0
        solved = np.linalg.solve(system, np.append(target, 0.0))
        shares, offset = solved[:size], float(solved[size])
    return shares, offset


def _products(papers: Weighed) -> Numbers:
    """Return the products of all papers with each other, of words plus meanings, float64 [papers, papers]."""
    _, places, uses = np.unique(papers.columns, return_inverse=True, return_counts=True)
    # A term of one paper only says something of no other, and is in no product but the paper's own, which is known.
    common = np.cumsum(uses > 1) - 1
    rows = np.repeat(np.arange(len(papers)), np.diff(papers.starts))
    kept = uses[places] > 1
    table = np.zeros((len(papers), int((uses > 1).sum())), dtype=np.float32)
    table[rows[kept], common[places[kept]]] = papers.weights[kept]
    words = (table @ table.T).astype(np.float64)
    np.fill_diagonal(words, (np.diff(papers.starts) > 0).astype(np.float64))
    products: Numbers = words + (papers.meanings @ papers.meanings.T).astype(np.float64)
    return products


def _combined(papers: Weighed, shares: Numbers) -> Profile:
    columns, places = np.unique(papers.columns, return_inverse=True)
    each = np.repeat(shares, np.diff(papers.starts)) * papers.weights
    weights = np.bincount(places, weights=each, minlength=len(columns)).astype(np.float32)
    return Profile(columns, weights, (shares @ papers.meanings).astype(np.float32), len(papers))


def _joined(*parts: Weighed) -> Weighed:
    lengths = np.concatenate([np.diff(part.starts) for part in parts])
    return Weighed(
        starts=np.concatenate([[0], np.cumsum(lengths)]),
        columns=np.concatenate([part.columns for part in parts]),
        weights=np.concatenate([part.weights for part in parts]),
        meanings=np.concatenate([part.meanings for part in parts]),
    )


def _spread(papers: Weighed, count: int) -> Weighed:
    """Return `count` of the papers, evenly spread over their order, or all where there are fewer."""
    if len(papers) <= count:
        return papers
    return papers.take([row * len(papers) // count for row in range(count)])
