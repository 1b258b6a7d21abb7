"""Which truth a source's answers are, and from when asking it again makes sense; decided, not done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from newsletter.errors import SourceError, SourceThrottled
from newsletter.models import Entry, HealthState, SourceHealth
from newsletter.sources.source import Silence, Source
from newsletter.text import clean, shorten

LATE_AGAIN_AFTER = timedelta(minutes=30)
FAILED_AGAIN_AFTER = timedelta(minutes=15)  # doubled with each failure in a row
LONGEST_PAUSE = timedelta(hours=4)
_MOST_WARNINGS = 20  # of one source: they are stored, logged and mailed
_LONGEST_DETAIL = 400  # characters


@dataclass(slots=True)
class Answers:
    """What the bodies of one source gave so far; `late`, `empty` and `left_out` are those of `Parsed`."""

    entries: list[Entry] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    failures: list[SourceError] = field(default_factory=list)
    late: str = ""
    empty: str = ""
    left_out: int = 0


def is_waiting(before: SourceHealth | None, now: datetime) -> bool:
    """Return whether a source asked us to wait and the time has not come."""
    throttled = before is not None and before.state is HealthState.THROTTLED
    return throttled and before is not None and before.again_at is not None and before.again_at > now


def is_due(health: SourceHealth | None, now: datetime) -> bool:
    """Return whether asking a source makes sense: it never answered for this day, or may have more by now."""
    return health is None or health.again_at is None or health.again_at <= now


def health_of(
    name: str, source: Source, answers: Answers, *, day: date, now: datetime, before: SourceHealth | None
) -> SourceHealth:
    """Return which of the five a source's answers for `day` are, and why."""
    failures = [_line(failure) for failure in answers.failures]
    warnings = [_line(warning) for warning in answers.warnings]
    number = (before.failures if before else 0) + 1
    told = SourceHealth(
        name,
        HealthState.FETCHED,
        entries=len(answers.entries),
        detail=answers.late,
        warnings=_few((*failures, *warnings)),
        at=now,
        again_at=source.again_at(now),
        failures=number if failures else 0,
    )
    if any(isinstance(failure, SourceThrottled) for failure in answers.failures):
        again_at = now + _pause(answers.failures, number)
        return _unread(told, HealthState.THROTTLED, failures, warnings, again_at=again_at)
    if not failures and not answers.entries and answers.left_out:  # its form has changed: silence would be a lie
        failures = [f"none of {answers.left_out} entries could be read; please report it with the warnings"]
        told = replace(told, failures=number)
    if failures and not answers.entries:
        return _unread(told, HealthState.FAILED, failures, warnings, again_at=now + _pause((), number))
    if not answers.entries:
        return _nothing(told, source, answers, day=day, now=now)
    if failures:  # a part is missing
        return replace(told, again_at=_earlier(told.again_at, now + _pause((), number)))
    if answers.late:
        return replace(told, state=HealthState.LATE, again_at=_earlier(told.again_at, now + LATE_AGAIN_AFTER))
    return told


def joined(before: SourceHealth | None, latest: SourceHealth) -> SourceHealth:
    """Return a source's health of a day after it was asked again: what it gave before, that day, stays told."""
    if before is None or before.entries <= latest.entries:
        return latest
    if latest.state in {HealthState.EMPTY, HealthState.LATE}:
        return replace(before, at=latest.at, again_at=latest.again_at, failures=0)
    return replace(latest, entries=before.entries)


def _unread(
    told: SourceHealth, state: HealthState, failures: Sequence[str], warnings: Sequence[str], *, again_at: datetime
) -> SourceHealth:
    more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
    return replace(told, state=state, detail=failures[0] + more, warnings=_few(warnings), again_at=again_at)


def _nothing(told: SourceHealth, source: Source, answers: Answers, *, day: date, now: datetime) -> SourceHealth:
    """Return the health of a source that answered without an entry."""
    silence = Silence(answers.empty) if answers.empty else source.silence(day, now=now)
    told = replace(told, state=HealthState.EMPTY, detail=silence.reason, next_at=silence.next_at)
    if not silence.late:
        return told
    past = day < now.date()  # nothing is announced for it any more: what is missing, an archive has lost
    return replace(told, state=HealthState.LATE, again_at=now + (LONGEST_PAUSE if past else LATE_AGAIN_AFTER))


def _earlier(one: datetime | None, other: datetime) -> datetime:
    return min(one or other, other)


def _pause(failures: Iterable[SourceError], number: int) -> timedelta:
    """Return how long to leave a source alone after `number` failures in a row, and as long as it asks for."""
    asked = max((failure.wait_seconds for failure in failures if isinstance(failure, SourceThrottled)), default=0.0)
    doubled = min(FAILED_AGAIN_AFTER * int(2 ** min(number - 1, 10)), LONGEST_PAUSE)
    return max(doubled, timedelta(seconds=min(asked, 7 * 86_400)))


def _line(written: object) -> str:
    return shorten(clean(str(written)), limit=_LONGEST_DETAIL)


def _few(warnings: Sequence[str]) -> tuple[str, ...]:
    if len(warnings) <= _MOST_WARNINGS:
        return tuple(warnings)
    return (*warnings[: _MOST_WARNINGS - 1], f"and {len(warnings) - _MOST_WARNINGS + 1} more; the log has them all")
