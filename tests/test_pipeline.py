"""The whole way: bytes of real formats in, emails in a real inbox; twice is once; one failure is one failure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from makers import a_config, a_subscriber, an_interest
from sites import Reply, Site

from newsletter.collect.fetch import HttpAndFiles
from newsletter.deliver.smtp import SmtpMailer
from newsletter.errors import LockedError, SourceError
from newsletter.inbox import Inbox
from newsletter.models import DeliveryState, HealthState, Paper, Status, Subscriber, TldrSettings
from newsletter.pipeline import Draft, Due, Outcome, OutcomeKind, collect_edition, send
from newsletter.render import Templates, compile_templates
from newsletter.sources.feed import Feed
from newsletter.sources.pages import Pages
from newsletter.sources.source import Request, Source
from newsletter.store import Store
from newsletter.weights import Weights

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)

PAGE = """new

Get trending papers in your email inbox!

Subscribe

byAK and the research community

Nov 20

Speculative decoding with trees of drafts

A draft model proposes a tree of tokens. Speculative decoding verifies it in one pass of the large language model.

Draft acceptance and the speed of speculative decoding

How many drafted tokens are accepted decides how fast speculative decoding is. We measure it over eight models.

Dust in a galaxy at redshift nine

JWST images of a high-redshift galaxy show little dust. The galaxy formed its stars within a short time.
"""

ADA = a_subscriber("ada@example.org", name="Ada", interests=(an_interest("speculative decoding"),))
GRACE = a_subscriber("grace@example.org", interests=(an_interest("high-redshift galaxies"),))
EMMY = a_subscriber("emmy@example.org", interests=(an_interest("coral reef ecology"),))


class Bodies:
    """A fetch that serves literal bodies, and fails where there is none."""

    def __init__(self, bodies: Mapping[str, str | bytes]) -> None:
        self.bodies = bodies

    def __call__(self, request: Request) -> Iterator[tuple[Request, bytes]]:
        """Yield the one body of an address."""
        if request.address not in self.bodies:
            raise SourceError(f"{request.address}: no answer")
        body = self.bodies[request.address]
        yield request, body.encode() if isinstance(body, str) else body


class Newsroom:
    """A newsletter of a few subscribers, sent to an inbox; the clock stands still."""

    def __init__(self, store: Store, inbox: Inbox, weights: Weights, tmp_path: Path) -> None:
        self.store, self.inbox, self.weights = store, inbox, weights
        self.path = tmp_path / "subscribers.yaml"
        self.drafts: list[Draft] = []

    def collect(self, page: str | bytes = PAGE, *, day: date = DAY, sources: tuple[Source, ...] | None = None) -> None:
        """Collect an edition from a listing page."""
        collect_edition(
            sources or (Pages(path="page.txt"),),
            self.store,
            fetch=Bodies({"page.txt": page}),
            day=day,
            now=NOW + (day - DAY),
        )

    def send(
        self, *subscribers: Subscriber, day: date = DAY, dry_run: bool = False, tldr: TldrSettings | None = None
    ) -> tuple[Outcome, ...]:
        """Send the issues of a day."""
        config = a_config(*subscribers, path=self.path, tldr=tldr)
        mailer = SmtpMailer(replace(self.inbox.settings, connections=1))  # so that messages come in an order
        self.drafts.clear()
        return send(
            config,
            self.store,
            [Due(reader, day, day, day) for reader in subscribers],
            weights=self.weights,
            templates=templates(),
            mailer=None if dry_run else mailer,
            clock=lambda: NOW + (day - DAY),
            made=self.drafts.append,
        )


def templates() -> Templates:
    """Return the shipped templates."""
    return compile_templates()


def kinds(outcomes: tuple[Outcome, ...]) -> list[OutcomeKind]:
    """Return what became of each issue."""
    return [outcome.kind for outcome in outcomes]


@pytest.fixture
def newsroom(store: Store, inbox: Inbox, weights: Weights, tmp_path: Path) -> Newsroom:
    """Return a newsletter that has collected the page."""
    room = Newsroom(store, inbox, weights, tmp_path)
    room.collect()
    return room


# ------------------------------------------------------------------ the main job


def test_each_reader_gets_what_they_asked_for(newsroom: Newsroom) -> None:
    """Two readers, two different emails, over real SMTP."""
    assert kinds(newsroom.send(ADA, GRACE)) == [OutcomeKind.SENT, OutcomeKind.SENT]

    ada, grace = newsroom.inbox.messages
    assert (ada["To"].addresses[0].addr_spec, grace["To"].addresses[0].addr_spec) == (ADA.email, GRACE.email)
    assert "trees of drafts" in str(ada.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert "Dust in a galaxy" in str(grace.get_body(("plain",)).get_content())  # type: ignore[union-attr]


def test_an_email_has_text_first_and_the_headers_of_a_list(newsroom: Newsroom) -> None:
    """Mail programs file it, people can leave, and nothing answers it."""
    newsroom.send(ADA)

    (message,) = newsroom.inbox.messages
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert {"Message-ID", "Date", "List-Id", "List-Unsubscribe"} <= set(message.keys())
    assert message["List-Unsubscribe"].startswith("<mailto:")


def test_who_has_nothing_to_read_gets_nothing_and_the_reason_is_kept(newsroom: Newsroom) -> None:
    """Silence is remembered with its reason."""
    (outcome,) = newsroom.send(EMMY)

    assert (outcome.kind, newsroom.inbox.paths) == (OutcomeKind.EMPTY, ())
    assert outcome.detail == "none of 3 new papers matched"
    assert [silence.reason for silence in newsroom.store.history.silences(DAY)] == [outcome.detail]


def test_who_is_paused_gets_nothing(newsroom: Newsroom) -> None:
    """Nobody is mailed against their will."""
    reader = a_subscriber(status=Status.PAUSED)

    assert kinds(newsroom.send(reader)) == [OutcomeKind.PAUSED]


def test_a_dry_run_makes_the_email_and_keeps_nothing(newsroom: Newsroom) -> None:
    """What would be sent can be looked at; nothing is queued."""
    (outcome,) = newsroom.send(ADA, dry_run=True)

    [draft] = newsroom.drafts
    assert outcome.kind is OutcomeKind.DRAFTED
    assert draft.email is not None
    assert draft.email.message_id == outcome.message_id
    assert newsroom.store.history.deliveries() == ()


# ------------------------------------------------------------------ never twice


def test_a_second_send_of_the_day_sends_nothing_and_says_why(newsroom: Newsroom) -> None:
    """One issue per reader and date."""
    newsroom.send(ADA)

    (outcome,) = newsroom.send(ADA)

    assert outcome.kind is OutcomeKind.ALREADY
    assert "was sent at 2026-11-20 06:00 UTC" in outcome.detail
    assert len(newsroom.inbox.paths) == 1


def test_a_paper_of_yesterday_is_not_new_today(newsroom: Newsroom) -> None:
    """Collected again under another day, a paper keeps its first day."""
    newsroom.send(ADA)
    tomorrow = DAY + timedelta(days=1)
    newsroom.collect(day=tomorrow)

    (outcome,) = newsroom.send(ADA, day=tomorrow)

    assert (outcome.kind, outcome.detail) == (OutcomeKind.EMPTY, "no new papers")


def test_the_same_papers_give_the_same_bytes(tmp_path: Path, weights: Weights) -> None:
    """Two installations with the same input send the same email."""
    received = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        with Store.open(f"sqlite:///{tmp_path / name / 'n.db'}") as store, Inbox(tmp_path / name) as inbox:
            room = Newsroom(store, inbox, weights, tmp_path)
            room.collect()
            room.send(ADA)
            received.append(inbox.paths[0].read_bytes())

    assert received[0] == received[1]


def test_two_runs_at_once_are_refused(newsroom: Newsroom) -> None:
    """The second one stops before it makes anything."""
    with Store.open(f"sqlite:///{newsroom.store.path}") as other, other.lock(), pytest.raises(LockedError):
        newsroom.send(ADA)

    assert newsroom.inbox.paths == ()


# ------------------------------------------------------------------ one failure is one failure


def test_one_refused_address_stops_nobody_else(store: Store, weights: Weights, tmp_path: Path) -> None:
    """The server's word is kept, the others are served."""
    with Inbox(tmp_path / "inbox", refuse={"ada@example.org": "550 5.1.1 No such user"}) as inbox:
        room = Newsroom(store, inbox, weights, tmp_path)
        room.collect()
        ada, grace = room.send(ADA, GRACE)

    assert (ada.kind, grace.kind) == (OutcomeKind.FAILED, OutcomeKind.SENT)
    assert "No such user" in ada.detail
    assert [each.state for each in store.history.deliveries()] == [DeliveryState.FAILED, DeliveryState.SENT]


