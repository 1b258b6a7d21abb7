"""One configuration in its templates: any email of it as it would be sent, made once and kept until a file changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from newsletter.checks import Facts, Finding, Part, check, measure
from newsletter.deliver.message import as_bytes
from newsletter.models import Delivery, Edition, Email, Issue, Status, Subscriber
from newsletter.pipeline import Prepared
from newsletter.preview.first_text import first_text
from newsletter.preview.gallery import letter_kind, named_case
from newsletter.preview.material import Material, Window
from newsletter.preview.wanted import SAMPLE, Wanted
from newsletter.render import NO_PICTURES, LetterKind, Renderer, Templates, letter
from newsletter.render.files import idle_files
from newsletter.render.protect import Place, flatten
from newsletter.thumbnails import Thumbnails

_KEPT = 64  # looks, some 0.3 MB each

_SOME_LINK = "https://example.org/confirm"  # a letter leads somewhere


@dataclass(frozen=True, eq=False)
class Look:
    """One email as it would be sent, and what it was made from. Made by `Setup.look`.

    `wanted` is complete. `issue` is None for a letter; `written` is the reader as the settings have them, None for a
    case; `prepared` and `window` are what the issue was composed from. `notes` are for the operator, `delivery` is what
    became of the issue of that date where one was made.
    """

    wanted: Wanted
    title: str
    reader: Subscriber
    email: Email
    issue: Issue | None = None
    written: Subscriber | None = None
    prepared: Prepared | None = None
    window: Window | None = None
    notes: tuple[str, ...] = ()
    delivery: Delivery | None = None

    @cached_property
    def message(self) -> bytes:
        """Return the bytes that would be sent."""
        return as_bytes(self.email)

    @cached_property
    def facts(self) -> Facts:
        """Return the sizes of the message."""
        return measure(self.message)

    @cached_property
    def preheader(self) -> str:
        """Return what a list of mails shows after the subject: the first text there is."""
        return first_text(self.email)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Return what is wrong with the message."""
        return check(self.message)


class Setup:
    """One configuration in its templates.

    `together` says that everybody's issue is looked at, and not one reader's: their groundwork is made for all at once.
    What was put together of papers for the setup `before` is taken over.
    """

    def __init__(
        self, material: Material, templates: Templates, *, together: bool = False, before: Setup | None = None
    ) -> None:
        config = material.config
        self.config, self.material, self.templates = config, material, templates
        self._together = together
        self.renderer: Renderer = Renderer(
            config.newsletter,
            templates,
            abstract=config.issue.abstract,
            readers=config.readers,
            before=before.renderer if before else None,
        )
        self.look = lru_cache(maxsize=_KEPT)(self._look)

    @cached_property
    def together(self) -> Setup:
        """Return the same for looking at everybody's issue."""
        return Setup(self.material, self.templates, together=True, before=self)

    @property
    def idle_files(self) -> tuple[str, ...]:
        """Return a line for each template of the user's that takes no part."""
        folder = self.config.templates
        return idle_files(folder) if folder and folder.is_dir() else ()

    # ------------------------------------------------------------------ one email

    def _look(self, wanted: Wanted) -> Look:
        """Return what is wanted as it would be sent; UsageError for a date, reader or case that there is not."""
        if wanted.case:
            return self._case(wanted)
        material = self.material
        named = wanted.reader or material.first_reader
        written = material.reader(named)
        reader = tried(written, wanted)
        window = material.window(reader, wanted.issue or material.newest)
        named = SAMPLE if named == SAMPLE else written.email
        wanted = replace(wanted, issue=SAMPLE if window.shipped else window.latest, reader=named)
        prepared = material.prepared(reader, window, together=self._together)
        issue = material.issue(reader, window, together=self._together)
        email = self._rendered(issue, _moment(reader, window.latest))
        return Look(
            wanted=wanted,
            title=f"{reader.name or reader.email}, {long_day(window.latest)}",
            reader=reader,
            email=email,
            issue=issue,
            written=written,
            prepared=prepared,
            window=window,
            notes=tuple(_notes(reader, window, prepared.edition)),
            delivery=material.delivery(reader, window),
        )

    def _case(self, wanted: Wanted) -> Look:
        wanted = Wanted(case=wanted.case, other=wanted.other)
        if kind := letter_kind(wanted.case):
            return replace(self.letter(kind, self.material.reader(self.material.first_reader)), wanted=wanted)
        issue = named_case(wanted.case)
        email = self._rendered(issue, _moment(issue.subscriber, issue.day))
        return Look(wanted, f"Case: {wanted.case}", issue.subscriber, email, issue)

    def letter(self, kind: LetterKind, reader: Subscriber) -> Look:
        """Return a letter to one reader."""
        moment = _moment(reader, self.material.papers.shipped.day)
        email = letter(kind, reader, self.config.newsletter, self.templates, date=moment, link=_SOME_LINK)
        return Look(Wanted(), f"Letter: {kind}", reader, email)

    def _rendered(self, issue: Issue, moment: datetime) -> Email:
        pictures, store = NO_PICTURES, self.material.store
        if store is not None and self.templates.shows_pictures:
            pictures = Thumbnails(store, None, now=moment).of(matched.paper for matched in issue.papers)
        return self.renderer.render(issue, date=moment, pictures=pictures)

    # ------------------------------------------------------------------ where it comes from

    def markup(self, look: Look) -> str:
        """Return the template of an email before MJML, with all that it includes in its place."""
        document = letter_kind(look.wanted.case) or "issue"
        sources = self.templates.sources
        pieces = flatten(f"{document}/{document}.mjml.j2", sources.by_name(), files=sources.own_files())
        return "".join(piece.text for piece in pieces)

    def places(self, look: Look) -> Mapping[Part, Sequence[Place]]:
        """Return the template line that wrote each line of an issue's parts; nothing for a letter."""
        if look.issue is None:
            return {}
        traced = self.renderer.trace(look.issue, date=look.email.date)
        return {Part.HTML: traced.html, Part.TEXT: traced.text}

    def context(self, look: Look) -> dict[str, Any]:
        """Return what the templates of an issue are given; nothing for a letter."""
        return asdict(self.renderer.view(look.issue)) if look.issue else {}


def tried(reader: Subscriber, wanted: Wanted) -> Subscriber:
    """Return the reader with the settings that are tried."""
    most = reader.max_papers if wanted.max_papers is None else wanted.max_papers
    least = reader.min_score if wanted.min_score is None else wanted.min_score
    return replace(reader, max_papers=most, min_score=least)


def long_day(day: date) -> str:
    """Return a date for people: `Friday 20 November 2026`."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def _moment(reader: Subscriber, day: date) -> datetime:
    return datetime.combine(day, reader.send_at, ZoneInfo(reader.timezone)).astimezone(UTC)


def _notes(reader: Subscriber, window: Window, edition: Edition) -> Iterator[str]:
    """Yield what the operator should know about an issue that is looked at."""
    day = window.latest
    if reader.status is not Status.ACTIVE:
        yield f"{reader.email} is {reader.status} and receives nothing"
    if reader.weekdays and day.isoweekday() not in reader.weekdays:
        yield f"no issue is sent on a {day:%A}: this is what has come since the last one"
    if window.earliest < day and edition.papers:
        yield f"covers what came from {long_day(window.earliest)} to {long_day(day)}"
