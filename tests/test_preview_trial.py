"""An issue sent as a test: marked, inert, only to who is named for it, and recorded nowhere."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from makers import DAY, NOW, a_config, a_match, a_newsletter, a_paper, a_reason, a_subscriber, an_email, an_issue

from newsletter.checks import Severity, check
from newsletter.config import load
from newsletter.deliver.mailer import BeforeDot, Reply
from newsletter.deliver.message import as_bytes
from newsletter.demo import example_path
from newsletter.errors import RecipientRefused, ServerUnavailable, UsageError
from newsletter.inbox import Inbox
from newsletter.models import Email, Issue, Newsletter
from newsletter.preview import looks, setup_of, trial
from newsletter.preview.inert import INERT, Links, inert_html, inert_text
from newsletter.render import LetterKind, compile_templates, letter, render
from newsletter.sample.cases import cases

TESTER = "grace@example.org"
READER = "ada@example.org"
LEAVE = "https://example.org/leave?address={email}"
INTENDED = {"list-unsubscribe", "unsubscribe-visible"}  # a test has no way out, on purpose


def a_drawn(issue: Issue | None = None, **settings: Any) -> tuple[Email, Newsletter, Issue]:
    """Return an issue rendered by the templates that ship."""
    issue = issue or an_issue()
    newsletter = a_newsletter(**settings)
    return render(issue, newsletter, compile_templates(), date=NOW), newsletter, issue


def a_test(issue: Issue | None = None, **settings: Any) -> Email:
    """Return the test of an issue."""
    email, newsletter, issue = a_drawn(issue, **settings)
    return trial.test_email(email, newsletter, to=TESTER, now=NOW, issue=issue)


def some_links(**fields: Any) -> Links:
    """Return what acts in an email to Ada of one paper."""
    paper = a_match(a_paper(url="https://arxiv.org/abs/2611.01234", abstract="Code: https://example.com/code."))
    defaults = {"reader": READER, "ways_out": ("https://example.org/leave?address=ada%40example.org",)}
    return Links(**{**defaults, "papers": (paper,), **fields})


def hrefs(html: str) -> set[str]:
    """Return every address that HTML links to, in comments too."""
    return {unescape(found) for found in re.findall(r'href="([^"]*)"', html)}


# ------------------------------------------------------------------ marked


def test_a_test_is_told_by_its_subject_and_by_a_line_at_the_top_of_both_parts() -> None:
    """Nobody takes it for an issue, in whichever part they read it."""
    email = a_test()
    told = "This is a test: the issue of Friday 20 November 2026, as ada@example.org would get it."

    assert email.subject.startswith("[TEST] ")
    assert " ".join(email.text.split()).startswith(told)
    assert told in email.html
    assert email.html.index(told) < email.html.index("<h1")


def test_the_line_stands_behind_the_words_that_a_list_of_mails_shows() -> None:
    """A test shows the preview line as the reader's program would."""
    html = a_test().html

    assert html.index("display:none") < html.index("This is a test:") < html.index('role="article"')


@pytest.mark.parametrize(
    ("html", "marked"),
    [
        ("<html><body><h1>One</h1></body></html>", "<html><body>LINE<h1>One</h1></body></html>"),
        ("<body><div>One</div></body>", "<body>LINE<div>One</div></body>"),
        ("<body><div style='DISPLAY: none'>a<div>b</div></div>",
         "<body><div style='DISPLAY: none'>a<div>b</div></div>LINE"),
        ("One", "LINEOne"),
        ("<!--<body>--><p>One", "LINE<!--<body>--><p>One"),
    ],
)  # fmt: skip
def test_a_template_of_ones_own_is_marked_too(html: str, marked: str) -> None:
    """Whatever it begins with: a preview line, a heading, or no body at all."""
    made = trial.test_email(an_email(html=html), a_newsletter(), to=TESTER, now=NOW, issue=None).html

    assert re.sub(r"<table role.*?</table>", "LINE", made) == marked


def test_the_reader_s_address_cannot_write_markup() -> None:
    """An address is data."""
    email = an_email(recipient=("", "a<b>&'c@example.org"))

    made = trial.test_email(email, a_newsletter(), to=TESTER, now=NOW, issue=None)

    assert "a&lt;b&gt;&amp;&#x27;c@example.org" in made.html


