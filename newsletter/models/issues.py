"""What one subscriber gets: matches with their reasons, the issue, the email, its delivery."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from newsletter.models.papers import Paper, SourceHealth
from newsletter.models.settings import Subscriber

PEOPLE = "People you follow"
"""The label of the section of papers whose authors the reader follows."""

LEFTOVERS = "More for you"
"""The label of the section of papers that stand alone with their subjects."""

PICKS = "Editor's picks"
"""The label of the section of papers that the editor recommends to everybody."""

TRENDING = "Trending"
"""The label of the section of papers that a community or the readers speak for."""


class ReasonKind(StrEnum):
    """What kind of evidence a reason is."""

    WORDS = "words"  # words of the phrase stand in the paper
    MEANING = "meaning"  # none does, or not all, but the term vectors are close
    CATEGORY = "category"
    AUTHOR = "author"
    VENUE = "venue"
    EXAMPLE = "example"  # it is like a paper the reader named
    LIKED = "liked"  # it is like papers the reader voted for
    UPVOTES = "upvotes"  # the community's, on Hugging Face
    VOTES = "votes"  # of this newsletter's readers
    PICK = "pick"  # the editor's
    UPDATE = "update"  # the reader has an earlier version


@dataclass(frozen=True, slots=True)
class Reason:
    """The evidence of a match, as data; templates write the sentence. Made by `match`, `trending` and `compose`.

    `interest` is the name the reader wrote; `words` the words found, spelled as in the interest; `in_title` says
    whether all of them stand in the title. `lexical` (0 to 1) and `closeness` (standard deviations above what is usual
    for the phrase) are the two parts of a phrase's score; both are 0 for exact kinds.

    Of likeness, `example` is the title of the liked paper that is nearest and `likeness` (0 to 1) how near it is.

    What is no interest says instead: `count` the upvotes, the readers who voted for it, or the version of an update;
    `note` and `editor` what goes with a pick, and who picked; `since` when the reader got the earlier version.
    """

    kind: ReasonKind
    interest: str = ""
    words: tuple[str, ...] = ()
    in_title: bool = False
    lexical: float = 0.0
    closeness: float = 0.0
    example: str = ""
    likeness: float = 0.0
    count: int = 0
    note: str = ""
    editor: str = ""
    since: date | None = None
    origin: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class MatchedPaper:
    """A paper that a subscriber's interests asked for, or that trends, with the reasons. Made by `match` and `compose`.

    `score` is in 0 to 1, comparable across interests and readers, 0.5 at the measured gate; of what only trends it is
    that of its `Trend`. `reasons` is never empty, strongest first; that it is an update comes last.
    """

    paper: Paper
    score: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """A paper that a community, the readers or the editor speak for, whatever it is about. Made by `trending`.

    `score` is in 0 to 1. `reasons` is never empty: a pick, readers' votes, upvotes, in this order.
    """

    paper: Paper
    score: float
    reasons: tuple[Reason, ...]

    @property
    def picked(self) -> bool:
        """Return whether the editor picked it."""
        return self.reasons[0].kind is ReasonKind.PICK


@dataclass(frozen=True, slots=True)
class Section:
    """Papers of one subject as they stand in an issue. Made by `compose`.

    `interest` is the reader's interest that brought them, "" where several did; `announced` counts the new papers of
    the whole subject in the edition ("3 of 37"). `led` says that the lead is one of the subject too.
    """

    label: str
    interest: str
    papers: tuple[MatchedPaper, ...]
    announced: int
    led: bool = False


class CutReason(StrEnum):
    """Why a paper that matched is not in the issue."""

    LIMIT = "limit"  # better papers filled max_papers
    SENT = "sent"  # this reader already received it
    EXCLUDED = "excluded"  # an exclusion covers it
    SCORE = "score"  # under the reader's own min_score


@dataclass(frozen=True, slots=True)
class Cut:
    """A matched paper that was left out of an issue, and the rule (with its line, or date) that did it."""

    matched: MatchedPaper
    reason: CutReason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """An earlier issue of which nobody knows whether it reached its reader. Made by `pipeline`.

    `papers` are those it held, in its order.
    """

    day: date
    papers: tuple[Paper, ...]


@dataclass(frozen=True, slots=True)
class Issue:
    """One subscriber's selection from an edition. Made by `compose`.

    The lead is the best paper and stands in no section; no paper stands twice. `considered` counts the
    edition's new papers, `health` tells what its sources answered. `picks` (the editor's) and `trending` are papers
    that no interest brought. `unconfirmed` is the issue before it, where that may not have arrived.
    """

    subscriber: Subscriber
    day: date
    lead: MatchedPaper | None
    sections: tuple[Section, ...]
    cut: tuple[Cut, ...]
    considered: int
    health: tuple[SourceHealth, ...]
    trending: tuple[MatchedPaper, ...] = ()
    picks: tuple[MatchedPaper, ...] = ()
    unconfirmed: Unconfirmed | None = None

    @property
    def placed(self) -> tuple[tuple[str, MatchedPaper], ...]:
        """Return every paper in reading order with the label of its section, "" for the lead."""
        lead = (("", self.lead),) if self.lead else ()
        picks = tuple((PICKS, matched) for matched in self.picks)
        sections = tuple((section.label, matched) for section in self.sections for matched in section.papers)
        return lead + picks + sections + tuple((TRENDING, matched) for matched in self.trending)

    @property
    def chosen(self) -> tuple[MatchedPaper, ...]:
        """Return the papers that the reader's interests brought, in reading order."""
        lead = (self.lead,) if self.lead else ()
        return lead + tuple(matched for section in self.sections for matched in section.papers)

    @property
    def papers(self) -> tuple[MatchedPaper, ...]:
        """Return every paper of the issue in reading order."""
        return tuple(matched for _, matched in self.placed)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that travels inside an email, so that opening it asks nobody for anything. Made by `thumbnails`.

    `name` is what the HTML calls it by (`cid:NAME`), ASCII letters, digits, dots and hyphens; `data` its bytes,
    `media_type` such as `image/jpeg`; `width` and `height` are CSS pixels as shown.
    """

    name: str
    media_type: str
    data: bytes = field(repr=False)
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Email:
    """An issue rendered. Made by `render`; `deliver` turns it into bytes and hands them over.

    `sender` and `recipient` are (display name, address). `headers` are the further header fields in order,
    values unfolded. `date` is the issue's own time, the same on every attempt. `html` is "" for who reads text only;
    `pictures` are those that it shows.
    """

    sender: tuple[str, str]
    recipient: tuple[str, str]
    subject: str
    html: str
    text: str
    message_id: str
    date: datetime
    headers: tuple[tuple[str, str], ...] = ()
    pictures: tuple[Picture, ...] = ()


class DeliveryState(StrEnum):
    """Where an email stands on its way; the arrows between them are drawn in `deliver`."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    DOT = "dot"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Move:
    """One step of a delivery along the arrows that `deliver` draws. Made by `deliver`, kept by `store`.

    `state` is where it goes, `code` and `detail` the server's reply; `attempted` says that the step counts as an
    attempt at this delivery; `next_attempt_at` is given for what is queued again, and `may_have_arrived` where nobody
    knows what became of the attempt.
    """

    id: int
    state: DeliveryState
    code: int = 0
    detail: str = ""
    attempted: bool = False
    next_attempt_at: datetime | None = None
    may_have_arrived: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """The record that an issue was handed over, or why not: one per subscriber and issue date.

    Made by `store`. `code` is the last SMTP reply code, 0 where there was none; `detail` its text.
    """

    id: int
    subscriber: str
    issue_date: date
    message_id: str
    state: DeliveryState
    papers: int
    attempts: int = 0
    code: int = 0
    detail: str = ""
    changed_at: datetime | None = None
