"""The look: what every mail program, reader and guideline needs of the templates that ship.

The golden files are one whole email, and the same where answers are read and the issue before may not have arrived.
After a wanted change, write them anew and review their diff like code:
`UPDATE_GOLDEN=1 pytest tests/test_templates.py`
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import pytest
from lxml import html as lxml_html
from makers import (
    DAY,
    NOW,
    a_health,
    a_match,
    a_newsletter,
    a_paper,
    a_reason,
    a_section,
    a_subscriber,
    an_entry,
    an_interest,
    an_issue,
)

from newsletter.models import Email, HealthState, Issue, Reason, ReasonKind, Signals, Unconfirmed
from newsletter.render import compile_templates, render
from newsletter.render.compile import CSS_NAME, DOCUMENTS
from newsletter.render.files import read_sources

GOLDEN = Path(__file__).parent / "data" / "golden"


def everything() -> Issue:
    """Return an issue with one of everything."""
    lead = a_match(
        a_paper("A lead worth reading", abstract="It begins. It goes on. It ends."),
        score=0.9,
        reasons=(a_reason(), a_reason(kind=ReasonKind.AUTHOR, interest="Grace Hopper")),
    )
    shared = a_paper("Shared by a page", authors=(), url="", entries=(an_entry(byline="the community"),), abstract="")
    loud = a_paper(
        "Known to many",
        signals=Signals(
            upvotes=1041, upvotes_at=NOW, venue="NeurIPS 2026", code_url="https://example.org/code?of=trees&more"
        ),
        identities=("arxiv:2611.01234",),
    )
    newer = a_paper("Sent before", version=3)
    update = Reason(ReasonKind.UPDATE, count=3, since=date(2026, 5, 3))
    picked = (
        Reason(ReasonKind.PICK, note="Read section 4 first.", editor="Ada Lovelace"),
        Reason(ReasonKind.VOTES, count=2),
        Reason(ReasonKind.UPVOTES, count=41),
    )
    liked = a_paper("Drawn by hand", summary="We show that a hand draws 3 trees in a minute.", tldr="Hands draw trees.")
    crowd = a_paper("Written by many", authors=("A", "B", "C", "D", "E"), categories=("cs.PL",), version=2)
    return an_issue(
        a_section("Speculative decoding", a_match(), a_match(shared, reasons=(a_reason(kind=ReasonKind.MEANING),))),
        a_section("Trees", a_match(loud), a_match(newer, reasons=(a_reason(), update))),
        a_section(
            "Drawing",
            a_match(
                liked, reasons=(a_reason(kind=ReasonKind.EXAMPLE, interest="arxiv:2401.10020", example="How to draw"),)
            ),
            interest="arxiv:2401.10020",
        ),
        a_section("Types & effects", a_match(crowd, reasons=(a_reason(kind=ReasonKind.CATEGORY, interest="cs.PL"),))),
        lead=lead,
        considered=321,
        subscriber=a_subscriber(interests=(an_interest(), an_interest("cs.PL"))),
        health=(
            a_health(),
            a_health(source="feed Distill", state=HealthState.EMPTY, detail="no entry since Monday"),
            a_health(source="hugging face", state=HealthState.LATE, entries=0, detail="it lists nothing yet"),
            a_health(source="biorxiv", state=HealthState.THROTTLED, again_at=NOW + timedelta(hours=2)),
            a_health(source="feed Types", state=HealthState.FAILED, detail="the server answered 503"),
        ),
        picks=(a_match(a_paper("How to read"), score=0.2, reasons=picked),),
        trending=(a_match(a_paper("How to vote"), score=0.1, reasons=(Reason(ReasonKind.UPVOTES, count=41),)),),
    )


def rendered(issue: Issue, **fields: str) -> Email:
    """Return an issue as the email of a newsletter with an editor."""
    newsletter = a_newsletter(editor="the reading group", **fields)
    return render(issue, newsletter, compile_templates(), date=NOW, readers=14)


@pytest.fixture(scope="module")
def email() -> Email:
    """Return an email with one of everything."""
    return rendered(everything())


@pytest.fixture(scope="module")
def answered() -> Email:
    """Return the email where answers are read and the issue before may not have arrived."""
    before = Unconfirmed(DAY - timedelta(days=1), (a_paper("Lost on the way"), a_paper("Without an address", url="")))
    issue = replace(everything(), unconfirmed=before)
    return rendered(issue, inbox="answers@example.org", unsubscribe="https://example.org/leave?address={email}")


@pytest.fixture(scope="module")
def document(email: Email) -> lxml_html.HtmlElement:
    """Return its HTML part, parsed."""
    return lxml_html.document_fromstring(email.html)


@pytest.mark.parametrize("part", ["html", "text"])
@pytest.mark.parametrize("name", ["issue", "answered"])
def test_the_email_is_the_golden_one(email: Email, answered: Email, name: str, part: str) -> None:
    """Every change of the look is seen in a diff; see the head of this file for how to accept one."""
    # A line for each tag, so that a diff shows what changed.
    some = answered if name == "answered" else email
    made = some.text if part == "text" else re.sub(r">\s*<", ">\n<", some.html) + "\n"
    golden = GOLDEN / f"{name}.{'txt' if part == 'text' else 'html'}"
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.mkdir(parents=True, exist_ok=True)
        golden.write_text(made, encoding="utf-8", newline="\n")

    assert made == golden.read_text(encoding="utf-8")


def test_nothing_is_fetched_when_the_email_is_read(email: Email, document: lxml_html.HtmlElement) -> None:
    """No image, font, style or script from anywhere: only links that a reader follows."""
    addresses = {unescape(found) for found in re.findall(r"""https?://[^\s"'<>)]+""", email.html)}
    links = set(document.xpath("//a/@href"))

    assert document.xpath("//img | //link | //script | //iframe | //form | //*[@src] | //*[@background]") == []
    assert not re.search(r"@import|@font-face|url\(", email.html)
    assert addresses - links == {"http://www.w3.org/1999/xhtml"}  # a namespace, which names and is never fetched