def test_a_letter_is_tested_as_a_letter() -> None:
    """It has no day; its button would confirm for the reader, and does not."""
    email = letter(
        LetterKind.CONFIRM, a_subscriber(), a_newsletter(), compile_templates(), date=NOW, link="https://example.org/yes/77"
    )  # fmt: skip
    made = trial.test_email(email, a_newsletter(), to=TESTER, now=NOW, issue=None)

    assert "This is a test: a letter, as ada@example.org would get it." in made.html
    assert "https://example.org/yes/77" in email.html
    assert "/yes/77" not in made.html + made.text


def test_a_text_reader_s_test_has_no_html() -> None:
    """The line stands in the one part there is."""
    made = a_test(an_issue(subscriber=a_subscriber(text_only=True)))

    assert (made.html, made.text.startswith("This is a test:")) == ("", True)
    assert b"text/html" not in as_bytes(made)


# ------------------------------------------------------------------ a message of its own


def test_a_test_goes_to_the_tester_alone_and_now() -> None:
    """The reader's address is on no envelope and in no field; the date is today's."""
    email, newsletter, issue = a_drawn()
    made = trial.test_email(email, newsletter, to=TESTER, now=NOW + timedelta(days=3), issue=issue)
    message = message_from_bytes(as_bytes(made), policy=policy.default)

    assert (message["To"], made.date) == (TESTER, NOW + timedelta(days=3))
    assert not [value for value in message.values() if READER in value]


def test_every_test_is_a_message_of_its_own() -> None:
    """Mail programs show a second message of one Message-ID never; the same test at the same time is the same."""
    email, newsletter, issue = a_drawn()
    made = [
        trial.test_email(email, newsletter, to=to, now=now, issue=issue).message_id
        for to, now in ((TESTER, NOW), (TESTER, NOW), (TESTER, NOW + timedelta(seconds=1)), (READER, NOW))
    ]

    assert made[0] == made[1]
    assert len({email.message_id, *made}) == 4


def test_fields_by_which_a_program_acts_are_left_out() -> None:
    """One button of Gmail's would unsubscribe the reader; a filter by List-Id can be tried."""
    names = {name for name, _ in a_test(unsubscribe=LEAVE, archive="https://example.org/{date}").headers}

    assert names == {"List-Id", "Auto-Submitted", "Precedence", "Content-Language"}


# ------------------------------------------------------------------ inert


@pytest.mark.parametrize("unsubscribe", ["", LEAVE], ids=["by email", "by web"])
def test_only_papers_and_the_archive_are_links(unsubscribe: str) -> None:
    """Of the templates that ship: everything else was the way out."""
    archive = "https://example.org/issues/{date}"
    email, _, issue = a_drawn(unsubscribe=unsubscribe, archive=archive)
    made = a_test(issue, unsubscribe=unsubscribe, archive=archive)
    [gone] = hrefs(email.html) - hrefs(made.html)

    assert ("leave" in gone) == bool(unsubscribe)
    assert hrefs(made.html) == {"https://arxiv.org/abs/2611.01234", "https://example.org/issues/2026-11-20"}
    assert "unsubscribe%20" not in made.text
    assert "leave?" not in made.text
    assert "https://example.org/issues/2026-11-20" in made.text


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('<a class="b" href="https://example.org/vote/77">Yes</a> <a href="https://arxiv.org/abs/2611.01234">P</a>',
         '<span class="b">Yes</span> <a href="https://arxiv.org/abs/2611.01234">P</a>'),
        ("<A HREF=mailto:papers@example.org>Out</A>", "<span>Out</span>"),
        ("<a title='a>b'href='tel:1'>1</a>", "<span title='a>b'>1</span>"),
        ('<a href="&#109;ailto:x@example.org">x</a>', "<span>x</span>"),
        ('<a href="ht\ntps://arxiv.org/abs/2611.01234">x</a>', "<span>x</span>"),
        ('<a href=" https://arxiv.org/abs/2611.01234 ">x</a>', '<a href=" https://arxiv.org/abs/2611.01234 ">x</a>'),
        ('<a href="https://arxiv.org/abs/2611.01234?by=ada%2540example.org">x</a>', "<span>x</span>"),
        ('<a href="//example.org/vote">x</a>', "<span>x</span>"),
        ('<a href="#papers">x</a><a name="n">y</a>', '<a href="#papers">x</a><a name="n">y</a>'),
        ('<area href="https://example.org/vote"><link itemprop="url" href="https://example.org/vote">',
         '<area><link itemprop="url">'),
        ('<form method="post" action="https://example.org/vote"><button formaction="https://example.org/no">x</button>',
         '<form method="post"><button>x</button>'),
        ('<!--[if mso]><v:rect href="https://example.org/vote" fill="1"><![endif]-->',
         '<!--[if mso]><v:rect fill="1"><![endif]-->'),
        ('<!--[if !mso]><!--><a href="sms:1">x</a><!--<![endif]-->',
         "<!--[if !mso]><!--><span>x</span><!--<![endif]-->"),
        ('<script type="application/ld+json">{"a": "</p>"}</script >x', "x"),
        ('<meta http-equiv="refresh" content="0;url=https://example.org/vote">x', "x"),
        ('<img src="https://example.org/p.gif?r=ADA%40example.org" alt=""><img src="https://example.org/logo.png">',
         '<img alt=""><img src="https://example.org/logo.png">'),
        ("<p>Leave: https://example.org/vote?a=1&amp;b=2.</p>", f"<p>Leave: {INERT}.</p>"),
        ("<p>or mailto:papers@example.org</p>", f"<p>or {INERT}</p>"),
        ("<style>a{background:url(https://example.org/a.png)}</style>", "<style>a{background:url(https://example.org/a.png)}</style>"),
        ("<p>Code: https://example.com/code, it says: 3 < 4 and https://example.com/co…</p>",
         "<p>Code: https://example.com/code, it says: 3 < 4 and https://example.com/co…</p>"),
        ("<a href='mailto:x@example.org", f"<a href='{INERT}"),
        ("<script>never ended", ""),
    ],
)  # fmt: skip
def test_whatever_a_template_writes_nothing_acts(written: str, expected: str) -> None:
    """Links, forms, Outlook's own shapes, scripts, bare addresses; what is not touched stays byte for byte."""
    assert inert_html(written, some_links()) == expected


