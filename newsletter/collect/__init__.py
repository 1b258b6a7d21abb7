"""Ask every source, politely and side by side; one failure never stops the others, and each one's health is told.

ask      the bytes of one source, page after page, to its arrival
collect  many sources at once, each arrival handed over as it comes
health   which truth an answer is: fetched, empty, late, throttled, failed
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import chain
from queue import Empty, SimpleQueue
from types import MappingProxyType
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

from newsletter.collect.health import Answers, health_of, is_waiting
from newsletter.errors import SourceError, SourceThrottled, SourceUnreachable
from newsletter.models import Arrival, HealthState, SourceHealth
from newsletter.sources.addresses import shown
from newsletter.sources.source import Parsed, Request, Source
from newsletter.text import clean

log = logging.getLogger(__name__)

MOST_REQUESTS = 200  # of one source in one run: a list without end is not followed
MOST_SILENCES = 2  # in a row: who does not answer twice is not asked for the rest, for everybody waits
_AT_ONCE = 8
_T = TypeVar("_T")
_NOTHING_BEFORE: Mapping[str, SourceHealth] = MappingProxyType({})


class Fetch(Protocol):
    """What brings the bytes: `HttpAndFiles` in earnest, a few literal bodies in tests. Called from several threads."""

    def __call__(self, request: Request) -> Iterator[tuple[Request, bytes]]:
        """Yield (request, body) for an address, or for each file of a pattern in sorted order; raises `SourceError`."""


def silent(label: str, done: int, total: int) -> None:
    """Tell nobody about progress."""


def named(sources: Iterable[Source]) -> dict[str, Source]:
    """Return the sources by their names; of the same label they are numbered: `feed Distill`, `feed Distill (2)`."""
    found: dict[str, Source] = {}
    for source in sources:
        name = label = clean(source.label)
        number = 1
        while name in found:
            number += 1
            name = f"{label} ({number})"
        found[name] = source
    return found


def collect(
    sources: Mapping[str, Source],
    *,
    day: date,
    now: datetime,
    fetch: Fetch,
    before: Mapping[str, SourceHealth] = _NOTHING_BEFORE,
    progress: Callable[[str, int, int], None] = silent,
) -> Iterator[Arrival]:
    """Yield what each of the named sources gives for `day`, as it comes: their order is that of their answers.

    `now` is aware, in the newsletter's zone. `before` is what they answered last: who asked us to wait is not asked
    before. `progress` is told (name, sources done, sources in all) after each.
    """
    asked = {name: source for name, source in sources.items() if not is_waiting(before.get(name), now)}
    waiting = [Arrival(replace(before[name], entries=0)) for name in sources if name not in asked]
    patient = _Patient(fetch)
    tasks = [lambda item=item: ask(*item, day=day, now=now, fetch=patient, before=before) for item in asked.items()]
    for done, arrival in enumerate(chain(waiting, _side_by_side(tasks)), 1):
        health = arrival.health
        level = logging.WARNING if health.state in {HealthState.FAILED, HealthState.THROTTLED} else logging.INFO
        log.log(level, "%s: %s, %d entries. %s", health.source, health.state, health.entries, health.detail)
        progress(health.source, done, len(sources))
        yield arrival


def ask(
    name: str,
    source: Source,
    *,
    day: date,
    now: datetime,
    fetch: Fetch,
    before: Mapping[str, SourceHealth] = _NOTHING_BEFORE,
) -> Arrival:
    """Return what one source gives for `day`; whatever goes wrong is its health."""
    answers = Answers()
    for answer in _answers(name, source, day=day, now=now, fetch=fetch):
        if isinstance(answer, SourceError):
            answers.failures.append(answer)
        else:
            answers.entries += [
                entry if entry.source == name else replace(entry, source=name) for entry in answer.entries
            ]
            answers.warnings += answer.warnings
            answers.late = answers.late or answer.late
            answers.empty = answers.empty or answer.empty
            answers.left_out += answer.left_out
    for line in (*answers.failures, *answers.warnings):
        log.warning("%s: %s", name, clean(str(line)))
    health = health_of(name, source, answers, day=day, now=now, before=before.get(name))
    return Arrival(health, tuple(answers.entries))


def _answers(name: str, source: Source, *, day: date, now: datetime, fetch: Fetch) -> Iterator[Parsed | SourceError]:
    """Yield what each body gave, or why it gave nothing, following each to what it says to read next."""
    try:
        waiting = list(source.requests(day, now=now))
    except Exception as error:  # noqa: BLE001 - a mistake of ours, told as any other
        yield _mistake(name, name, error)
        return
    silences = 0
    for number in range(MOST_REQUESTS):
        if not waiting:
            return
        answers = list(_bodies(name, source, waiting.pop(0), now=now, fetch=fetch))
        waiting += [more for answer in answers if isinstance(answer, Parsed) for more in answer.more]
        yield from answers
        silent = bool(answers) and all(isinstance(answer, SourceUnreachable) for answer in answers)
        silences = silences + 1 if silent else 0
        if waiting and (silences == MOST_SILENCES or number == MOST_REQUESTS - 1):
            why = f"{silences} without an answer" if silences else f"{MOST_REQUESTS} requests"
            yield SourceError(f"{_left(len(waiting))} left after {why}; the next run asks again")
            return


def _left(requests: int) -> str:
    """Return how many requests are left, in words."""
    return "one more request is" if requests == 1 else f"{requests} more requests are"


class _Patient:
    """A fetch that leaves a service alone for the rest of the run once it asked us to wait."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._throttled: dict[str, SourceThrottled] = {}

    def __call__(self, request: Request) -> Iterator[tuple[Request, bytes]]:
        """Yield what the other fetch does."""
        service = request.gate or urlsplit(request.address).netloc
        if before := self._throttled.get(service):
            told = f"{shown(request.address)}: not asked, because {service} asked us to wait"
            raise SourceThrottled(told, wait_seconds=before.wait_seconds)
        return self._watched(iter(self._within(service, lambda: self._fetch(request))), service)

    def _watched(self, bodies: Iterator[tuple[Request, bytes]], service: str) -> Iterator[tuple[Request, bytes]]:
        return _Bodies(lambda: self._within(service, lambda: next(bodies)))

    def _within(self, service: str, step: Callable[[], _T]) -> _T:
        try:
            return step()
        except SourceThrottled as error:
            self._throttled[service] = error
            raise


