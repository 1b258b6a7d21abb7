"""Makers of the records of a case: what a case is not about has a default here."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from newsletter.models import (
    Entry,
    HealthState,
    Interest,
    InterestKind,
    Issue,
    MatchedPaper,
    Paper,
    Reason,
    ReasonKind,
    Section,
    SourceHealth,
    Subscriber,
)

DAY = date(2026, 11, 20)  # a Friday
MOMENT = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
PIONEERS = (
    "Ada Lovelace", "Grace Hopper", "Emmy Noether", "Katherine Johnson", "Lise Meitner", "Marie Curie", "Alan Turing",
    "Rosalind Franklin", "Chien-Shiung Wu", "Sofya Kovalevskaya", "Mary Somerville", "Dorothy Vaughan",
)  # fmt: skip
INTEREST = "speculative decoding"
WORDS = Reason(ReasonKind.WORDS, INTEREST, ("speculative", "decoding"), in_title=True, lexical=0.9, closeness=6.0)


def paper(number: int, title: str, **fields: Any) -> Paper:
    """Return the paper with this number: its id and address follow from it."""
    arxiv_id = f"2611.{number:05}"
    byline, announced = fields.pop("byline", ""), fields.pop("announced", title)
    entry = Entry("arxiv cs.CL", f"feed.xml#{number}", announced, arxiv_id=arxiv_id, byline=byline)
    defaults: dict[str, Any] = {
        "abstract": "A small model drafts what a large one would say. The large one checks the draft in a single pass, "
        "and keeps as much of it as it would have said itself. We show that this makes reading aloud 2.4 times faster.",
        "authors": PIONEERS[:2],
        "url": f"https://arxiv.org/abs/{arxiv_id}",
        "categories": ("cs.CL",),
        "published": DAY,
        "version": 1,
    }
    known = {"id": f"arxiv:{arxiv_id}", "identities": (f"arxiv:{arxiv_id}",), "entries": (entry,)}
    return Paper(**{**known, **defaults, **fields, "title": title})


def matched(some: Paper, *reasons: Reason, score: float = 0.7) -> MatchedPaper:
    """Return a paper that an interest asked for, by its words unless other reasons are given."""
    return MatchedPaper(some, score, reasons or (WORDS,))


def section(label: str, *papers: MatchedPaper, **fields: Any) -> Section:
    """Return papers under a heading, which is an interest's name unless said otherwise."""
    return Section(**{"label": label, "interest": label, "papers": papers, "announced": 3 * len(papers), **fields})


def reader(*interests: str, **fields: Any) -> Subscriber:
    """Return Ada, who follows these phrases."""
    asked = tuple(Interest(InterestKind.PHRASE, name, (name,)) for name in interests or (INTEREST,))
    return Subscriber(**{"email": "ada@example.org", "name": "Ada", "interests": asked, **fields})


def health(source: str = "arxiv cs.CL", state: HealthState = HealthState.FETCHED, **fields: Any) -> SourceHealth:
    """Return how a source answered."""
    return SourceHealth(source, state, **{"entries": 214, "at": MOMENT, **fields})


def issue(*sections: Section, lead: MatchedPaper | None = None, **fields: Any) -> Issue:
    """Return Ada's issue of the day."""
    defaults: dict[str, Any] = {"subscriber": reader(), "cut": (), "considered": 214, "health": (health(),)}
    return Issue(**{**defaults, "day": DAY, "lead": lead, "sections": sections, **fields})
