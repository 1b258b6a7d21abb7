"""The gallery of edge cases: it holds what it promises, and every case becomes an email that can be sent."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, time
from email import message_from_bytes, policy
from itertools import product

import pytest
from makers import a_newsletter

from newsletter.deliver.message import as_bytes
from newsletter.models import LEFTOVERS, PEOPLE, Email, HealthState, ReasonKind
from newsletter.render import compile_templates, render
from newsletter.sample.cases import cases
from newsletter.sample.cases.hostile import ADDRESSES, TEXTS
from newsletter.sample.cases.records import PIONEERS

every_case = pytest.mark.parametrize("name", cases())


SENDERS = {
    "": a_newsletter(editor="the reading group"),
    " with archive and inbox": a_newsletter(archive="https://example.org/{date}", inbox="answers@example.org"),
}
every_email = pytest.mark.parametrize("name", [f"{name}{sender}" for name, sender in product(cases(), SENDERS)])


@pytest.fixture(scope="module")
def emails() -> dict[str, Email]:
    """Return every case as an email, of a newsletter with and without an archive and an inbox."""
    templates = compile_templates()
    return {
        f"{name}{added}": render(issue, sender, templates, date=datetime.combine(issue.day, time(7), UTC))
        for (name, issue), (added, sender) in product(cases().items(), SENDERS.items())
    }


def test_the_cases_are_the_same_each_time() -> None:
    """Pictures and checks compare them: no clock, no chance."""
    assert cases() == cases()
    assert len(cases()) >= 16


@every_case
def test_no_paper_stands_twice(name: str) -> None:
    """A case is an issue like any other."""
    ids = [matched.paper.id for matched in cases()[name].papers]

    assert len(set(ids)) == len(ids)


def test_everything_is_everything() -> None:
    """Every kind of reason, every state of a source, every badge; nothing is left for a template to show first."""
    issue = cases()["everything"]
    papers = [matched.paper for matched in issue.papers]
    signals = [paper.signals for paper in papers]

    assert issue.lead
    assert issue.picks
    assert issue.trending
    assert {reason.kind for matched in issue.papers for reason in matched.reasons} == set(ReasonKind)
    assert {health.state for health in issue.health} == set(HealthState)
    assert any(health.warnings for health in issue.health)
    assert all(any(getattr(one, name) for one in signals) for name in ("venue", "code_url", "project_url", "comment"))
    assert any((one.upvotes or 0) > 9999 for one in signals)
    assert any(paper.tldr for paper in papers)
    assert any(paper.version > 1 for paper in papers)
    assert any(entry.byline for paper in papers for entry in paper.entries)
    assert {PEOPLE, LEFTOVERS} <= {section.label for section in issue.sections}


def test_the_amounts_are_those_promised() -> None:
    """None, one, ten, a hundred papers; three hundred characters; two thousand authors; a hundred kilobytes."""
    amounts = {name: len(cases()[name].papers) for name in ("empty day", "one paper", "ten papers", "hundred papers")}
    lead = {name: issue.lead.paper for name, issue in cases().items() if issue.lead}

    assert list(amounts.values()) == [0, 1, 10, 100]
    assert len(lead["long title"].title) == 300
    assert len(lead["two thousand authors"].authors) == 2000
    assert len(lead["flood"].abstract) > 100_000
    assert max(len(word) for matched in cases()["long title"].papers for word in matched.paper.title.split()) > 150


def test_the_scripts_are_those_promised() -> None:
    """Right to left, wide, without blanks, with marks; maths as characters and as TeX."""
    right_to_left = "".join(matched.paper.title for matched in cases()["right to left"].papers)
    wide = "".join(matched.paper.title for matched in cases()["wide characters"].papers)
    maths = " ".join(matched.paper.title for matched in cases()["maths"].papers)

    assert {unicodedata.bidirectional(one) for one in right_to_left} >= {"R", "AL", "L"}
    assert {unicodedata.name(one, "").split()[0] for one in wide} >= {"CJK", "HIRAGANA", "HANGUL", "THAI", "DEVANAGARI"}
    assert "O(n²)" in maths
    assert r"$\mathcal{O}(n^2)$" in maths


def test_the_attacks_are_those_promised() -> None:
    """Each field that a source fills is attacked, by markup, template code, addresses and characters."""
    attacks, addresses = "".join(TEXTS), "".join(ADDRESSES)

    assert all(
        each in attacks
        for each in (
            "<script>",
            "-->",
            "</style>",
            "{{ 7*7 }}",
            "jx0003xj",
            '"',
            "'",
            "\x00",
            "\ud800",
            "\u202e",
            "=?utf-8?q?",
        )
    )
    assert all(each in addresses for each in ("javascript:", "data:", "vbscript:", "file:"))
    assert {matched.paper.title for matched in cases()["hostile"].papers} == set(TEXTS)


def test_what_may_not_have_arrived_is_read_by_web_or_named(emails: dict[str, Email]) -> None:
    """One case of more papers than are named, one on a day without any; both ways are seen in both parts."""
    earlier = {name: issue.unconfirmed for name, issue in cases().items() if issue.unconfirmed}

    assert {"unconfirmed", "unconfirmed, empty day", "hostile"} == set(earlier)
    assert len(earlier["unconfirmed"].papers) > 12
    assert not cases()["unconfirmed, empty day"].papers
    for name in earlier:
        for part in ("html", "text"):
            named, linked = (getattr(emails[f"{name}{added}"], part) for added in SENDERS)
            assert "may not have reached you." in named
            assert "https://example.org/2026-11-1" not in named
            assert "https://example.org/2026-11-1" in linked


def test_people_are_known_ones() -> None:
    """Whoever is named did live; nobody is made an author of anything without being recognisably an example."""
    issue = cases()["everything"]

    assert {name for matched in issue.papers for name in matched.paper.authors} <= set(PIONEERS)
    assert all(one.subscriber.email.endswith("example.org") for one in cases().values())


@every_email
def test_every_case_becomes_an_email(emails: dict[str, Email], name: str) -> None:
    """One header each, both parts, small enough, no character that stops a mail program."""
    email = emails[name]
    message = message_from_bytes(as_bytes(email), policy=policy.default)

    assert len(email.html.encode()) <= 100_000
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]", email.html + email.text)
    assert message["Bcc"] is None
    assert message["To"].addresses[0].domain.endswith("example.org")
    assert "\n" not in str(message["Subject"])
    assert [part.get_content_type() for part in message.walk() if not part.is_multipart()][:2] == [
        "text/plain", "text/html",
    ]  # fmt: skip


def test_template_code_in_data_stays_as_it_was_written(emails: dict[str, Email]) -> None:
    """Nothing that a source wrote is run: 7*7 is not 49."""
    for added in SENDERS:
        email = emails[f"hostile{added}"]
        assert "{{ 7*7 }}" in email.html
        assert "{{ 7*7 }}" in email.text
        assert "49" not in re.sub(r"https?://\S+|#\w+|\d+,\d+", "", email.text)
        assert "<script>" not in email.html
