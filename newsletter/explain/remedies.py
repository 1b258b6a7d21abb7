"""What in the settings would have changed a paper's fate: each proposal is tried before it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import floor

from newsletter.cluster.phrases import spans
from newsletter.match import score
from newsletter.models import Cut, CutReason, Interest, InterestKind, Issue, Paper, Subscriber
from newsletter.pipeline import Prepared
from newsletter.words import words

# Makes one reader's issue of the same papers.
Make = Callable[[Subscriber], Issue]

_MOST_PAPERS = 50  # of the settings' own bound
_MOST_PHRASES = 8  # of the title, the most usual in titles first
_MOST_TRIED = 3


@dataclass(frozen=True, slots=True)
class Remedy:
    """A change of one line, and that line (`subscribers.yaml:14`). Made by `remedies`."""

    origin: str
    change: str


def remedies(
    subscriber: Subscriber, paper: Paper, cut: Cut | None, rule: Interest | None, prepared: Prepared, make: Make
) -> Iterator[Remedy]:
    """Yield what would have brought a paper that was cut, or that no interest let through (then `cut` is None).

    `rule` is the exclusion that covers it. Each proposal was tried on this issue, and brought the paper.
    """
    if cut is None:
        yield from _unmatched(subscriber, paper, rule, prepared, make)
    elif cut.reason is CutReason.EXCLUDED and rule is not None:
        if _chosen(make(_without(subscriber, rule)), paper):
            yield Remedy(rule.origin, f'no "{rule.name}" under exclude')
    elif cut.reason is CutReason.LIMIT:
        yield from _limit(subscriber, paper, make)
    elif cut.reason is CutReason.SCORE:
        lower = replace(subscriber, min_score=_rounded(cut.matched.score))
        if _chosen(make(lower), paper):
            yield Remedy(subscriber.origin, f"min_score: {lower.min_score:.2f} (now {subscriber.min_score:.2f})")


def _limit(subscriber: Subscriber, paper: Paper, make: Make) -> Iterator[Remedy]:
    """Yield the least `max_papers` that brings the paper."""
    low, high = subscriber.max_papers, _MOST_PAPERS
    if not _chosen(make(replace(subscriber, max_papers=high)), paper):
        return
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _chosen(make(replace(subscriber, max_papers=middle)), paper) else (middle, high)
    yield Remedy(subscriber.origin, f"max_papers: {high} (now {subscriber.max_papers})")


def _unmatched(
    subscriber: Subscriber, paper: Paper, rule: Interest | None, prepared: Prepared, make: Make
) -> Iterator[Remedy]:
    """Yield an interest that would bring the paper, in words or else in a category, without what excludes it."""
    besides = f', and no "{rule.name}" under exclude ({rule.origin})' if rule else ""
    reader = _without(subscriber, rule) if rule else subscriber
    proposed = [
        *_phrases(paper, prepared),
        *(Interest(InterestKind.CATEGORY, name, (name,)) for name in paper.categories),
    ]
    for interest in proposed:
        if _chosen(make(replace(reader, interests=(*reader.interests, interest))), paper):
            yield Remedy(subscriber.origin, f'an interest "{interest.name}"{besides}')
            return


def _phrases(paper: Paper, prepared: Prepared) -> list[Interest]:
    """Return a few phrases of the title that would match, the most usual in titles first."""
    reading = prepared.hits.reading
    usual = reading.background.title_phrases
    phrases = [phrase.surface for phrase in spans(paper.title) if " " in phrase.surface]
    phrases.sort(key=lambda phrase: (-usual.get(" ".join(words(phrase)), 0), phrase))
    proposed = [Interest(InterestKind.PHRASE, phrase, (phrase,)) for phrase in phrases[:_MOST_PHRASES]]
    hits = score(proposed, reading, encode=prepared.hits.encode)
    return [interest for interest in proposed if hits.hit(interest, paper.id) is not None][:_MOST_TRIED]


def _without(subscriber: Subscriber, rule: Interest) -> Subscriber:
    return replace(subscriber, exclude=tuple(other for other in subscriber.exclude if other != rule))


def _chosen(issue: Issue, paper: Paper) -> bool:
    return any(matched.paper.id == paper.id for matched in issue.chosen)


def _rounded(value: float) -> float:
    """Return a score that people can write down and that is not above `value`."""
    return floor(value * 100) / 100
