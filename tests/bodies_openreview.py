"""What OpenReview's API answers, in its documented form: https://docs.openreview.net/reference/api-v2/entities/note"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

VENUE = "EXAMPLE.cc/2027/Conference"


def milliseconds(day: str, clock: str = "09:30") -> int:
    """Return a time in UTC as OpenReview writes it."""
    return int(datetime.fromisoformat(f"{day}T{clock}:00").replace(tzinfo=UTC).timestamp() * 1000)


def note(forum: str = "aBcD3fGh_1", *, online: str = "2026-11-19", **fields: Any) -> dict[str, Any]:
    """Return a submission that went online on a day; `fields` replace those of the note."""
    content = {
        "title": {"value": "Sparse gates for long contexts"},
        "authors": {"value": ["Ada Lovelace", "Grace Hopper"]},
        "authorids": {"value": ["~Ada_Lovelace1", "~Grace_Hopper1"]},
        "keywords": {"value": ["sparsity", "long context"]},
        "TLDR": {"value": "Gates that stay closed cost nothing."},
        "abstract": {"value": "We gate each layer, for $a<b$ and $c>d$.\nClosed gates cost nothing."},
        "venue": {"value": "EXAMPLE 2027 Conference Submission"},
        "venueid": {"value": f"{VENUE}/Submission"},
        "pdf": {"value": "/pdf/0123456789abcdef.pdf"},
    }
    told: dict[str, Any] = {
        "id": forum,
        "forum": forum,
        "number": 17,
        "invitations": [f"{VENUE}/-/Submission"],
        "cdate": milliseconds("2026-09-24"),
        "odate": milliseconds(online),
        "mdate": milliseconds(online, "09:31"),
        "tcdate": milliseconds("2026-09-24"),
        "tmdate": milliseconds(online, "09:31"),
        "readers": ["everyone"],
        "content": content,
    }
    return {**told, **fields}


def notes(*found: Any, count: int | None = None) -> bytes:
    """Return a page of notes."""
    return json.dumps({"notes": list(found), "count": len(found) if count is None else count}).encode()


def refusal(message: str = "The Invitation EXAMPLE.cc/2027/-/Submission was not found") -> bytes:
    """Return an error, as the API writes it."""
    return json.dumps({"name": "NotFoundError", "message": message, "status": 404, "details": {}}).encode()
