"""Matches to an issue: which papers, in which sections, in what order; everything left out is said with its reason.

refuse   what the reader excluded, already received, or set the bar above
choose   for relevance and coverage together, at most `max_papers`
arrange  the best paper leads; the rest stand in sections named by topic, or by the reader's own phrase
trend    beside these, a few papers that others speak for
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import islice
from types import MappingProxyType

import numpy as np

from newsletter.models import (
    Cut,
    CutReason,
    Interest,
    Issue,
    Match,
    MatchedPaper,
    Paper,
    Reason,
    ReasonKind,
    Section,
    SourceHealth,
    Subscriber,
    Topic,
    Trend,
)
from newsletter.vectors import Vectors
from newsletter.words import heading

# Finds a heading for some papers of the edition.
Name = Callable[[tuple[Paper, ...]], str]

RELEVANCE_WEIGHT = 0.5  # λ: relevance against coverage
OWN_PHRASE_SHARE = 0.6  # of a section's papers, for the reader's phrase to name it
LONGEST_HEADING = 6  # words; a longer phrase says what is wanted, not what a section is called
MOST_CANDIDATES = 200  # the weakest matches of a broad reader are not worth comparing with one another
LEFTOVERS = "More for you"
MOST_LONE_PAPERS = 2

NO_UPDATES: Mapping[str, int] = MappingProxyType({})


def compose(
    subscriber: Subscriber,
    matches: Sequence[Match],
    *,
    day: date,
    considered: int,
    health: Sequence[SourceHealth],
    vectors: Mapping[str, Vectors],
    received: Mapping[str, date],
    excluded: Mapping[str, Interest],
    name: Name,
    updates: Mapping[str, int] = NO_UPDATES,
    trends: Iterable[Trend] = (),
) -> Issue:
    """Return the issue of `day` for one subscriber, empty when nothing is left.

    `vectors` gives each matched paper's centred unit vector [d]; `received` the papers this subscriber already
    has and since when; `excluded` those that one of their exclusions covers; `name` finds a heading for papers that
    are a small part of their topic. `updates` gives, of the papers that are not new but came in a newer version, the
    version that this subscriber has or could have. `trends`, best first, are read as far as needed; what the
    subscriber received or excluded is not among them. They join an issue, and never make one.
    """
    matched = sorted((paper for found in matches for paper in found.papers), key=_best_first)
    concern = (paper for paper in matched if _concerns(paper, received, updates))
    matched = [_as_update(paper, subscriber, received, updates) for paper in concern]
    refused = {paper.paper.id: cut for paper in matched if (cut := _refusal(paper, subscriber, received, excluded))}
    candidates = [paper for paper in matched if paper.paper.id not in refused]
    chosen = choose(candidates, vectors, limit=subscriber.max_papers)
    taken = {paper.paper.id for paper in chosen}
    others = (trend for trend in trends if trend.paper.id not in taken)
    trending = tuple(
        MatchedPaper(trend.paper, trend.score, trend.reasons)
        for trend in islice(others, subscriber.trending if chosen else 0)
    )
    taken |= {paper.paper.id for paper in trending}
    late = tuple(
        Cut(paper, CutReason.LIMIT, f"max_papers is {subscriber.max_papers}")
        for paper in candidates
        if paper.paper.id not in taken
    )
    lead = min(chosen, key=_best_first, default=None)
    return Issue(
        subscriber=subscriber,
        day=day,
        lead=lead,
        sections=arrange([paper for paper in chosen if paper is not lead], matches, name=name, updates=updates),
        cut=late + tuple(cut for paper_id, cut in refused.items() if paper_id not in taken),
        considered=considered,
        health=tuple(health),
        trending=trending,
    )


def choose(
    candidates: Sequence[MatchedPaper], vectors: Mapping[str, Vectors], *, limit: int
) -> tuple[MatchedPaper, ...]:
    """Return at most `limit` of `candidates` (best first), best first: relevant, and together covering what matched.

    Greedy facility location: each step takes the paper that adds most to λ · relevance + (1 - λ) · how well the
    chosen stand for all candidates. Source: Krause and Golovin, Submodular Function Maximization (2014).
    """
    if len(candidates) <= limit:
        return tuple(candidates)
    pool = candidates[:MOST_CANDIDATES]
    relevance = np.array([paper.score for paper in pool])
    likeness = np.maximum(_stack(pool, vectors) @ _stack(pool, vectors).T, 0.0)
    weights, gains = relevance / relevance.sum(), relevance / (limit * relevance.max())
    covered = np.zeros(len(pool))
    rows: list[int] = []
    for _ in range(min(limit, len(pool))):
        coverage = (weights[:, None] * np.maximum(likeness - covered[:, None], 0.0)).sum(axis=0)
        value = RELEVANCE_WEIGHT * gains + (1 - RELEVANCE_WEIGHT) * coverage
        value[rows] = -1.0
        # Rounded so that two machines agree; among equals the earlier, which is the more relevant.
        best = int(np.round(value, 9).argmax())
        rows.append(best)
        covered = np.maximum(covered, likeness[best])
    return tuple(pool[row] for row in sorted(rows))


def arrange(
    papers: Sequence[MatchedPaper], matches: Sequence[Match], *, name: Name, updates: Collection[str] = ()
) -> tuple[Section, ...]:
    """Return `papers` in sections, best section first: by topic, one label once, few papers left alone.

    `updates` are the papers that are not new, which count as announced only where they are shown.
    """
    topic_of = {paper.paper.id: match.topic for match in matches for paper in match.papers}
    groups: dict[str, list[MatchedPaper]] = {}
    for paper in papers:
        groups.setdefault(topic_of[paper.paper.id].label, []).append(paper)
    named: dict[str, list[MatchedPaper]] = {}
    for group in groups.values():
        for part in _parts(group):
            named.setdefault(_heading(part, topic_of[part[0].paper.id], name), []).extend(part)
    sections = [_section(label, group, topic_of, updates) for label, group in _gathered(named).items()]
    return tuple(
        sorted(sections, key=lambda section: (section.label == LEFTOVERS, -section.papers[0].score, section.label))
    )


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


def _gathered(named: Mapping[str, list[MatchedPaper]]) -> dict[str, list[MatchedPaper]]:
    """Return the groups with lone papers moved to the group of the same interest, or together if they are many."""
    groups = {label: list(group) for label, group in named.items() if len(group) > 1}
    # Only an interest said in words is a subject: two papers of one category have nothing else in common.
    home = {_interest(group): label for label, group in groups.items() if _own_phrase(group)}
    alone: dict[str, list[MatchedPaper]] = {}
    for label, group in named.items():
        if len(group) > 1:
            continue
        if (interest := _interest(group)) in home:
            groups[home[interest]].extend(group)
        else:
            alone[label] = group
    if len(alone) > MOST_LONE_PAPERS:
        return groups | {LEFTOVERS: [paper for group in alone.values() for paper in group]}
    return groups | alone


def _section(
    label: str, group: Sequence[MatchedPaper], topic_of: Mapping[str, Topic], updates: Collection[str]
) -> Section:
    topics = {topic_of[matched.paper.id].label: topic_of[matched.paper.id] for matched in group}
    hidden = set(updates) - {matched.paper.id for matched in group}
    return Section(
        label=label,
        interest="" if label == LEFTOVERS else _own_phrase(group) or _interest(group),
        papers=tuple(sorted(group, key=_best_first)),
        announced=sum(paper.id not in hidden for topic in topics.values() for paper in topic.papers),
    )


def _parts(group: Sequence[MatchedPaper]) -> list[Sequence[MatchedPaper]]:
    """Return a topic's papers apart where most answer one interest and two or more others do not."""
    phrase = _own_phrase(group)
    others = [matched for matched in group if phrase not in _phrases_of(matched)]
    if not phrase or len(others) < 2:  # one paper makes no section
        return [group]
    return [[matched for matched in group if phrase in _phrases_of(matched)], *_parts(others)]


