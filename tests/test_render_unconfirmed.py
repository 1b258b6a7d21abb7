"""The issue before this one may not have arrived: both parts say so, at the top, and lead to what it held."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from lxml import html as lxml_html
from makers import DAY, NOW, a_match, a_newsletter, a_paper, a_section, a_subscriber, an_issue

from newsletter.checks import Severity, check
from newsletter.deliver.message import as_bytes
from newsletter.models import Email, Issue, Newsletter, Unconfirmed
from newsletter.render import Renderer, compile_templates, render
from newsletter.render.files import read_sources
from newsletter.render.fit import BUDGET_BYTES, fit, sent_bytes
from newsletter.render.shown import IssueView

SENTENCE = "Your issue of Thursday 19 November may not have reached you."
ARCHIVE = "https://example.org/papers/{date}"
LOOKS = read_sources().looks()
ATTACKS = (
    "</p></td></table><script>alert(1)</script>",
    "--> <![endif]--> </style>",
    '"><a href="javascript:alert(1)" onclick="x">',
    "{{ 7 * 7 }} %(x)s jx0003xj",
    "\u202egnihton \x00\x85\u2028 \ud800",
    "=?utf-8?q?a=0ABcc:_x?=\r\nBcc: x@example.org",
    "word" * 200,
    "",
)


def lost(count: int = 3, *, days: int = 1, **fields: object) -> Unconfirmed:
    """Return an issue of so many papers, so many days ago."""
    papers = (
        a_paper(f"Lost {number} of many", **{"url": f"https://example.org/lost/{number}", **fields})
        for number in range(1, count + 1)
    )
    return Unconfirmed(DAY - timedelta(days=days), tuple(papers))


def sent(
    unconfirmed: Unconfirmed | None, newsletter: Newsletter | None = None, *, look: str = "issue", **fields: object
) -> Email:
    """Return an issue after it as its email."""
    issue = an_issue(**{"unconfirmed": unconfirmed, **fields})
    return render(issue, newsletter or a_newsletter(), compile_templates(look=look), date=NOW)


def seen(email: Email) -> str:
    """Return what a reader sees of the HTML, on one line, a blank between elements; without the preheader."""
    [article] = lxml_html.document_fromstring(email.html).xpath("//div[@role='article']")
    return " ".join(" ".join(article.itertext()).split())


def links(email: Email) -> dict[str, str]:
    """Return where each link of the HTML leads, by its name."""
    found = lxml_html.document_fromstring(email.html).xpath("//a")
    return {link.get("aria-label") or str(link.text_content()).strip(): str(link.get("href")) for link in found}


@pytest.mark.parametrize("look", LOOKS)
def test_it_is_said_below_the_masthead_and_above_the_first_paper(look: str) -> None:
    """In every look, and in the text part."""
    email = sent(lost(), look=look)

    for part in (seen(email), email.text):
        assert part.count(SENTENCE) == 1
        assert part.index("2 papers worth your time") < part.index(SENTENCE) < part.index("A lead worth reading")


@pytest.mark.parametrize("look", LOOKS)
def test_nothing_is_said_where_nothing_is_in_doubt(look: str) -> None:
    """As nearly always."""
    email = sent(None, look=look)

    assert "may not have reached" not in email.html + email.text


def test_with_an_archive_it_is_read_there() -> None:
    """One link, to the address of that day, whose name says which; no paper of it is named."""
    email = sent(lost(), a_newsletter(archive=ARCHIVE))

    assert links(email)["Read it here: Thursday 19 November"] == "https://example.org/papers/2026-11-19"
    assert f"{SENTENCE} Read it here " in seen(email)
    assert f"\n{SENTENCE}\nRead it here:\n  https://example.org/papers/2026-11-19\n" in email.text
    assert "Lost 1" not in email.html + email.text


def test_without_an_archive_its_papers_are_named_and_linked() -> None:
    """Each on a line of its own in the text part, and never by a number: that is what votes name papers of today by."""
    email = sent(lost(2))

    assert f"{SENTENCE} Its papers: Lost 1 of many · Lost 2 of many A lead" in seen(email).replace(
        "Top match for you ", ""
    )
    assert links(email)["Lost 2 of many"] == "https://example.org/lost/2"
    assert (
        f"\n{SENTENCE}\n"
        "  - Lost 1 of many\n    https://example.org/lost/1\n"
        "  - Lost 2 of many\n    https://example.org/lost/2\n\n\n"
    ) in email.text
    assert "more paper" not in email.html + email.text


def test_an_archive_that_no_link_may_lead_to_is_none() -> None:
    """The papers are named then."""
    email = sent(lost(1), a_newsletter(archive="javascript:alert({date})"))

    assert "Read it here" not in email.html + email.text
    assert "Lost 1 of many" in links(email)


def test_at_most_twelve_are_named_and_the_others_counted() -> None:
    """In both parts."""
    email = sent(lost(16))

    for part in (seen(email), email.text):
        assert re.findall(r"Lost (\d+) of many", part) == [str(number) for number in range(1, 13)]
        assert re.search(r"Lost 12 of many\s+(https://example.org/lost/12\s+)?and 4 more papers", part)


def test_a_paper_without_an_address_is_searched_for() -> None:
    """The link says so to who cannot see where it leads; what has no title either is only words."""
    nameless = a_paper("", url="", id="x:1")
    email = sent(Unconfirmed(DAY - timedelta(days=1), (a_paper("Lost & alone", url=""), nameless)))

    search = "https://arxiv.org/search/?searchtype=title&query=Lost+%26+alone"
    assert links(email)["Find it on arXiv: “Lost & alone”"] == search
    assert f"  - Lost & alone\n    {search}\n  - Untitled\n" in email.text
    assert "Untitled" in seen(email)


def test_long_titles_are_shortened_where_they_stand_in_a_paragraph() -> None:
    """The text part has all of them."""
    title = "A title that goes on and on " * 4
    email = sent(Unconfirmed(DAY - timedelta(days=1), (a_paper(title),)))

    (named,) = (name for name in links(email) if name.startswith("A title that goes on"))
    assert len(named) <= 60
    assert title.strip() in " ".join(email.text.split())


def test_an_issue_whose_papers_nobody_knows_any_more_is_only_named() -> None:
    """The sentence stands alone."""
    email = sent(lost(0))

    assert SENTENCE in seen(email)
    assert "Its papers" not in email.html
    assert f"{SENTENCE}\n\n\n" in email.text


def test_an_empty_day_says_it_too() -> None:
    """Where nothing else follows."""
    email = sent(lost(), lead=None, sections=())

    for part in (seen(email), email.text):
        assert part.index("No new papers for you today") < part.index(SENTENCE) < part.index("All sources answered")


def test_what_the_issue_is_about_stays() -> None:
    """Subject, preview line, header fields, the count and the minutes are those of today's papers."""
    before, after = sent(None), sent(lost(12, abstract="word " * 500))
    previews = [lxml_html.document_fromstring(each.html).xpath("//body/div[1]")[0] for each in (before, after)]

    assert (after.subject, after.message_id, after.headers) == (before.subject, before.message_id, before.headers)
    assert previews[0].text_content() == previews[1].text_content()
    for part in (seen(after), after.text):
        assert "2 papers worth your time" in part
        assert "About 1 minute to read." in part


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("en", "Your issue of Thursday 19 November may not have reached you."),
        ("de", "Ihre Ausgabe vom Donnerstag, 19. November hat Sie vielleicht nicht erreicht."),
        ("fr", "Votre numéro du jeudi 19 novembre ne vous est peut-être pas parvenu."),
        ("zh", "您11月19日星期四的一期可能没有送达。"),
    ],
)
def test_the_day_is_written_as_the_language_does(code: str, sentence: str) -> None:
    """With its weekday, which is how people know a day of last week."""
    email = sent(lost(), subscriber=a_subscriber(language=code))

    assert sentence in " ".join(email.text.split())
    assert sentence in seen(email)


