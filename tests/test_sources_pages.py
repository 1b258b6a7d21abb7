"""Saved listing pages."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import DAY, NOW

from newsletter.errors import SourceError
from newsletter.models import Entry
from newsletter.sources.pages import Pages
from newsletter.sources.source import Parsed, Request

DATA = Path(__file__).parent / "data" / "pages"
HEADER = "new\nGet trending papers in your email inbox!\nSubscribe\nbyAK and the research community\nApr 28\n"
ABSTRACT = "We study what happens when nothing is left out, and find that it takes longer. " * 5 + "The end."


def parsed(text: str | bytes, *, today: date = DAY) -> Parsed:
    """Return what a page gives."""
    body = text if isinstance(text, bytes) else text.encode()
    now = datetime.combine(today, time(8), UTC)
    return Pages(path="saved/*.txt").parse(body, Request("page.txt"), now=now)


def titles(page: Parsed) -> list[str]:
    """Return the titles found."""
    return [entry.title for entry in page.entries]


def test_a_page_with_blank_lines_gives_its_titles_and_abstracts() -> None:
    """Furniture, badges and dates between the entries are none of them."""
    page = parsed((DATA / "blank-lines.txt").read_bytes())

    assert titles(page) == [
        "Counting Bridges in Sparse Road Networks",
        "Subscribe to Learn: Notices as a Teaching Signal",
        "Light Schrödinger Crates",
        "New Rulers for Old Rivers",
    ]
    assert page.entries[2].abstract.startswith("Packing crates")
    assert page.entries[2].abstract.endswith("/crates")
    assert page.warnings == ()


def test_a_page_without_blank_lines_gives_its_titles_and_abstracts() -> None:
    """The first title is freed from the button it is glued to; the file ends without a newline."""
    page = parsed((DATA / "glued.txt").read_bytes())

    assert titles(page) == ["KNOT: Untangling Ropes from the Bottom Up", "Deep Shelves"]
    assert [entry.place for entry in page.entries] == ["page.txt:3", "page.txt:5"]
    assert page.entries[1].abstract.endswith("put back more.")


def test_an_entry_carries_its_line_byline_and_day() -> None:
    """The day is the heading above it; without a year it is the most recent one."""
    page = parsed((DATA / "blank-lines.txt").read_bytes())

    assert page.entries[0].place == "page.txt:11"
    assert {entry.byline for entry in page.entries} == {"AK and the research community"}
    assert [entry.published for entry in page.entries] == [date(2026, 4, 28)] * 3 + [date(2026, 4, 27)]


def test_damaged_characters_are_mended() -> None:
    """A saved page shows x2013 for a dash."""
    last = parsed((DATA / "blank-lines.txt").read_bytes()).entries[-1]

    assert "rulers–wooden, brass, laser–by which" in last.abstract
    assert "isn’t" in last.abstract


@pytest.mark.parametrize(
    ("written", "today", "expected"),
    [
        ("Apr 28", date(2026, 4, 28), date(2026, 4, 28)),
        ("Apr 28", date(2026, 4, 27), date(2025, 4, 28)),
        ("December 31", date(2026, 1, 1), date(2025, 12, 31)),
        ("Feb 29", date(2026, 11, 20), date(2024, 2, 29)),
        ("Apr 28, 2023", date(2026, 11, 20), date(2023, 4, 28)),
    ],
)
def test_a_day_without_a_year_is_the_most_recent_one(written: str, today: date, expected: date) -> None:
    """Never one that is still to come."""
    page = parsed(f"{written}\nA Title of Some Kind\n{ABSTRACT}", today=today)

    assert page.entries[0].published == expected


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("\n", "\r").encode(),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("cp1252"),
        lambda text: text.encode("latin-1"),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace("\n", "\n\n \t\n").encode(),
    ],
    ids=["CRLF", "CR", "BOM", "Windows-1252", "Latin-1", "UTF-16", "blank lines"],
)
def test_a_page_is_read_however_it_was_saved(encode: object) -> None:
    """Line ends and encodings of every editor."""
    assert callable(encode)

    page = parsed(encode(f"{HEADER}Café Größen\n{ABSTRACT}\nSecond Title\n{ABSTRACT}\n"))

    assert titles(page) == ["Café Größen", "Second Title"]
    assert page.entries[0].abstract == ABSTRACT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"A Title\n{ABSTRACT}", ["A Title"]),
        (f"SubscribeA Title\n{ABSTRACT}", ["A Title"]),
        (f"{HEADER}SubscribeNet: A Title\n{ABSTRACT}", ["SubscribeNet: A Title"]),
        (f"Get trending papers in your email inbox!\nSubscribeSubscribeNet\n{ABSTRACT}", ["SubscribeNet"]),
        (f"Get trending papers in your email inbox!SubscribeA Title\n{ABSTRACT}", ["A Title"]),
        (f"{HEADER}Subscribers and Their Habits\n{ABSTRACT}", ["Subscribers and Their Habits"]),
        (f"Subscribers and Their Habits\n{ABSTRACT}", ["Subscribers and Their Habits"]),
        (f"{HEADER}New Methods\n{ABSTRACT}\nNewton's Method\n{ABSTRACT}", ["New Methods", "Newton's Method"]),
        (f"{HEADER}One\n{ABSTRACT}\n{HEADER}Two\n{ABSTRACT}", ["One", "Two"]),
        (f"{HEADER}One\n{ABSTRACT}\nnew\nTwo\n{ABSTRACT}\nnew\n", ["One", "Two"]),
        (f"One\nbyAK and the research community\n{ABSTRACT}\nTwo\n{ABSTRACT}", ["One", "Two"]),
        (f"One\n{ABSTRACT}\nby AK and the research community\nTwo\n{ABSTRACT}", ["One", "Two"]),
        (f"{HEADER}One\n{ABSTRACT}\nMay 1\nTwo\n{ABSTRACT}", ["One", "Two"]),
        (f"{HEADER}March of the Models\n{ABSTRACT}\nMay 2 Agents Agree?\n{ABSTRACT}",
         ["March of the Models", "May 2 Agents Agree?"]),
    ],
)  # fmt: skip
def test_no_title_carries_furniture_and_none_loses_a_word(text: str, expected: list[str]) -> None:
    """Headers may be missing, repeated or glued; titles may begin with the same words."""
    page = parsed(text)

    assert titles(page) == expected
    assert {entry.abstract for entry in page.entries} == {ABSTRACT}


def test_a_byline_under_the_entries_is_kept_as_well() -> None:
    """It belongs to those above it."""
    page = parsed(f"One\n{ABSTRACT}\nbyAK and the research community\n")

    assert page.entries[0].byline == "AK and the research community"


def test_a_page_without_byline_and_date_has_neither() -> None:
    """Nothing is made up."""
    entry = parsed(f"One\n{ABSTRACT}").entries[0]

    assert entry == Entry("pages *.txt", "page.txt:1", "One", ABSTRACT)


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_missing_abstract_costs_that_abstract_only(at: int) -> None:
    """The paper is kept, the others keep theirs, and the line is named."""
    lines = ["The First Title", ABSTRACT, "The Second Title", ABSTRACT, "The Third Title", ABSTRACT]
    del lines[2 * at + 1]

    page = parsed("\n".join(lines))

    assert titles(page) == ["The First Title", "The Second Title", "The Third Title"]
    assert [entry.abstract for entry in page.entries] == ["" if number == at else ABSTRACT for number in range(3)]
    assert page.warnings == (f"page.txt:{2 * at + 1}: no abstract under this title",)


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_missing_title_costs_that_paper_only(at: int) -> None:
    """An abstract without a title is nobody's: it is left out, and the line is named."""
    lines = ["The First Title", ABSTRACT, "The Second Title", ABSTRACT, "The Third Title", ABSTRACT]
    del lines[2 * at]

    page = parsed("\n".join(lines))

    assert len(page.entries) == 2
    assert {entry.abstract for entry in page.entries} == {ABSTRACT}
    assert page.warnings == (f"page.txt:{2 * at + 1}: an abstract without a title, left out",)
    assert page.left_out == 1


