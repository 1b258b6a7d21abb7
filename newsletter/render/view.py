"""What templates see: an issue with every text cleaned and bounded, so that they only show.

Made once per issue and shared by both parts. Nothing here is a sentence; those stand in the templates.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal
from urllib.parse import quote_plus

from newsletter.models import (
    UNREAD,
    HealthState,
    Interest,
    InterestKind,
    Issue,
    MatchedPaper,
    Newsletter,
    Reason,
    ReasonKind,
    Section,
    SourceHealth,
)
from newsletter.render.dates import long_date, moment, short_date
from newsletter.render.filters import harmless, safe_url, shorten
from newsletter.render.headers import unsubscribe_url
from newsletter.summary import LONGEST, summarise

# Bounds that only hostile or broken data reaches; without them a byte budget could not be kept.
_LONGEST_TITLE, _LONGEST_LABEL, _LONGEST_NAME, _LONGEST_ABSTRACT = 300, 90, 60, 5000
_LONGEST_NOTE, _LONGEST_DETAIL = 200, 200
_LONGEST_TLDR, _LONGEST_EXAMPLE = 300, 60
_MOST_HEALTH, _MOST_INTERESTS, _MOST_WORDS = 12, 30, 6
_MOST_UPVOTES = 10_000_000

_SENTENCES = 2  # as long as a summary, for templates that show abstracts only

# A listing page names papers without saying where they are.
_FIND = "https://arxiv.org/search/?searchtype=title&query="


@dataclass(frozen=True, slots=True)
class ReasonView:
    """The evidence of a match; `whole` says that the words found are all of the interest's own.

    `example` is the title of the nearest of the papers that the reader named or voted for. `count`, `note` and `editor`
    are those of upvotes, votes and picks.
    """

    kind: ReasonKind
    interest: str
    words: tuple[str, ...]
    in_title: bool
    whole: bool
    example: str
    count: int
    note: str
    editor: str


@dataclass(frozen=True, slots=True)
class PaperView:
    """A paper of an issue; `number` is its place in reading order.

    `summary` is a sentence or two of the abstract, `tldr` what a language model says instead, mostly empty.
    Where it has no address, `url` is empty and `find_url` a search for its title. `category` is its first one, empty
    if its strongest reason is just that, as is `venue`. `upvotes` is 0 where none are known or a reason tells them
    already. Of an update `got_on` is the day the reader got an earlier version, otherwise empty.
    """

    number: int
    score: float
    title: str
    url: str
    find_url: str
    authors: tuple[str, ...]
    abstract: str
    summary: str
    tldr: str
    category: str
    version: int
    byline: str
    venue: str
    upvotes: int
    code_url: str
    got_on: str
    reasons: tuple[ReasonView, ...]


@dataclass(frozen=True, slots=True)
class SectionView:
    """Papers of one topic; `own` says that its label is the reader's interest itself, `new` that all papers are.

    `kind` and `example` are those of the reason by which the interest brought the first of them, None where none did.
    """

    label: str
    interest: str
    kind: ReasonKind | None
    example: str
    own: bool
    papers: tuple[PaperView, ...]
    announced: int
    new: bool


@dataclass(frozen=True, slots=True)
class HealthView:
    """How one source answered.

    `detail` is empty where it would be the words of an error, which are the operator's. `until` is when a source that
    asks us to wait may be asked again, such as `10:15 UTC`.
    """

    source: str
    state: HealthState
    entries: int
    detail: str
    warnings: int
    until: str


@dataclass(frozen=True, slots=True)
class IssueView:
    """Everything a template may say.

    `count` is the number of papers that the reader's interests brought, `updates` of which are not new; `trending` come
    beside them. `more` are not shown. With `summarised` each paper shows its summary, else as many of its abstract's
    `sentences`: 0 for none, None for all.
    """

    name: str
    editor: str
    date: str
    count: int
    updates: int
    considered: int
    lead: PaperView | None
    sections: tuple[SectionView, ...]
    trending: tuple[PaperView, ...]
    more: int
    sentences: int | None
    summarised: bool
    health: tuple[HealthView, ...]
    address: str
    interests: tuple[str, ...]
    interest_count: int
    unsubscribe_url: str

    @property
    def papers(self) -> tuple[PaperView, ...]:
        """Return the papers shown, in reading order."""
        lead = (self.lead,) if self.lead else ()
        return lead + tuple(paper for section in self.sections for paper in section.papers) + self.trending

    @property
    def preheader(self) -> str:
        """Return what a list of mails shows after the subject: the first titles."""
        return shorten(" · ".join(shorten(paper.title, 90) for paper in self.papers[:3]), 140)

    def without_trending(self) -> IssueView:
        """Return the view without the section of what trends, its papers counted in `more`."""
        return replace(self, trending=(), more=self.more + len(self.trending))

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
            trending=tuple(paper for paper in self.trending if paper.number in kept),
            more=self.more + len(ranked) - len(kept),
        )


def view(issue: Issue, newsletter: Newsletter, *, sentences: int | Literal["summary"] | None) -> IssueView:
    """Return what templates see of an issue; `sentences` as for `render`."""
    papers = tuple(_paper(matched, number, issue.day) for number, matched in enumerate(issue.papers, start=1))
    first, count = 1 if issue.lead else 0, len(issue.chosen)
    return IssueView(
        name=_text(newsletter.name, _LONGEST_NAME),
        editor=_text(newsletter.editor, _LONGEST_NAME),
        date=long_date(issue.day),
        count=count,
        updates=sum(bool(paper.got_on) for paper in papers[:count]),
        considered=issue.considered,
        lead=papers[0] if issue.lead else None,
        sections=_sections(issue.sections, papers[first:count]),
        trending=papers[count:],
        more=0,
        sentences=_SENTENCES if sentences == "summary" else sentences,
        summarised=sentences == "summary",
        health=tuple(_health(health, issue.day) for health in issue.health[:_MOST_HEALTH]),
        address=_text(issue.subscriber.email, 254),
        interests=tuple(_asked(one) for one in issue.subscriber.interests[:_MOST_INTERESTS]),
        interest_count=len(issue.subscriber.interests),
        unsubscribe_url=safe_url(unsubscribe_url(newsletter, issue.subscriber.email)),
    )


def _sections(sections: Iterable[Section], papers: tuple[PaperView, ...]) -> tuple[SectionView, ...]:
    views, start = [], 0
    for section in sections:
        end = start + len(section.papers)
        label, interest = _text(section.label, _LONGEST_LABEL), _text(section.interest, _LONGEST_LABEL)
        own = label.casefold() == interest.casefold()
        shown = papers[start:end]
        new = not any(paper.got_on for paper in shown)
        reasons = (reason for paper in shown for reason in paper.reasons if interest and reason.interest == interest)
        kind, example = next(((reason.kind, reason.example) for reason in reasons), (None, ""))
        count = max(section.announced, len(shown))
        views.append(SectionView(label, interest, kind, example, own, shown, count, new))
        start = end
    return tuple(one for one in views if one.papers)


def _paper(matched: MatchedPaper, number: int, day: date) -> PaperView:
    paper, signals = matched.paper, matched.paper.signals
    url, code_url = safe_url(paper.url), safe_url(signals.code_url)
    told = {reason.kind: reason for reason in matched.reasons}
    update = told.get(ReasonKind.UPDATE)
    title = _text(paper.title, _LONGEST_TITLE)
    return PaperView(
        number=number,
        score=matched.score,
        title=title or "Untitled",
        url="" if url == "#" else url,
        find_url=_FIND + quote_plus(title) if url == "#" and title else "",
        authors=tuple(_text(name, _LONGEST_NAME) for name in paper.authors if name.strip()),
        abstract=_text(paper.abstract, _LONGEST_ABSTRACT),
        summary=_text(paper.summary or summarise(paper.title, paper.abstract), LONGEST),  # old papers have none
        tldr=_text(paper.tldr, _LONGEST_TLDR),
        category=_category(matched),
        version=paper.version,
        byline=next((_text(entry.byline, _LONGEST_NAME) for entry in paper.entries if entry.byline.strip()), ""),
        venue=_venue(matched),
        upvotes=0 if ReasonKind.UPVOTES in told else _count(signals.upvotes or 0),
        code_url="" if code_url == "#" else code_url,
        got_on=short_date(update.since, day) if update and update.since else "",
        reasons=tuple(_reason(reason) for reason in matched.reasons if reason is not update),
    )


def _category(matched: MatchedPaper) -> str:
    said = matched.reasons[0].interest if matched.reasons else ""
    category = next(iter(matched.paper.categories), "")
    return _text(category, _LONGEST_NAME) if category != said else ""


def _venue(matched: MatchedPaper) -> str:
    said = {reason.interest.casefold() for reason in matched.reasons[:1] if reason.kind is ReasonKind.VENUE}
    venue = matched.paper.signals.venue
    return "" if venue.casefold() in said else _text(venue, _LONGEST_NAME)


def _asked(interest: Interest) -> str:
    name = f"papers like {interest.name}" if interest.kind is InterestKind.PAPER else interest.name
    return _text(name, _LONGEST_LABEL)


def _reason(reason: Reason) -> ReasonView:
    interest = _text(reason.interest, _LONGEST_LABEL)
    words = tuple(_text(word, _LONGEST_NAME) for word in reason.words[:_MOST_WORDS])
    return ReasonView(
        kind=reason.kind,
        interest=interest,
        words=words,
        in_title=reason.in_title,
        whole=" ".join(words).casefold() == interest.casefold(),
        example=_text(reason.example, _LONGEST_EXAMPLE).rstrip(".") if reason.example else "",
        count=_count(reason.count),
        note=_text(reason.note, _LONGEST_NOTE),
        editor=_text(reason.editor, _LONGEST_NAME),
    )


def _health(health: SourceHealth, day: date) -> HealthView:
    return HealthView(
        source=_text(health.source, _LONGEST_LABEL),
        state=health.state,
        entries=health.entries,
        detail="" if health.state in UNREAD else _text(health.detail, _LONGEST_DETAIL).rstrip("."),
        warnings=len(health.warnings),
        until=moment(health.again_at, day) if health.state is HealthState.THROTTLED and health.again_at else "",
    )


def _count(number: int) -> int:
    return max(0, min(number, _MOST_UPVOTES))


def _text(text: str, limit: int) -> str:
    return shorten(harmless(text[: 2 * limit]), limit)
