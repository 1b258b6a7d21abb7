"""bioRxiv and medRxiv, honest and hostile."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bodies_rxiv import a_details_page, a_preprint, no_posts
from hypothesis import given, settings
from hypothesis import strategies as st
from makers import DAY, NOW
from pydantic import ValidationError

from newsletter.errors import SourceError
from newsletter.models import Entry
from newsletter.sources.biorxiv import Biorxiv, Medrxiv
from newsletter.sources.source import Parsed, Request, Silence

SOURCE = Biorxiv()
ADDRESS = "https://api.biorxiv.org/details/biorxiv/2026-11-19/2026-11-20/0/json"


def at(cursor: int) -> str:
    """Return the address of a page."""
    return ADDRESS.replace("/0/json", f"/{cursor}/json")


def parsed(body: bytes, address: str = ADDRESS, *, source: Biorxiv = SOURCE) -> Parsed:
    """Return what a body gives."""
    return source.parse(body, Request(address), now=NOW)


def only(**fields: Any) -> Entry:
    """Return the entry of one paper."""
    [entry] = parsed(a_details_page(a_preprint(**fields))).entries
    return entry


def test_a_preprint_is_read() -> None:
    """Authors are turned, the version is a number, and the link leads to it."""
    assert only(version="2") == Entry(
        source="biorxiv",
        place=f"{ADDRESS}#1",
        title="Wing veins fold by tension",
        abstract="Veins fold before wings do. We measure the tension.",
        authors=("A. Lovelace", "G. B. Hopper"),
        url="https://www.biorxiv.org/content/10.1101/2026.11.19.654321v2",
        version=2,
        doi="10.1101/2026.11.19.654321",
        categories=("developmental biology",),
        published=date(2026, 11, 19),
    )


def test_medrxiv_is_the_same_interface() -> None:
    """Only the server's name differs, in address and link."""
    source = Medrxiv()
    request = source.requests(DAY, now=NOW)[0]
    [entry] = source.parse(a_details_page(a_preprint(server="medrxiv")), request, now=NOW).entries

    assert request.address == ADDRESS.replace("details/biorxiv", "details/medrxiv")
    assert (entry.source, entry.url) == ("medrxiv", "https://www.medrxiv.org/content/10.1101/2026.11.19.654321v1")


@pytest.mark.parametrize(
    ("told", "also"), [("NA", ()), ("", ()), (None, ()), ("10.1234/Wings", ("doi:10.1234/wings",))]
)
def test_a_journals_doi_stands_beside_the_preprints(told: Any, also: tuple[str, ...]) -> None:
    """The same work is recognised when the journal announces it."""
    assert only(published=told).also == also


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-6-30", date(2026, 6, 30)),
        ("2026-11-9", date(2026, 11, 9)),
        ("2026-02-30", None),
        ("soon", None),
        ([], None),
        (None, None),
    ],
    ids=repr,
)
def test_dates_without_zeros_are_dates(written: Any, day: date | None) -> None:
    """They are read and never compared as text."""
    assert only(date=written).published == day


@pytest.mark.parametrize(
    ("version", "number", "end"),
    [("3", 3, "v3"), (2, 2, "v2"), ("", 0, ""), (None, 0, ""), (-1, 0, ""), (10**30, 0, ""), ([3], 0, "")],
    ids=repr,
)
def test_a_version_is_a_small_number(version: Any, number: int, end: str) -> None:
    """Anything else is unknown, and the link leads to the latest."""
    entry = only(version=version)

    assert (entry.version, entry.url) == (number, f"https://www.biorxiv.org/content/10.1101/2026.11.19.654321{end}")


def test_a_single_author_with_particles_is_one_person() -> None:
    """The interface separates people by semicolons and nothing else."""
    assert only(authors="van der Berg, Ada Maria").authors == ("Ada Maria van der Berg",)
    assert only(authors="The Wing Consortium; Noether, E.;").authors == ("The Wing Consortium", "E. Noether")


