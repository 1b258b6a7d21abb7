"""Interests against papers: who asked for what, how strongly, and on what evidence.

    score     interests × papers, once per edition, whoever shares the interest
    match     one subscriber's interests × the edition's topics
    excluded  which papers an exclusion covers

A paper passes an interest when the best of the interest's phrases reaches the gate; those that pass are ordered
by the best and the mean of its phrases together. One gate for all interests, so silence is possible.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from newsletter.background import Background
from newsletter.match.lexical import LexicalIndex, index
from newsletter.match.phrases import GATE, PhraseScores, score_phrases
from newsletter.match.reasons import by_author, by_category, by_phrase, contains
from newsletter.models import Interest, InterestKind, Match, MatchedPaper, Paper, Reason, Topic
from newsletter.vectors import Encode, Vectors

PASSES = 0.5  # where the gate lies on the scale of scores
STEEPNESS = 2.0

# An author is somebody the reader named; a category only says where to look.
AUTHOR_SCORE = 0.97
CATEGORY_SCORE = 0.55


@dataclass(frozen=True, slots=True)
class Hit:
    """One interest's verdict on one paper: the score in 0 to 1 (0.5 and above passes) and its evidence."""

    score: float
    reason: Reason


# For each interest, its hits by paper id.
Hits = Mapping[Interest, Mapping[str, Hit]]


def score(
    interests: Iterable[Interest],
    papers: Sequence[Paper],
    *,
    paper_vectors: Vectors,
    encode: Encode,
    background: Background,
    floor: float = PASSES,
) -> Hits:
    """Return every hit of `floor` and above, for each distinct interest.

    `paper_vectors` [papers, d] are the unit vectors of `papers`; `encode` gives those of phrases.
    """
    distinct = sorted(set(interests), key=_key)
    by_words = [interest for interest in distinct if interest.kind is InterestKind.PHRASE]
    phrases = sorted({phrase for interest in by_words for phrase in interest.phrases})
    lexical = index(papers, frequency=background.document_frequency, size=background.papers)
    scores = score_phrases(
        phrases,
        lexical,
        phrase_vectors=encode(phrases),
        paper_vectors=paper_vectors,
        background=background,
    )
    row_of = {phrase: row for row, phrase in enumerate(phrases)}
    exact = (interest for interest in distinct if interest.kind is not InterestKind.PHRASE)
    hits = {interest: _exact_hits(interest, papers) for interest in exact}
    for interest in by_words:
        own = scores.of([row_of[phrase] for phrase in interest.phrases])
        hits[interest] = _phrase_hits(interest, papers, lexical, own, floor)
    return hits


def rate(combined: Vectors, exactness: Vectors, *, weight: float = 1.0) -> Vectors:
    """Return one interest's scores [papers], in 0 to 1, from f and exactness of its phrases [phrases, papers].

    A score is ½ for passing the gate plus ½ of a logistic curve over ½ max + ½ mean of the phrases, so that it orders
    what passes and never puts what does not above what does. A weight multiplies the odds, not the gate.
    """
    best, exact = combined.max(axis=0), combined + exactness
    order = (exact.max(axis=0) + exact.mean(axis=0)) / 2
    odds = STEEPNESS * (order - GATE) + np.log(weight)
    scores: Vectors = ((best >= GATE) * PASSES + PASSES / (1 + np.exp(-odds))).astype(np.float32)
    return scores


def match(
    topics: Sequence[Topic], interests: Sequence[Interest], hits: Hits, *, floor: float = PASSES
) -> tuple[Match, ...]:
    """Return the topics cut to the papers that score `floor` with `interests`, those with the best paper first."""
    found = _by_paper(interests, hits, floor)
    matches = [_cut(topic, found) for topic in topics]
    kept = [cut for cut in matches if cut.papers]
    return tuple(sorted(kept, key=lambda cut: (-cut.papers[0].score, cut.topic.label, cut.papers[0].paper.id)))


def excluded(papers: Iterable[Paper], exclusions: Sequence[Interest]) -> dict[str, Interest]:
    """Return for each paper id that an exclusion covers the first exclusion that does."""
    return {paper.id: rule for paper in papers for rule in reversed(exclusions) if _covers(rule, paper)}


def _phrase_hits(
    interest: Interest, papers: Sequence[Paper], lexical: LexicalIndex, scores: PhraseScores, floor: float
) -> dict[str, Hit]:
    """Return the hits of a phrase interest, whose phrases are the rows of `scores`."""
    combined = scores.combined
    values = rate(combined, scores.exactness, weight=interest.weight)
    hits = {}
    for column in np.flatnonzero(values >= floor).tolist():
        best = int(combined[:, column].argmax())
        reason = by_phrase(
            interest,
            interest.phrases[best],
            title=lexical.titles[column],
            abstract=lexical.abstracts[column],
            lexical=float(scores.lexical[best, column]),
            closeness=float(scores.closeness[best, column]),
        )
        hits[papers[column].id] = Hit(float(values[column]), reason)
    return hits


def _exact_hits(interest: Interest, papers: Sequence[Paper]) -> dict[str, Hit]:
    author = interest.kind is InterestKind.AUTHOR
    usual, reason_for = (AUTHOR_SCORE, by_author) if author else (CATEGORY_SCORE, by_category)
    # As with phrases, a weight multiplies the odds within what passes.
    odds = (usual - PASSES) / (1 - usual) * interest.weight
    value = PASSES + PASSES * odds / (1 + odds)
    found = ((paper.id, reason_for(interest, paper)) for paper in papers)
    return {paper_id: Hit(value, reason) for paper_id, reason in found if reason is not None}


def _covers(rule: Interest, paper: Paper) -> bool:
    if rule.kind is InterestKind.AUTHOR:
        return by_author(rule, paper) is not None
    if rule.kind is InterestKind.CATEGORY:
        return by_category(rule, paper) is not None
    return any(contains(phrase, paper) for phrase in rule.phrases)


def _by_paper(interests: Sequence[Interest], hits: Hits, floor: float) -> dict[str, list[Hit]]:
    found: dict[str, list[Hit]] = {}
    for interest in interests:
        for paper_id, hit in hits.get(interest, {}).items():
            if hit.score >= floor:
                found.setdefault(paper_id, []).append(_own(hit, interest))
    return found


def _own(hit: Hit, interest: Interest) -> Hit:
    """Return a hit with this reader's line: who wrote the same interest elsewhere shares the score, not the line."""
    if hit.reason.origin == interest.origin:
        return hit
    return replace(hit, reason=replace(hit.reason, origin=interest.origin))


def _cut(topic: Topic, found: Mapping[str, list[Hit]]) -> Match:
    papers = [_matched(paper, found[paper.id]) for paper in topic.papers if paper.id in found]
    papers.sort(key=lambda matched: (-matched.score, matched.paper.id))
    names = Counter(reason.interest for matched in papers for reason in matched.reasons)
    return Match(topic, tuple(papers), tuple(sorted(names, key=lambda name: (-names[name], name))))


def _matched(paper: Paper, hits: list[Hit]) -> MatchedPaper:
    ordered = sorted(hits, key=lambda hit: (-hit.score, hit.reason.interest))
    return MatchedPaper(paper, ordered[0].score, tuple(hit.reason for hit in ordered))


def _key(interest: Interest) -> tuple[str, str, tuple[str, ...], float]:
    return (interest.kind.value, interest.name, interest.phrases, interest.weight)