def _heading(group: Sequence[MatchedPaper], topic: Topic, name: Name) -> str:
    """Return the reader's own words where they fit, else the topic's label, else one found for these papers."""
    phrase = _own_phrase(group)
    if phrase and len(phrase.split()) <= LONGEST_HEADING:
        return heading(phrase)
    if len(group) >= OWN_PHRASE_SHARE * len(topic.papers) or len(group) == 1:
        return topic.label
    return name(tuple(matched.paper for matched in group))


def _own_phrase(group: Sequence[MatchedPaper]) -> str:
    """Return the interest, asked for in words, that most of `group` answers, "" where none does."""
    names = Counter(name for matched in group for name in _phrases_of(matched))
    name = min(names, key=lambda name: (-names[name], name), default="")
    return name if names[name] >= OWN_PHRASE_SHARE * len(group) else ""


def _phrases_of(matched: MatchedPaper) -> set[str]:
    return {reason.interest for reason in matched.reasons if reason.kind in {ReasonKind.WORDS, ReasonKind.MEANING}}


def _interest(group: Sequence[MatchedPaper]) -> str:
    names = Counter(matched.reasons[0].interest for matched in group)
    return min(names, key=lambda name: (-names[name], name))


def _stack(papers: Sequence[MatchedPaper], vectors: Mapping[str, Vectors]) -> Vectors:
    return np.stack([vectors[matched.paper.id] for matched in papers])


def _best_first(matched: MatchedPaper) -> tuple[float, str]:
    return (-matched.score, matched.paper.id)
