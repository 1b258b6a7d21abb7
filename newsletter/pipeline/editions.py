"""Once per edition: prepared for everybody's issue; then cut to one subscriber's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from newsletter.cluster import cluster
from newsletter.cluster.labels import namer
from newsletter.compose import Name, compose
from newsletter.dedupe import latest as newest_text
from newsletter.match import PASSES, Hits, excluded, match, score
from newsletter.models import UNREAD, Edition, Issue, Paper, SourceHealth, Subscriber, Topic, Trend
from newsletter.pipeline.collecting import Progress, silent
from newsletter.store import Store
from newsletter.vectors import Vectors
from newsletter.weights import Weights


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """What everybody's issue is cut from: an edition with who asked for what, and its topics. Made by `prepare`.

    `topics` hold the papers that at least one interest let through; `vectors` their centred unit vectors by paper id;
    `name` finds a heading for some of them. `trends` are what others speak for, best first.
    """

    edition: Edition
    hits: Hits
    topics: tuple[Topic, ...]
    vectors: Mapping[str, Vectors]
    name: Name
    trends: tuple[Trend, ...] = ()


def prepare(
    edition: Edition,
    subscribers: Iterable[Subscriber],
    weights: Weights,
    *,
    trends: Sequence[Trend] = (),
    progress: Progress = silent,
) -> Prepared:
    """Return the groundwork of the issues of `subscribers`, whose interests decide which papers have topics.

    Updates are among these papers, in their newest version, where one of the subscribers wants updates. Cost grows with
    papers × distinct phrases, and with the square of the papers that somebody asked for.
    """
    readers = tuple(subscribers)
    updates = tuple(map(newest_text, edition.updates)) if any(reader.updates for reader in readers) else ()
    papers = (*edition.papers, *updates)
    progress("prepare", 0, 3)
    vectors = weights.vectors.encode([paper.text for paper in papers])
    progress("prepare", 1, 3)
    hits = score(
        (interest for reader in readers for interest in reader.interests),
        papers,
        paper_vectors=vectors,
        encode=weights.vectors.encode,
        background=weights.background,
        floor=min((bar(reader) for reader in readers), default=1.0),
    )
    old = {paper.id for paper in updates}
    wanted = {
        paper_id
        for reader in readers
        for interest in reader.interests
        for paper_id, hit in hits[interest].items()
        if hit.score >= bar(reader) and (reader.updates or paper_id not in old)
    }
    rows = [row for row, paper in enumerate(papers) if paper.id in wanted]
    progress("prepare", 2, 3)
    topics = cluster(
        [papers[row] for row in rows],
        vectors[rows],
        encode=weights.vectors.encode,
        background=weights.background,
    )
    progress("prepare", 3, 3)
    centred = weights.background.centred(vectors[rows])
    by_id = {papers[row].id: centred[at] for at, row in enumerate(rows)}
    found = tuple(paper for topic in topics for paper in topic.papers)
    name = namer(found, encode=weights.vectors.encode, background=weights.background)
    return Prepared(edition, hits, topics, by_id, name, tuple(trends))


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
    matches = match(prepared.topics, subscriber.interests, prepared.hits, floor=bar(subscriber))
    papers: tuple[Paper, ...] = tuple(matched.paper for found in matches for matched in found.papers)
    trends = (
        trend
        for trend in prepared.trends
        if trend.paper.id not in received and not excluded((trend.paper,), subscriber.exclude)
    )
    return compose(
        subscriber,
        matches,
        day=day,
        considered=len(prepared.edition.papers),
        health=prepared.edition.health,
        vectors=prepared.vectors,
        received=received,
        excluded=excluded(papers, subscriber.exclude),
        name=prepared.name,
        updates={paper.id: max(paper.version, versions.get(paper.id, 0)) for paper in prepared.edition.updates},
        trends=trends,
    )
