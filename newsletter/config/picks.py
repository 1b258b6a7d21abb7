"""The editor's picks: a paper by any of its ids or addresses, and a line about it."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from newsletter.config.fields import Line, wrong
from newsletter.config.section import Section
from newsletter.ids import arxiv_id, doi

# Ids of PubMed, OpenReview and Semantic Scholar, and our own of papers that have none.
_OTHERS = re.compile(r"(?:pmid:[0-9]{1,9}|openreview:[\w-]{1,40}|s2:[0-9A-Za-z]{1,60}|title:[0-9a-f]{8,64})")


def paper_identity(text: str) -> str:
    """Return the identity that an id or address of a paper means (`arxiv:2401.10020`), "" where it means none."""
    text = text.strip()
    if found := arxiv_id(text):
        return f"arxiv:{found.base}"
    if bare := doi(text):
        return f"doi:{bare}"
    kind, colon, value = text.partition(":")
    identity = f"{kind.lower()}{colon}{value.strip()}"
    return identity if _OTHERS.fullmatch(identity) else ""


def _paper(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise wrong('is a number to YAML; write it in quotes, with its kind: "arxiv:2401.10020"')
    if not isinstance(value, str) or not (identity := paper_identity(value)):
        raise wrong(
            'is no paper; write "arxiv:2401.10020", "doi:10.1145/3586037", "pmid:31452104", or its address there'
        )
    return identity


class PickSection(Section):
    """A paper that the editor recommends to everybody."""

    paper: Annotated[str, BeforeValidator(_paper)] = Field(examples=["arxiv:2401.10020"])
    """The paper, by an id with its kind, or by its address at arXiv or doi.org."""
    note: Line | None = None
    """One line about it, for the reader."""
