"""OpenReview: batches of submissions, whose days are those on which they went online."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import bodies_openreview as bodies
import pytest
from damage import check_reading, damaged, twisted
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from newsletter.errors import SourceError
from newsletter.models import Entry, Signals
from newsletter.sources.openreview import MOST_PAGES, PAGE, OpenReview
from newsletter.sources.source import Parsed, Request

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
TODAY = NOW.date()
SOURCE = OpenReview(venues=(bodies.VENUE,))
[REQUEST] = SOURCE.requests(TODAY, now=NOW)
PLACE = REQUEST.address.partition("#")[0]


def parsed(body: bytes, request: Request = REQUEST) -> Parsed:
    """Return what a page gives."""
    return SOURCE.parse(body, request, now=NOW)


def bare(note: dict[str, object]) -> dict[str, object]:
    """Return a note as version 1 of the API writes it."""
    content = note["content"]
    assert isinstance(content, dict)
    return {**note, "content": {name: field["value"] for name, field in content.items()}}


def test_each_venue_is_asked_for_with_the_last_changed_first() -> None:
    """Notes become public weeks after they were created, so the order of creation would hide them."""
    source = OpenReview(venues=("A.cc/2027/Conference", "TMLR", "A.cc/2027/Conference", "B.cc/2027/-/Blind_Submission"))
    asked = [urlsplit(request.address) for request in source.requests(TODAY, now=NOW)]

    assert [parse_qs(one.query) for one in asked] == [
        {"invitation": [name], "limit": ["1000"], "offset": ["0"], "sort": ["tmdate:desc"]}
        for name in ("A.cc/2027/Conference/-/Submission", "TMLR/-/Submission", "B.cc/2027/-/Blind_Submission")
    ]
    assert {(one.scheme, one.netloc, one.path) for one in asked} == {("https", "api2.openreview.net", "/notes")}


def test_today_asks_for_two_days_and_a_back_fill_for_one() -> None:
    """A day ends in UTC while the newsletter's own goes on, so today takes the day before as well."""
    [back_fill] = SOURCE.requests(date(2026, 11, 2), now=NOW)

    assert REQUEST.address.endswith("#2026-11-19..2026-11-20,page=1")
    assert back_fill.address.endswith("#2026-11-02..2026-11-02,page=1")


def test_a_submission_is_read_whole() -> None:
    """Values are unwrapped, formulas survive, the TLDR of nobody knows whom is not used."""
    page = parsed(bodies.notes(bodies.note()))

    assert page == Parsed(
        (
            Entry(
                source="openreview EXAMPLE.cc/2027/Conference",
                place=f"{PLACE}#1",
                title="Sparse gates for long contexts",
                abstract=page.entries[0].abstract,
                raw_abstract=page.entries[0].raw_abstract,
                authors=("Ada Lovelace", "Grace Hopper"),
                url="https://openreview.net/forum?id=aBcD3fGh_1",
                published=date(2026, 11, 19),
                also=("openreview:aBcD3fGh_1",),
                signals=Signals(keywords=("sparsity", "long context"), venue="EXAMPLE 2027 Conference Submission"),
            ),
        )
    )
    assert "a<b" in page.entries[0].abstract
    assert page.entries[0].abstract.endswith("Closed gates cost nothing.")


def test_version_1_of_the_api_is_read_as_well() -> None:
    """There values are not wrapped."""
    assert parsed(bodies.notes(bare(bodies.note()))) == parsed(bodies.notes(bodies.note()))


@pytest.mark.parametrize(
    ("days", "listed"),
    [
        ({"online": "2026-11-18"}, False),
        ({"online": "2026-11-19"}, True),
        ({"online": "2026-11-20"}, True),
        ({"online": "2026-11-21"}, False),
        ({"online": "2026-10-02", "pdate": bodies.milliseconds("2026-11-20", "00:00")}, True),
        ({"odate": None, "cdate": bodies.milliseconds("2026-11-19", "23:59")}, True),
        ({"odate": None, "cdate": bodies.milliseconds("2026-11-18", "23:59")}, False),
        ({"odate": None, "cdate": None, "tcdate": None}, False),
        ({"ddate": bodies.milliseconds("2026-11-20")}, False),
    ],
)
def test_only_what_went_online_or_was_published_on_the_days_is_listed(days: dict[str, str], *, listed: bool) -> None:
    """Most days of a year are empty; a deleted submission is no news."""
    assert len(parsed(bodies.notes(bodies.note(**days))).entries) == listed


def test_a_day_is_that_of_utc() -> None:
    """A minute before midnight belongs to the day before, wherever the newsletter is."""
    [request] = SOURCE.requests(date(2026, 11, 19), now=NOW)
    late = bodies.note("late", odate=bodies.milliseconds("2026-11-19", "23:59"))
    early = bodies.note("early", odate=bodies.milliseconds("2026-11-20", "00:00"))

    assert [entry.also for entry in parsed(bodies.notes(late, early), request).entries] == [("openreview:late",)]


def test_anonymous_authors_are_none() -> None:
    """Under double-blind review names are missing or say so."""
    anonymous = bodies.note()
    anonymous["content"]["authors"] = {"value": ["Anonymous", "Anonymous Authors"]}
    missing = bodies.note("other")
    del missing["content"]["authors"]

    assert [entry.authors for entry in parsed(bodies.notes(anonymous, missing)).entries] == [(), ()]


def test_an_empty_day_is_a_batch_that_has_not_come() -> None:
    """No notes, no entries, nothing more to read, and health says why."""
    assert parsed(bodies.notes()) == Parsed()
    assert "batches" in SOURCE.silence(TODAY, now=NOW).reason
    assert not SOURCE.silence(TODAY, now=NOW).late


