"""Makers of records for tests: everything that does not matter in a test has a default here."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from newsletter.config import Config, IssueSettings, Schedule
from newsletter.models import (
    Delivery,
    DeliveryState,
    Edition,
    Email,
    Entry,
    HealthState,
    Interest,
    InterestKind,
    Issue,
    MatchedPaper,
    Newsletter,
    Paper,
    Reason,
    ReasonKind,
    Section,
    SourceHealth,
    Subscriber,
    Topic,
)
from newsletter.store import Queued

DAY = date(2026, 11, 20)  # a Friday
NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def an_entry(title: str = "Draft trees for faster decoding", **fields: Any) -> Entry:
    """Return an entry of a source named `arxiv cs.CL`."""
    return Entry(**{"source": "arxiv cs.CL", "place": "feed.xml#1", "title": title, **fields})


def a_paper(title: str = "Draft trees for faster decoding", **fields: Any) -> Paper:
    """Return a paper whose id follows from its title unless given."""
    paper_id = fields.pop("id", "title:" + "-".join(title.lower().split()))
    defaults: dict[str, Any] = {
        "abstract": "A small model drafts a tree of tokens. The large one checks it in a single pass.",
        "authors": ("Ada Lovelace", "Grace Hopper"),
        "url": "https://arxiv.org/abs/2611.01234",
        "categories": ("cs.CL",),
        "published": DAY,
        "version": 1,
        "identities": (paper_id,),
        "entries": (an_entry(title),),
    }
    return Paper(id=paper_id, title=title, **{**defaults, **fields})


def a_topic(label: str = "Speculative decoding", *papers: Paper) -> Topic:
    """Return a topic of the given papers, or of one."""
    return Topic(label, papers or (a_paper(),))


def an_interest(phrase: str = "speculative decoding", **fields: Any) -> Interest:
    """Return a phrase interest."""
    return Interest(**{"kind": InterestKind.PHRASE, "name": phrase, "phrases": (phrase,), **fields})


def a_subscriber(email: str = "ada@example.org", **fields: Any) -> Subscriber:
    """Return a subscriber with one interest."""
    return Subscriber(**{"email": email, "interests": (an_interest(),), **fields})


def a_reason(**fields: Any) -> Reason:
    """Return the reason that both words of a phrase stand in the title."""
    defaults: dict[str, Any] = {
        "kind": ReasonKind.WORDS,
        "interest": "speculative decoding",
        "words": ("speculative", "decoding"),
        "in_title": True,
        "lexical": 0.9,
        "closeness": 6.0,
    }
    return Reason(**{**defaults, **fields})


def a_match(paper: Paper | None = None, *, score: float = 0.7, reasons: tuple[Reason, ...] = ()) -> MatchedPaper:
    """Return a matched paper."""
    return MatchedPaper(paper or a_paper(), score, reasons or (a_reason(),))


def a_section(label: str = "Speculative decoding", *matched: MatchedPaper, **fields: Any) -> Section:
    """Return a section of the given papers, or of one."""
    papers = matched or (a_match(),)
    return Section(**{"label": label, "interest": label.lower(), "papers": papers, "announced": len(papers), **fields})


def a_health(**fields: Any) -> SourceHealth:
    """Return the health of a source that answered."""
    return SourceHealth(**{"source": "arxiv cs.CL", "state": HealthState.FETCHED, "entries": 40, **fields})


def an_issue(*sections: Section, **fields: Any) -> Issue:
    """Return an issue with a lead and the given sections, or one."""
    defaults: dict[str, Any] = {
        "subscriber": a_subscriber(),
        "day": DAY,
        "lead": a_match(a_paper("A lead worth reading"), score=0.9),
        "sections": sections or (a_section(),),
        "cut": (),
        "considered": 40,
        "health": (a_health(),),
    }
    return Issue(**{**defaults, **fields})


def an_edition(*papers: Paper, **fields: Any) -> Edition:
    """Return the edition of `DAY`."""
    return Edition(**{"day": DAY, "papers": papers, "health": (a_health(),), "entries": len(papers), **fields})


def a_newsletter(**fields: Any) -> Newsletter:
    """Return the sender's settings."""
    defaults = {"name": "Daily Papers", "sender_name": "Daily Papers", "sender_email": "papers@example.org"}
    return Newsletter(**{**defaults, **fields})


def an_email(**fields: Any) -> Email:
    """Return a rendered email with both parts."""
    defaults: dict[str, Any] = {
        "sender": ("Daily Papers", "papers@example.org"),
        "recipient": ("Ada", "ada@example.org"),
        "subject": "3 papers worth your time",
        "html": "<!doctype html><html lang='en'><body><h1>3 papers</h1></body></html>",
        "text": "3 papers\n",
        "message_id": "<i20261120.s1@example.org>",
        "date": NOW,
        "headers": (("List-Id", "Daily Papers <daily-papers.example.org>"),),
    }
    return Email(**{**defaults, **fields})


def a_delivery(**fields: Any) -> Delivery:
    """Return a queued delivery."""
    defaults: dict[str, Any] = {
        "id": 1,
        "subscriber": "ada@example.org",
        "issue_date": DAY,
        "message_id": "<i20261120.s1@example.org>",
        "state": DeliveryState.QUEUED,
        "papers": 3,
    }
    return Delivery(**{**defaults, **fields})


def a_queued(subscriber: str = "ada@example.org", **fields: Any) -> Queued:
    """Return an issue of `DAY` without papers, to be put into an outbox at `NOW`."""
    defaults: dict[str, Any] = {
        "issue_date": DAY,
        "message_id": f"<i20261120.{subscriber}>",
        "message": b"Subject: x\r\n\r\nx\r\n",
        "sender": "papers@example.org",
        "recipient": subscriber,
        "papers": (),
        "expires_at": NOW + timedelta(hours=24),
    }
    return Queued(subscriber, **{**defaults, **fields})


def a_config(*subscribers: Subscriber, **fields: Any) -> Config:
    """Return the settings of some readers."""
    defaults: dict[str, Any] = {
        "path": Path("subscribers.yaml"),
        "newsletter": a_newsletter(),
        "sources": (),
        "schedule": Schedule(),
        "smtp": None,
        "issue": IssueSettings(),
        "store": "",
        "templates": None,
        "subscribers": subscribers,
    }
    return Config(**{**defaults, **fields})


# Papers on two subjects.
DECODING = (
    a_paper(
        "Tree drafts for speculative decoding",
        abstract="A draft model proposes tokens for speculative decoding; the language model verifies them at once.",
    ),
    a_paper(
        "When speculative decoding does not pay",
        abstract="Acceptance rates of drafted tokens decide whether speculative decoding makes inference faster.",
    ),
    a_paper(
        "Self-speculative decoding with skipped layers",
        abstract="The model drafts with a part of its own layers and verifies with all: speculative decoding alone.",
    ),
)
GALAXIES = (
    a_paper(
        "A luminous galaxy at redshift 14 seen with JWST",
        abstract="JWST spectroscopy of a high-redshift galaxy three hundred million years after the Big Bang.",
    ),
    a_paper(
        "Dust in high-redshift galaxies with JWST",
        abstract="We measure dust attenuation of high-redshift galaxies in deep JWST images.",
    ),
    a_paper(
        "Sizes of high-redshift galaxies from JWST imaging",
        abstract="Galaxies at high redshift are compact in JWST near-infrared images.",
    ),
)
