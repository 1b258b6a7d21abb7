"""Which line of a template wrote a line of an email: the right one, or none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from makers import NOW, a_match, a_newsletter, a_paper, a_section, an_issue

from newsletter.models import Email, Issue
from newsletter.render import Renderer, Traced, compile_templates
from newsletter.render.files import read_sources
from newsletter.render.protect import Place
from newsletter.sample.cases import cases

NEWSLETTER = a_newsletter(editor="Ada Lovelace")
LANGUAGES = ("en", "de", "fr", "zh")


def traced(issue: Issue, *, look: str = "issue", overrides: Path | None = None) -> tuple[Email, Traced]:
    """Return an email, and where it was written."""
    renderer = Renderer(NEWSLETTER, compile_templates(overrides, look=look), readers=3)
    return renderer.render(issue, date=NOW), renderer.trace(issue, date=NOW)


def source_of(place: Place) -> str:
    """Return a line of the templates that ship."""
    return dict(read_sources().texts)[place.template].split("\n")[place.line - 1]


@pytest.mark.parametrize("look", ["issue", "plain", "gallery"])
@pytest.mark.parametrize("name", cases())
def test_every_line_has_a_place(name: str, look: str) -> None:
    """In every language, of both parts, shortened or not."""
    for code in LANGUAGES:
        issue = cases()[name]
        issue = replace(issue, subscriber=replace(issue.subscriber, language=code))
        email, places = traced(issue, look=look)

        assert len(places.html) == (email.html.count("\n") + 1 if email.html else 0)
        assert len(places.text) == email.text.count("\n") + 1
        assert all(place.line > 0 for place in (*places.html, *places.text))


MARKUP = {
    "issue": (
        "h3 class=",
        "h1 class=",
        'class="brand"',
        'p class="meta"',
        'p class="foot-note"',
        'p class="why"',
        "h2 class=",
    ),
    "plain": ("h3 class=", "h1 class=", 'p class="meta"', 'p class="foot-note"', "h2 class="),
    "gallery": ("h3 class=", "h1 class=", 'class="brand"', 'p class="meta"', 'p class="foot-note"', "h2 class="),
}


@pytest.mark.parametrize("look", MARKUP)
@pytest.mark.parametrize("name", ["everything", "hundred papers", "hostile"])
def test_html_was_written_where_its_markup_stands(name: str, look: str) -> None:
    """What an author would search for is on the line that is named: titles, reasons, masthead, footer, headings."""
    email, places = traced(cases()[name], look=look)
    found = set[str]()
    for tag in MARKUP[look]:
        start = -1
        while (start := email.html.find(f"<{tag}" if tag[0] != "c" else tag, start + 1)) >= 0:
            place = places.at("html", start)
            assert place
            assert tag in source_of(place), (tag, place)
            found.add(tag)

    assert found >= set(MARKUP[look]) - {"h2 class="}


def test_a_line_of_html_has_the_place_of_its_beginning() -> None:
    """In the words of the lines themselves."""
    email, places = traced(cases()["everything"])
    lines = list(zip(email.html.split("\n"), places.html, strict=True))
    named = {place.template for line, place in lines if line.startswith("<h3")}

    assert named == {"issue/title.html.j2"}
    assert all("href=" in source_of(place) for line, place in lines if line.startswith("<a "))


@pytest.mark.parametrize(
    ("name", "line", "template", "markup"),
    [
        ("everything", "https://arxiv.org/abs/2611.00001", "issue/paper.txt.j2", "facts.url"),
        ("everything", "=====", "issue/issue.txt.j2", "underline"),
        ("everything", "     > Matches", "issue/paper.txt.j2", "sentence | wrap"),
        ("hundred papers", "     PDF: ", "issue/paper.txt.j2", "pdf_url"),
    ],
)
def test_text_was_written_where_its_expression_stands(name: str, line: str, template: str, markup: str) -> None:
    """What a filter wrapped belongs to the line that asked for it."""
    email, places = traced(cases()[name])
    found = [place for each, place in zip(email.text.split("\n"), places.text, strict=True) if line in each]

    assert found
    assert {place.template for place in found} == {template}
    assert all(markup in source_of(place) for place in found)


def test_a_shortened_email_is_traced_as_it_was_shortened() -> None:
    """The view it settled on is that of the email."""
    papers = (a_match(a_paper(f"Trees of drafts, part {number} of very many", id=str(number))) for number in range(500))
    email, places = traced(an_issue(a_section("Trees", *papers)))
    place = places.at("html", email.html.index(" more papers"))

    assert place
    assert place.template == "issue/more.mjml.j2"


def test_a_look_s_own_file_is_named() -> None:
    """As its author knows it."""
    _, places = traced(cases()["everything"], look="plain")

    assert "plain/issue.mjml.j2" in {place.template for place in places.html}
    assert not {"issue/heading.html.j2", "issue/issue.mjml.j2"} & {place.template for place in places.html}


def test_who_reads_text_only_has_no_place_in_html() -> None:
    """There is none."""
    issue = cases()["everything"]
    email, places = traced(replace(issue, subscriber=replace(issue.subscriber, text_only=True)))

    assert (places.html, places.at("html", 0)) == ((), None)
    assert len(places.text) == email.text.count("\n") + 1


def test_an_edit_that_moves_lines_moves_places(tmp_path: Path) -> None:
    """Also where nothing had to be compiled anew."""
    (tmp_path / "issue").mkdir()
    name = "issue/title.html.j2"
    (tmp_path / name).write_text("{# a\n\n#}\n" + dict(read_sources().texts)[name], encoding="utf-8")
    (email, before), (same, after) = (traced(cases()["everything"], overrides=some) for some in (None, tmp_path))

    def lines(places: Traced) -> set[int]:
        return {place.line for place in places.html if place.template == name}

    assert email.html == same.html
    assert {line + 3 for line in lines(before)} == lines(after)
