"""Fetch and parse every source; one failure never stops the others, and each source's health is told."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Protocol

from newsletter.errors import SourceError
from newsletter.models import Collected, Entry, HealthState, Parsed, SourceHealth
from newsletter.sources.source import Source, shown
from newsletter.text import clean, shorten

log = logging.getLogger(__name__)

_MOST_WARNINGS = 20  # of one source: they are stored, logged and mailed
_LONGEST_DETAIL = 400  # characters


class Fetch(Protocol):
    """What brings the bytes: `HttpAndFiles` in earnest, a few literal bodies in tests."""

    def __call__(self, location: str) -> Iterator[tuple[str, bytes]]:
        """Yield (place, body) for an address, or for each file of a pattern in sorted order; raises `SourceError`."""


def silent(label: str, done: int, total: int) -> None:
    """Tell nobody about progress."""


def collect(
    sources: Sequence[Source], *, today: date, fetch: Fetch, progress: Callable[[str, int, int], None] = silent
) -> Collected:
    """Return the entries and the health of every source, in their order.

    `progress` is told (label, sources done, sources in all) after each source. Sources of the same label are
    numbered (`feed Distill`, `feed Distill (2)`), in their entries as well.
    """
    entries: list[Entry] = []
    health: list[SourceHealth] = []
    for done, (label, source) in enumerate(zip(_distinct(sources), sources, strict=True), 1):
        found, state = _one(source, label, today=today, fetch=fetch)
        entries += found
        health.append(state)
        log.log(
            logging.WARNING if state.state is HealthState.FAILED else logging.INFO,
            "%s: %s, %d entries%s", label, state.state, state.entries, f" ({state.detail})" if state.detail else "",
        )  # fmt: skip
        progress(label, done, len(sources))
    return Collected(tuple(entries), tuple(health))


def _distinct(sources: Sequence[Source]) -> list[str]:
    labels: list[str] = []
    for source in sources:
        label = name = clean(source.label)
        number = 1
        while label in labels:
            number += 1
            label = f"{name} ({number})"
        labels.append(label)
    return labels


def _one(source: Source, label: str, *, today: date, fetch: Fetch) -> tuple[list[Entry], SourceHealth]:
    entries: list[Entry] = []
    warnings: list[str] = []
    failures: list[str] = []
    for answer in _answers(source, label, today=today, fetch=fetch):
        if isinstance(answer, SourceError):
            failures.append(shorten(clean(str(answer)), limit=_LONGEST_DETAIL))
        else:
            entries += [entry if entry.source == label else replace(entry, source=label) for entry in answer.entries]
            warnings += [shorten(clean(warning), limit=_LONGEST_DETAIL) for warning in answer.warnings]
    for line in (*failures, *warnings):
        log.warning("%s: %s", label, line)
    return entries, _health(source, label, len(entries), failures=failures, warnings=warnings, today=today)


def _answers(source: Source, label: str, *, today: date, fetch: Fetch) -> Iterator[Parsed | SourceError]:
    """Yield what each body of a source gave, or why it gave nothing; an iterator may go on after an error."""
    for location in source.locations(today):
        bodies: Iterator[tuple[str, bytes]] | None = None
        while True:
            answer: Parsed | SourceError
            try:
                bodies = bodies if bodies is not None else iter(fetch(location))
                place, body = next(bodies)
                answer = source.parse(body, place, today=today)
            except StopIteration:
                break
            except SourceError as error:
                answer = error
            except Exception as error:  # a mistake of ours in one source must neither stop the others nor be hidden
                log.exception("%s: unexpected error at %s", label, shown(location))
                what = f"unexpected {type(error).__name__}: {error}"
                answer = SourceError(f"{shown(location)}: {what}; please report it with the details in the log")
            yield answer
            if bodies is None:
                break


def _health(
    source: Source, label: str, entries: int, *, failures: Sequence[str], warnings: Sequence[str], today: date
) -> SourceHealth:
    if failures and not entries:
        more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
        return SourceHealth(label, HealthState.FAILED, detail=failures[0] + more, warnings=_few(warnings))
    if not entries:
        silence = source.silence(today) or "it answered, and lists nothing"
        return SourceHealth(label, HealthState.EMPTY, detail=silence, warnings=_few(warnings))
    return SourceHealth(label, HealthState.FETCHED, entries=entries, warnings=_few((*failures, *warnings)))


def _few(warnings: Sequence[str]) -> tuple[str, ...]:
    if len(warnings) <= _MOST_WARNINGS:
        return tuple(warnings)
    return (*warnings[: _MOST_WARNINGS - 1], f"and {len(warnings) - _MOST_WARNINGS + 1} more; the log has them all")