def test_nothing_of_the_templates_is_left_in_the_email(email: Email) -> None:
    """No tag of MJML, no Jinja, no token, no mark of the inliner."""
    assert not re.search(r"<mj-|{{|{%|jx\d{4}xj|data-premailer", email.html)
    assert not re.search(r"{{|{%|&#|&amp;", email.text)


def test_links_go_to_papers_their_code_and_to_the_way_out(document: lxml_html.HtmlElement) -> None:
    """And nowhere else: nobody counts clicks."""
    links = set(document.xpath("//a/@href"))

    assert links == {
        "https://arxiv.org/abs/2611.01234",
        "https://arxiv.org/pdf/2611.01234",
        "https://example.org/code?of=trees&more",
        "https://huggingface.co/papers/2611.01234",
        *(link for link in links if link.startswith("https://arxiv.org/search/?searchtype=title&query=")),
        "mailto:papers@example.org?subject=unsubscribe%20ada@example.org",
    }


def test_every_link_has_words(document: lxml_html.HtmlElement) -> None:
    """A screen reader reads a list of links; each must say where it goes."""
    names = [link.get("aria-label") or str(link.text_content()).strip() for link in document.xpath("//a")]

    assert [name for name in names if len(name) < 8] == []


def test_what_stands_for_words_has_words(document: lxml_html.HtmlElement) -> None:
    """A triangle is nothing to a screen reader; a label begins with what is seen, for who speaks it."""
    (votes,) = document.xpath("//*[@role='img']")
    links = document.xpath("//a[@aria-label]")

    assert (votes.get("aria-label"), votes.text) == ("1,041 upvotes on Hugging Face", "▲\xa01,041")
    assert [(link.get("aria-label"), link.text) for link in links] == [
        ("Find it on arXiv: “Shared by a page”", "Find it on arXiv"),
        ("PDF of “Known to many”", "PDF"),
        ("Code of “Known to many”", "Code"),
        ("Hugging Face on “Known to many”", "Hugging\xa0Face"),
    ]


def test_headings_make_an_outline(document: lxml_html.HtmlElement) -> None:
    """One first level, no level skipped: screen readers jump by them."""
    levels = [int(str(heading.tag)[1]) for heading in document.xpath("//h1 | //h2 | //h3 | //h4")]

    assert levels == [1, 2, 2, 3, 2, 3, 3, 2, 3, 3, 2, 3, 2, 3, 2, 3]


def test_language_direction_and_title_are_declared(document: lxml_html.HtmlElement) -> None:
    """On the document and on its first block, for programs that strip the document away."""
    [article] = document.xpath("//body//div[@role='article']")

    assert (document.get("lang"), document.get("dir")) == ("en", "ltr")
    assert (article.get("lang"), article.get("dir")) == ("en", "ltr")
    assert document.findtext("head/title") == "Daily Papers, Friday, 20 November 2026"


