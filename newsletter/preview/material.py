"""What issues are made from: readers, editions, who has what; read from one configuration and its store, and kept.

An issue covers what `send` would put into it: what came since the reader's last one, without what they have, by the
settings as they are now. Nothing is fetched, sent or written down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from newsletter.config import Config
from newsletter.errors import UsageError
from newsletter.models import Delivery, Edition, Issue, Paper, Pick, Status, Subscriber
from newsletter.pipeline import Prepared, edition_between, groundwork, groundwork_alone, issue_for, trends_on
from newsletter.pipeline.editions import bar
from newsletter.preview.wanted import SAMPLE
from newsletter.sample.reader import SAMPLE_READER
from newsletter.schedule.slots import LONGEST_GAP, slots
from newsletter.store import Store
from newsletter.weights import Weights

_KEPT = 64  # groundworks: some 0.2 MB each


@dataclass(frozen=True, slots=True)
class Window:
    """The days an issue covers, and since which instant; `shipped` is the edition that comes with the program."""

    earliest: date
    latest: date
    after: datetime | None = None
    shipped: bool = False


class Papers:
    """What a store holds of editions, and their groundwork; read once: a new one is made when the store has changed.

    Without a store there are the papers that ship, which `sample` gives.
    """

    def __init__(self, store: Store | None, *, weights: Callable[[], Weights], sample: Callable[[], Edition]) -> None:
        self.store = store
        self._weights, self._sample = weights, sample
        self.edition = lru_cache(maxsize=_KEPT)(self._edition)
        self.prepared = lru_cache(maxsize=_KEPT)(self._prepared)

    @cached_property
    def days(self) -> Mapping[date, int]:
        """Return how many papers each stored edition brought, the newest first."""
        if self.store is None:
            return {}
        days = self.store.editions.days()
        counts = self.store.editions.counts(days[-1], days[0]) if days else {}
        return {day: counts.get(day, 0) for day in days}

    @cached_property
    def shipped(self) -> Edition:
        """Return the papers that ship."""
        return self._sample()

    def _edition(self, window: Window) -> Edition:
        if self.store is None or window.shipped:
            return self.shipped
        return edition_between(self.store, window.earliest, window.latest, after=window.after)

    def _prepared(self, asked: Asked, window: Window) -> Prepared:
        edition, weights = self.edition(window), self._weights()
        if self.store is None or window.shipped:
            return groundwork_alone(edition, asked.readers, weights, picks=asked.picks, now=asked.moment)
        trends = trends_on(self.store, asked.picks, day=window.latest, now=asked.moment)
        return groundwork(self.store, edition, asked.readers, weights, trends=trends)


@dataclass(frozen=True, eq=False)
class Asked:
    """Whose groundwork is made; two are one where everything is the same, the lines of the settings among it."""

    readers: tuple[Subscriber, ...]
    picks: tuple[Pick, ...]
    moment: datetime

    @cached_property
    def _content(self) -> tuple[object, ...]:
        interests = (each for reader in self.readers for each in (*reader.interests, *reader.exclude))
        lines = (*(each.origin for each in interests), *(pick.origin for pick in self.picks))
        return self.readers, self.picks, self.moment, lines

    @cached_property
    def _hash(self) -> int:
        return hash(self._content)

    def __hash__(self) -> int:
        """Return a number that is computed once: there may be thousands of readers."""
        return self._hash

    def __eq__(self, other: object) -> bool:
        """Return whether the same is asked."""
        return isinstance(other, Asked) and self._content == other._content


class Material:
    """One configuration and the papers it is made of: who reads, what they get on a day, and what they have."""

    def __init__(self, config: Config, papers: Papers) -> None:
        self.config, self.papers, self.store = config, papers, papers.store
        self.issue = lru_cache(maxsize=_KEPT)(self._issue)

    # ------------------------------------------------------------------ what there is

    @property
    def newest(self) -> date | str:
        """Return the newest edition that has papers, else those that ship."""
        return next((day for day, papers in self.papers.days.items() if papers), SAMPLE)

    @property
    def first_reader(self) -> str:
        """Return who is shown first: the first active subscriber."""
        active = (reader.email for reader in self.config.subscribers if reader.status is Status.ACTIVE)
        return next(active, SAMPLE)

    def reader(self, named: str) -> Subscriber:
        """Return the subscriber with this address, or the part of it before the @; UsageError where there is none."""
        if named == SAMPLE:
            return replace(SAMPLE_READER, max_papers=self.config.issue.max_papers)
        key = named.casefold()
        found = [self._readers[key]] if key in self._readers else []
        found = found or [reader for name, reader in self._readers.items() if name.startswith(f"{key}@")]
        if len(found) == 1:
            return found[0]
        told = "several subscribers are called so" if found else f"is no subscriber in {self.config.path}"
        near = get_close_matches(key, [*self._readers, *(name.partition("@")[0] for name in self._readers)], n=1)
        raise UsageError(f"{named}: {told}" + (f"; did you mean {near[0]}?" if near and not found else ""))

    @cached_property
    def _readers(self) -> Mapping[str, Subscriber]:
        return {reader.email.casefold(): reader for reader in self.config.subscribers}

    def find_papers(self, named: str) -> Sequence[tuple[Paper, date]]:
        """Return the stored papers that an id or a part of a title names, each with its first day."""
        return self.store.editions.find_papers(named) if self.store else ()

    # ------------------------------------------------------------------ for one reader on one day

    def window(self, reader: Subscriber, issue: date | str) -> Window:
        """Return what the issue of a date covers, as `schedule.due` says; UsageError where nothing was collected."""
        if not isinstance(issue, date):
            day = self.papers.shipped.day
            return Window(day, day, shipped=True)
        if self.store is None or issue not in self.papers.days:
            raise UsageError(f"there is no edition of {issue}; collect today's with `newsletter collect`")
        first = issue - LONGEST_GAP + timedelta(days=1)
        made = self.store.history.last_made(reader.email, before=issue)
        if made is not None:
            local = made.astimezone(ZoneInfo(self.config.schedule.timezone)).date()
            return Window(max(local - timedelta(days=1), first), issue, made)
        earlier = [slot.nominal for slot in slots(reader, first=first, last=issue) if slot.nominal < issue]
        return Window(earlier[-1] + timedelta(days=1) if earlier else first, issue)

    def had(self, reader: Subscriber, window: Window) -> tuple[Mapping[str, date], Mapping[str, int]]:
        """Return the papers that the reader received in other issues, and the versions of them they were told of.

        An issue that went out is shown as it was, and not as what is left after it.
        """
        if self.store is None or window.shipped:
            return {}, {}
        received = self.store.history.received(reader.email)
        versions = self.store.history.versions(reader.email, besides=window.latest)
        return {paper: sent for paper, sent in received.items() if sent != window.latest}, versions

    def delivery(self, reader: Subscriber, window: Window) -> Delivery | None:
        """Return what became of the issue of that date, None where none was made."""
        if self.store is None or window.shipped:
            return None
        return next(iter(self.store.history.deliveries(subscriber=reader.email, issue_date=window.latest)), None)

    def prepared(self, reader: Subscriber, window: Window, *, together: bool = False) -> Prepared:
        """Return the groundwork for one reader, or `together` for all subscribers, of whom the reader is one.

        An issue does not depend on who else subscribes: one reader alone is quicker, until there are many to look at.
        """
        known = self._readers.get(reader.email.casefold())
        shared = together and known is not None and _as_matched(known) == _as_matched(reader)
        moment = self._moment(window.latest)
        if shared:
            return self.papers.prepared(self._everybody(moment), window)
        return self.papers.prepared(Asked((_as_matched(reader),), self.config.picks, moment), window)

    def _issue(self, reader: Subscriber, window: Window, *, together: bool = False) -> Issue:
        """Return one reader's issue of a window, as it would be made now."""
        received, versions = self.had(reader, window)
        prepared = self.prepared(reader, window, together=together)
        return issue_for(prepared, reader, day=window.latest, received=received, versions=versions)

    def _moment(self, day: date) -> datetime:
        schedule = self.config.schedule
        return datetime.combine(day, schedule.send_at, ZoneInfo(schedule.timezone)).astimezone(UTC)

    @lru_cache(maxsize=8)  # noqa: B019 - a desk has two of these, and lives as long
    def _everybody(self, moment: datetime) -> Asked:
        return Asked(tuple(map(_as_matched, self.config.subscribers)), self.config.picks, moment)


def _as_matched(reader: Subscriber) -> Subscriber:
    """Return the reader with what decides who is asked for what, and nothing else, so that groundwork is shared."""
    return Subscriber(
        reader.email, reader.interests, exclude=reader.exclude, min_score=bar(reader), updates=reader.updates
    )
