"""What Semantic Scholar's API answers, in its documented form: https://api.semanticscholar.org/api-docs/"""

from __future__ import annotations

import json
from typing import Any

PAPER_ID = "0123456789abcdef0123456789abcdef01234567"


def paper(**fields: Any) -> dict[str, Any]:
    """Return a paper of arXiv that also has a DOI; `fields` replace its own."""
    told: dict[str, Any] = {
        "paperId": PAPER_ID,
        "externalIds": {
            "ArXiv": "2611.04321",
            "DOI": "10.1234/Example.2026.7",
            "PubMed": "31452104",
            "CorpusId": 270123456,
            "DBLP": "journals/corr/abs-2611-04321",
        },
        "url": f"https://www.semanticscholar.org/paper/{PAPER_ID}",
        "title": "Gradients without tapes",
        "abstract": "We differentiate programs forwards, and keep no tape.",
        "venue": "Example Conference on Programs",
        "publicationDate": "2026-11-18",
        "authors": [{"authorId": "1", "name": "Emmy Noether"}, {"authorId": None, "name": "Ada Lovelace"}],
    }
    return {**told, **fields}


def recommended(*papers: Any) -> bytes:
    """Return an answer of the recommendations API."""
    return json.dumps({"recommendedPapers": list(papers)}).encode()


def batch(*papers: Any) -> bytes:
    """Return an answer to a batch of ids: null for each that nobody knows."""
    return json.dumps(list(papers)).encode()


def refusal(message: str = "No valid paper ids given") -> bytes:
    """Return an error of the graph API."""
    return json.dumps({"error": message}).encode()


def too_many_requests() -> bytes:
    """Return what its gateway says to those who ask too often."""
    said = "Too Many Requests. Please wait and try again or apply for a key for higher rate limits."
    return json.dumps({"message": said, "code": "429"}).encode()