@pytest.mark.parametrize(
    ("abstract", "shown"),
    [
        ("AO_SCPLOWBSTRACTC_SCPLOWVeins fold.", "Veins fold."),
        ("O_ST_ABSAimC_ST_ABSTo fold. O_ST_ABSResultsC_ST_ABSA lot.", "Aim: To fold. Results: A lot."),
        ("BackgroundVeins fold.\n\nResultsThey do. MethodsX is a journal.",
         "Background: Veins fold. Results: They do. MethodsX is a journal."),
        ("One. O_LITwoC_LIO_LIThreeC_LI", "One. Two Three"),
        ("Fold. O_FIG O_LINKSMALLFIG WIDTH=200 SRC=x.gif C_LINKSMALLFIG C_FIG Unfold.", "Fold. Unfold."),
        ("We use MO_SCPLOWETAC_SCPLOWMO_SCPLOWUSEC_SCPLOW.", "We use METAMUSE."),
        ("<jats:p>In <i>E. coli</i>, 10<sup>5</sup> &lt; n.</jats:p>", "In E. coli, 10⁵ < n."),
        ("Summary statistics of Resultsets.", "Summary statistics of Resultsets."),
    ],
    ids=range(8),
)  # fmt: skip
def test_markup_and_the_publishers_codes_go(abstract: str, shown: str) -> None:
    """What is glued to a code or a heading stands apart again, and other words stay as they are."""
    assert only(abstract=abstract).abstract == shown


# ------------------------------------------------------------------ days and categories


def test_today_and_the_day_before_are_asked_for() -> None:
    """In one request for all categories; a back-fill is of exactly its day."""
    several = Biorxiv(categories=("Neuroscience", "cell_biology"))

    assert [request.address for request in several.requests(DAY, now=NOW)] == [ADDRESS]
    assert [request.address for request in SOURCE.requests(date(2026, 11, 3), now=NOW)] == [
        "https://api.biorxiv.org/details/biorxiv/2026-11-03/2026-11-03/0/json"
    ]


def test_a_day_that_has_not_ended_in_new_york_is_asked_for_again() -> None:
    """Early in Tokyo it is still yesterday at bioRxiv, so that what was posted since is read with the next."""
    now = datetime(2026, 11, 20, 8, 0, tzinfo=ZoneInfo("Asia/Tokyo"))

    assert "/2026-11-18/2026-11-20/0/json" in SOURCE.requests(DAY, now=now)[0].address


def test_one_category_is_picked_by_the_service() -> None:
    """Unless its name has signs that the service may write in another way."""
    assert Biorxiv(categories=("Cell Biology",)).requests(DAY, now=NOW)[0].address == f"{ADDRESS}?category=cell_biology"
    assert "?" not in Medrxiv(categories=("HIV/AIDS",)).requests(DAY, now=NOW)[0].address


def test_several_categories_are_picked_here() -> None:
    """However the paper writes them; one that names none is kept."""
    source = Biorxiv(categories=("neuroscience", "animal behavior and cognition"))
    told = ("Neuroscience", "animal_behavior_and_cognition", "Animal Behavior & Cognition", "zoology", "", None, 7)
    page = parsed(a_details_page(*[a_preprint(category=one) for one in told]), source=source)

    assert source.label == "biorxiv neuroscience+animal behavior and cognition"
    assert [entry.categories for entry in page.entries] == [
        ("neuroscience",), ("animal behavior and cognition",), ("animal behavior and cognition",), (), ()
    ]  # fmt: skip


@pytest.mark.parametrize("written", ["hiv_aids", "HIV/AIDS", "hivaids", "Hiv Aids"])
def test_a_category_may_be_written_in_any_way(written: str) -> None:
    """Case, spaces and signs do not count."""
    assert Medrxiv(categories=(written, written)).categories == ("hiv/aids",)


