"""Once per edition: prepared for everybody's issue; then cut to one subscriber's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property, partial
from types import MappingProxyType

import numpy as np

from newsletter.cluster import cluster
from newsletter.cluster.labels import Namer, namer
from newsletter.cluster.parts import divider
from newsletter.compose import Divide, compose
from newsletter.dedupe import latest as newest_text
from newsletter.match import NO_TASTES, PASSES, Hits, Reading, Tastes, Voted, excluded, own_interests, read, score
from newsletter.models import (
    UNREAD,
    Edition,
    Interest,
    InterestKind,
    Issue,
    Paper,
    SourceHealth,
    Subscriber,
    Topic,
    Trend,
)
from newsletter.pipeline.collecting import Progress, silent
from newsletter.store import Store
from newsletter.tokens import canonical
from newsletter.vectors import Vectors
from newsletter.weights import Weights

AGAINST = Interest(InterestKind.VOTES, "the reader's vote against it", ())

# A reader's interests as they are matched, and from which score a paper concerns them.
Asked = tuple[Sequence[Interest], float]


@dataclass(frozen=True, eq=False)
class Prepared:
    """What everybody's issue is cut from: an edition with who asked for what. Made by `prepare`.

    `interests` are, by address, those of readers whose examples and votes take part; `barred` the papers that each
    exclusion covers. `vectors` are the centred unit vectors of its papers by id; `found` are those that at least one
    interest let through; `naming`, `divide` and `cluster` find headings and topics, when first asked for. `trends` are
    what others speak for, best first.
    """

    edition: Edition
    hits: Hits
    interests: Mapping[str, tuple[Interest, ...]]
    barred: Mapping[Interest, frozenset[str]]
    vectors: Mapping[str, Vectors]
    found: tuple[Paper, ...]
    naming: Callable[[], Namer]
    divide: Divide
    cluster: Callable[[], tuple[Topic, ...]]
    trends: tuple[Trend, ...] = ()

    @cached_property
    def namer(self) -> Namer:
        """Return what names some of the papers: most readers' own words name their sections."""
        return self.naming()

    @cached_property
    def topics(self) -> tuple[Topic, ...]:
        """Return the topics of all papers that somebody asked for."""
        return self.cluster()

    def interests_of(self, subscriber: Subscriber) -> tuple[Interest, ...]:
        """Return a reader's interests as they were matched."""
        return self.interests.get(subscriber.email, subscriber.interests)

    def excluded(self, subscriber: Subscriber) -> dict[str, Interest]:
        """Return for each paper that a reader must not get the first exclusion, or the example that it is itself."""
        examples = (each for each in subscriber.interests if each.kind is InterestKind.PAPER)
        known = {
            row: each
            for each in examples
            for paper in self.hits.tastes.papers(each)
            for row in (paper.id, *paper.identities)
        }
        against = self.hits.tastes.votes.get(canonical(subscriber.email), Voted()).disliked
        known |= {name: AGAINST for paper in against for name in (paper.id, *paper.identities)}
        return known | {paper: rule for rule in reversed(subscriber.exclude) for paper in self.barred.get(rule, ())}