def test_what_a_paper_quotes_stays_and_what_acts_does_not() -> None:
    """An abstract names an address; a way out that an abstract names as well is one all the same."""
    way_out = "https://example.org/leave?address=ada%40example.org"
    text = f"See https://example.com/code. PDF:\n{way_out}\n(www.example.org/x) mailto:a@example.org MAILTO:b@c.org\n"

    assert inert_text(text, some_links()) == (
        f"See https://example.com/code. PDF:\n{INERT}\n({INERT}) {INERT} {INERT}\n"
    )
    quoted = some_links(papers=(a_match(a_paper(abstract=f"Press {way_out} now")),))
    assert inert_text(way_out, quoted) == INERT


def test_the_editor_s_note_may_name_an_address() -> None:
    """It is said to everybody."""
    picked = a_match(reasons=(a_reason(note="See https://example.com/talk"),))

    assert not some_links(papers=(picked,)).acts("https://example.com/talk")


@pytest.mark.parametrize("name", sorted(cases()))
def test_every_edge_case_can_be_tested(name: str) -> None:
    """No link but those to papers; of what checks find nothing is new but that there is no way out."""
    email, newsletter, issue = a_drawn(cases()[name])
    made = trial.test_email(email, newsletter, to=TESTER, now=NOW, issue=issue)
    before, after = ({finding.rule for finding in check(as_bytes(each))} for each in (email, made))
    gone = hrefs(email.html) - hrefs(made.html)

    assert {address for address in gone if not address.startswith("mailto:papers@example.org")} == set()
    assert not any(address.startswith("mailto:") for address in hrefs(made.html))
    assert after - before <= INTENDED | {"size-html"}


def test_the_example_s_issues_are_without_errors_but_those_intended() -> None:
    """What the checks say of a test is that nobody can leave by it."""
    config = load(example_path(), environment={}, sending=False)
    for drawn in looks(setup_of(config), config.subscribers):
        made = trial.test_email(drawn.email, config.newsletter, to=TESTER, now=NOW, issue=drawn.issue)
        errors = {each.rule for each in check(as_bytes(made)) if each.severity is Severity.ERROR}

        assert errors <= INTENDED


def test_a_long_run_of_odd_markup_is_no_slow_one() -> None:
    """Attributes without ends, thousands of blanks: what has no end is text, and is read through once."""
    hostile = "<a " + " /" * 20_000 + "<a x=" * 500 + "<!--" * 3

    assert inert_html(hostile, some_links()) == hostile


