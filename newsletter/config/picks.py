"""A paper in the settings, by any of its ids or addresses; and the editor's picks: papers with a line about each."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from newsletter.config.fields import Line, wrong
from newsletter.config.section import Section
from newsletter.ids import arxiv_id, doi

# Ids of PubMed, OpenReview and Semantic Scholar, and our own of papers that have none.
_OTHERS = re.compile(r"(?:pmid:[0-9]{1,9}|openreview:[\w-]{1,40}|s2:[0-9A-Za-z]{1,60}|title:[0-9a-f]{8,64})")
_ADDRESSES = tuple(
    (kind, re.compile(rf"(?:https?://)?(?:www\.)?{address}(?:[/?&#]\S*)?", re.IGNORECASE))
    for kind, address in (
        ("openreview", r"openreview\.net/(?:forum|pdf)\?(?:[^\s#]*&)?id=([\w-]{1,40})"),
        ("pmid", r"(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pubmed)/([0-9]{1,9})"),
        ("s2", r"semanticscholar\.org/paper/(?:[^/\s]+/)?([0-9a-f]{40})"),
        ("s2", r"semanticscholar\.org/corpusid:([0-9]{1,12})"),
    )
)
_DOI_SITE = re.compile(r"(?:www\.|dx\.)?doi\.org/", re.IGNORECASE)
# What is meant for a paper, whether it is one or not.
_LIKE_A_PAPER = re.compile(
    r"(?:arxiv|doi|pmid|openreview|s2|corpusid):.*|https?://.*|10\.[0-9]{4,9}/.*|[0-9]{4}\.[0-9]{4,5}(?:v[0-9]+)?",
    re.IGNORECASE,
)
NO_PAPER = 'is no paper; write "arxiv:2401.10020", "doi:10.1145/3586037", "pmid:31452104", or its address there'


def paper_identity(text: str) -> str:
    """Return the identity that an id or address of a paper means (`arxiv:2401.10020`), "" where it means none."""
    text = text.strip()
    if found := arxiv_id(text):
        return f"arxiv:{found.base}"
    if "/" in (bare := doi(f"https://{text}" if _DOI_SITE.match(text) else text)):
        return f"doi:{bare}"
    for kind, address in _ADDRESSES:
        if match := address.fullmatch(text):
            return _identity(kind, match[1])
    kind, _, value = text.partition(":")
    return _identity(kind.strip().lower(), value.strip())


def _identity(kind: str, value: str) -> str:
    """Return the identity in its one spelling, "" where it is none: only OpenReview tells capitals apart."""
    spelled = {"pmid": value.lstrip("0"), "s2": value.lower(), "title": value.lower()}.get(kind, value)
    identity = f"{kind}:{spelled}"
    return identity if _OTHERS.fullmatch(identity) else ""


def paper_in(text: str) -> str:
    """Return the identity of the paper that a text alone stands for, "" for a phrase; raises `wrong` for no paper."""
    text = text.strip()
    if not (":" in text or "/" in text or text[:1].isdigit()):  # most phrases: nothing to look at
        return ""
    if identity := paper_identity(text):
        return identity
    if _LIKE_A_PAPER.fullmatch(text):
        raise wrong(NO_PAPER)
    return ""


def _paper(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise wrong('is a number to YAML; write it in quotes, with its kind: "arxiv:2401.10020"')
    if not isinstance(value, str) or not (identity := paper_identity(value)):
        raise wrong(NO_PAPER)
    return identity


PaperIdentity = Annotated[str, BeforeValidator(_paper)]
"""The identity of a paper, whatever id or address of it is written."""


class PickSection(Section):
    """A paper that the editor recommends to everybody."""

    paper: PaperIdentity = Field(examples=["arxiv:2401.10020"])
    """The paper, by an id with its kind, or by its address."""
    note: Line | None = None
    """One line about it, for the reader."""
