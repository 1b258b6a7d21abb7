"""Once per day: every source asked, what is new kept as the day's edition."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import sha256

from newsletter.collect import Fetch, collect, named
from newsletter.collect.health import joined
from newsletter.dedupe import dedupe, is_newer
from newsletter.dedupe import wanted as wanted_identities
from newsletter.models import Edition, Paper, SourceHealth
from newsletter.sources.source import Source
from newsletter.store import Store
from newsletter.summary import summarise
from newsletter.weights import Weights

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]

CRASHED_FOR = timedelta(hours=3)  # what a run left without making an edition of it is read again after that
READS_ALIKE_FOR = timedelta(days=3)  # so long a listing may follow the preprint it copies


def silent(_stage: str, _done: int, _total: int) -> None:
    """Report no progress."""


def always(_name: str, _health: SourceHealth | None) -> bool:
    """Return that a source is read, whatever it answered before."""
    return True


def collect_edition(
    sources: Sequence[Source],
    store: Store,
    *,
    fetch: Fetch,
    day: date,
    now: datetime,
    weights: Callable[[], Weights] | None = None,
    asked: Callable[[str, SourceHealth | None], bool] = always,
    progress: Progress = silent,
) -> Edition:
    """Read the sources, keep what is new as the edition of `day`, and return that whole edition.

    `now` is aware, in the newsletter's zone. `asked` says by a source's name and health on this day, None where it has
    none yet, whether it is read at all. What each gives is kept as it comes: after a crash only the others are read
    again. `weights` loads the vectors, by which works without a common id are recognised, and which are kept with
    the papers, as is a summary of each.
    """
    everyone = named(sources)
    settings = {name: _digest(source) for name, source in everyone.items()}
    known_health = store.editions.health_on(day)
    health = known_health or {}
    crashed = store.arrivals.of(day, settings=settings, since=now - CRASHED_FOR)
    kept = {arrival.health.source: arrival for arrival in crashed}
    wanted = {
        name: source
        for name, source in everyone.items()
        if name not in kept and asked(name, health.get(name)) and _can_tell_more(name, source, health, day, now)
    }
    before = store.editions.health_until(max(day, now.date()))
    for arrival in collect(
        wanted, day=day, now=now, fetch=fetch, before=before, progress=lambda _, *part: progress("collect", *part)
    ):
        name = arrival.health.source
        store.arrivals.keep(day, arrival, settings=settings[name], at=now)
        kept[name] = arrival
    if known_health is not None and not kept and health.keys() <= everyone.keys():
        edition = store.editions.on(day)
        assert edition is not None  # noqa: S101 - it has health
        return edition
    entries = [entry for name in everyone if name in kept for entry in kept[name].entries]
    told = tuple(
        joined(health.get(name), kept[name].health) if name in kept else health[name]
        for name in everyone
        if name in kept or name in health
    )
    recent = [paper for paper, _ in store.editions.papers_between(day - READS_ALIKE_FOR, day)] if weights else []

    told_again: set[str] = set()

    def make(known: Sequence[Paper]) -> Edition:
        encode = weights().vectors.encode if weights and entries else None
        papers = _summarised(dedupe(entries, known=known, recent=recent, encode=encode), (*known, *recent))
        told_again.update(paper.id for paper in papers)
        return Edition(day, papers, told, len(entries), _updates(papers, (*known, *recent)))

    made = store.editions.merge(wanted_identities(entries), make, collected_at=now)
    if weights and entries:
        keep_vectors(store, made.papers, weights(), told=told_again)
    log.info("collected %s: %d entries, %d papers, %d updates", day, len(entries), len(made.papers), len(made.updates))
    return made


def keep_vectors(store: Store, papers: Sequence[Paper], weights: Weights, *, told: Collection[str]) -> None:
    """Make and keep the vectors of those stored papers that have none, and of those `told` of now, which may differ."""
    model = weights.vectors.name
    known = store.vectors.of(model, (paper.id for paper in papers))
    new = [paper for paper in papers if paper.id not in known or paper.id in told]
    store.vectors.keep(model, dict(zip((paper.id for paper in new), weights.vectors.encode_papers(new), strict=True)))


def _summarised(papers: Iterable[Paper], known: Iterable[Paper]) -> tuple[Paper, ...]:
    """Return `papers` with their summaries; that of a known one is made anew only where its text is another."""
    before = {(paper.id, paper.title, paper.abstract): paper.summary for paper in known}
    keys = ((paper, before.get((paper.id, paper.title, paper.abstract))) for paper in papers)
    return tuple(replace(paper, summary=had or summarise(paper.title, paper.abstract)) for paper, had in keys)


def _digest(source: Source) -> str:
    """Return what tells a source's settings from others; secrets take no part in it."""
    return sha256(f"{type(source).__name__} {source.model_dump_json()}".encode()).hexdigest()[:16]


def _can_tell_more(name: str, source: Source, health: Mapping[str, SourceHealth], day: date, now: datetime) -> bool:
    """Return whether asking makes sense: who cannot be asked about a past day has said what it will ever say of it."""
    return day >= now.date() or name not in health or bool(source.requests(day, now=now))


def _updates(papers: Iterable[Paper], known: Iterable[Paper]) -> tuple[Paper, ...]:
    """Return those of `papers` of which an earlier version was known."""
    before = {paper.id: paper for paper in known}
    return tuple(paper for paper in papers if paper.id in before and is_newer(paper, before[paper.id]))
