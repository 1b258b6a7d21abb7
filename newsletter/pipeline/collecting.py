"""Once per day: every source asked, what is new kept as the day's edition."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import chain

from newsletter.collect import Fetch, collect, named
from newsletter.dedupe import dedupe
from newsletter.ids import identities
from newsletter.models import Edition, Paper, SourceHealth
from newsletter.sources.source import Source
from newsletter.store import Store
from newsletter.vectors import Encode

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]

CRASHED_FOR = timedelta(hours=3)  # what a run left without making an edition of it is read again after that


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
    encode: Encode | None = None,
    asked: Callable[[str, SourceHealth | None], bool] = always,
    progress: Progress = silent,
) -> Edition:
    """Read the sources, keep what is new as the edition of `day`, and return that whole edition.

    `now` is aware, in the newsletter's zone. `asked` says by a source's name and health on this day, None where it has
    none yet, whether it is read at all. What each gives is kept as it comes: after a crash only the others are read
    again. `encode` gives the vectors by which works without a common id are recognised.
    """
    kept = {arrival.health.source: arrival for arrival in store.arrivals.of(day, since=now - CRASHED_FOR)}
    health = store.editions.health_on(day)
    everyone = named(sources)
    wanted = {
        name: source
        for name, source in everyone.items()
        if name not in kept and asked(name, (health or {}).get(name)) and _can_tell_more(name, source, health, day, now)
    }
    before = store.editions.health_until(max(day, now.date()))
    for arrival in collect(
        wanted, day=day, now=now, fetch=fetch, before=before, progress=lambda _, *part: progress("collect", *part)
    ):
        store.arrivals.keep(day, arrival, at=now)
        kept[arrival.health.source] = arrival
    edition = store.editions.on(day) if health is not None and not kept else None
    if edition is not None:
        return edition
    arrivals = [kept[name] for name in sorted(kept, key=_place_in(everyone))]
    entries = [entry for arrival in arrivals for entry in arrival.entries]

    def make(known: Sequence[Paper]) -> Edition:
        papers = dedupe(entries, known=known, encode=encode)
        told = tuple(arrival.health for arrival in arrivals)
        return Edition(day, papers, told, len(entries), _updates(papers, known))

    made = store.editions.merge(chain.from_iterable(map(identities, entries)), make, collected_at=now)
    log.info("collected %s: %d entries, %d papers, %d updates", day, len(entries), len(made.papers), len(made.updates))
    return made


def _can_tell_more(
    name: str, source: Source, health: Mapping[str, SourceHealth] | None, day: date, now: datetime
) -> bool:
    """Return whether asking makes sense: who cannot be asked about a past day has said what it will ever say of it."""
    return day >= now.date() or name not in (health or {}) or bool(source.requests(day, now=now))


def _updates(papers: Iterable[Paper], known: Iterable[Paper]) -> tuple[Paper, ...]:
    """Return those of `papers` of which an earlier version was known."""
    versions = {paper.id: max((entry.version for entry in paper.entries), default=0) for paper in known}
    return tuple(paper for paper in papers if 0 < versions.get(paper.id, 0) < paper.version)


def _place_in(sources: Mapping[str, Source]) -> Callable[[str], tuple[int, str]]:
    places = {name: place for place, name in enumerate(sources)}
    return lambda name: (places.get(name, len(places)), name)
