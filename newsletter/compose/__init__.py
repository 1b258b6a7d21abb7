"""Matched papers to an issue: which, in which sections, in what order; what is left out is said with its reason.

refuse         what the reader excluded, already received, or set the bar above
find_subjects  what the candidates are about: the reader's own words, or topics
choose         for relevance, coverage and a fair share of every subject, at most `max_papers`
arrange        the best paper leads; the rest stand in sections
beside         the editor's picks, for everybody, and a few papers that others speak for
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import date
from types import MappingProxyType

from newsletter.compose.choose import choose
from newsletter.compose.sections import arrange
from newsletter.compose.subjects import Divide, Name, find_subjects
from newsletter.models import (
    LEFTOVERS,
    PEOPLE,
    Cut,
    CutReason,
    Interest,
    Issue,
    MatchedPaper,
    Reason,
    ReasonKind,
    SourceHealth,
    Subscriber,
    Trend,
)
from newsletter.vectors import Vectors

__all__ = ["PLAIN", "Divide", "Name", "arrange", "choose", "compose"]

PLAIN = frozenset((LEFTOVERS, PEOPLE))
"""The headings that name no subject."""

MOST_PICKS = 3
"""The most papers of the editor's in one issue, beside those that stand in it anyway."""

NO_UPDATES: Mapping[str, int] = MappingProxyType({})


def compose(
    subscriber: Subscriber,
    matched: Iterable[MatchedPaper],
    *,
    day: date,
    considered: int,
    health: Sequence[SourceHealth],
    vectors: Mapping[str, Vectors],
    received: Mapping[str, date],
    excluded: Mapping[str, Interest],
    name: Name,
    divide: Divide,
    announced: Mapping[str, int],
    updates: Mapping[str, int] = NO_UPDATES,
    trends: Iterable[Trend] = (),
) -> Issue:
    """Return the issue of `day` for one subscriber, empty when nothing is left.

    `vectors` gives each matched paper's centred unit vector [d]; `received` the papers this subscriber already
    has and since when; `excluded` those that one of their exclusions covers; `name` and `divide` find headings and
    topics, `announced` how many new papers each interest found. `updates` gives, of the papers that are not new but
    came in a newer version, the version that this subscriber has or could have. `trends`, best first, are read as far
    as needed; what the subscriber received or excluded is not among them. They join an issue, and never make one; the
    editor's picks among them join everybody's, or say so beside a paper that the reader gets anyway.
    """
    concern = (paper for paper in sorted(matched, key=_best_first) if _concerns(paper, received, updates))
    concerning = [_as_update(paper, subscriber, received, updates) for paper in concern]
    refused = {paper.paper.id: cut for paper in concerning if (cut := _refusal(paper, subscriber, received, excluded))}
    candidates = [paper for paper in concerning if paper.paper.id not in refused]
    limit = subscriber.max_papers
    hidden = Counter(cut.matched.reasons[0].interest for cut in refused.values() if cut.reason is CutReason.EXCLUDED)
    left = {interest: count - hidden[interest] for interest, count in announced.items()}
    subjects = find_subjects(candidates, limit=limit, announced=left, name=name, divide=divide, hidden=updates.keys())
    own = {paper: str(number) for number, subject in enumerate(subjects) for paper in subject.papers}
    chosen = choose(candidates, vectors, limit=limit, subjects=[own[paper.paper.id] for paper in candidates])
    taken = {paper.paper.id for paper in chosen}
    picked, trending = _beside(trends if chosen else (), most=subscriber.trending, taken=taken)
    chosen = tuple(_as_pick(paper, picked) for paper in chosen)
    picks = tuple(_of_trend(trend) for paper_id, trend in picked.items() if paper_id not in taken)[:MOST_PICKS]
    taken |= {paper.paper.id for paper in (*picks, *trending)}
    late = tuple(
        Cut(paper, CutReason.LIMIT, f"max_papers is {limit}") for paper in candidates if paper.paper.id not in taken
    )
    lead = chosen[0] if chosen else None
    return Issue(
        subscriber=subscriber,
        day=day,
        lead=lead,
        sections=arrange(chosen[1:], subjects, vectors, lead=lead),
        cut=late + tuple(cut for paper_id, cut in refused.items() if paper_id not in taken),
        considered=considered,
        health=tuple(health),
        trending=trending,
        picks=picks,
    )


def _beside(
    trends: Iterable[Trend], *, most: int, taken: Set[str]
) -> tuple[Mapping[str, Trend], tuple[MatchedPaper, ...]]:
    """Return what the editor picked, by paper, and at most `most` others that trend and are not `taken`."""
    picked: dict[str, Trend] = {}
    trending: list[MatchedPaper] = []
    for trend in trends:
        if trend.picked:
            picked[trend.paper.id] = trend
        elif len(trending) >= most:
            break
        elif trend.paper.id not in taken:
            trending.append(_of_trend(trend))
    return picked, tuple(trending)


def _of_trend(trend: Trend) -> MatchedPaper:
    return MatchedPaper(trend.paper, trend.score, trend.reasons)


def _as_pick(matched: MatchedPaper, picked: Mapping[str, Trend]) -> MatchedPaper:
    """Return the match with the editor's reason beside its own, an update's still last."""
    if matched.paper.id not in picked:
        return matched
    pick = picked[matched.paper.id].reasons[0]
    return replace(matched, reasons=tuple(sorted((*matched.reasons, pick), key=_is_update)))


def _is_update(reason: Reason) -> bool:
    return reason.kind is ReasonKind.UPDATE


def _concerns(matched: MatchedPaper, received: Mapping[str, date], updates: Mapping[str, int]) -> bool:
    """Return whether a paper is new, or an update of what this reader has: to others an update is old."""
    return matched.paper.id not in updates or matched.paper.id in received


def _as_update(
    matched: MatchedPaper, subscriber: Subscriber, received: Mapping[str, date], updates: Mapping[str, int]
) -> MatchedPaper:
    """Return the match with its last reason, that it is an update, where this reader wants it and has not had it."""
    paper = matched.paper
    if not subscriber.updates or paper.version <= updates.get(paper.id, paper.version):
        return matched
    update = Reason(ReasonKind.UPDATE, count=paper.version, since=received[paper.id])
    return replace(matched, reasons=(*matched.reasons, update))


def _refusal(
    matched: MatchedPaper, subscriber: Subscriber, received: Mapping[str, date], excluded: Mapping[str, Interest]
) -> Cut | None:
    """Return why this reader must not get the paper: exclusions win over everything."""
    paper_id = matched.paper.id
    if paper_id in excluded:
        rule = excluded[paper_id]
        return Cut(matched, CutReason.EXCLUDED, f"{rule.name} ({rule.origin})" if rule.origin else rule.name)
    if paper_id in received and matched.reasons[-1].kind is not ReasonKind.UPDATE:
        return Cut(matched, CutReason.SENT, f"in the issue of {received[paper_id].isoformat()}")
    if matched.score < subscriber.min_score:
        return Cut(matched, CutReason.SCORE, f"{matched.score:.2f} is under min_score {subscriber.min_score:.2f}")
    return None


def _best_first(matched: MatchedPaper) -> tuple[float, str]:
    return (-matched.score, matched.paper.id)
