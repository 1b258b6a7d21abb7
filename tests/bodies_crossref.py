"""What Crossref's REST API answers, in its documented form: https://api.crossref.org/swagger-ui/"""

from __future__ import annotations

import json
from typing import Any

ABSTRACT = """<jats:title>Abstract</jats:title><jats:p>Salt lowers the freezing point of H<jats:sub>2</jats:sub>O by
<jats:inline-formula><jats:alternatives><jats:tex-math>\\documentclass[12pt]{minimal} \\usepackage{amsmath}
\\begin{document}$$a<b$$\\end{document}</jats:tex-math><mml:math xmlns:mml="http://www.w3.org/1998/Math/MathML">
<mml:mi>a</mml:mi><mml:mo>&lt;</mml:mo><mml:mi>b</mml:mi></mml:math></jats:alternatives></jats:inline-formula>
degrees.</jats:p>"""


def work(**fields: Any) -> dict[str, Any]:
    """Return an article of a journal that was a preprint before; `fields` replace its own."""
    told: dict[str, Any] = {
        "DOI": "10.1234/EXAMPLE.2026.11",
        "URL": "https://doi.org/10.1234/example.2026.11",
        "type": "journal-article",
        "title": ["Salt &amp; pepper in <i>cold</i> water"],
        "abstract": ABSTRACT,
        "author": [
            {"given": "Grace", "family": "Hopper", "suffix": "Jr", "sequence": "additional", "affiliation": []},
            {"given": "Ada", "family": "Lovelace", "sequence": "first", "affiliation": [{"name": "Example"}]},
            {"name": "The Salt Consortium", "sequence": "additional", "affiliation": []},
        ],
        "container-title": ["Letters on Salt &amp; Water"],
        "published": {"date-parts": [[2026, 11, 18]]},
        "created": {
            "date-parts": [[2026, 11, 19]],
            "date-time": "2026-11-19T10:03:00Z",
            "timestamp": 1795082580000,
        },
        "relation": {
            "has-preprint": [
                {"id-type": "doi", "id": "10.1101/2026.03.01.123456", "asserted-by": "subject"},
                {"id-type": "arxiv", "id": "2603.01234v2", "asserted-by": "subject"},
            ],
            "is-supplemented-by": [{"id-type": "doi", "id": "10.5061/example.1", "asserted-by": "subject"}],
        },
        "subject": ["Physical Chemistry"],
    }
    return {**told, **fields}


def works(*found: Any, cursor: str = "DnF1ZXJ5VGhlbkZldGNo==", total: int | None = None) -> bytes:
    """Return a page of works; Crossref tells a next cursor on the last page as well."""
    message = {
        "facets": {},
        "next-cursor": cursor,
        "total-results": len(found) if total is None else total,
        "items": list(found),
        "items-per-page": 200,
    }
    told = {"status": "ok", "message-type": "work-list", "message-version": "1.0.0", "message": message}
    return json.dumps(told).encode()


def refusal(
    said: str = "Integer specified as 9999 but must be a positive integer less than or equal to 1000.",
) -> bytes:
    """Return what Crossref says of a parameter that it refuses."""
    message = [{"type": "integer-not-valid", "value": "9999", "message": said}]
    return json.dumps({"status": "failed", "message-type": "validation-failure", "message": message}).encode()