def test_a_day_of_another_year_says_the_year() -> None:
    """A month alone would mean the last one of its name."""
    email = sent(replace(lost(), day=date(2025, 11, 21)))

    assert "Your issue of Friday 21 Nov 2025 may not" in " ".join(email.text.split())


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
@pytest.mark.parametrize("look", LOOKS)
def test_no_title_of_it_changes_the_shape_of_the_email(attack: str, look: str) -> None:
    """What a source wrote last week is as little trusted as what it writes today."""

    def shape(title: str, url: str) -> list[str]:
        email = sent(Unconfirmed(DAY - timedelta(days=1), (a_paper(title, url=url, authors=()),) * 3), look=look)
        assert (email.html + email.text).encode()
        assert "\nBcc:" not in email.text
        assert sent_bytes(email.html) <= BUDGET_BYTES
        return [str(element.tag) for element in lxml_html.document_fromstring(email.html).iter()]

    assert shape(attack or "harmless", "https://example.org/1") == shape("harmless", "https://example.org/1")
    assert shape("harmless", f"https://example.org/{attack} \n") == shape("harmless", "javascript:alert(1)")


def test_its_titles_fit_a_terminal() -> None:
    """72 columns, but for addresses, in every language."""
    papers = tuple(a_paper(title, url="") for title in ("Words of a title " * 9, "論文の題名" * 30))
    for code in ("en", "de", "fr", "zh"):
        for archive in ("", ARCHIVE):
            email = sent(
                Unconfirmed(DAY - timedelta(days=1), papers),
                a_newsletter(archive=archive),
                subscriber=a_subscriber(language=code),
            )
            lines = (line for line in email.text.splitlines() if "://" not in line and "mailto:" not in line)
            assert max(map(len, lines)) <= 72


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("archive", ["", ARCHIVE])
def test_the_checks_find_nothing_new(look: str, archive: str) -> None:
    """Links have names of their own, contrast holds in both themes, every tag is closed."""
    made = sent(lost(16), a_newsletter(archive=archive), look=look)
    found, before = (
        {finding.rule for finding in check(as_bytes(email)) if finding.severity is Severity.ERROR}
        for email in (made, sent(None, a_newsletter(archive=archive), look=look))
    )

    assert found == before