# ------------------------------------------------------------------ sent


def test_a_test_is_handed_over_by_the_user_s_own_server(inbox: Inbox, tmp_path: Path) -> None:
    """To the address as the settings spell it; the reply is told; nothing is written down but what arrived."""
    email, _, issue = a_drawn()
    config = a_config(
        a_subscriber(), smtp=inbox.settings, test_recipients=(TESTER,), store=f"sqlite:///{tmp_path}/n.db"
    )
    before = set(tmp_path.iterdir())

    reply = trial.send_test(config, email, " Grace@Example.org ", now=NOW, issue=issue)
    [message] = inbox.messages

    assert reply.startswith("250")
    assert (message["To"], message["Subject"][:7]) == (TESTER, "[TEST] ")
    assert inbox.paths[0].name == "001-grace@example.org.eml"
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    "to",
    ["ada@example.org", "", "grace@example.org\r\nBcc: x@example.org", "grace@example.org, x@example.org", "x" * 9_999],
)
def test_nobody_else_is_sent_a_test(inbox: Inbox, to: str) -> None:
    """Not the reader, not a second address smuggled in: one line, with the way out, and no connection."""
    email, _, issue = a_drawn()
    config = a_config(smtp=inbox.settings, test_recipients=(TESTER,))

    with pytest.raises(UsageError, match=r"may not be sent a test: subscribers.yaml.*choose one of grace@") as caught:
        trial.send_test(config, email, to, now=NOW, issue=issue)

    assert inbox.paths == ()
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 500


def test_an_address_with_a_line_break_reaches_no_message() -> None:
    """Even if settings were made without their checks."""
    email, newsletter, issue = a_drawn()
    made = trial.test_email(email, newsletter, to="grace@example.org\r\nBcc: x@example.org", now=NOW, issue=issue)

    with pytest.raises(RecipientRefused):
        as_bytes(made)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "does not say who may get one; add `preview: {test_recipients: [you@example.org]}`"),
        ({"test_recipients": (TESTER,)}, "no smtp section that can be used here; add its host"),
    ],
    ids=["nobody named", "no server"],
)
def test_settings_that_allow_no_test_say_why(fields: dict[str, Any], told: str) -> None:
    """Before anybody presses a button, and when it is pressed."""
    config = a_config(**fields)

    assert told in trial.why_no_test(config)
    with pytest.raises(UsageError, match=re.escape(told)):
        trial.send_test(config, an_email(), TESTER, now=NOW)


def test_settings_that_allow_a_test_say_nothing(inbox: Inbox) -> None:
    """An empty text, as the studio wants it."""
    assert trial.why_no_test(a_config(smtp=inbox.settings, test_recipients=(TESTER,))) == ""


def test_a_server_that_refuses_is_told(tmp_path: Path) -> None:
    """By the server's own words."""
    email, _, issue = a_drawn()
    with Inbox(tmp_path / "other", refuse={TESTER: "550 5.1.1 No such user"}) as refusing:
        config = a_config(smtp=refusing.settings, test_recipients=(TESTER,))
        with pytest.raises(RecipientRefused, match=r"550 5\.1\.1 No such user"):
            trial.send_test(config, email, TESTER, now=NOW, issue=issue)

    with pytest.raises(ServerUnavailable):
        trial.send_test(config, email, TESTER, now=NOW, issue=issue)


def test_a_mailer_of_the_caller_s_is_used_where_one_is_given() -> None:
    """The envelope is the newsletter's sender and the tester."""
    sent: list[tuple[str, str]] = []

    class Fake:
        connections = 1
        max_per_minute = 0

        def session(self) -> Fake:
            return self

        async def send(self, message: bytes, *, sender: str, recipient: str, before_dot: BeforeDot) -> Reply:
            assert message.startswith(b"From: ")
            await before_dot()
            sent.append((sender, recipient))
            return Reply(250, "2.0.0 taken")

        async def close(self) -> None:
            pass

    email, _, issue = a_drawn(replace(an_issue(), day=DAY))
    config = a_config(smtp=Inbox, test_recipients=(TESTER,))

    assert trial.send_test(config, email, TESTER, now=NOW, issue=issue, mailer=Fake()) == "250 2.0.0 taken"
    assert sent == [("papers@example.org", TESTER)]
