"""What an issue brought, as rows and back: each paper with its section, score and reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from newsletter.models import MatchedPaper, Reason, ReasonKind

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
            "reasons": [asdict(reason) for reason in matched.reasons],
        }
        for position, (section, matched) in enumerate(issue)
    ]


def reasons_of(row: Row) -> tuple[Reason, ...]:
    """Return the reasons that a row holds."""
    return tuple(
        Reason(**{**told, "kind": ReasonKind(told["kind"]), "words": tuple(told["words"])}) for told in row["reasons"]
    )
