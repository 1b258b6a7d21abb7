"""What templates see: an issue with every text cleaned and bounded, so that they only show.

Made once per issue and shared by both parts. Nothing here is a sentence; those stand in the templates.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import quote_plus

from newsletter.models import (
    HealthState,
    Issue,
    MatchedPaper,
    Newsletter,
    Reason,
    ReasonKind,
    Section,
    SourceHealth,
)
from newsletter.render.filters import harmless, safe_url, shorten
from newsletter.render.headers import unsubscribe_url

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)

# Bounds that only hostile or broken data reaches; without them a byte budget could not be kept.
_LONGEST_TITLE, _LONGEST_LABEL, _LONGEST_NAME, _LONGEST_ABSTRACT = 300, 90, 60, 5000
_MOST_HEALTH, _MOST_INTERESTS = 12, 30

# A listing page names papers without saying where they are.
_FIND = "https://arxiv.org/search/?searchtype=title&query="


@dataclass(frozen=True, slots=True)
class ReasonView:
    """The evidence of a match; `whole` says that the words found are all of the interest's own."""

    kind: ReasonKind
    interest: str
    words: tuple[str, ...]
    in_title: bool
    whole: bool


@dataclass(frozen=True, slots=True)
class PaperView:
    """A paper of an issue; `number` is its place in reading order.

    Where it has no address, `url` is empty and `find_url` a search for its title. `category` is its first one, empty
    if its strongest reason is just that.
    """

    number: int
    score: float
    title: str
    url: str
    find_url: str
    authors: tuple[str, ...]
    abstract: str
    category: str
    version: int
    byline: str
    reasons: tuple[ReasonView, ...]


@dataclass(frozen=True, slots=True)
class SectionView:
    """Papers of one topic; `own` says that its label is the reader's interest itself."""

    label: str
    interest: str
    own: bool
    papers: tuple[PaperView, ...]
    announced: int


@dataclass(frozen=True, slots=True)
class HealthView:
    """How one source answered."""

    source: str
    state: HealthState
    entries: int
    detail: str
    warnings: int


@dataclass(frozen=True, slots=True)
class IssueView:
    """Everything a template may say.

    `count` is the number of papers of the issue, of which `more` are not shown. `sentences` bounds each
    summary: 0 for none, None for whole abstracts.
    """

    name: str
    editor: str
    date: str
    count: int
    considered: int
    lead: PaperView | None
    sections: tuple[SectionView, ...]
    more: int
    sentences: int | None
    health: tuple[HealthView, ...]
    address: str
    interests: tuple[str, ...]
    interest_count: int
    unsubscribe_url: str

    @property
    def papers(self) -> tuple[PaperView, ...]:
        """Return the papers shown, in reading order."""
        lead = (self.lead,) if self.lead else ()
        return lead + tuple(paper for section in self.sections for paper in section.papers)

    @property
    def preheader(self) -> str:
        """Return what a list of mails shows after the subject: the first titles."""
        return shorten(" · ".join(shorten(paper.title, 90) for paper in self.papers[:3]), 140)

    def best(self, count: int) -> IssueView:
        """Return the view with its `count` best papers only, the others counted in `more`."""
        ranked = sorted(self.papers, key=lambda paper: (-paper.score, paper.number))
        kept = {paper.number for paper in ranked[:count]}
        cut = (
            replace(section, papers=tuple(paper for paper in section.papers if paper.number in kept))
            for section in self.sections
        )
        return replace(
            self,
            lead=self.lead if self.lead and self.lead.number in kept else None,
            sections=tuple(section for section in cut if section.papers),
            more=self.more + len(ranked) - len(kept),
        )


def view(issue: Issue, newsletter: Newsletter, *, sentences: int | None) -> IssueView:
    """Return what templates see of an issue."""
    papers = tuple(_paper(matched, number) for number, matched in enumerate(issue.papers, start=1))
    first = 1 if issue.lead else 0
    return IssueView(
        name=_text(newsletter.name, _LONGEST_NAME),
        editor=_text(newsletter.editor, _LONGEST_NAME),
        date=long_date(issue.day),
        count=len(papers),
        considered=issue.considered,
        lead=papers[0] if issue.lead else None,
        sections=_sections(issue.sections, papers[first:]),
        more=0,
        sentences=sentences,
        health=tuple(_health(health) for health in issue.health[:_MOST_HEALTH]),
        address=_text(issue.subscriber.email, 254),
        interests=tuple(_text(one.name, _LONGEST_LABEL) for one in issue.subscriber.interests[:_MOST_INTERESTS]),
        interest_count=len(issue.subscriber.interests),
        unsubscribe_url=safe_url(unsubscribe_url(newsletter, issue.subscriber.email)),
    )


def long_date(day: date) -> str:
    """Return a date as a masthead writes it: `Friday, 20 November 2026`."""
    return f"{DAYS[day.weekday()]}, {day.day} {MONTHS[day.month - 1]} {day.year}"


def _sections(sections: Iterable[Section], papers: tuple[PaperView, ...]) -> tuple[SectionView, ...]:
    views, start = [], 0
    for section in sections:
        end = start + len(section.papers)
        label, interest = _text(section.label, _LONGEST_LABEL), _text(section.interest, _LONGEST_LABEL)
        own = label.casefold() == interest.casefold()
        views.append(SectionView(label, interest, own, papers[start:end], max(section.announced, end - start)))
        start = end
    return tuple(one for one in views if one.papers)


def _paper(matched: MatchedPaper, number: int) -> PaperView:
    paper = matched.paper
    url = safe_url(paper.url)
    title = _text(paper.title, _LONGEST_TITLE)
    return PaperView(
        number=number,
        score=matched.score,
        title=title or "Untitled",
        url="" if url == "#" else url,
        find_url=_FIND + quote_plus(title) if url == "#" and title else "",
        authors=tuple(_text(name, _LONGEST_NAME) for name in paper.authors if name.strip()),
        abstract=_text(paper.abstract, _LONGEST_ABSTRACT),
        category=_category(matched),
        version=paper.version,
        byline=next((_text(entry.byline, _LONGEST_NAME) for entry in paper.entries if entry.byline.strip()), ""),
        reasons=tuple(_reason(reason) for reason in matched.reasons),
    )


def _category(matched: MatchedPaper) -> str:
    said = matched.reasons[0].interest if matched.reasons else ""
    category = next(iter(matched.paper.categories), "")
    return _text(category, _LONGEST_NAME) if category != said else ""


def _reason(reason: Reason) -> ReasonView:
    interest = _text(reason.interest, _LONGEST_LABEL)
    words = tuple(_text(word, _LONGEST_NAME) for word in reason.words[:3])
    return ReasonView(reason.kind, interest, words, reason.in_title, " ".join(words).casefold() == interest.casefold())


def _health(health: SourceHealth) -> HealthView:
    source, detail = _text(health.source, _LONGEST_LABEL), _text(health.detail, 160).rstrip(".")
    return HealthView(source, health.state, health.entries, detail, len(health.warnings))


def _text(text: str, limit: int) -> str:
    return shorten(harmless(text[: 2 * limit]), limit)
