"""Hugging Face's Daily Papers, honest and hostile."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bodies_hf import a_daily_list, a_daily_paper
from hypothesis import given, settings
from hypothesis import strategies as st
from makers import DAY, NOW
from pydantic import ValidationError

from newsletter.errors import SourceError
from newsletter.models import Entry, Signals
from newsletter.sources.huggingface import HuggingFace
from newsletter.sources.source import Parsed, Request, Silence

SOURCE = HuggingFace()
ADDRESS = "https://huggingface.co/api/daily_papers?date=2026-11-20&limit=100"
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=NOW.tzinfo)


def parsed(body: bytes, address: str = ADDRESS) -> Parsed:
    """Return what a body gives."""
    return SOURCE.parse(body, Request(address), now=NOW)


def only(*papers: Any) -> Entry:
    """Return the one entry of a list."""
    [entry] = parsed(a_daily_list(*papers)).entries
    return entry


def asked(day: date, now: datetime) -> list[str]:
    """Return the dates that are asked for."""
    return [request.address.partition("date=")[2][:10] for request in SOURCE.requests(day, now=now)]


def test_a_listed_paper_brings_its_votes_and_links() -> None:
    """What the community says of a paper is kept, with the time at which it was read."""
    assert only(a_daily_paper()) == Entry(
        source="huggingface daily_papers",
        place=f"{ADDRESS}#1",
        title="Draft trees for faster decoding",
        abstract="A small model drafts a tree of tokens. The large one checks it for a<b in a single pass.",
        raw_abstract="A small model drafts a tree of tokens. The large one checks it for $a<b$ in a single pass.",
        authors=("Ada Lovelace", "Grace Hopper"),
        url="https://arxiv.org/abs/2611.01234",
        arxiv_id="2611.01234",
        published=date(2026, 11, 18),
        signals=Signals(
            upvotes=26,
            upvotes_at=NOW,
            submitter="Emmy Noether",
            organization="Analytical Engine Works",
            keywords=("speculative decoding", "draft trees"),
            code_url="https://code.example.org/ada/trees",
            project_url="https://trees.example.org",
            thumbnail_url="https://cdn.example.org/2611.01234.png",
        ),
    )


def test_a_field_may_stand_outside_the_paper() -> None:
    """Where a field stands differs between answers: what the paper lacks is taken from around it."""
    bare = {"id": "2611.01234", "publishedAt": "2026-11-18T00:00:00.000Z"}
    moved = {
        "ai_keywords": ["trees"], "githubRepo": "https://code.example.org/1", "upvotes": 3,
        "authors": [{"name": "Ada Lovelace"}],
    }  # fmt: skip
    entry = only({"paper": bare, "title": "Outside", "summary": "Around it.", **moved})

    assert (entry.title, entry.abstract, entry.authors) == ("Outside", "Around it.", ("Ada Lovelace",))
    assert (entry.signals.keywords, entry.signals.code_url) == (("trees",), "https://code.example.org/1")
    assert entry.signals.upvotes == 3


def test_a_submitter_may_be_named_in_several_ways() -> None:
    """In full, by name, inside the paper, or not at all."""
    by_name = a_daily_paper(submittedBy={"name": "emmy"})
    inside = a_daily_paper(submittedBy=None)
    nobody = a_daily_paper(submittedBy=None, paper={"submittedOnDailyBy": None})
    by_user = a_daily_paper(submittedBy=None, paper={"submittedOnDailyBy": {"user": "emmy"}})

    submitters = [only(paper).signals.submitter for paper in (by_name, inside, nobody, by_user)]
    assert submitters == ["emmy", "Emmy Noether", "", "emmy"]


@pytest.mark.parametrize(
    "told", [None, "many", -1, True, float("nan"), float("inf"), [], {}, 10**400, "9" * 5000], ids=str
)
def test_votes_nobody_told_are_unknown_and_not_zero(told: Any) -> None:
    """What is no count says nothing, and zero says zero."""
    signals = only(a_daily_paper(paper={"upvotes": told})).signals

    assert (signals.upvotes, signals.upvotes_at) == (None, None)
    assert only(a_daily_paper(paper={"upvotes": 0})).signals.upvotes == 0


def test_the_date_is_the_papers_own() -> None:
    """The outer date is that of its listing, days later: it never stands in."""
    assert only(a_daily_paper(paper={"publishedAt": None})).published is None

    page = parsed(a_daily_list(a_daily_paper(paper={"publishedAt": "yesterday"})))
    assert page.entries[0].published is None
    assert page.warnings == (f"{ADDRESS}#1: the date 'yesterday' is not one, so the entry has none",)


@pytest.mark.parametrize(
    ("paper_id", "url"),
    [
        ("math/0309136", ""),
        ("open-letter_1", "https://huggingface.co/papers/open-letter_1"),
        (2611.01234, ""),
        ("../../evil", ""),
        ("a b\n\x00", ""),
        ("\ud800", ""),
        (None, ""),
    ],
    ids=repr,
)
def test_a_paper_that_is_not_on_arxiv_is_kept(paper_id: Any, url: str) -> None:
    """It is linked where it is listed, if it has an id there; a number has lost its zeros."""
    entry = only(a_daily_paper(paper={"id": paper_id}))

    assert (entry.arxiv_id, entry.url) == ("", url)


def test_a_version_in_the_id_is_none_of_the_id() -> None:
    """The id is stored without it."""
    entry = only(a_daily_paper("2611.01234v2"))

    assert (entry.arxiv_id, entry.version) == ("2611.01234", 2)


def test_a_paper_without_title_is_told() -> None:
    """It is left out by its place, and the others stay."""
    untitled = a_daily_paper(title=None, paper={"title": " \u200b"})
    page = parsed(a_daily_list(untitled, 5, None, [], a_daily_paper()))

    assert [entry.place for entry in page.entries] == [f"{ADDRESS}#5"]
    assert page.warnings == tuple(f"{ADDRESS}#{n}: no title, so the entry is left out" for n in (1, 2, 3, 4))
    assert page.left_out == 4


def test_addresses_that_are_none_are_left_out() -> None:
    """A link of another scheme or with a login never reaches a reader."""
    links = {"githubRepo": "javascript:alert(1)", "projectPage": "https://user:secret@example.org"}
    signals = only(a_daily_paper(thumbnail="data:image/png;base64,AA", paper=links)).signals

    assert (signals.code_url, signals.project_url, signals.thumbnail_url) == ("", "", "")


# ------------------------------------------------------------------ which days


def test_today_and_yesterday_are_asked_for() -> None:
    """The list fills during its day, so that of the day before is read again."""
    requests = SOURCE.requests(DAY, now=NOW)

    assert [request.address for request in requests] == [ADDRESS, ADDRESS.replace("20&", "19&")]
    assert {request.accept for request in requests} == {"application/json"}


@pytest.mark.parametrize(
    ("zone", "hour", "dates"),
    [
        ("Asia/Tokyo", 7, ["2026-11-19", "2026-11-18"]),  # the 20th there, and still the 19th in UTC
        ("Asia/Tokyo", 9, ["2026-11-20", "2026-11-19"]),
        ("America/Los_Angeles", 20, ["2026-11-21", "2026-11-20"]),
    ],
)
def test_no_date_is_later_than_todays_in_utc(zone: str, hour: int, dates: list[str]) -> None:
    """The service counts days in UTC and answers 400 to one that has not begun."""
    assert asked(DAY, datetime(2026, 11, 20, hour, 0, tzinfo=ZoneInfo(zone))) == dates


def test_a_past_day_is_asked_for_alone() -> None:
    """A back-fill is of exactly that day."""
    assert asked(date(2026, 11, 3), NOW) == ["2026-11-03"]


def test_a_full_page_is_followed_by_the_next() -> None:
    """Pages count from 0; fifty are full already, because the service may give no more at once."""
    full = a_daily_list(*[a_daily_paper()] * 50)

    assert [request.address for request in parsed(full).more] == [f"{ADDRESS}&p=1"]
    assert [request.address for request in parsed(full, f"{ADDRESS}&p=1").more] == [f"{ADDRESS}&p=2"]
    assert parsed(a_daily_list(*[a_daily_paper()] * 49)).more == ()


def test_pages_end() -> None:
    """A service that repeats itself is not followed for ever, and that is told."""
    body, address, pages = a_daily_list(*[a_daily_paper()] * 100), ADDRESS, 1
    while (page := parsed(body, address)).more:
        address, pages = page.more[0].address, pages + 1

    assert pages == 10
    assert page.warnings == (f"{address}: this list has more than 10 pages; only those are read",)


def test_silence_depends_on_the_day() -> None:
    """Two empty weekdays are strange, weekends and past days are not."""
    weekend = Silence("Hugging Face lists few or no papers at weekends")
    saturday = NOW + timedelta(days=1)

    assert SOURCE.silence(saturday.date(), now=saturday) == weekend
    assert SOURCE.silence(MONDAY.date(), now=MONDAY) == weekend  # yesterday was Sunday
    assert SOURCE.silence(DAY, now=NOW).late
    assert SOURCE.silence(date(2026, 11, 18), now=NOW) == Silence("Hugging Face lists no papers for this day")


# ------------------------------------------------------------------ what is no list


def test_an_empty_list_is_empty() -> None:
    """No entries and no complaint."""
    assert parsed(b"[]") == Parsed()


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b'{"error": "Invalid\\n date"}', 'Hugging Face answers an error: "Invalid date"; the next run tries again'),
        (b"{}", "this is no list of papers; see whether site: is the address of Hugging Face"),
        (b"null", "this is no list of papers; see whether site: is the address of Hugging Face"),
        (b'{"error": ["x"]}', "this is no list of papers; see whether site: is the address of Hugging Face"),
        (b" \n", "the body is empty; the next run tries again"),
        (b"<html>busy</html>", "this is not JSON, or breaks off (<html>busy</html>); the next run tries again"),
    ],
    ids=range(6),
)
def test_what_is_no_list_is_an_error(body: bytes, problem: str) -> None:
    """What the service says is quoted, on one line."""
    with pytest.raises(SourceError) as error:
        parsed(body)

    assert str(error.value) == f"{ADDRESS}: {problem}"


def test_a_body_that_breaks_off_is_an_error() -> None:
    """Half a list is no list: the next run reads it whole."""
    body = a_daily_list(a_daily_paper(), a_daily_paper())

    for length in range(1, len(body) - 1, 97):
        with pytest.raises(SourceError, match="breaks off"):
            parsed(body[:length])


def test_another_encoding_is_read() -> None:
    """Bytes that are no UTF-8 are read as Western European ones."""
    body = json.dumps([a_daily_paper(paper={"title": "Gödel's proof"})], ensure_ascii=False).encode("latin-1")

    assert parsed(body).entries[0].title == "Gödel's proof"


def test_a_very_deep_body_is_an_error() -> None:
    """It neither ends the program nor takes long."""
    with pytest.raises(SourceError):
        parsed(b"[" * 200_000)


def test_another_listing_is_no_setting() -> None:
    """There is one list so far; without any setting it is that one."""
    with pytest.raises(ValidationError, match="daily_papers"):
        HuggingFace.model_validate({"listing": "trending"})

    assert (
        HuggingFace.model_validate({"site": "http://127.0.0.1:1/"})
        .requests(DAY, now=NOW)[0]
        .address.startswith("http://127.0.0.1:1/api/daily_papers?")
    )


_ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("\x00<b>\ud800" * 9),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=6,
)
_FIELDS = st.sampled_from([*a_daily_paper(), *a_daily_paper()["paper"]])


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(_FIELDS, _ODD, max_size=6), st.dictionaries(_FIELDS, _ODD, max_size=6))
def test_a_field_of_any_type_harms_nothing(outer: dict[str, Any], inner: dict[str, Any]) -> None:
    """One odd paper is at most left out, and the one beside it stays."""
    fields = {**outer, "paper": outer.get("paper", inner)}
    odd = {**a_daily_paper(), **fields}
    if isinstance(fields["paper"], dict):
        odd["paper"] = {**a_daily_paper()["paper"], **fields["paper"]}

    page = parsed(a_daily_list(odd, a_daily_paper()))

    assert page.entries[-1].title == "Draft trees for faster decoding"
    assert len(page.entries) + len([line for line in page.warnings if "left out" in line]) == 2


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_body_raises_source_errors_only(data: st.DataObject) -> None:
    """Whatever bytes are lost or changed on the way."""
    body = bytearray(a_daily_list(a_daily_paper(), a_daily_paper()))
    for _ in range(data.draw(st.integers(1, 8))):
        start = data.draw(st.integers(0, len(body)))
        body[start : start + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=5))
    with suppress(SourceError):
        assert all(entry.title for entry in parsed(bytes(body)).entries)
