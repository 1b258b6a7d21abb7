"""Crossref: new articles of journals, as publishers register them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import bodies_crossref as bodies
import pytest
from damage import check_reading, damaged, twisted
from hypothesis import given, settings
from pydantic import ValidationError

from newsletter.errors import SourceError
from newsletter.models import Entry, Signals
from newsletter.sources.crossref import MOST_PAGES, ROWS, Crossref
from newsletter.sources.source import Parsed, Request

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
TODAY = NOW.date()
SOURCE = Crossref(issn=("0028-0836",), email="papers@example.org")
[REQUEST] = SOURCE.requests(TODAY, now=NOW)
PLACE = "https://api.crossref.org/journals/0028-0836/works"


def parsed(body: bytes, request: Request = REQUEST) -> Parsed:
    """Return what a page gives."""
    return SOURCE.parse(body, request, now=NOW)


def only(**fields: Any) -> Entry:
    """Return the entry of an article with these fields."""
    [entry] = parsed(bodies.works(bodies.work(**fields))).entries
    return entry


def query(request: Request) -> dict[str, str]:
    """Return the parameters of a request, decoded."""
    return {name: values[0] for name, values in parse_qs(urlsplit(request.address).query).items()}


def test_a_journal_is_asked_for_by_its_issn_and_the_days_of_registration() -> None:
    """Today and the day before, since registration goes on all day."""
    assert REQUEST.address.startswith(f"{PLACE}?")
    assert query(REQUEST) == {
        "filter": "from-created-date:2026-11-19,until-created-date:2026-11-20,type:journal-article",
        "cursor": "*",
        "rows": "200",
        "select": "DOI,title,abstract,author,container-title,published,created,URL,type,relation,subject",
        "mailto": "papers@example.org",
    }
    assert (REQUEST.gate, REQUEST.pause_seconds > 0) == ("api.crossref.org", True)


def test_a_back_fill_asks_for_one_day() -> None:
    """Each journal once, however often it is named."""
    source = Crossref(issn=("0028-0836", "2049-3630", "00280836"))
    requests = source.requests(date(2026, 11, 2), now=NOW)

    assert [urlsplit(request.address).path for request in requests] == [
        "/journals/0028-0836/works",
        "/journals/2049-3630/works",
    ]
    assert query(requests[0])["filter"].startswith("from-created-date:2026-11-02,until-created-date:2026-11-02,")
    assert "mailto" not in query(requests[0])


def test_an_article_is_read_whole() -> None:
    """Markup is gone, each formula stands once, the first author is first, preprints are known."""
    page = parsed(bodies.works(bodies.work()))
    [entry] = page.entries

    assert page.warnings == ()
    assert entry == Entry(
        source="crossref 0028-0836",
        place=f"{PLACE}#1",
        title="Salt & pepper in cold water",
        abstract=entry.abstract,
        raw_abstract=entry.raw_abstract,
        authors=("Ada Lovelace", "Grace Hopper Jr", "The Salt Consortium"),
        url="https://doi.org/10.1234/example.2026.11",
        doi="10.1234/example.2026.11",
        published=date(2026, 11, 18),
        also=("doi:10.1101/2026.03.01.123456", "arxiv:2603.01234"),
        signals=Signals(venue="Letters on Salt & Water", keywords=("Physical Chemistry",)),
    )
    assert (entry.raw_abstract or entry.abstract) == "Salt lowers the freezing point of H2O by $a<b$ degrees."


def test_an_email_address_stays_out_of_places() -> None:
    """Places are logged and mailed to readers."""
    page = parsed(bodies.works(bodies.work(), bodies.work(title=[])))

    assert "papers" not in page.entries[0].place + "".join(page.warnings)
    with pytest.raises(SourceError) as caught:
        parsed(b"Resource not found.")
    assert "papers" not in str(caught.value)


@pytest.mark.parametrize(
    ("published", "found"),
    [
        ({"date-parts": [[2026, 11, 18]]}, date(2026, 11, 18)),
        ({"date-parts": [[2026, 12]]}, date(2026, 11, 19)),
        ({"date-parts": [[2026]]}, date(2026, 11, 19)),
        ({"date-parts": [[None]]}, date(2026, 11, 19)),
        ({"date-parts": [[2026, 2, 30]]}, date(2026, 11, 19)),
        ({"date-parts": [[9999, 1, 1]]}, date(2026, 11, 19)),
        ({"date-parts": []}, date(2026, 11, 19)),
        (None, date(2026, 11, 19)),
    ],
)
def test_a_day_that_is_not_told_is_that_of_registration(published: object, found: date) -> None:
    """Journals tell a month or a year only; no day is made up."""
    assert only(published=published).published == found
    assert only(published=published, created=None).published in {None, date(2026, 11, 18)}


@pytest.mark.parametrize(
    ("title", "shown"),
    [(["One", "Two"], "One"), ("A text", "A text"), (["", "Second"], "Second"), ([None, "Third"], "Third")],
)
def test_a_title_is_the_first_of_a_list(title: object, shown: str) -> None:
    """Crossref writes titles as lists."""
    assert only(title=title).title == shown


def test_an_article_without_title_is_told() -> None:
    """It is left out, with its place."""
    page = parsed(bodies.works(bodies.work(title=[]), None))

    assert (page.entries, page.left_out) == ((), 2)
    assert page.warnings == tuple(f"{PLACE}#{number}: no title, so the article is left out" for number in (1, 2))


def test_many_journals_have_a_short_label_that_is_theirs() -> None:
    """Health and throttling are kept by it: who adds a journal has another source."""
    issn = ("0028-0836", "1476-4687", "0036-8075", "1095-9203", "0027-8424", "1091-6490", "2041-1723", "0031-9007")
    labels = [Crossref(issn=issn[:number]).label for number in (1, 6, 7, 8)]

    assert labels[0] == "crossref 0028-0836"
    assert labels[1] == "crossref 0028-0836+1476-4687+0036-8075+1095-9203+0027-8424+1091-6490"
    assert all(label.startswith("crossref 0028-0836+1476-4687+0036-8075+1095-9203") for label in labels[2:])
    assert len(set(labels)) == 4
    assert max(map(len, labels)) <= 80


def test_a_doi_without_end_is_none() -> None:
    """What is no id is not looked through for one."""
    assert only(DOI="https://" + "10.1234." * 100_000).doi == ""


def test_a_missing_doi_leaves_the_address() -> None:
    """Though a bad address goes as well."""
    assert only(DOI=None).url == "https://doi.org/10.1234/example.2026.11"
    assert only(DOI="none", URL="javascript:alert(1)").url == ""


@pytest.mark.parametrize("letter", ["\\documentclass ", "<jats:alternatives>", "<jats:tex-math>", "<jats:title>", "<"])
def test_an_abstract_of_nothing_but_markup_is_read_in_time(letter: str) -> None:
    """Work grows with the length of the text, not with its square."""
    assert only(abstract=letter * (200_000 // len(letter))).doi


def test_an_empty_day_is_said_so() -> None:
    """Publishers register when they like."""
    assert parsed(bodies.works()) == Parsed()
    assert "registered no articles" in SOURCE.silence(TODAY, now=NOW).reason


def test_a_full_page_leads_to_the_next() -> None:
    """By the cursor, with the same days; a page that is not full is the last one."""
    full = bodies.works(*[bodies.work()] * ROWS, cursor="a+b/c==")
    [following] = parsed(full).more

    assert query(following) == {**query(REQUEST), "cursor": "a+b/c=="}
    assert parsed(bodies.works(bodies.work()), following).more == ()


def test_pages_end_with_a_warning() -> None:
    """A mistake of the service does not keep us reading for ever."""
    full = bodies.works(*[bodies.work()] * ROWS)
    request, pages = REQUEST, 1
    while more := (page := parsed(full, request)).more:
        [request], pages = more, pages + 1

    assert pages == MOST_PAGES
    assert page.warnings == (f"{PLACE}: more than 2000 articles; only those are read",)


def test_a_full_page_without_cursor_is_the_last() -> None:
    """There is nothing to go on with."""
    told = json.loads(bodies.works(*[bodies.work()] * ROWS))
    told["message"]["next-cursor"] = None

    assert parsed(json.dumps(told).encode()).more == ()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (bodies.refusal(), "Integer specified as 9999"),
        (b"Resource not found.", "Resource not found."),
        (b'{"status": "failed", "message": "down"}', "down"),
        (b'{"status": "ok", "message": {"items": null}}', "no list of articles"),
        (b"", "the body is empty"),
        (bodies.works(bodies.work())[:-40], "breaks off"),
        (b"[]", "no list of articles"),
    ],
)
def test_what_is_no_page_of_articles_is_refused(body: bytes, said: str) -> None:
    """With what the service said, the place, and a way out."""
    with pytest.raises(SourceError, match=f"^{PLACE}: .*; ") as caught:
        parsed(body)

    assert said in str(caught.value)


def test_another_encoding_is_read() -> None:
    """JSON is UTF-8; what is not still gives its entries."""
    told = bodies.works(bodies.work(title=["Sel et eau salee"])).replace(b"salee", "salée".encode("latin-1"))

    assert parsed(told).entries[0].title == "Sel et eau salée"


@given(damaged(bodies.works(bodies.work())) | twisted(json.loads(bodies.works(bodies.work()))))
@settings(max_examples=300, deadline=None)
def test_damage_raises_nothing_but_a_source_error(body: bytes) -> None:
    """Whatever stands where something else should."""
    check_reading(parsed, body)


@pytest.mark.parametrize("written", ["00280836", " 0028-0836 ", "ISSN 0028-0836", "issn: 0028-0836"])
def test_an_issn_is_read_however_it_is_written(written: str) -> None:
    """With and without the dash, and in either case."""
    assert Crossref(issn=(written,)).issn == ("0028-0836",)


def test_an_issn_may_end_in_x() -> None:
    """The check digit counts to ten."""
    assert Crossref(issn=("2434-561x",)).issn == ("2434-561X",)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("0028-0837", "after 0028083 comes 6"),
        ("0028-083", "has eight characters"),
        ("٠٠٢٨-٠٨٣٦", "has eight characters"),
        (280836, "must stand in quotes"),
    ],
)
def test_a_mistyped_issn_is_refused(written: object, said: str) -> None:
    """Before Crossref answers that it knows no such journal; YAML may have made a number of it."""
    with pytest.raises(ValidationError, match=said):
        Crossref.model_validate({"issn": [written]})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"issn": ["0028-0837"]}, "after 0028083"),
        ({"issn": []}, "needs a journal"),
        ({"issn": ["0028-0836"], "email": "Ada"}, "not an email address"),
    ],
)
def test_a_mistake_is_told_once(settings: dict[str, object], said: str) -> None:
    """One line for each."""
    with pytest.raises(ValidationError, match=said) as caught:
        Crossref.model_validate(settings)

    assert caught.value.error_count() == 1


def test_a_mirror_is_asked_for_every_page() -> None:
    """The address of the service is a setting."""
    source = Crossref(issn=("0028-0836",), site="https://mirror.example.org/crossref/")
    [first] = source.requests(TODAY, now=NOW)
    [following] = source.parse(bodies.works(*[bodies.work()] * ROWS), first, now=NOW).more

    for request in (first, following):
        assert request.address.startswith("https://mirror.example.org/crossref/journals/0028-0836/works?")
    assert replace(first, address=following.address) == following
