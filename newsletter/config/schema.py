"""The grammar of `subscribers.yaml`: the one source of its validation and its documentation."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from newsletter.config.fields import (
    Address,
    Archive,
    Clock,
    Days,
    FewPapers,
    Language,
    Line,
    Papers,
    Score,
    Seconds,
    Unsubscribe,
    Zone,
    check_address,
    check_line,
    wrong,
)
from newsletter.config.interests import Exclusion, Interest
from newsletter.config.mail import DeliverSection, DkimSection, InboxSection, SmtpSection
from newsletter.config.picks import PickSection
from newsletter.config.section import Section
from newsletter.models import Status

_SENDER = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>")
_SENTENCES = re.compile(r"([1-9][0-9]?) sentences?")
_MAX_SENTENCES = 20
# RFC 3986, so narrow that no part of a password can be taken for a host, a database or an option and be shown as one.
_CODED = r"(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})"
_DATABASE = re.compile(
    rf"postgresql(?:\+psycopg)?://(?:{_CODED}+(?::{_CODED}*)?@)?(?:[A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{{1,5}})?"
    rf"/{_CODED}+(?:\?(?!(?:.*&)?password=)(?:{_CODED}|[/:])*)?"
)
_NO_DATABASE = (
    "is no address of a database such as postgresql://papers:${DB_PASSWORD}@localhost/papers; in the password"
    " @ : / ? # % are written as %40 %3A %2F %3F %23 %25"
)


class Sender(NamedTuple):
    """Name and address of `Daily Papers <papers@example.org>`; the name is empty where there is none."""

    name: str
    address: str


def _sender(value: Any) -> Sender:
    if not isinstance(value, str):
        raise wrong('must be text such as "Daily Papers <papers@example.org>"')
    found = _SENDER.fullmatch(check_line(value))
    if not found:
        return Sender("", check_address(value.strip()))
    return Sender(found["name"].strip().strip('"').strip(), check_address(found["address"].strip()))


def _abstract(value: Any) -> int | Literal["summary"] | None:
    """Return the number of sentences; None for all of them, or `summary`."""
    if value == "summary":
        return "summary"
    if value in ("none", "full"):
        return 0 if value == "none" else None
    found = _SENTENCES.fullmatch(value) if isinstance(value, str) else None
    if not found or int(found[1]) > _MAX_SENTENCES:
        raise wrong(f"must be 'summary', 'none', '2 sentences' (up to {_MAX_SENTENCES}) or 'full'")
    return int(found[1])


def _endpoint(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc or parts.query:
        raise wrong("must be a web address without user name or query, such as http://localhost:11434/v1")
    return text.rstrip("/").removesuffix("/chat/completions")


def _store(text: str) -> str:
    if text.startswith(("postgresql://", "postgresql+psycopg://")):
        if not _DATABASE.fullmatch(text):
            raise wrong(_NO_DATABASE)
        return text
    if re.match(r"(?i)postgres", text):
        raise wrong("must begin with postgresql://, such as postgresql://papers:${DB_PASSWORD}@localhost/papers")
    if not re.match(r"sqlite:///.", text) or ":memory:" in text:
        raise wrong("must be the address of a file, such as sqlite:///newsletter.db, or begin with postgresql://")
    return text


class NewsletterSection(Section):
    """What every email says about its sender."""

    name: Line
    """The title of the newsletter."""
    from_: Annotated[Sender, BeforeValidator(_sender)] = Field(alias="from")
    """The sender, as in `Daily Papers <papers@example.org>`."""
    reply_to: Address | None = None
    """Where answers go, when not to the sender."""
    editor: Line | None = None
    """Whose name stands beside the title, with the number of readers."""
    archive: Archive | None = None
    """Where issues can be read by web, `{date}` in it where each has its own."""
    unsubscribe: Unsubscribe | None = None
    """Your own https address where a POST unsubscribes `{email}` (RFC 8058); without it people leave by an email."""


class ScheduleSection(Section):
    """When issues are sent, to everyone who says nothing else."""

    days: Days | None = None
    """The days, Monday to Friday unless given."""
    time: Clock | None = None
    """The time of day, 07:00 unless given."""
    timezone: Zone | None = None
    """The IANA time zone, UTC unless given."""


class IssueSection(Section):
    """How an issue looks, for everyone."""

    max_papers: Papers | None = None
    """The most papers in one issue, 12 unless given."""
    trending: FewPapers | None = None
    """The most papers in the section of what others recommend, beside these; 3 unless given, 0 for no such section."""
    abstract: Annotated[int | Literal["summary"] | None, BeforeValidator(_abstract)] = "summary"
    """`summary` (a sentence or two that say what was found), `none`, `2 sentences` or `full`."""
    template: Line = "default"
    """The look: `default`, `gallery` (with thumbnails), `plain`, or a folder of your own under `templates`."""
    send_when_empty: bool = False
    """Whether a day without papers is told by an email."""


class TldrSection(Section):
    """A language model that says of each paper in a sentence what was found; nothing is asked without this section."""

    url: Annotated[Line, AfterValidator(_endpoint)]
    """Where it answers, up to `/v1`, such as `http://localhost:11434/v1`; any server of OpenAI's protocol."""
    model: Line
    """Its name there."""
    api_key: SecretStr | None = None
    """The key; best as `${TLDR_KEY}`."""
    api_key_file: Line | None = None
    """A file that holds nothing but the key."""
    language: Line = "English"
    """The language it writes."""
    max_papers: Annotated[int, Field(ge=1, le=1_000)] = 50
    """The most papers it is asked about in one run."""
    timeout_seconds: Seconds = 30.0
    """How long to wait for one answer."""


