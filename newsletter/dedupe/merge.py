"""What a paper says when its sightings differ: the newest version's text, the fullest of everything else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from itertools import chain

from newsletter.dedupe.sighting import Claim, Sighting, said
from newsletter.ids import identities, strength
from newsletter.models import NO_SIGNALS, AnnounceType, Entry, Paper, Signals

_RANKS = {kind: rank for rank, kind in enumerate(AnnounceType)}
_NEVER = datetime.min.replace(tzinfo=UTC)


def merged(work: Sequence[Sighting], claimed: Claim | None = None) -> Paper:
    """Return the paper of one work; every order in it is total, so the order of arrival makes no difference.

    `claimed` is its id and identities where another work has its title as well; see `claims`.
    """
    if claimed is None and len(work) == 1 and len(work[0].entries) == 1 and not work[0].stored_id:
        return _alone(work[0])
    entries = _once(sorted(chain.from_iterable(sighting.entries for sighting in work), key=order))
    newest = newest_of(entries)
    told = (newest, *entries)
    paper_id, names = claimed or claim(work, names_of(work), first=identities(newest))
    return Paper(
        id=paper_id,
        title=newest.title,
        abstract=max(told, key=lambda entry: len(entry.abstract)).abstract,
        authors=max(told, key=lambda entry: len(entry.authors)).authors,
        url=_url(entries),
        categories=tuple(dict.fromkeys(chain.from_iterable(entry.categories for entry in told))),
        published=min((entry.published for entry in entries if entry.published), default=None),
        version=version_of(entries),
        identities=names,
        entries=entries,
        signals=_signals(entries),
    )


def _alone(sighting: Sighting) -> Paper:
    """Return the paper of the only entry there is: most are, and so this is quick."""
    [entry] = sighting.entries
    return Paper(
        id=sighting.identities[0],
        title=entry.title,
        abstract=entry.abstract,
        authors=entry.authors,
        url=entry.url,
        categories=entry.categories,
        published=entry.published,
        version=entry.version,
        identities=sighting.identities,
        entries=sighting.entries,
        signals=entry.signals,
    )


def newest_of(entries: Sequence[Entry]) -> Entry:
    """Return the entry with the newest version, arXiv's before all others', the first of equals."""
    return max(entries, key=_newness)


def version_of(entries: Iterable[Entry]) -> int:
    """Return the newest version that entries tell of: arXiv's where one of them is arXiv's, 0 where none is known.

    Servers count for themselves: a third version on bioRxiv is no newer than arXiv's second.
    """
    return max(map(_newness, entries), default=(False, 0))[1]


def _newness(entry: Entry) -> tuple[bool, int]:
    return (bool(entry.arxiv_id), entry.version)


def order(entry: Entry) -> tuple[object, ...]:
    """Return the key of a total order: announced strongest first, then by source and place, then by all the rest."""
    return (
        len(_RANKS) if entry.announce_type is None else _RANKS[entry.announce_type],
        entry.source,
        len(entry.place),  # page.txt:12 before page.txt:100
        entry.place,
        entry.title,
        entry.abstract,
        entry.authors,
        entry.url,
        entry.arxiv_id,
        entry.version,
        entry.doi,
        entry.categories,
        entry.published or date.max,
        entry.byline,
        entry.also,
        entry.raw_title,
        entry.raw_abstract,
        _signal_order(entry.signals),
    )


def _once(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return entries without those said again, each with the votes read last."""
    kept: dict[Entry, Entry] = {}
    for entry in entries:
        before = kept.get(said(entry))
        if before is None or _read_at(before.signals) < _read_at(entry.signals):
            kept[said(entry)] = entry
    return tuple(kept.values())


def names_of(work: Sequence[Sighting]) -> Iterator[str]:
    """Yield the identities of a work: what its stored papers own, and those of its entries."""
    return chain.from_iterable(sighting.owned or sighting.identities for sighting in work)


def claim(work: Sequence[Sighting], names: Iterable[str], *, first: Sequence[str]) -> Claim:
    """Return a work's id and all its `names`: the stored id, or the strongest, of titles the one that is `first`."""
    ordered = tuple(sorted(set(names), key=strength))
    stored = [sighting.stored_id for sighting in work if sighting.stored_id]
    if stored:
        return min(stored, key=strength), ordered
    if not ordered[0].startswith("title:"):
        return ordered[0], ordered
    return next((name for name in first if name in ordered), ordered[0]), ordered


def _url(entries: Sequence[Entry]) -> str:
    """Return the first address, arXiv's abstract pages before all others."""
    addresses = [entry.url for entry in entries if entry.url]
    return next((url for url in addresses if "://arxiv.org/" in url), addresses[0] if addresses else "")


# ------------------------------------------------------------------ signals


def _signals(entries: Iterable[Entry]) -> Signals:
    """Return what all entries together signal: the votes read last, the first told of everything else."""
    told = [entry.signals for entry in entries if entry.signals != NO_SIGNALS]
    if len(told) < 2:
        return told[0] if told else NO_SIGNALS
    votes = max((one for one in told if one.upvotes is not None), key=_vote_order, default=NO_SIGNALS)
    return Signals(
        upvotes=votes.upvotes,
        upvotes_at=votes.upvotes_at,
        keywords=tuple(dict.fromkeys(chain.from_iterable(one.keywords for one in told))),
        **{name: _first(told, lambda one, name=name: str(getattr(one, name))) for name in _LINES},  # type: ignore[misc]
    )


_LINES = tuple(field.name for field in fields(Signals) if field.name not in {"upvotes", "upvotes_at", "keywords"})


def _first(told: Iterable[Signals], value: Callable[[Signals], str]) -> str:
    return next((found for one in told if (found := value(one))), "")


def _vote_order(signals: Signals) -> tuple[datetime, int]:
    return (_read_at(signals), signals.upvotes or 0)


def _read_at(signals: Signals) -> datetime:
    return signals.upvotes_at or _NEVER


def _signal_order(signals: Signals) -> tuple[object, ...]:
    if signals is NO_SIGNALS:
        return ()
    upvotes = -1 if signals.upvotes is None else signals.upvotes
    return (_read_at(signals), upvotes, signals.keywords, *(getattr(signals, name) for name in _LINES))
