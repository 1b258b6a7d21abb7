"""arXiv's daily announcement."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from makers import DAY
from pydantic import ValidationError

from newsletter.errors import SourceError
from newsletter.models import AnnounceType, Entry, Parsed
from newsletter.sources.arxiv import Arxiv

BODY = (Path(__file__).parent / "data" / "feeds" / "arxiv.xml").read_bytes()
SOURCE = Arxiv(categories=("cs.CL", "cs.LG"))
ADDRESS = "https://rss.arxiv.org/atom/cs.CL+cs.LG"


def parsed(body: bytes = BODY, *, source: Arxiv = SOURCE) -> Parsed:
    """Return what a body gives."""
    return source.parse(body, ADDRESS, today=DAY)


def a_feed(*entries: str, title: str = "cs.CL updates on arXiv.org", subtitle: str = "") -> bytes:
    """Return an Atom feed of the given entries, in the form of arXiv's."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns:arxiv="http://arxiv.org/schemas/atom" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns="http://www.w3.org/2005/Atom">'
        f"<title>{title}</title><subtitle>{subtitle}</subtitle>{''.join(entries)}</feed>"
    ).encode()


def an_item(number: int = 1, announced: str = "new", **fields: str) -> str:
    """Return one entry of arXiv's feed."""
    return (
        f"<entry><id>oai:arXiv.org:2611.{number:05}v1</id><title>{fields.get('title', f'Paper {number}')}</title>"
        f"<summary>arXiv:2611.{number:05}v1 Announce Type: {announced} \nAbstract: Text.</summary>"
        f"<arxiv:announce_type>{announced}</arxiv:announce_type>"
        f"<dc:creator>{fields.get('creator', 'Ada Lovelace')}</dc:creator></entry>"
    )


def test_a_new_paper_is_read_with_everything_the_feed_says() -> None:
    """Formulas and angle brackets survive, accents become characters, the abstract loses its preamble."""
    first = parsed().entries[0]

    assert first == Entry(
        source="arxiv cs.CL+cs.LG",
        place=f"{ADDRESS}#1",
        title="Tokens such as <think> when $a<b$ and $c>d$",
        abstract="For $a<b$ and $c>d$ the marker <think> is kept, and so is n<m<k. A café is mentioned & left alone.",
        authors=("René Example", "Ada B. Sample Jr", "Gösta Muster"),
        url="https://arxiv.org/abs/2611.01234",
        arxiv_id="2611.01234",
        version=1,
        categories=("cs.CL", "cs.AI"),
        announce_type=AnnounceType.NEW,
        published=date(2026, 11, 20),
    )


def test_a_journal_doi_is_kept() -> None:
    """Another source may bring the same work under it."""
    assert parsed().entries[1].doi == "10.1234/example.5"


def test_replacements_are_left_out_unless_asked_for() -> None:
    """A new version is an update, not a new paper."""
    everything = Arxiv(categories=("cs.LG",), announce_types=tuple(AnnounceType))

    assert [entry.arxiv_id for entry in parsed().entries] == ["2611.01234", "2611.00002"]
    assert [entry.version for entry in parsed(source=everything).entries] == [1, 2, 4]


@pytest.mark.parametrize("kinds", [("cross", "new", "replace"), ("replace", "cross", "new"), ("new", "new", "cross")])
def test_a_paper_announced_twice_is_one_entry_of_the_strongest_type(kinds: tuple[str, ...]) -> None:
    """New counts for more than a cross-list, and that for more than a replacement."""
    page = parsed(a_feed(*(an_item(7, kind) for kind in kinds)))

    assert [(entry.arxiv_id, entry.announce_type) for entry in page.entries] == [("2611.00007", AnnounceType.NEW)]


def test_a_saved_feed_of_the_api_has_no_announce_types_and_is_kept() -> None:
    """Author elements, hard line breaks and ids with http are its form."""
    body = a_feed(
        "<entry><id>http://arxiv.org/abs/2611.00009v2</id><title>A title\n  on two lines</title>"
        "<summary>An abstract\n over lines.</summary><published>2026-11-18T09:00:00Z</published>"
        "<author><name>Ada Lovelace</name></author><author><name>Grace Hopper</name></author></entry>"
    )

    [entry] = parsed(body, source=Arxiv(path="saved.xml")).entries

    assert (entry.title, entry.abstract) == ("A title on two lines", "An abstract over lines.")
    assert (entry.arxiv_id, entry.version, entry.published) == ("2611.00009", 2, date(2026, 11, 18))
    assert entry.authors == ("Ada Lovelace", "Grace Hopper")