class PreviewSection(Section):
    """What looking at issues may do beyond showing them."""

    test_recipients: list[Address] = Field(default_factory=list, max_length=50)
    """Who may be sent a test of an issue, by the studio's own button; nobody unless given."""


class DefaultsSection(Section):
    """What holds for every subscriber who says nothing else; exclusions are added to their own."""

    status: Status | None = None
    """`active`, `paused` or `unsubscribed`."""
    send_on: Days | None = None
    """The days of their issues."""
    send_at: Clock | None = None
    """The time of day."""
    timezone: Zone | None = None
    """The IANA time zone that days and time are meant in."""
    max_papers: Papers | None = None
    """The most papers in one issue."""
    min_score: Score | None = None
    """How well a paper must match, 0 to 1; 0.5 unless given."""
    trending: FewPapers | None = None
    """The most papers in the section of what others recommend."""
    updates: bool | None = None
    """Whether a paper they have comes again when a newer version of it is announced; false unless given."""
    language: Language | None = None
    """The language of the words around the papers (BCP 47): en, de, fr, zh, or one of your own translations."""
    format: Literal["html", "text"] | None = None
    """`html` (which carries a text part) or `text` alone."""
    exclude: list[Exclusion] = Field(default_factory=list, max_length=200)
    """Phrases, categories, authors and venues they do not want to see, and papers they want less like."""


class SubscriberSection(DefaultsSection):
    """One reader."""

    email: Address
    """Where the issues go."""
    name: Line | None = None
    """What the reader is called."""
    interests: list[Interest] = Field(min_length=1, max_length=200)
    """What the reader cares about."""


class SettingsFile(Section):
    """The whole of `subscribers.yaml`; what it includes is merged before."""

    newsletter: NewsletterSection
    sources: list[Any] = Field(min_length=1)  # each checked by the model of its own kind
    """Where papers come from."""
    schedule: ScheduleSection = ScheduleSection()
    smtp: SmtpSection | None = None
    deliver: DeliverSection = DeliverSection()
    dkim: list[DkimSection] = Field(default_factory=list, min_length=1, max_length=2)
    """One key, or two of different kinds (RSA and Ed25519)."""
    inbox: InboxSection | None = None
    issue: IssueSection = IssueSection()
    tldr: TldrSection | None = None
    preview: PreviewSection = PreviewSection()
    store: Annotated[str, AfterValidator(_store)] = "sqlite:///newsletter.db"
    """The database: an SQLite file (a relative path begins at the folder of this file), or a PostgreSQL server."""
    templates: Line | None = None
    """A folder with templates of your own; what is not in it is taken from the package."""
    defaults: DefaultsSection = DefaultsSection()
    picks: list[PickSection] = Field(default_factory=list, max_length=100)
    """Papers that the editor recommends to everybody, while they stand here."""
    subscribers: list[SubscriberSection] = Field(default_factory=list)
    """Who receives it."""
