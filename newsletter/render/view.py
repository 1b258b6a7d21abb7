"""What templates see: an issue with every text cleaned and bounded, so that they only show.

Made once per issue and shared by both parts. Nothing here is a sentence; those stand in the templates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from email.utils import parseaddr
from functools import lru_cache

from newsletter.models import (
    LEFTOVERS,
    PEOPLE,
    UNREAD,
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
    Unconfirmed,
)
from newsletter.render.addresses import answers_to, archive_url, leave_url
from newsletter.render.facts import LONGEST_NAME, PaperFacts, text
from newsletter.render.filters import safe_url
from newsletter.render.language import Language
from newsletter.render.shown import HealthView, IssueView, PaperView, ReasonView, SectionView, UnconfirmedView
from newsletter.tokens import canonical

_LONGEST_LABEL, _LONGEST_NOTE, _LONGEST_DETAIL, _LONGEST_EXAMPLE = 90, 200, 120, 60
_MOST_HEALTH, _MOST_INTERESTS, _MOST_WORDS = 12, 30, 6
_MOST_COUNTED = 10_000_000
_MOST_REASONS, _MOST_IN_SECTION = 3, 1
_MOST_UNCONFIRMED = 12  # papers named of an issue that may not have arrived
_WORDS_A_MINUTE = 220  # of silent reading; titles and summaries are dense
_WORDS_BESIDE = 12  # of a paper: its reason, its badges

_SOURCE_NAMES = {
    "arxiv": "arXiv",
    "huggingface": "Hugging Face",
    "biorxiv": "bioRxiv",
    "medrxiv": "medRxiv",
    "pubmed": "PubMed",
    "openreview": "OpenReview",
    "crossref": "Crossref",
    "semantic_scholar": "Semantic Scholar",
    "s2": "Semantic Scholar",
    "pages": "",
    "feed": "",
    "file": "",
}


def view(
    issue: Issue, newsletter: Newsletter, language: Language, facts: Callable[[Paper], PaperFacts], *, readers: int = 0
) -> IssueView:
    """Return what templates see of an issue; `facts` gives what is said of a paper to everybody."""
    numbers = {matched.paper.id: number for number, matched in enumerate(issue.papers, start=1)}

    def shown(matched: MatchedPaper, interest: str = "", most: int = _MOST_REASONS) -> PaperView:
        number = numbers[matched.paper.id]
        return _paper(matched, number, facts(matched.paper), interest, issue.day, language, most=most)

    lead = shown(issue.lead) if issue.lead else None
    sections = tuple(_section(section, shown, language) for section in issue.sections if section.papers)
    chosen = (*((lead,) if lead else ()), *(paper for section in sections for paper in section.papers))
    made = IssueView(
        name=_text(newsletter.name, LONGEST_NAME),
        editor=_text(newsletter.editor, LONGEST_NAME),
        readers=readers,
        day=issue.day,
        language=language.code,
        direction=language.direction,
        count=len(chosen),
        updates=sum(bool(paper.updated) for paper in chosen),
        followed=sum(any(reason.kind is ReasonKind.AUTHOR for reason in each.reasons) for each in issue.chosen),
        considered=issue.considered,
        minutes=0,
        lead=lead,
        picks=tuple(map(shown, issue.picks)),
        sections=sections,
        trending=tuple(map(shown, issue.trending)),
        more=0,
        health=tuple(_health(health, issue.day, language) for health in issue.health[:_MOST_HEALTH]),
        address=_text(issue.subscriber.email, 254),
        interests=tuple(_asked(one) for one in issue.subscriber.interests[:_MOST_INTERESTS]),
        interest_count=len(issue.subscriber.interests),
        leave_url=leave_url(newsletter, issue.subscriber.email),
        archive_url=archive_url(newsletter, issue.day),
        answers=answers_are_read(newsletter),
        unconfirmed=_unconfirmed(issue.unconfirmed, issue.day, newsletter, language, facts)
        if issue.unconfirmed
        else None,
    )
    words = sum(_words(paper.facts) for paper in made.papers)
    return replace(made, minutes=max(1, round(words / _WORDS_A_MINUTE))) if made.papers else made


@lru_cache(maxsize=16)  # one newsletter, many emails
def answers_are_read(newsletter: Newsletter) -> bool:
    """Return whether what a reader answers comes to the inbox that the newsletter reads."""
    to = parseaddr(answers_to(newsletter))[1] or newsletter.sender_email
    return bool(newsletter.inbox) and canonical(to) == canonical(newsletter.inbox)


def _unconfirmed(
    earlier: Unconfirmed, today: date, newsletter: Newsletter, language: Language, facts: Callable[[Paper], PaperFacts]
) -> UnconfirmedView:
    url = safe_url(archive_url(newsletter, earlier.day))
    url = "" if url == "#" else url
    return UnconfirmedView(
        day=language.weekday_date(earlier.day, today),
        url=url,
        papers=() if url else tuple(map(facts, earlier.papers[:_MOST_UNCONFIRMED])),
        count=len(earlier.papers),
    )


def _section(section: Section, shown: Callable[[MatchedPaper, str, int], PaperView], language: Language) -> SectionView:
    label, interest = _text(section.label, _LONGEST_LABEL), _text(section.interest, _LONGEST_LABEL)
    topical = section.label not in (LEFTOVERS, PEOPLE)
    papers = tuple(shown(matched, section.interest, _MOST_IN_SECTION) for matched in section.papers)
    brought = (reason for paper in papers for reason in paper.reasons if reason.here)
    first = next(brought, None)
    return SectionView(
        label=label if topical else language.gettext(label),
        interest=interest,
        kind=first.kind if first else "",
        example=first.example if first else "",
        own=label.casefold() == interest.casefold(),
        topical=topical,
        papers=papers,
        count=len(papers) + section.led,
        announced=max(section.announced, len(papers) + section.led),
        led=section.led,
        new=not any(paper.updated for paper in papers),
    )


def _paper(
    matched: MatchedPaper, number: int, facts: PaperFacts, interest: str, day: date, language: Language, *, most: int
) -> PaperView:
    """Return a paper with at most `most` of its reasons, that it is by somebody the reader follows first."""
    reasons, updated = matched.reasons, ""
    first = reasons[0]
    if len(reasons) == 1 and (first.kind is ReasonKind.WORDS or first.kind is ReasonKind.MEANING):
        shown = _reason(first, bool(interest) and first.interest == interest)  # as nearly all are
        return PaperView(number, matched.score, facts, (shown,), (), "", "")
    if len(reasons) > 1 or reasons[0].kind is ReasonKind.UPDATE:
        update = reasons[-1] if reasons[-1].kind is ReasonKind.UPDATE else None
        updated = language.short_date(update.since, day) if update and update.since else ""
        others = sorted((reason for reason in reasons if reason is not update), key=_not_by_an_author)
        reasons = (*others[:most], *(reason for reason in others[most:] if reason.kind is ReasonKind.PICK))
    return PaperView(
        number=number,
        score=matched.score,
        facts=facts,
        reasons=tuple([_reason(reason, bool(interest) and reason.interest == interest) for reason in reasons]),
        told=tuple([str(reason.kind) for reason in reasons if _names_badge(reason, matched.paper)]),
        updated=updated,
        note=next((_text(reason.note, _LONGEST_NOTE) for reason in reasons if reason.note), ""),
    )


def _not_by_an_author(reason: Reason) -> bool:
    return reason.kind is not ReasonKind.AUTHOR


def _names_badge(reason: Reason, paper: Paper) -> bool:
    """Return whether a reason says what would stand beside it."""
    if reason.kind is ReasonKind.CATEGORY:
        return reason.interest.casefold() == next(iter(paper.categories), "").casefold()
    if reason.kind is ReasonKind.VENUE:
        return reason.interest.casefold() == paper.signals.venue.casefold()
    return reason.kind is ReasonKind.UPVOTES


def _reason(reason: Reason, here: bool) -> ReasonView:  # noqa: FBT001 - the one thing a section adds
    said = (reason.interest, reason.words[:_MOST_WORDS], reason.example, reason.note, reason.editor)
    return _reason_view(reason.kind, reason.in_title, here, reason.count, said)


@lru_cache(maxsize=16_384)
def _reason_view(
    kind: ReasonKind,
    in_title: bool,  # noqa: FBT001 - part of a key
    here: bool,  # noqa: FBT001
    count: int,
    said: tuple[str, tuple[str, ...], str, str, str],
) -> ReasonView:
    """Return the one view of all reasons that say the same: a sentence is then written once for them."""
    interest, words = _text(said[0], _LONGEST_LABEL), tuple(_text(word, LONGEST_NAME) for word in said[1])
    return ReasonView(
        kind=str(kind),
        interest=interest,
        words=words,
        in_title=in_title,
        whole=" ".join(words).casefold() == interest.casefold(),
        here=here,
        example=_text(said[2], _LONGEST_EXAMPLE).rstrip("."),
        count=max(0, min(count, _MOST_COUNTED)),
        note=_text(said[3], _LONGEST_NOTE),
        editor=_text(said[4], LONGEST_NAME),
    )


def _asked(interest: Interest) -> tuple[str, str]:
    return str(interest.kind) if interest.kind is InterestKind.PAPER else "", _text(interest.name, _LONGEST_LABEL)


def _health(health: SourceHealth, day: date, language: Language) -> HealthView:
    throttled = health.state is HealthState.THROTTLED and health.again_at
    return HealthView(
        source=_source_name(_text(health.source, _LONGEST_LABEL)),
        state=str(health.state),
        entries=health.entries,
        detail="" if health.state in UNREAD else _text(health.detail, _LONGEST_DETAIL).rstrip("."),
        warnings=len(health.warnings),
        until=language.moment(health.again_at, day) if throttled and health.again_at else "",
    )


def _source_name(label: str) -> str:
    """Return a source as readers know it: `arXiv cs.CL, cs.LG` for `arxiv cs.CL+cs.LG`."""
    kind, _, rest = label.partition(" ")
    known = _SOURCE_NAMES.get(kind)
    return label if known is None or not rest else f"{known} {rest.replace('+', ', ').replace('_', ' ')}".lstrip()


def _words(facts: PaperFacts) -> int:
    return facts.title.count(" ") + facts.summary.count(" ") + 2 * len(facts.first) + _WORDS_BESIDE


@lru_cache(maxsize=8192)
def _text(given: str, limit: int) -> str:
    return text(given, limit)
