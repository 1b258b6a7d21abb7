"""Bodies as bioRxiv and medRxiv answer them: https://api.biorxiv.org"""

from __future__ import annotations

import json
from typing import Any


def a_preprint(**fields: Any) -> dict[str, Any]:
    """Return one paper of a collection."""
    return {
        "doi": "10.1101/2026.11.19.654321",
        "title": "Wing veins fold by tension",
        "authors": "Lovelace, A.; Hopper, G. B.",
        "author_corresponding": "Ada Lovelace",
        "author_corresponding_institution": "Analytical Engine Works",
        "date": "2026-11-19",
        "version": "1",
        "type": "new results",
        "license": "cc_by",
        "category": "developmental biology",
        "jatsxml": "https://www.biorxiv.org/content/early/2026/11/19/2026.11.19.654321.source.xml",
        "abstract": "Veins fold before wings do. We measure the tension.",
        "published": "NA",
        "server": "biorxiv",
        **fields,
    }


def a_details_page(*papers: Any, cursor: Any = 0, total: Any = None, **message: Any) -> bytes:
    """Return a page of details; what its message says of it is as the service has it, unless given."""
    told = {
        "status": "ok",
        "interval": "2026-11-19:2026-11-20",
        "cursor": cursor,
        "count": len(papers),
        "count_new_papers": str(len(papers)),
        "total": str(len(papers) if total is None else total),
        **message,
    }
    return json.dumps({"messages": [told], "collection": list(papers)}).encode()


def no_posts() -> bytes:
    """Return what is answered where nothing was posted."""
    return json.dumps({"messages": [{"status": "no posts found"}], "collection": []}).encode()