@pytest.mark.parametrize(
    ("creator", "names"),
    [
        ("Ada Lovelace", ("Ada Lovelace",)),
        ("Ada Lovelace, Jr., Grace Hopper III", ("Ada Lovelace Jr.", "Grace Hopper III")),
        ("A One (X, Y (Z, W), V), B Two", ("A One", "B Two")),
        ("A One (never closed, B Two", ("A One",)),
        ("A One), B Two", ("A One)", "B Two")),
        ("The Example Collaboration, A One", ("The Example Collaboration", "A One")),
        (r"Paul Andr\'e, \L{}ukasz Muster", ("Paul André", "Łukasz Muster")),
        ("A\u202e One, \u200b, B Two", ("A One", "B Two")),
        ("", ()),
        (
            ", ".join(f"Author Number{number}" for number in range(2000)),
            tuple(f"Author Number{n}" for n in range(2000)),
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_the_creator_string_is_split_at_names_only(creator: str, names: tuple[str, ...]) -> None:
    """Affiliations hold commas, and suffixes belong to the name before."""
    assert parsed(a_feed(an_item(creator=creator))).entries[0].authors == names


def test_an_empty_feed_has_no_entries_and_no_warnings() -> None:
    """Weekends and holidays look like this."""
    assert parsed(a_feed()) == Parsed(())


def test_a_refused_query_is_an_error_with_arxivs_own_words() -> None:
    """One bad category fails the whole request, and arXiv lists the good ones."""
    body = a_feed(title="Feed error for query: cs.zz", subtitle="Bad subject class 'zz'. Valid classes are: cs.AI")

    with pytest.raises(SourceError, match=r"Feed error for query: cs.zz. Bad subject class.*correct the categories"):
        parsed(body)


def test_an_error_of_the_api_is_an_error() -> None:
    """It comes as a feed of one entry."""
    item = "<entry><id>https://arxiv.org/api/errors#x</id><title>Error</title><summary>malformed id</summary></entry>"

    with pytest.raises(SourceError, match="arXiv answers an error: malformed id"):
        parsed(a_feed(item))


def test_a_feed_near_arxivs_limit_warns_that_new_papers_are_cut() -> None:
    """The way out is a second source."""
    page = parsed(a_feed(*(an_item(number) for number in range(1, 1901))))

    assert len(page.entries) == 1900
    assert "arXiv cuts at 2000; name some of the categories in a second arxiv source" in page.warnings[0]


def test_an_entry_without_title_is_left_out_with_a_warning() -> None:
    """The others are kept."""
    page = parsed(a_feed(an_item(1, title=" "), an_item(2)))

    assert [entry.arxiv_id for entry in page.entries] == ["2611.00002"]
    assert page.warnings == (f"{ADDRESS}#1: no title, so the entry is left out",)


def test_all_categories_are_asked_for_in_one_request() -> None:
    """In arXiv's spelling, each once."""
    source = Arxiv(categories=("cs.lg", "CS.CL", "cs.LG", "hep-th"))

    assert source.locations(DAY) == ("https://rss.arxiv.org/atom/cs.LG+cs.CL+hep-th",)
    assert source.label == "arxiv cs.LG+cs.CL+hep-th"


def test_a_saved_feed_is_read_from_its_path() -> None:
    """It rests on no weekend."""
    source = Arxiv(path="sample:arxiv.xml")

    assert (source.locations(DAY), source.label) == (("sample:arxiv.xml",), "arxiv sample:arxiv.xml")
    assert source.silence(date(2026, 11, 21)) == ""


@pytest.mark.parametrize(("day", "silent"), [(20, False), (21, True), (22, True), (23, False)])
def test_arxiv_rests_on_saturday_and_sunday(*, day: int, silent: bool) -> None:
    """An empty feed is then no failure."""
    said = SOURCE.silence(date(2026, 11, day))

    assert said == ("arXiv announces nothing on Saturday and Sunday" if silent else "")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"categories": ["cs.ML"]}, '"cs.ML" is not an arXiv category; did you mean'),
        ({"categories": ["machine learning"]}, "see https://arxiv.org/category_taxonomy"),
        ({"categories": ["cs.LG&x=1"]}, "is not an arXiv category; did you mean cs.LG"),
        ({}, "arxiv needs categories:"),
        ({"categories": ["cs.LG"], "path": "x.xml"}, "one of the two"),
        ({"categories": ["cs.LG"], "announce_types": []}, "at least 1 item"),
        ({"categories": ["cs.LG"], "announce_types": ["old"]}, "'new', 'cross', 'replace' or 'replace-cross'"),
        ({"categories": ["cs.LG"], "category": "x"}, "Extra inputs"),
    ],
)
def test_a_mistake_in_the_settings_says_the_way_out(fields: dict[str, object], message: str) -> None:
    """Before any request is made."""
    with pytest.raises(ValidationError, match=message.replace("(", r"\(")):
        Arxiv.model_validate(fields)