def test_a_source_that_fails_stops_no_other_and_is_told(newsroom: Newsroom) -> None:
    """One source answers, one does not: the edition has the first one's papers and both's health."""
    day = DAY + timedelta(days=1)
    page = PAGE.replace("Dust in a galaxy", "Gas in a galaxy")
    sources = (Feed(name="Gone", url="https://gone.example.org/rss"), Pages(path="page.txt"))
    newsroom.collect(page, day=day, sources=sources)

    (outcome,) = newsroom.send(GRACE, day=day)

    assert outcome.kind is OutcomeKind.SENT
    [draft] = newsroom.drafts
    assert draft.issue is not None
    assert [each.state for each in draft.issue.health] == [HealthState.FAILED, HealthState.FETCHED]
    assert "Gone" in newsroom.inbox.paths[-1].read_text()


def test_when_every_source_fails_nothing_is_sent_and_the_date_stays_open(newsroom: Newsroom) -> None:
    """Silence would be a lie: the next run tries again."""
    day = DAY + timedelta(days=1)
    newsroom.collect(day=day, sources=(Feed(name="Gone", url="https://gone.example.org/rss"),))

    (outcome,) = newsroom.send(ADA, day=day)

    assert outcome.kind is OutcomeKind.FAILED
    assert "no answer" in outcome.detail
    assert newsroom.store.outbox.settled(day) == frozenset()


