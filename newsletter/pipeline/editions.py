"""Once per edition: collected, kept, and prepared for everybody's issue; then cut to one subscriber's."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain

from newsletter.cluster import cluster
from newsletter.cluster.labels import namer
from newsletter.collect import Fetch, collect
from newsletter.compose import Name, compose
from newsletter.dedupe import dedupe
from newsletter.ids import identities
from newsletter.match import PASSES, Hits, excluded, match, score
from newsletter.models import Edition, HealthState, Issue, Paper, SourceHealth, Subscriber, Topic
from newsletter.sources.source import Source
from newsletter.store import Store
from newsletter.vectors import Vectors
from newsletter.weights import Weights

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]


def silent(_stage: str, _done: int, _total: int) -> None:
    """Report no progress."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """What everybody's issue is cut from: an edition with who asked for what, and its topics. Made by `prepare`.

    `topics` hold the papers that at least one interest let through; `vectors` their centred unit vectors by paper id;
    `name` finds a heading for some of them.
    """

    edition: Edition
    hits: Hits
    topics: tuple[Topic, ...]
    vectors: Mapping[str, Vectors]
    name: Name


def collect_edition(
    sources: Sequence[Source], store: Store, *, fetch: Fetch, day: date, now: datetime, progress: Progress = silent
) -> Edition:
    """Read every source, keep what is new as the edition of `day`, and return that edition."""
    collected = collect(sources, today=day, fetch=fetch, progress=lambda _, *part: progress("collect", *part))
    known = store.editions.known_identities(chain.from_iterable(map(identities, collected.entries)))
    papers = dedupe(collected.entries, known=known)
    store.editions.save(Edition(day, papers, collected.health, len(collected.entries)), collected_at=now)
    edition = store.editions.on(day)
    assert edition is not None  # noqa: S101 - just saved
    log.info("collected %s: %d entries, %d new papers", day, len(collected.entries), len(edition.papers))
    return edition


def prepare(
    edition: Edition, subscribers: Iterable[Subscriber], weights: Weights, *, progress: Progress = silent
) -> Prepared:
    """Return the groundwork of the issues of `subscribers`, whose interests decide which papers have topics.

    Cost grows with papers × distinct phrases, and with the square of the papers that somebody asked for.
    """
    readers, papers = tuple(subscribers), edition.papers
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
    wanted = {
        paper_id
        for reader in readers
        for interest in reader.interests
        for paper_id, hit in hits[interest].items()
        if hit.score >= bar(reader)
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
    return Prepared(edition, hits, topics, by_id, name)


def edition_between(store: Store, earliest: date, latest: date, *, after: datetime | None = None) -> Edition:
    """Return what was first seen from `earliest` to `latest`, and after an instant, as one edition.

    A source that failed on any of these days is told as failed: its papers may be missing.
    """
    days = (earliest + timedelta(days=number) for number in range((latest - earliest).days + 1))
    kept = [edition for each in days if (edition := store.editions.on(each)) is not None]
    papers = [paper for paper, at in store.editions.papers_between(earliest, latest) if after is None or at > after]
    return Edition(
        day=kept[-1].day if kept else latest,
        papers=tuple(papers),
        health=_worst(kept),
        entries=sum(edition.entries for edition in kept),
    )


def _worst(kept: Sequence[Edition]) -> tuple[SourceHealth, ...]:
    """Return each source's latest health, or its latest failure."""
    health = [each for edition in kept for each in edition.health]
    failed = {each.source: each for each in health if each.state is HealthState.FAILED}
    return tuple(({each.source: each for each in health} | failed).values())


def bar(subscriber: Subscriber) -> float:
    """Return the score from which a paper concerns a reader: the gate, or lower if they ask for more.

    Who asks for less gets what lies between told as cut.
    """
    return min(PASSES, subscriber.min_score)


def issue_for(
    prepared: Prepared, subscriber: Subscriber, *, day: date, received: Mapping[str, date] | None = None
) -> Issue:
    """Return one subscriber's issue of `day`; `received` are the papers they already have."""
    matches = match(prepared.topics, subscriber.interests, prepared.hits, floor=bar(subscriber))
    papers: tuple[Paper, ...] = tuple(matched.paper for found in matches for matched in found.papers)
    return compose(
        subscriber,
        matches,
        day=day,
        considered=len(prepared.edition.papers),
        health=prepared.edition.health,
        vectors=prepared.vectors,
        received=received or {},
        excluded=excluded(papers, subscriber.exclude),
        name=prepared.name,
    )