def prepare(
    edition: Edition,
    subscribers: Iterable[Subscriber],
    weights: Weights,
    *,
    known: Mapping[str, Vectors] = MappingProxyType({}),
    tastes: Tastes = NO_TASTES,
    earlier: Sequence[tuple[str, Vectors]] = (),
    trends: Sequence[Trend] = (),
    progress: Progress = silent,
) -> Prepared:
    """Return the groundwork of the issues of `subscribers`, whose interests decide which papers have topics.

    Updates are among these papers, in their newest version, where one of the subscribers wants updates. `known` are the
    vectors that papers have already, `tastes` the papers that readers name or voted on, `earlier` the headings of the
    last days with their vectors. Cost grows with papers × distinct phrases.
    """
    readers = tuple(subscribers)
    updates = tuple(map(newest_text, edition.updates)) if any(reader.updates for reader in readers) else ()
    papers = (*edition.papers, *updates)
    progress("prepare", 0, 2)
    vectors = vectors_of(papers, weights, known)
    progress("prepare", 1, 2)
    reading = read(papers, vectors, weights.background)
    interests = _interests(readers, tastes, weights)
    asked = [(interests.get(reader.email, reader.interests), bar(reader)) for reader in readers]
    hits = score(
        (interest for own, _ in asked for interest in own),
        reading,
        encode=weights.vectors.encode,
        floor=min((floor for _, floor in asked), default=1.0),
        tastes=tastes,
    )
    eager = [own for own, reader in zip(asked, readers, strict=True) if reader.updates]
    rows = sorted(_wanted(hits, asked, eager, first_update=len(edition.papers)))
    progress("prepare", 2, 2)
    found = tuple(papers[row] for row in rows)
    # Over all papers, so that no reader's issue depends on what others ask for.
    centred = weights.background.centred(vectors)
    return Prepared(
        edition,
        hits,
        interests,
        _barred(readers, reading, trends, weights, tastes),
        {paper.id: vector for paper, vector in zip(papers, centred, strict=True)},
        found,
        partial(
            namer,
            found,
            encode=weights.vectors.encode,
            background=weights.background,
            earlier=earlier,
            fallback=_no_heading,
        ),
        divider(papers, vectors, background=weights.background),
        partial(cluster, found, vectors[rows], encode=weights.vectors.encode, background=weights.background),
        tuple(trends),
    )


def vectors_of(papers: Sequence[Paper], weights: Weights, known: Mapping[str, Vectors]) -> Vectors:
    """Return the vector of each paper, float32 [papers, d]; those not `known` are made."""
    new = [row for row, paper in enumerate(papers) if paper.id not in known]
    vectors = np.zeros((len(papers), weights.vectors.dimensions), dtype=np.float32)
    for row, paper in enumerate(papers):
        if paper.id in known:
            vectors[row] = known[paper.id]
    if new:
        vectors[new] = weights.vectors.encode_papers([papers[row] for row in new])
    return vectors


def _no_heading(_papers: tuple[Paper, ...]) -> str:
    """Return that papers without a good phrase have no heading: `compose` puts them under a plain one."""
    return ""


def _interests(readers: Sequence[Subscriber], tastes: Tastes, weights: Weights) -> dict[str, tuple[Interest, ...]]:
    """Return the interests of those readers for whom examples or votes take part, by address."""
    found = {}
    for reader in readers:
        if any(each.kind is InterestKind.PAPER for each in reader.interests) or canonical(reader.email) in tastes.votes:
            found[reader.email] = own_interests(reader.email, reader.interests, tastes, weights.background)
    return found


def _wanted(hits: Hits, asked: Sequence[Asked], eager: Sequence[Asked], *, first_update: int) -> set[int]:
    """Return the rows of the papers that any reader's interests let through; updates only for those who want them."""
    return {row for row in hits.wanted(asked) if row < first_update} | {
        row for row in hits.wanted(eager) if row >= first_update
    }


def _barred(
    readers: Sequence[Subscriber], reading: Reading, trends: Sequence[Trend], weights: Weights, tastes: Tastes
) -> dict[Interest, frozenset[str]]:
    """Return the papers that each exclusion covers, of the edition and of what trends."""
    rules = [rule for reader in readers for rule in reader.exclude]
    barred = excluded(rules, reading, tastes=tastes)
    others = [trend.paper for trend in trends if trend.paper.id not in reading.row_of]
    if rules and others:
        trending = read(others, weights.vectors.encode_papers(others), weights.background)
        barred = {rule: barred[rule] | more for rule, more in excluded(rules, trending, tastes=tastes).items()}
    return barred


