"""What templates may say of an issue: records whose every field is safe to show as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import IntEnum

from newsletter.models import HealthState
from newsletter.render.facts import PaperFacts
from newsletter.render.filters import shorten

_SHORT_PREHEADER, _LONGEST_PREHEADER = 40, 140


class Detail(IntEnum):
    """How much of a paper is shown."""

    LINE = 0  # the title alone
    BRIEF = 1  # a line of its summary
    FULL = 2


@dataclass(frozen=True, slots=True, eq=False)
class ReasonView:
    """The evidence of a match; `whole` says that the words found are all of the interest's own.

    `here` says that the section is this interest's, and has told so. `example` is the title of the nearest of the
    papers that the reader named or voted for. `count`, `note` and `editor` are those of upvotes, votes and picks.
    """

    kind: str
    interest: str
    words: tuple[str, ...]
    in_title: bool
    whole: bool
    here: bool
    example: str
    count: int
    note: str
    editor: str


@dataclass(frozen=True, slots=True)
class PaperView:
    """A paper of an issue: what is said of it to everybody, and to this reader.

    `number` is its place in reading order, `score` decides what goes first where an email is too large. `told` names
    what the reasons say already and need not stand beside them (`category`, `venue`, `upvotes`). `updated` is the day
    the reader got an earlier version of an update, otherwise "". `note` is the editor's where it was picked.
    """

    number: int
    score: float
    facts: PaperFacts
    reasons: tuple[ReasonView, ...]
    told: tuple[str, ...]
    updated: str
    note: str
    detail: Detail = Detail.FULL


@dataclass(frozen=True, slots=True)
class SectionView:
    """Papers of one topic; `own` says that its label is the reader's interest itself, `new` that all papers are.

    `kind` and `example` are those of the reason by which the interest brought the first of them, "" where none did.
    `topical` says that the label names a subject, `led` that the lead is one of its papers: `count` counts it too.
    """

    label: str
    interest: str
    kind: str
    example: str
    own: bool
    topical: bool
    papers: tuple[PaperView, ...]
    count: int
    announced: int
    led: bool
    new: bool


@dataclass(frozen=True, slots=True)
class HealthView:
    """How one source answered.

    `detail` is empty where it would be the words of an error, which are the operator's. `until` is when a source that
    asks us to wait may be asked again, such as `10:15 UTC`.
    """

    source: str
    state: str
    entries: int
    detail: str
    warnings: int
    until: str


@dataclass(frozen=True, slots=True)
class UnconfirmedView:
    """An earlier issue that may not have reached its reader.

    `day` is such as `Friday 20 November`, `url` where it can be read by web. Where that is "", `papers` are the first
    of the `count` papers it held.
    """

    day: str
    url: str
    papers: tuple[PaperFacts, ...]
    count: int

    @property
    def more(self) -> int:
        """Return how many of its papers are not named."""
        return self.count - len(self.papers)


@dataclass(frozen=True, slots=True)
class IssueView:
    """Everything a template may say.

    `count` is the number of papers that the reader's interests brought, `updates` of which are not new; `picks` and
    `trending` come beside them. `readers` are those of the newsletter, 0 where that is not told. `more` papers are not
    shown. `followed` counts papers by people the reader follows. `answers` says that the newsletter reads what readers
    answer: votes, and the wish to leave. `unconfirmed` is the issue before, where that may not have arrived.
    """

    name: str
    editor: str
    readers: int
    day: date
    language: str
    direction: str
    count: int
    updates: int
    followed: int
    considered: int
    minutes: int
    lead: PaperView | None
    picks: tuple[PaperView, ...]
    sections: tuple[SectionView, ...]
    trending: tuple[PaperView, ...]
    more: int
    health: tuple[HealthView, ...]
    address: str
    interests: tuple[tuple[str, str], ...]
    interest_count: int
    leave_url: str
    archive_url: str
    answers: bool
    unconfirmed: UnconfirmedView | None

    @property
    def papers(self) -> tuple[PaperView, ...]:
        """Return the papers shown, in reading order."""
        lead = (self.lead,) if self.lead else ()
        return lead + self.picks + tuple(paper for part in self.sections for paper in part.papers) + self.trending

    @property
    def preheader(self) -> str:
        """Return what a list of mails shows after the subject: the first titles, and if short what they say."""
        papers = [paper.facts for paper in self.papers[:3]]
        titles = " · ".join(shorten(paper.title, 90) for paper in papers)
        if len(titles) < _SHORT_PREHEADER:
            titles = " – ".join(filter(None, (titles, *(paper.summary for paper in papers))))
        return shorten(titles, _LONGEST_PREHEADER)

    @property
    def all_read(self) -> bool:
        """Return whether every source was read, or rightly had nothing."""
        good = (HealthState.FETCHED, HealthState.EMPTY)
        return all(source.state in good and not source.warnings for source in self.health)

    def showing(self, change: Callable[[PaperView], PaperView | None]) -> IssueView:
        """Return the view with every paper changed, or left out and counted in `more` where `change` gives None."""

        def changed(papers: Iterable[PaperView]) -> tuple[PaperView, ...]:
            return tuple(new for paper in papers if (new := change(paper)))

        sections = (replace(section, papers=changed(section.papers)) for section in self.sections)
        shown = replace(
            self,
            lead=change(self.lead) if self.lead else None,
            picks=changed(self.picks),
            sections=tuple(section for section in sections if section.papers),
            trending=changed(self.trending),
        )
        return replace(shown, more=self.more + len(self.papers) - len(shown.papers))
