"""The records that flow through the pipeline, in its order.

All are frozen: a later stage wraps what an earlier one made and never fills it in. Each type has one
maker, named in its docstring. Vectors travel beside papers, row by row, never inside them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum

# ------------------------------------------------------------------ settings, made by `config`


@dataclass(frozen=True, slots=True)
class Newsletter:
    """What every email of this installation says about its sender."""

    name: str
    sender_name: str
    sender_email: str
    reply_to: str = ""
    editor: str = ""
    base_url: str = ""

    @property
    def domain(self) -> str:
        """Return the domain of the sender's address, which Message-ID and List-Id are made with."""
        return self.sender_email.rpartition("@")[2]


class Encryption(StrEnum):
    """How the connection to the SMTP server is protected: https://www.rfc-editor.org/rfc/rfc8314"""

    TLS = "tls"  # from the first byte, usually port 465
    STARTTLS = "starttls"  # required, never opportunistic, usually port 587
    NONE = "none"  # loopback only


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """The server that takes the mail. The password never shows in a representation."""

    host: str
    port: int = 587
    encryption: Encryption = Encryption.STARTTLS
    username: str = ""
    password: str = field(default="", repr=False)
    timeout_seconds: float = 60.0


class InterestKind(StrEnum):
    """What an interest asks by."""

    PHRASE = "phrase"
    CATEGORY = "category"
    AUTHOR = "author"


@dataclass(frozen=True, slots=True)
class Interest:
    """One line of what a subscriber cares about (or, among exclusions, does not).

    `name` is what the reader wrote and sees again in reasons; `phrases` are what is matched: for a
    phrase the name, its description and keywords; for a category or an author that one value.
    `origin` is the line it stands on (`subscribers.yaml:14`), for `explain`; it takes no part in equality,
    so that readers who ask for the same thing share one score.
    """

    kind: InterestKind
    name: str
    phrases: tuple[str, ...]
    weight: float = 1.0
    origin: str = field(default="", compare=False)


class Status(StrEnum):
    """Whether a subscriber receives anything."""

    ACTIVE = "active"
    PAUSED = "paused"
    UNSUBSCRIBED = "unsubscribed"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Somebody who receives the newsletter: the address, what they care about, and when they want it.

    `weekdays` are ISO numbers, Monday is 1. `timezone` is an IANA name. `min_score` is on the scale of
    `MatchedPaper.score`, where 0.5 is the measured gate.
    """

    email: str
    interests: tuple[Interest, ...]
    name: str = ""
    exclude: tuple[Interest, ...] = ()
    status: Status = Status.ACTIVE
    max_papers: int = 12
    min_score: float = 0.5
    send_at: time = time(7, 0)
    weekdays: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    timezone: str = "UTC"
    origin: str = field(default="", compare=False)


# ------------------------------------------------------------------ collect: entries and health


class AnnounceType(StrEnum):
    """How arXiv announced a paper, strongest first: https://info.arxiv.org/help/atom_specifications.html"""

    NEW = "new"
    CROSS = "cross"
    REPLACE = "replace"
    REPLACE_CROSS = "replace-cross"


@dataclass(frozen=True, slots=True)
class Entry:
    """One item as a source gave it, its text cleaned. Made by the parsers in `sources`.

    `place` says where it stood (`page.txt:12`, `https://…#3`). `arxiv_id` and `doi` are bare, without
    prefix or version; `version` is 0 where unknown. `byline` is who put it on a listing page.
    """

    source: str
    place: str
    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    url: str = ""
    arxiv_id: str = ""
    version: int = 0
    doi: str = ""
    categories: tuple[str, ...] = ()
    announce_type: AnnounceType | None = None
    published: date | None = None
    byline: str = ""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a parser found in one body: its entries, and one line for each thing it could not read."""

    entries: tuple[Entry, ...]
    warnings: tuple[str, ...] = ()


class HealthState(StrEnum):
    """How a source answered on one day."""

    FETCHED = "fetched"
    EMPTY = "empty"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """What became of one source on one day. Made by `collect`.

    `detail` is the error of a failed source or the explanation of an empty one, one line.
    """

    source: str
    state: HealthState
    entries: int = 0
    detail: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Collected:
    """Everything the sources gave in one run. Made by `collect`."""

    entries: tuple[Entry, ...]
    health: tuple[SourceHealth, ...]


# ------------------------------------------------------------------ dedupe: papers and the edition


@dataclass(frozen=True, slots=True)
class Paper:
    """One work, whatever number of entries it came through. Made by `dedupe`.

    `id` has a prefix (`arxiv:2401.10020`, `doi:10.1145/3586037`, `title:3f2a…`) and never a version.
    `identities` holds every such id by which another entry would be recognised as this work.
    """

    id: str
    title: str
    abstract: str
    authors: tuple[str, ...]
    url: str
    categories: tuple[str, ...]
    published: date | None
    version: int
    identities: tuple[str, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Edition:
    """What was collected for one day, the same for everyone. Made by `pipeline`, kept by `store`.

    `entries` counts what the sources gave before merging; `papers` are those first seen on this day.
    """

    day: date
    papers: tuple[Paper, ...]
    health: tuple[SourceHealth, ...]
    entries: int


# ------------------------------------------------------------------ cluster: topics


@dataclass(frozen=True, slots=True)
class Topic:
    """A cluster of an edition's papers, central ones first, with a readable label. Made by `cluster`."""

    label: str
    papers: tuple[Paper, ...]


