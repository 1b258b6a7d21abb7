"""Looks and checks on their way through the commands: thumbnails that travel, text alone, and what `check` refuses."""

from __future__ import annotations

import json
import logging
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from commands import Command
from makers import DECODING, NOW, a_config, a_newsletter, a_paper, a_subscriber, an_edition, an_interest
from settings_files import ADA, HEAD

from newsletter.checks import check
from newsletter.config import IssueSettings
from newsletter.deliver.smtp import SmtpMailer
from newsletter.errors import TemplateError
from newsletter.inbox import Inbox
from newsletter.models import Signals, Subscriber
from newsletter.pipeline import Due, OutcomeKind, send
from newsletter.preview import looks, setup_of, write
from newsletter.render import compile_templates
from newsletter.render.files import idle_files
from newsletter.store import Store
from newsletter.weights import Weights

SEEN = a_paper(
    "Speculative decoding, seen",
    id="arxiv:2611.00007",
    abstract=DECODING[0].abstract,
    signals=Signals(thumbnail_url="https://cdn.example.org/seen.png"),
)
ADA_READS = a_subscriber(interests=(an_interest("speculative decoding"),))


@pytest.fixture
def collected(store: Store) -> Store:
    """Return a store with an edition of which one paper has a picture."""
    store.editions.save(an_edition(SEEN, *DECODING), collected_at=NOW)
    store.thumbnails.keep(SEEN.id, b"\xff\xd8\xff\xe0 a picture", width=176, height=110, at=NOW)
    return store


def sent(store: Store, inbox: Inbox, weights: Weights, *readers: Subscriber, look: str = "issue") -> list[EmailMessage]:
    """Return what the readers received of today's edition."""
    config = a_config(*readers, issue=IssueSettings(look=look))
    outcomes = send(
        config,
        store,
        [Due(reader, NOW.date(), NOW.date(), NOW.date()) for reader in readers],
        weights=weights,
        templates=compile_templates(look=look),
        mailer=SmtpMailer(inbox.settings),
        clock=lambda: NOW,
    )
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.SENT}
    messages = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in inbox.paths]
    assert all(isinstance(message, EmailMessage) for message in messages)
    return [message for message in messages if isinstance(message, EmailMessage)]


def test_a_gallery_carries_its_pictures(collected: Store, inbox: Inbox, weights: Weights) -> None:
    """Kept once, shown by name, asked of nobody; the checks find nothing."""
    (message,) = sent(collected, inbox, weights, ADA_READS, look="gallery")
    html = message.get_body(("html",))
    pictures = [part for part in message.walk() if part.get_content_maintype() == "image"]

    assert html is not None
    assert [f"cid:{part['Content-ID'].strip('<>')}" in html.get_content() for part in pictures] == [True]
    assert 'alt="" ' in html.get_content() or 'alt=""' in html.get_content()
    assert check(inbox.paths[0].read_bytes()) == ()


def test_other_looks_carry_none(collected: Store, inbox: Inbox, weights: Weights) -> None:
    """What is not shown does not travel."""
    (message,) = sent(collected, inbox, weights, ADA_READS)

    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]


def test_who_wants_text_gets_one_part(collected: Store, inbox: Inbox, weights: Weights) -> None:
    """And it is as well formed as any other."""
    (message,) = sent(collected, inbox, weights, a_subscriber(interests=ADA_READS.interests, text_only=True))

    assert message.get_content_type() == "text/plain"
    assert "Speculative decoding, seen" in " ".join(message.get_content().split())
    assert check(inbox.paths[0].read_bytes()) == ()


def test_readers_of_two_languages_get_each_their_own(collected: Store, inbox: Inbox, weights: Weights) -> None:
    """From one run."""
    both = (ADA_READS, a_subscriber("emmy@example.org", interests=ADA_READS.interests, language="de"))
    subjects = {str(message["To"]): str(message["Subject"]) for message in sent(collected, inbox, weights, *both)}

    assert "papers" in subjects["ada@example.org"]
    assert "Artikel" in subjects["emmy@example.org"]


def test_an_unknown_language_is_that_readers_problem_alone(collected: Store, inbox: Inbox, weights: Weights) -> None:
    """The others get their issues."""
    other = a_subscriber("emmy@example.org", interests=ADA_READS.interests, language="tlh")
    config = a_config(ADA_READS, other)
    outcomes = send(
        config,
        collected,
        [Due(reader, NOW.date(), NOW.date(), NOW.date()) for reader in config.subscribers],
        weights=weights,
        templates=compile_templates(),
        mailer=SmtpMailer(inbox.settings),
        clock=lambda: NOW,
    )

    assert [outcome.kind for outcome in outcomes] == [OutcomeKind.SENT, OutcomeKind.FAILED]
    assert "there is none for the language 'tlh'; there is de, en, fr, zh" in outcomes[1].detail