def test_a_full_page_leads_to_the_next() -> None:
    """The offset moves by what the page held."""
    body = bodies.notes(*(bodies.note(f"note{number}") for number in range(PAGE)), count=PAGE + 1)
    [following] = parsed(body).more

    assert "offset=1000" in following.address
    assert following.address.endswith("#2026-11-19..2026-11-20,page=2")
    last = parsed(bodies.notes(bodies.note(), count=PAGE + 1), following)
    assert (len(last.entries), last.more) == (1, ())


def test_a_page_that_is_not_full_ends_the_list_unless_more_is_promised() -> None:
    """A mirror may give fewer than were asked for; the count tells."""
    assert parsed(bodies.notes(bodies.note(), count=1)).more == ()
    assert "offset=1&" in parsed(bodies.notes(bodies.note(), count=3)).more[0].address


def test_reading_stops_where_everything_was_changed_before() -> None:
    """Pages come last changed first, so no later page holds news."""
    old = (bodies.note(f"old{number}", online="2026-10-01") for number in range(PAGE))

    assert parsed(bodies.notes(*old, count=9_000)) == Parsed()


def test_pages_end_with_a_warning() -> None:
    """However many notes there are."""
    last = replace(REQUEST, address=REQUEST.address.replace("page=1", f"page={MOST_PAGES}"))
    page = parsed(bodies.notes(bodies.note(), count=10**9), last)

    assert page.more == ()
    assert page.warnings == (f"{PLACE}: more than {MOST_PAGES} pages; only those are read",)


def test_a_submission_without_title_is_told() -> None:
    """It is left out, with its place."""
    nameless = bodies.note()
    nameless["content"]["title"] = {"value": None}

    page = parsed(bodies.notes(bodies.note(), nameless))

    assert page.warnings == (f"{PLACE}#2: no title, so the submission is left out",)
    assert page.left_out == 1


def test_submissions_without_any_date_are_told() -> None:
    """Nobody knows whether they are news; those of other days are, and are not asked for."""
    undated = bodies.note(odate=None, cdate=None, tcdate=None)
    page = parsed(bodies.notes(undated, bodies.note(online="2026-09-01"), undated))

    assert page.warnings == (f"{PLACE}: 2 of 3 submissions have no readable date and are left out",)
    assert (page.entries, page.left_out) == ((), 2)


def test_many_venues_have_a_short_label_that_is_theirs() -> None:
    """Health is kept by it."""
    venues = tuple(f"EXAMPLE.cc/{year}/Conference" for year in range(2020, 2030))
    labels = [OpenReview(venues=venues[:number]).label for number in (1, 9, 10)]

    assert labels[0] == "openreview EXAMPLE.cc/2020/Conference"
    assert labels[1].startswith("openreview EXAMPLE.cc/2020/Conference+EXAMPLE.cc/2021/Conference… (")
    assert labels[1] != labels[2]


def test_a_forum_that_is_none_gives_no_address() -> None:
    """What stands there goes into links."""
    [entry] = parsed(bodies.notes(bodies.note('x"><script>'))).entries

    assert (entry.url, entry.also) == ("", ())


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (bodies.refusal(), "OpenReview answers: The Invitation EXAMPLE.cc/2027/-/Submission was not found"),
        (b"<!doctype html><title>Verify you are human</title>", "a web page instead of data"),
        (b"", "the body is empty"),
        (bodies.notes(bodies.note())[:-9], "not JSON, or breaks off"),
        (b"[" * 5_000, "not JSON"),
        (b"[]", "it holds no notes"),
        (b'{"notes": {}}', "it holds no notes"),
    ],
)
def test_what_is_no_page_of_notes_is_refused(body: bytes, said: str) -> None:
    """With what the service said, the place, and a way out."""
    with pytest.raises(SourceError, match=r"^https://api2\.openreview\.net/notes.*; ") as caught:
        parsed(body)

    assert said in str(caught.value)


def test_another_encoding_is_read() -> None:
    """JSON is UTF-8; what is not still gives its entries."""
    body = bodies.notes(bodies.note()).decode().replace("Ada Lovelace", "Émilie du Châtelet").encode("cp1252")

    assert parsed(body).entries[0].authors == ("Émilie du Châtelet", "Grace Hopper")


@given(damaged(bodies.notes(bodies.note(), bodies.note("b"))) | twisted({"notes": [bodies.note()], "count": 1}))
@settings(max_examples=300, deadline=None)
def test_damage_raises_nothing_but_a_source_error(body: bytes) -> None:
    """Whatever stands where something else should."""
    check_reading(parsed, body)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)))
@settings(max_examples=30)
def test_a_request_says_its_days(day: date) -> None:
    """Of the days a submission may have, exactly those asked for are listed."""
    [request] = SOURCE.requests(day, now=NOW)
    around = [day + timedelta(days=shift) for shift in (-2, -1, 0, 1)]
    body = bodies.notes(*(bodies.note(f"d{one}", online=one.isoformat()) for one in around))
    wanted = [day] if day < TODAY else [day - timedelta(days=1), day]

    assert [entry.published for entry in parsed(body, request).entries] == wanted


def test_what_is_no_venue_is_refused() -> None:
    """The whole address of its page is the likeliest mistake."""
    with pytest.raises(ValidationError, match="what follows id="):
        OpenReview(venues=("https://openreview.net/group?id=ICLR.cc/2027/Conference",))
    with pytest.raises(ValidationError, match="needs a venue"):
        OpenReview(venues=())