# ------------------------------------------------------------------ size


def large(count: int) -> Issue:
    """Return an issue of so many papers with long abstracts, better ones first."""
    text = "A sentence of an abstract, long enough to matter. " * 6
    papers = [
        a_match(a_paper(f"Paper {n} of many", abstract=text), score=round(1 - n / count, 9)) for n in range(count)
    ]
    return an_issue(a_section("Trees", *papers), lead=None)


def of_size(count: int, unconfirmed: Unconfirmed | None) -> Email:
    """Return an email of so many papers of today."""
    issue = replace(large(count), unconfirmed=unconfirmed)
    return render(issue, a_newsletter(), compile_templates(), date=NOW, abstract=2)


def just_fits() -> int:
    """Return of how many papers an email is as large as may be, but for two, without a word of any being left out."""
    counts = range(30, 80)
    return max(count for count in counts if of_size(count, None).html.count("long enough to matter") == 2 * count) - 2


def test_its_titles_go_before_a_word_of_today_does() -> None:
    """As few as must, the last ones first; the text part keeps them."""
    count = just_fits()
    email = of_size(count, lost(12))
    named = re.findall(r"Lost (\d+) of many", email.html)

    assert sent_bytes(email.html) <= BUDGET_BYTES
    assert email.html.count("long enough to matter") == of_size(count, None).html.count("long enough to matter")
    assert 0 < len(named) < 12
    assert named == [str(number) for number in range(1, len(named) + 1)]
    assert f"and {12 - len(named)} more papers" in seen(email)
    assert email.text.count("Lost") == 12


@pytest.mark.parametrize("count", [70, 120, 500])
def test_where_no_title_has_room_the_text_part_is_named(count: int) -> None:
    """That the issue may be lost is said all the same, however much today brings."""
    email = of_size(count, lost(16))

    assert sent_bytes(email.html) <= BUDGET_BYTES
    assert f"{SENTENCE} It held 16 papers; see the plain-text part of this email." in seen(email)
    assert "Lost" not in email.html
    assert email.text.count("Lost") == 12


def test_what_can_be_read_by_web_takes_no_room_from_today() -> None:
    """Nothing is folded that is not there."""
    issue = replace(large(60), unconfirmed=lost(16))
    email = render(issue, a_newsletter(archive=ARCHIVE), compile_templates(), date=NOW, abstract=2)

    assert sent_bytes(email.html) <= BUDGET_BYTES
    assert f"{SENTENCE} Read it here" in seen(email)


@pytest.mark.parametrize("room", [0, 1, 7, 12])
def test_titles_are_folded_where_there_is_nothing_else_to_fold(room: int) -> None:
    """On a day without papers, as many are left as there is room for."""
    issue = an_issue(lead=None, sections=(), unconfirmed=lost(12))
    shown = Renderer(a_newsletter(), compile_templates()).view(issue)

    def fill(some: IssueView) -> str:
        return "x" * len(some.unconfirmed.papers) if some.unconfirmed else "nothing"

    assert fit(shown, fill, budget=sent_bytes("x" * room)) == "x" * room
