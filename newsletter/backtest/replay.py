"""Everybody's issues of some days by one or more files of settings, made as the pipeline makes them, day after day."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from newsletter.config import Config
from newsletter.models import Edition, Issue, Status, Subscriber
from newsletter.pipeline import Prepared, Progress, groundwork, issue_for, prepare, silent
from newsletter.pipeline.editions import bar
from newsletter.schedule import today
from newsletter.schedule.slots import days_covered, slots
from newsletter.store import Store
from newsletter.tokens import canonical
from newsletter.weights import Weights

Received = Mapping[str, Mapping[str, date]]
_NOTHING: Received = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Replayed:
    """One issue as it would have been, and the ids of the papers it was chosen from. Made by `simulate`."""

    issue: Issue
    considered: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Task:
    """That one reader's issue of `day` is made of the editions `earliest` to `latest`, both included.

    `config` is the place of the settings among those replayed.
    """

    config: int
    reader: Subscriber
    day: date
    earliest: date
    latest: date


def simulate(
    configs: Sequence[Config],
    editions: Mapping[date, Edition],
    weights: Weights,
    *,
    store: Store | None = None,
    first: date,
    last: date,
    received: Received = _NOTHING,
    only: Collection[str] | None = None,
    progress: Progress = silent,
) -> tuple[dict[str, tuple[Replayed, ...]], ...]:
    """Return for each of `configs` the issues dated `first` to `last` of its active readers, by case-folded address.

    An issue covers the editions since the reader's issue before it. `received` are the papers each reader had before
    `first`, by case-folded address; what an earlier issue of the replay brought is not repeated. `only` are the
    addresses whose issues are made, None for all. `store` knows vectors, examples and votes; without one these take no
    part. `progress` is told ("compose", issues made, issues in all).
    """
    tasks = sorted(_all_tasks(configs, first, last, only), key=lambda task: task.day)
    made: list[dict[str, list[Replayed]]] = [{} for _ in configs]
    had: list[dict[str, dict[str, date]]] = [{} for _ in configs]
    ground = _Ground(configs, weights, store)
    for done, task in enumerate(tasks):
        progress("compose", done, len(tasks))
        address = canonical(task.reader.email)
        already = had[task.config].setdefault(address, dict(received.get(address, {})))
        edition = _joined(editions, task.earliest, task.latest)
        issue = issue_for(ground.of(task, edition), task.reader, day=task.day, received=already)
        already |= {matched.paper.id: task.day for matched in issue.papers}
        replayed = Replayed(issue, frozenset(paper.id for paper in edition.papers))
        made[task.config].setdefault(address, []).append(replayed)
    progress("compose", len(tasks), len(tasks))
    return tuple({address: tuple(issues) for address, issues in each.items()} for each in made)


class _Ground:
    """The groundwork of one day's issues, shared by all who read the same papers, and by settings that ask the same."""

    def __init__(self, configs: Sequence[Config], weights: Weights, store: Store | None) -> None:
        self._store = store
        self._active = [_active(config) for config in configs]
        # Everything of the readers that groundwork depends on.
        self._asked = [frozenset(_asked(reader) for reader in active) for active in self._active]
        self._weights = weights
        self._day: date | None = None
        self._prepared: dict[object, Prepared] = {}

    def of(self, task: _Task, edition: Edition) -> Prepared:
        """Return what the issue of a task is cut from; another day's is dropped, that of many would fill the memory."""
        if task.day != self._day:
            self._day = task.day
            self._prepared.clear()
        key = (self._asked[task.config], tuple(paper.id for paper in edition.papers))
        if key not in self._prepared:
            readers = self._active[task.config]
            self._prepared[key] = (
                groundwork(self._store, edition, readers, self._weights)
                if self._store
                else prepare(edition, readers, self._weights)
            )
        return self._prepared[key]


def _asked(reader: Subscriber) -> object:
    return reader.email, reader.interests, reader.exclude, bar(reader)


def _active(config: Config) -> list[Subscriber]:
    return [reader for reader in config.subscribers if reader.status is Status.ACTIVE]


def _all_tasks(configs: Sequence[Config], first: date, last: date, only: Collection[str] | None) -> Iterator[_Task]:
    for number, config in enumerate(configs):
        for reader in _active(config):
            if only is None or canonical(reader.email) in only:
                yield from _tasks(number, config, reader, first, last)


def _tasks(number: int, config: Config, reader: Subscriber, first: date, last: date) -> Iterator[_Task]:
    """Yield a reader's issues of these dates; each covers what the one before does not, the first what is usual."""
    covered: date | None = None
    for slot in slots(reader, first=first, last=last):
        latest = today(config, slot.at)
        usual = latest - timedelta(days=days_covered(reader, slot) - 1)
        yield _Task(number, reader, slot.nominal, covered + timedelta(days=1) if covered else usual, latest)
        covered = latest


def _joined(editions: Mapping[date, Edition], earliest: date, latest: date) -> Edition:
    """Return the editions of these days as one; what their sources answered is of no interest here."""
    kept = [editions[day] for day in sorted(editions) if earliest <= day <= latest]
    papers = {paper.id: paper for edition in kept for paper in edition.papers}
    return Edition(latest, tuple(papers.values()), (), sum(edition.entries for edition in kept))