def test_the_first_emails_of_a_run_are_checked(
    collected: Store, inbox: Inbox, weights: Weights, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What a template of the user's own broke is logged, and the mail goes out: it is the operator's to judge."""
    (tmp_path / "issue").mkdir()
    (tmp_path / "issue" / "footer.mjml.j2").write_text("<mj-section><mj-column></mj-column></mj-section>", "utf-8")
    config = a_config(ADA_READS)
    with caplog.at_level(logging.ERROR):
        send(
            config,
            collected,
            [Due(ADA_READS, NOW.date(), NOW.date(), NOW.date())],
            weights=weights,
            templates=compile_templates(tmp_path),
            mailer=SmtpMailer(inbox.settings),
            clock=lambda: NOW,
        )

    assert "the email for ada@example.org: no link in sight to unsubscribe" in caplog.text
    assert len(inbox.paths) == 1


def test_a_preview_stands_alone_and_tells_what_the_checks_found(collected: Store, tmp_path: Path) -> None:
    """Browsers know no cid; the page links what was found."""
    config = a_config(ADA_READS, issue=IssueSettings(look="gallery"), newsletter=a_newsletter(editor="Ada Lovelace"))
    page = write(looks(setup_of(config, collected), config.subscribers), tmp_path / "out")
    told = json.loads((tmp_path / "out" / "001-ada@example.org.checks.json").read_text(encoding="utf-8"))

    assert "data:image/jpeg;base64," in (tmp_path / "out" / "001-ada@example.org.html").read_text(encoding="utf-8")
    assert (told["findings"], told["sizes"]["images"]) == ([], 1)
    assert "no findings" in page.read_text(encoding="utf-8")


def test_an_unknown_look_says_which_there_are() -> None:
    """By the names that the settings use."""
    with pytest.raises(
        TemplateError,
        match="template: galery: there is no such look; there is gallery, default, plain; did you mean gallery",
    ):
        compile_templates(look="galery")


def test_check_tells_what_a_template_breaks(newsletter: Command, tmp_path: Path) -> None:
    """With exit code 1, for people and for programs; other commands go on."""
    (tmp_path / "mine" / "issue").mkdir(parents=True)
    (tmp_path / "mine" / "issue" / "headline.j2").write_text("", encoding="utf-8")
    (tmp_path / "subscribers.yaml").write_text(f"{HEAD}templates: mine\n{ADA}", encoding="utf-8")

    told, data = newsletter("check"), newsletter("check", "--json")

    assert (told.code, data.code) == (1, 1)
    assert "error: the issue of ada@example.org, html" in told.err
    assert "heading-empty" in told.err
    assert "heading-empty" in {finding["rule"] for finding in json.loads(data.out)["findings"]}


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("newsletter: {name: N, from: n@example.org, archive: 'javascript:x'}", "must be a web address"),
        ("newsletter: {name: N, from: n@example.org, unsubscribe: 'https://example.org/leave'}", "{email} in it"),
        ("newsletter: {name: N, from: n@example.org, unsubscribe: 'http://example.org/{email}'}", "https address"),
        ("newsletter: {name: N, from: n@example.org}\ndefaults: {language: English!}", "is no language code"),
        ("newsletter: {name: N, from: n@example.org}\ndefaults: {format: pdf}", "'html' or 'text'"),
    ],
    ids=["archive", "unsubscribe without email", "unsubscribe without tls", "language", "format"],
)
def test_settings_of_the_email_are_checked(newsletter: Command, tmp_path: Path, setting: str, message: str) -> None:
    """One line each, with the place."""
    rest = "\nsources: [{arxiv: {categories: [cs.LG]}}]\n" + ADA
    (tmp_path / "subscribers.yaml").write_text(setting + rest, encoding="utf-8")

    told = newsletter("check")

    assert told.code == 3
    assert message in told.err
    assert "subscribers.yaml:" in told.err


def test_a_file_that_takes_no_part_is_told(tmp_path: Path) -> None:
    """A slip in its name is the usual reason; what replaces or is included is no slip, nor is a look's own file."""
    written = {
        "issue/titel.html.j2": "<p>never seen</p>",
        "issue/title.html.j2": '<p>{% include "issue/mine.j2" %}</p>',
        "issue/mine.j2": "mine",
        "look/paper.mjml.j2": "x",
        "look/papers.mjml.j2": "x",
        "translations/it.po": "",
        "notes.txt": "x",
    }
    for name, text in written.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")

    assert idle_files(tmp_path) == (
        "issue/titel.html.j2 replaces no template, and none includes it; did you mean issue/title.html.j2?",
        "look/papers.mjml.j2 replaces no template, and none includes it; did you mean issue/paper.mjml.j2?",
    )
