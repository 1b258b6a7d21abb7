"""What a paper says when its sightings differ: the newest version's text, the fullest of everything else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from itertools import chain

from newsletter.dedupe.works import Sighting
from newsletter.ids import identities, strength
from newsletter.models import NO_SIGNALS, AnnounceType, Entry, Paper, Signals

_RANKS = {kind: rank for rank, kind in enumerate(AnnounceType)}
_NEVER = datetime.min.replace(tzinfo=UTC)


def merged(work: Sequence[Sighting]) -> Paper:
    """Return the paper of one work; every order in it is total, so the order of arrival makes no difference."""
    if len(work) == 1 and len(work[0].entries) == 1 and not work[0].stored_id:
        return _alone(work[0])
    entries = _once(sorted(chain.from_iterable(sighting.entries for sighting in work), key=order))
    newest = max(entries, key=lambda entry: (bool(entry.arxiv_id), entry.version))  # the first of equals, as below
    told = (newest, *entries)
    names = sorted({name for sighting in work for name in sighting.identities}, key=strength)
    return Paper(
        id=_id(work, newest, names),
        title=newest.title,
        abstract=max(told, key=lambda entry: len(entry.abstract)).abstract,
        authors=max(told, key=lambda entry: len(entry.authors)).authors,
        url=_url(entries),
        categories=tuple(dict.fromkeys(chain.from_iterable(entry.categories for entry in told))),
        published=min((entry.published for entry in entries if entry.published), default=None),
        version=max(entry.version for entry in entries),
        identities=tuple(names),
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


def said(entry: Entry) -> Entry:
    """Return what stays the same when a source says an entry again: its place moves as the source grows, votes move."""
    return replace(entry, place="", signals=NO_SIGNALS)


def _once(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return entries without those said again, each with the votes read last."""
    kept: dict[Entry, Entry] = {}
    for entry in entries:
        before = kept.get(said(entry))
        if before is None or _read_at(before.signals) < _read_at(entry.signals):
            kept[said(entry)] = entry
    return tuple(kept.values())


def _id(work: Sequence[Sighting], newest: Entry, names: Sequence[str]) -> str:
    """Return the stored id where there is one, or else the strongest identity: of several titles that of `newest`."""
    stored = [sighting.stored_id for sighting in work if sighting.stored_id]
    if stored:
        return min(stored, key=strength)
    return names[0] if not names[0].startswith("title:") else identities(newest)[0]


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
