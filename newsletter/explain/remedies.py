"""What in the settings would have changed a paper's fate: each proposal is tried before it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import floor

from newsletter.cluster.phrases import spans
from newsletter.config.categories import as_category
from newsletter.match import PASSES, score
from newsletter.models import Cut, CutReason, Interest, InterestKind, Issue, Paper, Subscriber
from newsletter.pipeline import Prepared
from newsletter.words import words

# Makes one reader's issue of the same papers.
Make = Callable[[Subscriber], Issue]

_MOST_PAPERS = 50  # of the settings' own bound
_NEAR = 0.3  # a bar below that lets everything in
_MOST_PHRASES = 8  # of the title, the most usual in titles first


@dataclass(frozen=True, slots=True)
class Remedy:
    """A change of one line, and that line (`subscribers.yaml:14`). Made by `remedies`."""

    origin: str
    change: str


def remedies(
    subscriber: Subscriber, paper: Paper, cut: Cut | None, nearest: float, prepared: Prepared, make: Make
) -> Iterator[Remedy]:
    """Yield what would have brought a paper that was cut, or that no interest let through (then `cut` is None).

    `nearest` is the score of the interest that came nearest.
    """
    if cut is None:
        yield from _unmatched(subscriber, paper, nearest, prepared)
    elif cut.reason is CutReason.EXCLUDED:
        yield from _excluded(subscriber, paper, make)
    elif cut.reason is CutReason.LIMIT:
        yield from _limit(subscriber, paper, make)
    elif cut.reason is CutReason.SCORE:
        yield Remedy(
            subscriber.origin, f"min_score: {_rounded(cut.matched.score):.2f} (now {subscriber.min_score:.2f})"
        )


def _excluded(subscriber: Subscriber, paper: Paper, make: Make) -> Iterator[Remedy]:
    """Yield the exclusions that stand between the reader and the paper, if it would come without them."""
    names = {cut.detail for cut in make(subscriber).cut if cut.matched.paper.id == paper.id}
    for rule in subscriber.exclude:
        if any(rule.name in name for name in names):
            rest = tuple(other for other in subscriber.exclude if other is not rule)
            without = make(replace(subscriber, exclude=rest))
            if not any(cut.reason is CutReason.EXCLUDED and cut.matched.paper.id == paper.id for cut in without.cut):
                yield Remedy(rule.origin, f'no "{rule.name}" under exclude')


def _limit(subscriber: Subscriber, paper: Paper, make: Make) -> Iterator[Remedy]:
    """Yield the least `max_papers` that brings the paper."""
    low, high = subscriber.max_papers, _MOST_PAPERS
    if not _chosen(make(replace(subscriber, max_papers=high)), paper):
        return
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _chosen(make(replace(subscriber, max_papers=middle)), paper) else (middle, high)
    yield Remedy(subscriber.origin, f"max_papers: {high} (now {subscriber.max_papers})")


def _unmatched(subscriber: Subscriber, paper: Paper, nearest: float, prepared: Prepared) -> Iterator[Remedy]:
    """Yield an interest that would match, and how low the bar would have to be."""
    proposed = [Interest(InterestKind.CATEGORY, name, (name,)) for name in paper.categories[:1] if as_category(name)]
    reading = prepared.hits.reading
    usual = reading.background.title_phrases
    phrases = [phrase.surface for phrase in spans(paper.title) if " " in phrase.surface]
    phrases.sort(key=lambda phrase: (-usual.get(" ".join(words(phrase)), 0), phrase))
    proposed = [*(Interest(InterestKind.PHRASE, phrase, (phrase,)) for phrase in phrases[:_MOST_PHRASES]), *proposed]
    hits = score(proposed, reading, encode=prepared.hits.encode)
    told: set[InterestKind] = set()
    for interest in proposed:
        if interest.kind not in told and hits.hit(interest, paper.id) is not None:
            told.add(interest.kind)
            yield Remedy(subscriber.origin, f'an interest "{interest.name}"')
    if _NEAR <= nearest < min(PASSES, subscriber.min_score):
        yield Remedy(subscriber.origin, f"min_score: {_rounded(nearest):.2f} (now {subscriber.min_score:.2f})")


def _chosen(issue: Issue, paper: Paper) -> bool:
    return any(matched.paper.id == paper.id for matched in issue.chosen)


def _rounded(value: float) -> float:
    """Return a score that people can write down and that is not above `value`."""
    return floor(value * 100) / 100
