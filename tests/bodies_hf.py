"""Bodies as Hugging Face's Daily Papers answer them: https://huggingface.co/docs/hub/api#paper-pages-api"""

from __future__ import annotations

import json
from typing import Any


def a_daily_paper(paper_id: str = "2611.01234", **fields: Any) -> dict[str, Any]:
    """Return an outer item with the paper inside; `fields` are of the outer object, `paper={…}` of the inner."""
    inner: dict[str, Any] = {
        "id": paper_id,
        "authors": [
            {"_id": "1", "name": "Ada Lovelace", "hidden": False, "user": {"user": "ada"}},
            {"_id": "2", "name": "Grace Hopper", "hidden": False},
            {"_id": "3", "name": "Not Shown", "hidden": True},
        ],
        "publishedAt": "2026-11-18T21:26:31.000Z",
        "submittedOnDailyAt": "2026-11-20T02:44:20.000Z",
        "submittedOnDailyBy": {"_id": "4", "user": "emmy", "fullname": "Emmy Noether", "type": "user", "isPro": False},
        "title": "Draft trees for faster decoding",
        "summary": "A small model drafts a tree of tokens.\nThe large one checks it for $a<b$ in a single pass.",
        "upvotes": 26,
        "discussionId": "5",
        "ai_summary": "Drafting trees makes decoding faster.",
        "ai_keywords": ["speculative decoding", "draft trees"],
        "githubRepo": "https://code.example.org/ada/trees",
        "githubStars": 12,
        "projectPage": "https://trees.example.org",
    }
    outer: dict[str, Any] = {
        "paper": {**inner, **fields.pop("paper", {})},
        "publishedAt": "2026-11-20T02:44:20.000Z",
        "title": inner["title"],
        "summary": inner["summary"],
        "thumbnail": "https://cdn.example.org/2611.01234.png",
        "numComments": 2,
        "submittedBy": {"_id": "4", "name": "emmy", "fullname": "Emmy Noether", "type": "user", "isPro": False},
        "organization": {"_id": "6", "name": "engine", "fullname": "Analytical Engine Works"},
        "isAuthorParticipating": False,
    }
    return {**outer, **fields}


def a_daily_list(*papers: Any) -> bytes:
    """Return the body of a day's list."""
    return json.dumps(list(papers)).encode()