def test_a_server_that_cannot_be_reached_loses_nothing(newsroom: Newsroom) -> None:
    """What is made is queued; when the server is back the same bytes go out."""
    settings = newsroom.inbox.settings
    newsroom.inbox.__exit__(None, None, None)
    room = Newsroom(newsroom.store, _Gone(settings), newsroom.weights, newsroom.path.parent)  # type: ignore[arg-type]

    (outcome,) = room.send(ADA)

    assert outcome.kind is OutcomeKind.WAITING
    assert [each.state for each in newsroom.store.history.deliveries()] == [DeliveryState.QUEUED]


class _Gone:
    """An inbox whose server has gone."""

    def __init__(self, settings: object) -> None:
        self.settings = settings


# ------------------------------------------------------------------ hostile papers


@pytest.mark.parametrize(
    "title",
    [
        "<script>alert(1)</script> speculative decoding",
        "{{ 7*7 }} speculative decoding {% for x in y %}",
        "Speculative decoding\x00\x1b[31m\x85 with control characters",
        "Speculative decoding\u202e\u2028Bcc: evil@example.org",
        "=?utf-8?q?a=0ABcc:_evil@x?= speculative decoding",
        "speculative decoding " + "of trees of drafts " * 20,
        "'\"--></style><img src=x onerror=alert(1)> speculative decoding",
    ],
    ids=["script", "jinja", "control", "bidi", "encoded-word", "long", "breakout"],
)
def test_a_hostile_title_is_text_and_nothing_else(title: str, newsroom: Newsroom) -> None:
    """It reaches the reader as words: no header, no tag, no template comes of it."""
    day = DAY + timedelta(days=1)
    newsroom.collect(PAGE.replace("Speculative decoding with trees of drafts", title), day=day)

    (outcome,) = newsroom.send(ADA, day=day)

    assert outcome.kind is OutcomeKind.SENT
    (message,) = newsroom.inbox.messages
    html = message.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert message["Bcc"] is None
    assert "<script" not in html
    assert "<img src=x" not in html
    assert ">49<" not in html