@pytest.mark.parametrize(
    ("source", "written", "hint"),
    [
        (Biorxiv, "neurosciense", "is not a bioRxiv category; did you mean neuroscience?"),
        (Biorxiv, "cardiovascular medicine", "it is one of medRxiv, so it goes under medrxiv:"),
        (Medrxiv, "zoology", "it is one of bioRxiv, so it goes under biorxiv:"),
        (Biorxiv, "cs.LG", "see https://www.biorxiv.org"),
    ],
)
def test_an_unknown_category_is_a_mistake_with_a_way_out(source: type[Biorxiv], written: str, hint: str) -> None:
    """A person is told what they may have meant."""
    with pytest.raises(ValidationError) as error:
        source(categories=(written,))

    assert hint in str(error.value)


def test_silence_depends_on_the_day() -> None:
    """Weekends are sparse; a whole server without papers on weekdays is late."""
    saturday, monday = NOW + timedelta(days=1), NOW + timedelta(days=3)

    assert SOURCE.silence(saturday.date(), now=saturday) == Silence("bioRxiv posts few papers at weekends")
    assert SOURCE.silence(monday.date(), now=monday) == Silence("bioRxiv posts few papers at weekends")
    assert Biorxiv(categories=("zoology",)).silence(DAY, now=NOW) == Silence(
        "bioRxiv posted nothing in these categories"
    )
    assert SOURCE.silence(DAY, now=NOW) == Silence("bioRxiv lists nothing, though it posts on weekdays", late=True)
    assert not SOURCE.silence(date(2026, 11, 18), now=NOW).late


# ------------------------------------------------------------------ pages


@pytest.mark.parametrize("number", [int, str])
@pytest.mark.parametrize("size", [30, 100])
def test_the_next_page_begins_after_what_this_one_held(size: int, number: type[int | str]) -> None:
    """Sizes differ, and numbers may be written as strings."""
    papers = [a_preprint() for _ in range(size)]
    first = parsed(a_details_page(*papers, cursor=number(0), total=number(2 * size), count=number(size)))
    second = parsed(a_details_page(*papers, cursor=number(size), total=number(2 * size)), first.more[0].address)

    assert [request.address for request in first.more] == [at(size)]
    assert (second.more, second.warnings) == ((), ())


def test_a_category_stays_in_the_address_of_the_next_page() -> None:
    """Or the next page would be one of all papers."""
    source = Biorxiv(categories=("developmental biology",))
    request = source.requests(DAY, now=NOW)[0]
    page = source.parse(a_details_page(a_preprint(), total=2), request, now=NOW)

    assert [one.address for one in page.more] == [at(1) + "?category=developmental_biology"]


def test_a_count_that_is_the_total_skips_nothing() -> None:
    """The next page begins where the papers of this one end."""
    page = parsed(a_details_page(*[a_preprint()] * 30, count=90, total=90))

    assert [request.address for request in page.more] == [at(30)]


@pytest.mark.parametrize(
    ("body", "address", "problem"),
    [
        (a_details_page(a_preprint(), cursor=0, total=90), at(30), "those after the first 31 are not read: it repeats"),
        (a_details_page(a_preprint(), cursor=200, total=900), at(200), "that would be too many pages"),
        (a_details_page(a_preprint(), count=0, total=9), at(0), "this page holds none"),
        (a_details_page(total=9), at(0), "this page holds none"),
        (a_details_page(a_preprint(), total="many"), at(0), "it does not say how many papers there are"),
        (no_posts(), at(30), "no papers here, though the page before announced more"),
    ],
    ids=range(6),
)
def test_pages_end_and_what_is_missing_is_told(body: bytes, address: str, problem: str) -> None:
    """A service that counts badly is neither followed for ever nor believed in silence."""
    page = parsed(body, address)

    assert page.more == ()
    assert len(page.warnings) == 1
    assert problem in page.warnings[0]


def test_pages_of_one_paper_end() -> None:
    """However large the total, the number of requests has a bound."""
    address, pages = ADDRESS, 1
    while more := parsed(a_details_page(a_preprint(), cursor=pages - 1, total=10**9), address).more:
        address, pages = more[0].address, pages + 1

    assert pages == 100


