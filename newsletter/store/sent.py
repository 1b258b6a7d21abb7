"""What an issue brought, as rows and back: each paper with its section, score and reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import Connection, Text, select

from newsletter.models import DeliveryState, MatchedPaper, Reason, ReasonKind
from newsletter.store.tables import deliveries, issue_papers
from newsletter.tokens import canonical

_NOTHING = asdict(Reason(ReasonKind.WORDS))
_ALWAYS = frozenset(("kind", "interest", "words", "in_title", "lexical", "closeness", "origin"))

Row = Mapping[Any, Any]  # a row of a result is one, whatever its keys


def issue_rows(delivery_id: int, issue: Sequence[tuple[str, MatchedPaper]]) -> list[dict[str, Any]]:
    """Return the rows of an issue in reading order, each paper with the label of its section."""
    return [
        {
            "delivery_id": delivery_id,
            "position": position,
            "paper_id": matched.paper.id,
            "section": section,
            "score": matched.score,
            "reasons": [_reason_json(reason) for reason in matched.reasons],
        }
        for position, (section, matched) in enumerate(issue)
    ]


def reasons_of(row: Row) -> tuple[Reason, ...]:
    """Return the reasons that a row holds."""
    return tuple(map(_reason_of, row["reasons"]))


def versions_told(connection: Connection, subscriber: str, besides: date | None) -> dict[str, int]:
    """Return the newest version of each paper that a reader was told of as an update, but for the issue of a date."""
    about_updates = issue_papers.c.reasons.cast(Text).contains(f'"{ReasonKind.UPDATE}"')
    asked = (
        select(issue_papers.c.paper_id, issue_papers.c.reasons, deliveries.c.issue_date)
        .join_from(deliveries, issue_papers)
        .where(deliveries.c.subscriber_key == canonical(subscriber), deliveries.c.state != DeliveryState.FAILED)
        .where(about_updates)
    )
    found: dict[str, int] = {}
    for row in connection.execute(asked).mappings():
        told = (reason.count for reason in reasons_of(row) if reason.kind is ReasonKind.UPDATE)
        if row["issue_date"] != besides:
            found[row["paper_id"]] = max((found.get(row["paper_id"], 0), *told))
    return found


def _reason_json(reason: Reason) -> dict[str, Any]:
    """Return what a reason tells; what only some kinds have is written where it says something."""
    told = {name: getattr(reason, name) for name in _NOTHING}
    told = {name: value for name, value in told.items() if name in _ALWAYS or value != _NOTHING[name]}
    return told | ({"since": reason.since.isoformat()} if reason.since else {})


def _reason_of(told: Mapping[str, Any]) -> Reason:
    since = told.get("since")
    return Reason(
        **{
            **told,
            "kind": ReasonKind(told["kind"]),
            "words": tuple(told["words"]),
            "since": date.fromisoformat(since) if since else None,
        }
    )
