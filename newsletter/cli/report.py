"""How results read: source health, and what became of each issue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from newsletter.cli.console import counted
from newsletter.models import UNREAD, Edition, HealthState, Paper, SourceHealth

if TYPE_CHECKING:
    from newsletter.pipeline import Outcome

FAILED = 1
PARTLY = 4
INTERRUPTED = 130

_DELIVERED = frozenset(("sent", "already", "empty", "late", "paused", "left", "drafted"))


def health_rows(health: Sequence[SourceHealth]) -> list[tuple[str, ...]]:
    """Return a row per source: what it answered, and a line for each thing it could not read."""
    rows: list[tuple[str, ...]] = []
    for each in health:
        entries = counted(each.entries, "entry", "entries") if each.entries else ""
        rows.append((each.source, state(each), entries, each.detail))
        rows += [("", "warning", "", warning) for warning in each.warnings]
    return rows


def state(health: SourceHealth) -> str:
    """Return a source's state in a few words; of one that asks us to wait, until when."""
    if health.state is HealthState.THROTTLED and health.again_at:
        return f"throttled until {health.again_at:%Y-%m-%d %H:%M} UTC"
    return health.state.value


def health_data(health: Sequence[SourceHealth]) -> list[dict[str, Any]]:
    """Return the health of each source for a program; times in UTC, null where unknown."""
    return [
        {
            "source": each.source,
            "state": each.state.value,
            "entries": each.entries,
            "detail": each.detail,
            "warnings": list(each.warnings),
            "asked_at": _time(each.at),
            "again_at": _time(each.again_at),
            "next_at": _time(each.next_at),
            "failures": each.failures,
        }
        for each in health
    ]


def _time(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at else None


def edition_data(edition: Edition) -> dict[str, Any]:
    """Return an edition for a program: its papers with every identity, source and signal, and its sources' health."""
    return {
        "day": edition.day.isoformat(),
        "entries": edition.entries,
        "papers": [_paper_data(paper) for paper in edition.papers],
        "updates": [_paper_data(paper) for paper in edition.updates],
        "sources": health_data(edition.health),
    }


def _paper_data(paper: Paper) -> dict[str, Any]:
    from newsletter.dedupe import version_of  # noqa: PLC0415 - the pipeline is loaded by the command that runs it

    signals = paper.signals
    return {
        "id": paper.id,
        "title": paper.title,
        "authors": list(paper.authors),
        "url": paper.url,
        "categories": list(paper.categories),
        "published": paper.published.isoformat() if paper.published else None,
        "version": version_of(paper.entries) or paper.version,
        "identities": list(paper.identities),
        "sources": list(dict.fromkeys(entry.source for entry in paper.entries)),
        "upvotes": signals.upvotes,
        "upvotes_at": _time(signals.upvotes_at),
        "venue": signals.venue,
        "code_url": signals.code_url,
    }


def collect_code(health: Sequence[SourceHealth]) -> int:
    """Return 0 when every source answered or is rightly silent, 4 when some could not be read, 1 when none could."""
    if all(each.state in UNREAD for each in health):
        return FAILED if health else 0
    return PARTLY if any(each.state in UNREAD or each.failures for each in health) else 0


def outcome_rows(outcomes: Sequence[Outcome]) -> list[tuple[str, str, str]]:
    """Return a row per subscriber: address, what became of the issue, and how much it holds or why nothing went out."""
    return [(each.subscriber, each.kind.value, _content(each)) for each in outcomes]


def outcome_data(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Return what became of each issue for a program."""
    return [
        {
            "email": each.subscriber,
            "issue_date": each.issue_date.isoformat(),
            "outcome": each.kind.value,
            "detail": each.detail,
            "papers": each.papers,
            "message_id": each.message_id,
        }
        for each in outcomes
    ]


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """Return 0 when everybody has what is theirs, 4 when some have, 1 when nobody has."""
    kept = [each.kind.value in _DELIVERED for each in outcomes]
    if all(kept):
        return 0
    return PARTLY if any(each.kind.value in {"sent", "already"} for each in outcomes) else FAILED


def _content(outcome: Outcome) -> str:
    if not outcome.papers:
        return outcome.detail
    papers = counted(outcome.papers, "paper")
    # The lead stands for itself: an issue of one paper has no section.
    sections = f" in {counted(outcome.sections, 'section')}" if outcome.sections else ""
    trouble = f": {outcome.detail}" if outcome.detail and outcome.kind.value not in {"sent", "drafted"} else ""
    return papers + sections + trouble