# ------------------------------------------------------------------ what is no page


@pytest.mark.parametrize("status", ["no posts found", "No posts found", "no papers found for this interval"])
def test_nothing_posted_is_empty(status: str) -> None:
    """It is an answer and no error."""
    assert parsed(no_posts().replace(b"no posts found", status.encode())) == Parsed()


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b'{"messages": [{"status": "Error: bad interval"}]}', 'it answers "Error: bad interval"; the next run'),
        (b"{}", "neither messages nor papers in this"),
        (b"[]", "neither messages nor papers in this"),
        (b'{"messages": 5, "collection": null}', "neither messages nor papers in this"),
        (b"", "the body is empty"),
        (b"<html><body>502</body></html>", "this is not JSON"),
        (b"[" * 200_000, "this is not JSON"),
    ],
    ids=range(7),
)
def test_what_is_no_page_is_an_error(body: bytes, problem: str) -> None:
    """What the service says is quoted."""
    with pytest.raises(SourceError) as error:
        parsed(body)

    assert str(error.value).startswith(f"{ADDRESS}: ")
    assert problem in str(error.value)


def test_a_body_that_breaks_off_is_an_error() -> None:
    """Half a page would lose the rest in silence."""
    body = a_details_page(a_preprint(), a_preprint())

    for length in range(1, len(body) - 1, 97):
        with pytest.raises(SourceError, match="breaks off"):
            parsed(body[:length])


def test_another_encoding_is_read() -> None:
    """Bytes that are no UTF-8 are read as Western European ones."""
    page = {"messages": [{"status": "ok", "count": 1, "total": 1}], "collection": [a_preprint(authors="Gödel, K.")]}

    assert parsed(json.dumps(page, ensure_ascii=False).encode("latin-1")).entries[0].authors == ("K. Gödel",)


def test_a_paper_without_title_is_told() -> None:
    """It is left out by its place, and the others stay."""
    page = parsed(a_details_page(a_preprint(title=None), "paper", a_preprint()))

    assert [entry.place for entry in page.entries] == [f"{ADDRESS}#3"]
    assert page.warnings == tuple(f"{ADDRESS}#{number}: no title, so the entry is left out" for number in (1, 2))
    assert page.left_out == 2


def test_papers_of_other_categories_are_not_counted_as_left_out() -> None:
    """Nobody asked for them."""
    source = Biorxiv(categories=("zoology", "ecology"))
    page = source.parse(a_details_page(a_preprint(category="genetics")), Request(ADDRESS), now=NOW)

    assert page == Parsed()


_ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("\x00<b>\ud800O_FIG" * 9),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(a_preprint())), _ODD, max_size=6),
    st.dictionaries(st.sampled_from(["status", "cursor", "count", "total"]), _ODD, max_size=4),
)
def test_a_field_of_any_type_harms_nothing(fields: dict[str, Any], message: dict[str, Any]) -> None:
    """One odd paper is at most left out, and the one beside it stays."""
    page = parsed(a_details_page(a_preprint(**fields), a_preprint(), **{"total": 9, **message}))

    assert page.entries[-1].title == "Wing veins fold by tension"
    assert len(page.entries) + len([line for line in page.warnings if "left out" in line]) == 2
    assert all(request.address != ADDRESS for request in page.more)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_body_raises_source_errors_only(data: st.DataObject) -> None:
    """Whatever bytes are lost or changed on the way."""
    body = bytearray(a_details_page(a_preprint(), a_preprint(abstract="O_ST_ABSAimC_ST_ABSTo fold."), total=3))
    for _ in range(data.draw(st.integers(1, 8))):
        start = data.draw(st.integers(0, len(body)))
        body[start : start + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=5))
    with suppress(SourceError):
        assert all(entry.title for entry in parsed(bytes(body)).entries)