# ------------------------------------------------------------------ match: reasons and matches


class ReasonKind(StrEnum):
    """What kind of evidence a reason is."""

    WORDS = "words"  # words of the phrase stand in the paper
    MEANING = "meaning"  # none does, or not all, but the term vectors are close
    CATEGORY = "category"
    AUTHOR = "author"


@dataclass(frozen=True, slots=True)
class Reason:
    """The evidence of a match, as data; templates write the sentence. Made by `match`.

    `interest` is the name the reader wrote; `words` the words found, spelled as in the interest; `in_title` says
    whether all of them stand in the title. `lexical` (0 to 1) and `closeness` (standard deviations above what is usual
    for the phrase) are the two parts of a phrase's score; both are 0 for exact kinds.
    """

    kind: ReasonKind
    interest: str
    words: tuple[str, ...] = ()
    in_title: bool = False
    lexical: float = 0.0
    closeness: float = 0.0
    origin: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class MatchedPaper:
    """A paper that a subscriber's interests asked for. Made by `match`.

    `score` is in 0 to 1, comparable across interests and readers, 0.5 at the measured gate. `reasons` is never
    empty, strongest first.
    """

    paper: Paper
    score: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """A topic cut to the papers a subscriber's interests asked for, best first. Made by `match`.

    `interests` are the names of those interests, the most frequent first.
    """

    topic: Topic
    papers: tuple[MatchedPaper, ...]
    interests: tuple[str, ...]


# ------------------------------------------------------------------ compose: the issue


@dataclass(frozen=True, slots=True)
class Section:
    """Papers of one topic as they stand in an issue. Made by `compose`.

    `interest` is the reader's interest that most of them answer; `announced` counts the papers of the
    whole topic in the edition ("3 of 37").
    """

    label: str
    interest: str
    papers: tuple[MatchedPaper, ...]
    announced: int


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
class Issue:
    """One subscriber's selection from an edition. Made by `compose`.

    The lead is the best paper and stands in no section; no paper stands twice. `considered` counts the
    edition's new papers, `health` tells what its sources answered.
    """

    subscriber: Subscriber
    day: date
    lead: MatchedPaper | None
    sections: tuple[Section, ...]
    cut: tuple[Cut, ...]
    considered: int
    health: tuple[SourceHealth, ...]

    @property
    def papers(self) -> tuple[MatchedPaper, ...]:
        """Return every paper of the issue in reading order."""
        lead = (self.lead,) if self.lead else ()
        return lead + tuple(matched for section in self.sections for matched in section.papers)


# ------------------------------------------------------------------ render: the email


@dataclass(frozen=True, slots=True)
class Email:
    """An issue rendered. Made by `render`; `deliver` turns it into bytes and hands them over.

    `sender` and `recipient` are (display name, address). `headers` are the further header fields in order,
    values unfolded. `date` is the issue's own time, the same on every attempt.
    """

    sender: tuple[str, str]
    recipient: tuple[str, str]
    subject: str
    html: str
    text: str
    message_id: str
    date: datetime
    headers: tuple[tuple[str, str], ...] = ()


# ------------------------------------------------------------------ deliver: the outbox


class DeliveryState(StrEnum):
    """Where an email stands on its way; the arrows between them are drawn in `deliver`."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    DOT = "dot"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"


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
