"""Votes by mail, and the way out by an answer: said where the newsletter reads what is answered, and nowhere else."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from lxml import html as lxml_html
from makers import NOW, a_match, a_newsletter, a_paper, a_reason, a_section, a_subscriber, an_issue

from newsletter.checks import check
from newsletter.deliver.message import as_bytes
from newsletter.models import Email, Issue, MatchedPaper, Newsletter, Reason, ReasonKind
from newsletter.preview import trial
from newsletter.render import LetterKind, Renderer, compile_templates, letter, render
from newsletter.render.addresses import less_url, more_url
from newsletter.render.files import read_sources
from newsletter.render.fit import BUDGET_BYTES, sent_bytes

INBOX = "answers@example.org"
SENDER = a_newsletter(inbox=INBOX)
LOOKS = read_sources().looks()
VOTING = "Answer with “more 3” or “less 5” to get more or less like a paper."
LEAVING = "To leave, answering “unsubscribe” is enough."


def everywhere() -> Issue:
    """Return an issue with a paper wherever one may stand."""
    return an_issue(
        a_section("Trees", a_match(a_paper("In a section")), a_match(a_paper("Shared", url=""))),
        lead=a_match(a_paper("The lead")),
        picks=(a_match(a_paper("A pick"), reasons=(Reason(ReasonKind.PICK, note="Read on."),)),),
        trending=(a_match(a_paper("What trends"), reasons=(Reason(ReasonKind.UPVOTES, count=41),)),),
    )


def rendered(issue: Issue | None = None, newsletter: Newsletter = SENDER, *, look: str = "issue") -> Email:
    """Return an issue as its email."""
    return render(issue or everywhere(), newsletter, compile_templates(look=look), date=NOW, abstract=2)


def votes(email: Email) -> dict[str, str]:
    """Return where each link that votes leads, by its name."""
    found = lxml_html.document_fromstring(email.html).xpath("//a[contains(@class, 'vote')]")
    return {link.get("aria-label"): str(link.get("href")) for link in found}


def seen(email: Email) -> str:
    """Return what a reader sees of the HTML, on one line."""
    return " ".join(" ".join(lxml_html.document_fromstring(email.html).xpath("//body//text()")).split())


@pytest.mark.parametrize("look", LOOKS)
def test_each_paper_has_two_links_that_vote(look: str) -> None:
    """Wherever it stands, in every look, by the addresses that are read, each with a name of its own."""
    issue = everywhere()
    expected = {}
    for matched in issue.papers:
        expected[f"More like this: “{matched.paper.title}”"] = more_url(SENDER, matched.paper.id)
        expected[f"Less like this: “{matched.paper.title}”"] = less_url(SENDER, matched.paper.id)

    assert votes(rendered(issue, look=look)) == expected
    assert len(expected) == 10
    assert all(address.startswith(f"mailto:{INBOX}?subject=") for address in expected.values())


def test_the_names_of_links_begin_with_what_is_seen() -> None:
    """So that who speaks to a mail program says what stands there (WCAG 2.5.3)."""
    for link in lxml_html.document_fromstring(rendered().html).xpath("//a[contains(@class, 'vote')]"):
        assert link.get("aria-label").startswith(f"{link.text_content()}: “")


@pytest.mark.parametrize("look", LOOKS)
def test_without_an_inbox_nothing_asks_for_votes(look: str) -> None:
    """A link that nobody reads would be a lie."""
    email = rendered(newsletter=a_newsletter(), look=look)

    assert votes(email) == {}
    for words in ("like this", "Answer with", "To leave"):
        assert words not in email.html + email.text


def test_links_are_the_same_for_every_reader() -> None:
    """They name no reader: what is said of a paper is put together once."""
    renderer, other = Renderer(SENDER, compile_templates()), a_subscriber("grace@example.org", name="Grace")
    first, second = (
        renderer.render(replace(everywhere(), subscriber=reader), date=NOW) for reader in (a_subscriber(), other)
    )

    assert votes(first) == votes(second)
    assert not any("ada" in address or "grace" in address for address in votes(first).values())


def test_the_text_part_says_once_how_to_vote() -> None:
    """By the numbers that papers have there, after the last of them."""
    email = rendered()

    assert email.text.count(VOTING) == 1
    assert email.text.index("What trends\n") < email.text.index(VOTING) < email.text.index("-" * 72)
    assert INBOX not in email.text.replace(f"mailto:{INBOX}?subject=unsubscribe", "")


@pytest.mark.parametrize(
    ("count", "numbers"), [(1, "“more 1” or “less 1”"), (4, "“more 3” or “less 4”"), (9, "“more 3” or “less 5”")]
)
def test_the_numbers_are_those_of_papers_there_are(count: int, numbers: str) -> None:
    """An example that is taken at its word is no mistake."""
    papers = [a_match(a_paper(f"Paper {number}")) for number in range(count)]

    assert f"Answer with {numbers} to get" in rendered(an_issue(a_section("Trees", *papers), lead=None)).text


def test_an_issue_without_papers_asks_for_no_votes() -> None:
    """And can be left all the same."""
    email = rendered(an_issue(lead=None, sections=()))

    assert "Answer with" not in email.text
    assert LEAVING in email.text


def test_the_footer_says_that_an_answer_is_enough_to_leave() -> None:
    """In both parts, beside the link."""
    email = rendered()

    for part in (seen(email), " ".join(email.text.split())):
        assert f"To change what you follow, answer this email. {LEAVING}" in part
        assert part.index(LEAVING) < part.index("Unsubscribe")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, True),
        ({"reply_to": "Answers <ANSWERS@example.org>"}, True),
        ({"reply_to": "editor@example.org"}, False),
        ({"inbox": "papers@example.org"}, True),
        ({"inbox": "papers@example.org", "reply_to": "editor@example.org"}, False),
    ],
    ids=["inbox", "answers to it", "answers to a person", "one address for all", "one address, answers to a person"],
)
def test_answers_are_asked_for_where_they_come_to_the_inbox(fields: dict[str, str], said: bool) -> None:  # noqa: FBT001
    """Who has answers come to a person is not promised that a program reads them; links to vote go to the inbox."""
    email = rendered(newsletter=replace(SENDER, **fields))  # type: ignore[arg-type]

    assert (VOTING in email.text, LEAVING in email.text, LEAVING in seen(email)) == (said, said, said)
    assert len(votes(email)) == 10


def test_a_welcome_says_it_too_and_other_letters_do_not() -> None:
    """Who is asked, or has left, has nothing to leave."""
    for kind in LetterKind:
        link = "https://example.org/yes"
        email = letter(kind, a_subscriber(), SENDER, compile_templates(), date=NOW, link=link)
        other = letter(kind, a_subscriber(), a_newsletter(), compile_templates(), date=NOW, link=link)
        said = kind is LetterKind.WELCOME
        assert (LEAVING in seen(email), LEAVING in " ".join(email.text.split())) == (said, said)
        assert LEAVING not in other.html + other.text


@pytest.mark.parametrize("code", ["de", "fr", "zh"])
def test_the_words_that_are_read_are_the_same_in_every_language(code: str) -> None:
    """A translator changes the sentence around them; nothing else is said in English."""
    email = rendered(replace(everywhere(), subscriber=a_subscriber(language=code)))
    quoted = re.findall(r"[„“«]\s?(more \d|less \d|unsubscribe)\s?[“”»]", " ".join(email.text.split()))

    assert sorted(quoted) == ["less 5", "more 3", "unsubscribe"]
    assert "like this" not in email.html
    assert max(len(line) for line in email.text.splitlines() if "://" not in line and "mailto:" not in line) <= 72


def test_a_renderer_takes_over_nothing_of_one_with_another_inbox() -> None:
    """What was put together for a newsletter without votes has none."""
    templates = compile_templates()
    before = Renderer(a_newsletter(), templates)
    before.render(everywhere(), date=NOW)
    after, same = Renderer(SENDER, templates, before=before), Renderer(a_newsletter(name="X"), templates, before=before)

    assert len(votes(after.render(everywhere(), date=NOW))) == 10
    assert same.facts is before.facts


@pytest.mark.parametrize(
    "paper_id",
    ['x"><script>', "a b\r\nBcc: x@example.org", "título:論文", "half \ud800", "t:" + "x" * 3000, "a&body=x", "50%"],
)
def test_no_id_of_a_paper_can_break_a_link(paper_id: str) -> None:
    """An address is whole or not there, and nothing is added to what is sent."""
    email = rendered(an_issue(lead=a_match(a_paper(id=paper_id)), sections=()))

    assert all(
        re.fullmatch(rf"mailto:{INBOX}\?subject=(more|less)%20[\w%:.~-]+", each) for each in votes(email).values()
    )
    assert "<script>" not in email.html
    assert len(votes(email)) == (0 if len(paper_id) > 2000 else 2)


def many(count: int) -> Issue:
    """Return an issue of so many papers, better ones first."""
    text = "A sentence of an abstract, long enough to matter, goes on for long enough. " * 3
    papers: list[MatchedPaper] = [
        a_match(a_paper(f"Paper {n} of many", abstract=text), score=round(1 - n / count, 9)) for n in range(count)
    ]
    return an_issue(a_section("Trees", *papers), lead=None)


@pytest.mark.parametrize("count", [50, 55])
def test_what_must_be_short_asks_for_no_votes(count: int) -> None:
    """Votes go with the rest of a summary, of the lowest-ranked papers first; the text part takes them all."""
    email = rendered(many(count))
    rows = email.html.split("<h3")[1:]
    asked = ["More like this" in row for row in rows]
    whole = [row.count("goes on for long enough.") == 2 for row in rows]

    assert sent_bytes(email.html) <= BUDGET_BYTES
    assert asked == whole == sorted(whole, reverse=True)
    assert 0 < sum(asked) < len(rows) == count
    assert email.text.count(" of many") == count


def test_links_that_vote_do_nothing_in_a_test() -> None:
    """Neither do the others that act: no mailto is left, and the checks miss the way out alone."""
    issue = everywhere()
    email = rendered(issue)
    made = trial.test_email(email, SENDER, to="grace@example.org", now=NOW + timedelta(hours=1), issue=issue)
    rules = [{finding.rule for finding in check(as_bytes(each))} for each in (email, made)]

    assert "mailto:" in email.html
    assert "mailto:" not in made.html + made.text
    assert "More like this" in seen(made)
    assert rules[1] - rules[0] <= {"list-unsubscribe", "unsubscribe-visible"}


@pytest.mark.parametrize("look", LOOKS)
def test_the_checks_find_nothing_new(look: str) -> None:
    """Names of links, contrast in both themes, sizes."""
    found, before = (
        {finding.rule for finding in check(as_bytes(rendered(newsletter=one, look=look)))}
        for one in (SENDER, a_newsletter())
    )

    assert found - before == set()


def test_a_title_cannot_leave_the_name_of_a_link() -> None:
    """Quotes and markup are shown as they were written."""
    title = '"><b onclick="x">Trees</b>'
    email = rendered(an_issue(lead=a_match(a_paper(title), reasons=(a_reason(),)), sections=()))

    assert list(votes(email)) == [f"More like this: “{title}”", f"Less like this: “{title}”"]
    assert "<b onclick" not in email.html
