"""What other settings would have changed: two files of settings replayed over stored editions, and what differs.

    simulate   files of settings × the editions of some days → everybody's issues by each of them
    compare    two such replays → who gains, loses, or sees which paper elsewhere

Nothing is fetched, sent or written. Votes and trending papers take no part: an issue is what the interests ask for.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from newsletter.backtest.compare import (
    Absence,
    Cause,
    Change,
    IssueChange,
    Kind,
    Place,
    Standing,
    SubscriberChange,
    compare,
)
from newsletter.backtest.replay import Replayed, simulate
from newsletter.config import Config
from newsletter.errors import UsageError
from newsletter.models import Edition
from newsletter.pipeline import Progress, silent
from newsletter.schedule.slots import LONGEST_GAP
from newsletter.store import Store
from newsletter.tokens import canonical
from newsletter.weights import Weights

__all__ = [
    "Absence",
    "Backtest",
    "Cause",
    "Change",
    "IssueChange",
    "Kind",
    "Place",
    "Replayed",
    "Standing",
    "SubscriberChange",
    "backtest",
    "compare",
    "simulate",
]


@dataclass(frozen=True, slots=True)
class Backtest:
    """What differs between two files of settings over the days `first` to `last`. Made by `backtest`.

    `editions` are those stored for these days; `subscribers` everybody of either file who was asked for, those of the
    new file first.
    """

    first: date
    last: date
    editions: tuple[Edition, ...]
    subscribers: tuple[SubscriberChange, ...]
    sources_differ: bool

    @property
    def is_same(self) -> bool:
        """Return whether nobody would notice."""
        return not any(subscriber.differs for subscriber in self.subscribers)


def backtest(
    new: Config,
    old: Config,
    store: Store,
    weights: Weights,
    *,
    days: int,
    only: Collection[str] | None = None,
    progress: Progress = silent,
) -> Backtest:
    """Return what the `days` days up to the newest stored edition would have been like by `new` instead of `old`.

    `only` are the case-folded addresses to look at, None for all. UsageError when nothing is stored.
    """
    last = store.editions.latest_day()
    if last is None:
        raise UsageError(f"{store.path} holds no edition to replay; collect some: `newsletter collect --since 7d`")
    first = last - timedelta(days=days - 1)
    kept = _stored(store, first - LONGEST_GAP, last)
    addresses = {canonical(reader.email) for config in (new, old) for reader in config.subscribers}
    wanted = addresses if only is None else addresses & set(only)
    # What really went out within these days is replayed, what went out before them is not sent again.
    received = {
        address: {paper: sent for paper, sent in store.history.received(address).items() if sent < first}
        for address in wanted
    }
    before, after = simulate(
        (old, new),
        kept,
        weights,
        store=store,
        first=first,
        last=last,
        received=received,
        only=wanted,
        progress=progress,
    )
    return Backtest(
        first=first,
        last=last,
        editions=tuple(edition for day, edition in kept.items() if day >= first),
        subscribers=compare(old, before, new, after, only=wanted),
        sources_differ=new.sources != old.sources,
    )


def _stored(store: Store, earliest: date, latest: date) -> dict[date, Edition]:
    """Return the stored editions of these days, the oldest first."""
    days = (day for day in reversed(store.editions.days()) if earliest <= day <= latest)
    return {day: edition for day in days if (edition := store.editions.on(day)) is not None}