def test_the_doctype_is_that_of_html(email: Email) -> None:
    """Anything else is quirks mode."""
    assert email.html.lower().startswith("<!doctype html>")


def test_layout_tables_are_no_tables_to_a_screen_reader(document: lxml_html.HtmlElement) -> None:
    """Each says it is for looks only."""
    assert [table for table in document.xpath("//table") if table.get("role") != "presentation"] == []


def test_no_text_is_smaller_than_twelve_pixels(email: Email) -> None:
    """But for what holds no text: MJML's frames, and the hidden preheader."""
    sizes = {float(size) for size in re.findall(r"font-size:\s*([\d.]+)px", email.html)}

    assert min(sizes - {0, 1}) >= 12


def test_the_preheader_shows_titles_and_hides_what_follows(document: lxml_html.HtmlElement) -> None:
    """A list of mails shows them after the subject, and then nothing of the body."""
    [preheader] = document.xpath("//body/div[contains(@style, 'display:none')]")
    words, filler = str(preheader.text_content()).split("\u034f", maxsplit=1)

    assert words == "A lead worth reading · How to read · Draft trees for faster decoding"
    assert filler.count("\u034f") >= 60


def test_separators_survive_without_head_styles(document: lxml_html.HtmlElement) -> None:
    """Gmail drops head styles for some accounts; the lines between papers are inline."""
    rows = document.xpath("//td[contains(@class, 'row')]")

    assert len(rows) == 8
    assert all("border-top" in row.get("style") for row in rows)


def test_styles_in_the_head_are_separate_and_small(document: lxml_html.HtmlElement) -> None:
    """Gmail drops a block for one rule it dislikes, and all of them past 16 KB."""
    styles = [str(style.text) for style in document.xpath("//style")]

    assert sum(map(len, styles)) < 4096
    assert sum("prefers-color-scheme" in style for style in styles) == 1
    assert not any("@media" in style and "[data-ogsc]" in style for style in styles)


def test_inline_styles_use_what_mail_programs_know(email: Email) -> None:
    """No layout that Outlook lacks, and nothing for which Gmail drops the attribute."""
    styles = " ".join(re.findall(r'style="([^"]*)"', email.html))

    assert not re.search(r"\b(flex|grid|position|var\(|url\(|calc\()", styles)


def test_conditional_comments_are_balanced(email: Email) -> None:
    """Each that opens for Outlook closes."""
    assert email.html.count("<!--[if") == len(re.findall(r"<!\[endif\]-->", email.html))


def luminance(color: str) -> float:
    """Return the relative luminance of `#rrggbb`: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    channels = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Return the contrast of two colours, 1 to 21."""
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("file", "grounds"),
    [
        ("issue/inline.css", ("#ffffff", "#f3f2ee", "#f5f3ff", "#f0efeb")),
        ("issue/dark.css", ("#16161a", "#212127", "#2b2638")),
    ],
    ids=["light", "dark"],
)
def test_every_text_colour_is_readable_on_every_ground(file: str, grounds: tuple[str, ...]) -> None:
    """Contrast of 4.5 and more: https://www.w3.org/TR/WCAG22/#contrast-minimum"""
    colors = set(re.findall(r"(?<![-\w])color: (#[0-9a-f]{6})", read_sources().by_name()[file]))

    assert len(colors) >= 5
    assert [pair for color in colors for ground in grounds if contrast(*(pair := (color, ground))) < 4.5] == []


def test_the_shipped_templates_never_switch_escaping_off() -> None:
    """Nothing in them calls data safe."""
    sources = read_sources().by_name()

    assert not [name for name, source in sources.items() if re.search(r"\|\s*safe\b|autoescape", source)]


def test_every_shipped_template_is_used() -> None:
    """What no include names is no part of any look or letter."""
    sources = read_sources().by_name()
    included = set(re.findall(r'include "([^"]+)"', " ".join(sources.values())))
    documents = {f"{name}/{name}.{part}.j2" for name in DOCUMENTS for part in ("mjml", "txt")}
    of_looks = {name for name in sources if name.startswith(("gallery/", "plain/", "translations/"))}

    assert set(sources) - included - of_looks == documents | {CSS_NAME}


def test_a_look_replaces_files_of_the_usual_one() -> None:
    """A file of a look that stands for no other would never be seen."""
    names = set(read_sources().by_name())
    own = {name for name in names if name.startswith(("gallery/", "plain/"))}

    assert {f"issue/{name.partition('/')[2]}" for name in own} <= names