@pytest.mark.parametrize("name", ["Ada\r\nBcc: evil@example.org", 'Ada "the first" <x@y>', "Адa, 愛", "\x00\u202e"])
def test_a_hostile_name_injects_no_header(name: str, newsroom: Newsroom) -> None:
    """A reader's name is a display name and nothing else."""
    reader = a_subscriber("ada@example.org", name=name, interests=ADA.interests)

    assert kinds(newsroom.send(reader)) == [OutcomeKind.SENT]
    (message,) = newsroom.inbox.messages
    assert message["Bcc"] is None
    assert message["To"].addresses[0].addr_spec == "ada@example.org"


def test_a_paper_without_abstract_is_sent_all_the_same(newsroom: Newsroom) -> None:
    """A listing page that ends with a title."""
    day = DAY + timedelta(days=1)
    newsroom.collect("new\n\nSubscribe\n\nA title about speculative decoding and drafts\n", day=day)

    (outcome,) = newsroom.send(ADA, day=day)

    assert outcome.kind is OutcomeKind.SENT


def test_an_empty_page_is_told_and_breaks_nothing(tmp_path: Path, store: Store) -> None:
    """An unreadable page is one source's health, not a crash."""
    (tmp_path / "empty.txt").write_bytes(b"")

    edition = collect_edition((Pages(path="empty.txt"),), store, fetch=HttpAndFiles(tmp_path), day=DAY, now=NOW)

    assert edition.papers == ()
    assert edition.health[0].state is not HealthState.FETCHED
    assert "empty.txt" in edition.health[0].detail + "".join(edition.health[0].warnings)


# ------------------------------------------------------------------ what is kept beside papers


def test_a_vector_and_a_summary_follow_their_text(store: Store, weights: Weights) -> None:
    """A source that tells a paper again the same day, in other words, is heard."""

    def collected(page: str) -> Paper:
        collect_edition(
            (Pages(path="page.txt"),),
            store,
            fetch=Bodies({"page.txt": page}),
            day=DAY,
            now=NOW,
            weights=lambda: weights,
        )
        [(paper, _)] = store.editions.find_papers("Dust in a galaxy at redshift nine")
        return paper

    first = collected(PAGE)
    second = collected(PAGE.replace("show little dust", "show that stars are older than thought"))

    for paper in (first, second):
        assert paper.summary in f"{paper.abstract} "
    assert first.summary != second.summary
    kept = store.vectors.of(weights.vectors.name, [second.id])[second.id]
    assert (kept == weights.vectors.encode_papers([second])[0]).all()


# ------------------------------------------------------------------ a language model


@pytest.fixture
def model() -> Iterator[Site]:
    """Return a server that writes the same line about everything."""
    with Site() as site:
        line = {"choices": [{"message": {"role": "assistant", "content": "Drafts make decoding twice as fast."}}]}
        site.on("/v1/chat/completions", Reply(json.dumps(line).encode()))
        yield site


def test_a_language_model_is_asked_once_about_what_somebody_gets(newsroom: Newsroom, model: Site) -> None:
    """Not about what matched and was refused; the line is kept, and labelled."""
    other = a_subscriber("other@example.org", interests=ADA.interests, exclude=(an_interest("acceptance"),))
    settings = TldrSettings(f"{model.address}/v1", "llama3.2")

    newsroom.send(other, tldr=settings)
    about = [asked.body.decode() for asked in model.asked]
    newsroom.send(replace(ADA, email="late@example.org"), tldr=settings)

    assert len(about) == 1
    assert "trees of drafts" in about[0]
    assert len(model.asked) == 2  # the other paper, and not the first again
    text = str(newsroom.inbox.messages[0].get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert "Drafts make decoding twice as fast. (Summary by a language model)" in " ".join(text.split())


def test_a_language_model_that_is_gone_stops_nothing(newsroom: Newsroom, model: Site) -> None:
    """The extract stands there; who does not answer is not asked for every reader."""
    model.on("/v1/chat/completions", Reply(b"", status=500))
    readers = [replace(ADA, email=f"reader{number}@example.org") for number in range(4)]

    outcomes = newsroom.send(*readers, tldr=TldrSettings(f"{model.address}/v1", "llama3.2"))

    assert kinds(outcomes) == [OutcomeKind.SENT] * 4
    assert len(model.asked) <= 3
    text = str(newsroom.inbox.messages[0].get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert "language model verifies" in text or "Speculative decoding" in text
    assert "Summary by a language model" not in text