def edition_between(store: Store, earliest: date, latest: date, *, after: datetime | None = None) -> Edition:
    """Return what was first seen from `earliest` to `latest`, and after an instant, as one edition.

    Its updates are those of all these days that were collected after the instant, but for papers that are new in it. A
    source that could not be read on any of these days is told as that: its papers may be missing.
    """
    days = (earliest + timedelta(days=number) for number in range((latest - earliest).days + 1))
    kept = [edition for each in days if (edition := store.editions.on(each)) is not None]
    papers = [paper for paper, at in store.editions.papers_between(earliest, latest) if after is None or at > after]
    return Edition(
        day=kept[-1].day if kept else latest,
        papers=tuple(papers),
        health=_worst(kept),
        entries=sum(edition.entries for edition in kept),
        updates=_updates_in(store, kept, {paper.id for paper in papers}, after),
    )


def _updates_in(
    store: Store, kept: Sequence[Edition], new: Collection[str], after: datetime | None
) -> tuple[Paper, ...]:
    """Return the updates of some editions collected after an instant, each paper once, and none that is new."""
    updates: dict[str, Paper] = {}
    for edition in kept:
        at = store.editions.collected_at(edition.day) if edition.updates and after else None
        if after is None or (at is not None and at > after):
            updates |= {paper.id: paper for paper in edition.updates if paper.id not in new}
    return tuple(updates.values())


def _worst(kept: Sequence[Edition]) -> tuple[SourceHealth, ...]:
    """Return each source's latest health, or the latest in which it could not be read."""
    health = [each for edition in kept for each in edition.health]
    failed = {each.source: each for each in health if each.state in UNREAD}
    return tuple(({each.source: each for each in health} | failed).values())


def bar(subscriber: Subscriber) -> float:
    """Return the score from which a paper concerns a reader: the gate, or lower if they ask for more.

    Who asks for less gets what lies between told as cut.
    """
    return min(PASSES, subscriber.min_score)


def issue_for(
    prepared: Prepared,
    subscriber: Subscriber,
    *,
    day: date,
    received: Mapping[str, date] | None = None,
    versions: Mapping[str, int] | None = None,
) -> Issue:
    """Return one subscriber's issue of `day`.

    `received` are the papers they already have, `versions` which version of these they were told of as an update. The
    stored text of a paper is its first readers', so of any other paper they have that version.
    """
    received, versions = received or {}, versions or {}
    matched = prepared.hits.matched(prepared.interests_of(subscriber), floor=bar(subscriber))
    updates = {paper.id: max(paper.version, versions.get(paper.id, 0)) for paper in prepared.edition.updates}
    refused = prepared.excluded(subscriber)
    return compose(
        subscriber,
        matched,
        day=day,
        considered=len(prepared.edition.papers),
        health=prepared.edition.health,
        vectors=prepared.vectors,
        received=received,
        excluded=refused,
        name=lambda parts: prepared.namer.several(parts),  # noqa: PLW0108 - read when first asked for
        divide=prepared.divide,
        announced=_announced(prepared, subscriber),
        updates=updates,
        trends=(each for each in prepared.trends if each.paper.id not in received and each.paper.id not in refused),
    )


def trying(prepared: Prepared, subscriber: Subscriber) -> Prepared:
    """Return the groundwork of one reader whose interests or bar are others than those it was made for.

    Headings are found among the same papers, by the same namer, whose making is most of an issue's cost.
    """
    tastes, reading = prepared.hits.tastes, prepared.hits.reading
    own = own_interests(subscriber.email, subscriber.interests, tastes, reading.background)
    hits = score(own, reading, encode=prepared.hits.encode, floor=bar(subscriber), tastes=tastes)
    return replace(prepared, hits=hits, interests={subscriber.email: own}, naming=lambda: prepared.namer)


def _announced(prepared: Prepared, subscriber: Subscriber) -> dict[str, int]:
    """Return how many new papers each interest of a reader found."""
    new = len(prepared.edition.papers)
    worded = (each for each in prepared.interests_of(subscriber) if each.kind is InterestKind.PHRASE)
    found = {interest.name: prepared.hits.of(interest) for interest in worded}
    return {name: int(((rows < new) & (scores >= PASSES)).sum()) for name, (rows, scores) in found.items()}
