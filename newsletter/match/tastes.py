"""Interests by likeness: papers that readers name as examples, and those they voted for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from newsletter.background import Background
from newsletter.match.examples import likeness, nearest, refusals
from newsletter.match.phrases import PASSES
from newsletter.match.reading import Reading
from newsletter.match.votes import by_votes
from newsletter.match.weighed import Weighed, weigh
from newsletter.models import Interest, InterestKind, Paper, Reason, ReasonKind
from newsletter.tokens import canonical
from newsletter.vectors import Vectors

VOTES = "your votes"
BY_LIKENESS = frozenset((InterestKind.PAPER, InterestKind.VOTES))

_KINDS = {InterestKind.PAPER: ReasonKind.EXAMPLE, InterestKind.VOTES: ReasonKind.LIKED}


@dataclass(frozen=True, slots=True)
class Voted:
    """What one reader voted for and against, the oldest vote first."""

    liked: tuple[Paper, ...] = ()
    disliked: tuple[Paper, ...] = ()


_NOT_VOTED = Voted()


@dataclass(frozen=True, slots=True, eq=False)
class Tastes:
    """The papers that readers name (by identity, as the interest has it) or voted on (by case-folded address).

    `vectors` are those of all these papers, by id; one that has none counts by its words alone.
    """

    examples: Mapping[str, Paper] = field(default_factory=dict)
    votes: Mapping[str, Voted] = field(default_factory=dict)
    vectors: Mapping[str, Vectors] = field(default_factory=dict)
    _weighed: dict[tuple[str, ...], Weighed] = field(default_factory=dict, repr=False)

    def papers(self, interest: Interest) -> tuple[Paper, ...]:
        """Return the papers that an interest by likeness likes, as far as they are known, each once."""
        if interest.kind is InterestKind.VOTES:
            return self.votes.get(interest.phrases[0], _NOT_VOTED).liked
        known = (self.examples[name] for name in interest.phrases if name in self.examples)
        return tuple({paper.id: paper for paper in known}.values())

    def disliked(self, interest: Interest) -> tuple[Paper, ...]:
        """Return the papers that an interest by likeness shuns."""
        return self.votes.get(interest.phrases[0], _NOT_VOTED).disliked if interest.kind is InterestKind.VOTES else ()

    def weighed(self, papers: Sequence[Paper], background: Background) -> Weighed:
        """Return some of these papers, weighed; each set once."""
        key = tuple(paper.id for paper in papers)
        if key not in self._weighed:
            zeros = np.zeros(len(background.mean), dtype=np.float32)
            vectors = [self.vectors.get(paper.id, zeros) for paper in papers]
            stacked = np.array(vectors, dtype=np.float32).reshape(len(papers), len(background.mean))
            self._weighed[key] = weigh(papers, stacked, background)
        return self._weighed[key]


NO_TASTES = Tastes()


def own_interests(
    email: str, interests: Sequence[Interest], tastes: Tastes, background: Background
) -> tuple[Interest, ...]:
    """Return a reader's interests as they are matched: examples that are alike speak together, and votes speak too."""
    examples = [interest for interest in interests if interest.kind is InterestKind.PAPER and tastes.papers(interest)]
    found = []
    for interest in interests:
        if interest in examples and len(examples) > 1:
            others = [other for other in examples if other != interest]
            alike = likeness(
                tastes.weighed(tastes.papers(interest), background),
                tastes.weighed([tastes.papers(other)[0] for other in others], background),
            )
            names = sorted(other.phrases[0] for other, value in zip(others, alike, strict=True) if value >= PASSES)
            found.append(replace(interest, phrases=(*interest.phrases, *names)))
        else:
            found.append(interest)
    address = canonical(email)
    if tastes.votes.get(address, _NOT_VOTED).liked:
        found.append(Interest(InterestKind.VOTES, VOTES, (address,)))
    return tuple(found)


def rows_like(
    interest: Interest, reading: Reading, tastes: Tastes, *, floor: float = PASSES
) -> tuple[NDArray[np.int32], Vectors]:
    """Return the papers that are like what `interest` likes, ascending, each with a score of `floor` to 1."""
    liked = tastes.papers(interest)
    if not liked or not reading.papers:
        return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32)
    of_liked = tastes.weighed(liked, reading.background)
    if interest.kind is InterestKind.VOTES:
        disliked = tastes.weighed(tastes.disliked(interest), reading.background)
        scores = by_votes(of_liked, disliked, reading.weighed, others=reading.weighed)
    else:
        scores = likeness(of_liked, reading.weighed)
    known = {name for paper in (*liked, *tastes.disliked(interest)) for name in (paper.id, *paper.identities)}
    passed = [
        row
        for row in np.flatnonzero(scores >= floor).tolist()
        if known.isdisjoint((reading.papers[row].id, *reading.papers[row].identities))
    ]
    return np.array(passed, dtype=np.int32), _weighted(scores[passed], interest.weight)


def reasons_like(interest: Interest, reading: Reading, rows: Sequence[int], tastes: Tastes) -> dict[int, Reason]:
    """Return for the papers in `rows` which of the liked papers is nearest, and how near."""
    # Examples that are alike speak together, and each for itself where it is named.
    liked = tastes.papers(interest)[: None if interest.kind is InterestKind.VOTES else 1]
    found = nearest(tastes.weighed(liked, reading.background), reading.weighed.take(rows))
    return {
        row: Reason(
            _KINDS[interest.kind], interest.name, example=liked[at].title, likeness=near, origin=interest.origin
        )
        for row, at, near in zip(rows, found.rows.tolist(), found.similarity.tolist(), strict=True)
    }


def refused_like(rules: Iterable[Interest], reading: Reading, tastes: Tastes) -> dict[Interest, frozenset[str]]:
    """Return for each exclusion by example the ids of the papers that are very like it, and of the example itself."""
    found = {}
    for rule in rules:
        papers = tastes.papers(rule)
        refused = refusals(tastes.weighed(papers, reading.background), reading.weighed) if reading.papers else ()
        names = {name for paper in papers for name in (paper.id, *paper.identities)} | set(rule.phrases)
        found[rule] = frozenset(
            paper.id
            for paper, is_refused in zip(reading.papers, refused, strict=True)
            if is_refused or not names.isdisjoint((paper.id, *paper.identities))
        )
    return found


def _weighted(scores: Vectors, weight: float) -> Vectors:
    """Return scores with a weight: it multiplies the odds above the gate, and opens none."""
    if weight == 1:
        return scores
    odds = np.maximum(scores - PASSES, 0) / np.maximum(1 - scores, 1e-6) * weight
    weighted = PASSES + PASSES * odds / (1 + odds)
    return np.where(scores >= PASSES, weighted, scores).astype(np.float32)