def test_short_abstracts_and_long_titles_do_not_break_the_turn() -> None:
    """Alternation counts for more than length."""
    long_title = "A Very Long Title That Goes On About Everything It Could Possibly Contain, " * 3 + "And More"
    short = [("Deep Sets", "We sort."), (long_title, "Short."), ("A Third", "Also short, and without a full stop")]

    page = parsed(HEADER + "\n".join(f"{title}\n{abstract}" for title, abstract in short))

    assert [(entry.title, entry.abstract) for entry in page.entries] == short
    assert page.warnings == ()


def test_hostile_lines_become_one_harmless_line_each() -> None:
    """Controls, overrides and templates cannot reach an email."""
    page = parsed(f"A\x00 Title\u202e {{{{ 7*7 }}}}\u2028Bcc: x\x85\n{ABSTRACT}")

    assert titles(page) == ["A Title {{ 7*7 }} Bcc: x"]


@pytest.mark.parametrize("text", ["", "\n \r\n", "\ufeff", HEADER, "new\n\nSubscribe"])
def test_a_page_without_papers_is_an_error_with_its_way_out(text: str) -> None:
    """Nobody waits for papers that never come."""
    with pytest.raises(SourceError, match=r"page\.txt: no papers in this page; save"):
        parsed(text)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<!DOCTYPE html><html><body>Daily Papers</body></html>", "this is HTML; name a saved page"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "this is not text"),
    ],
)
def test_another_kind_of_file_is_an_error_with_its_way_out(body: bytes, message: str) -> None:
    """A picture or a web page is not a listing."""
    with pytest.raises(SourceError, match=message):
        parsed(body)


@given(st.lists(st.sampled_from(["new", "Subscribe", "Apr 28", "A Title", "SubscribeX", ABSTRACT, "", "Short."])))
def test_every_page_is_read_or_refused(lines: list[str]) -> None:
    """Whatever the order of its lines, every title is a line of the page and none is furniture."""
    try:
        page = parsed("\n".join(lines))
    except SourceError:
        return

    assert {"new", "Subscribe", "Apr 28", ""}.isdisjoint(titles(page))


def test_the_source_says_where_its_files_are() -> None:
    """It opens none itself."""
    pages = Pages(path="saved/*.txt")

    assert pages.label == "pages *.txt"
    assert pages.requests(DAY, now=NOW) == (Request("saved/*.txt"),)