class _Bodies(Iterator[tuple[Request, bytes]]):
    """An iterator that may go on after an error, which no generator does."""

    def __init__(self, step: Callable[[], tuple[Request, bytes]]) -> None:
        self._step = step

    def __next__(self) -> tuple[Request, bytes]:
        return self._step()


def _bodies(
    name: str, source: Source, request: Request, *, now: datetime, fetch: Fetch
) -> Iterator[Parsed | SourceError]:
    """Yield what each body of one request gave; an iterator of files may go on after an error."""
    bodies: Iterator[tuple[Request, bytes]] | None = None
    while True:
        answer: Parsed | SourceError
        try:
            bodies = bodies if bodies is not None else iter(fetch(request))
            given, body = next(bodies)
            answer = source.parse(body, given, now=now)
        except StopIteration:
            return
        except SourceError as error:
            answer = error
        except Exception as error:  # noqa: BLE001 - a mistake of ours in one source must neither stop the others nor be hidden
            answer = _mistake(name, shown(request.address), error)
        yield answer
        if bodies is None:
            return


def _mistake(name: str, place: str, error: Exception) -> SourceError:
    log.error("%s: unexpected error at %s", name, place, exc_info=error)
    return SourceError(
        f"{place}: unexpected {type(error).__name__}: {error}; please report it with the details in the log"
    )


def _side_by_side(tasks: Sequence[Callable[[], Arrival]]) -> Iterator[Arrival]:
    """Yield the results of `tasks` as they come, a few running at a time; hosts are kept apart by `fetch`."""
    todo: SimpleQueue[Callable[[], Arrival]] = SimpleQueue()
    done: SimpleQueue[Arrival | BaseException] = SimpleQueue()
    for task in tasks:
        todo.put(task)

    def work() -> None:
        try:
            while True:
                done.put(todo.get_nowait()())
        except Empty:
            return
        except BaseException as error:  # noqa: BLE001 - handed over: else the wait for it would never end
            done.put(error)

    # Daemons: who interrupts the program does not wait for a server that hangs.
    for _ in range(min(_AT_ONCE, len(tasks))):
        threading.Thread(target=work, daemon=True).start()
    for _ in tasks:
        result = done.get()
        if isinstance(result, BaseException):
            raise result
        yield result
