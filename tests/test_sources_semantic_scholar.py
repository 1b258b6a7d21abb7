"""Semantic Scholar: what it recommends, and papers by their ids."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import bodies_s2 as bodies
import pytest
from damage import check_reading, damaged, twisted
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from newsletter.errors import SourceError, SourceThrottled
from newsletter.models import Entry, Signals
from newsletter.sources.semantic_scholar import MOST_IDS, SemanticScholar
from newsletter.sources.source import Parsed, Request

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
TODAY = NOW.date()
SITE = "https://api.semanticscholar.org"
SOURCE = SemanticScholar.model_validate(
    {"like": ["arxiv:2401.10020", "doi:10.1145/3586037"], "unlike": ["s2:270123456"], "api_key": "a-secret-key"}
)
[LIKE] = SOURCE.requests(TODAY, now=NOW)
NAMED = SemanticScholar.model_validate({"ids": ["arxiv:2611.04321", "pmid:1"]})
[BATCH] = NAMED.requests(TODAY, now=NOW)


def source(**fields: Any) -> SemanticScholar:
    """Return a source of settings as YAML gives them."""
    return SemanticScholar.model_validate(fields)


def parsed(body: bytes, request: Request = LIKE) -> Parsed:
    """Return what a body gives."""
    return SOURCE.parse(body, request, now=NOW)


def test_recommendations_are_asked_for_by_a_post() -> None:
    """Ids in the API's form, the key in a header, one request a second over one connection."""
    assert LIKE.address == (
        f"{SITE}/recommendations/v1/papers/"
        "?fields=title,abstract,authors.name,externalIds,url,venue,publicationDate&limit=100"
    )
    assert json.loads(LIKE.body) == {
        "positivePaperIds": ["ARXIV:2401.10020", "DOI:10.1145/3586037"],
        "negativePaperIds": ["CorpusId:270123456"],
    }
    assert LIKE.headers == (("x-api-key", "a-secret-key"),)
    assert (LIKE.gate, LIKE.pause_seconds) == ("api.semanticscholar.org", 1.0)


def test_a_key_is_never_shown() -> None:
    """Neither by the source nor by its request."""
    assert "a-secret-key" not in repr(SOURCE) + repr(LIKE) + SOURCE.label
    assert BATCH.headers == ()


def test_ids_go_in_batches() -> None:
    """The API takes five hundred at once."""
    requests = source(ids=[f"pmid:{number}" for number in range(1, MOST_IDS + 2)]).requests(TODAY, now=NOW)

    assert [len(json.loads(request.body)["ids"]) for request in requests] == [MOST_IDS, 1]
    assert {request.address.partition("?")[0] for request in requests} == {f"{SITE}/graph/v1/paper/batch"}


def test_a_past_day_cannot_be_asked_for() -> None:
    """What is recommended today says nothing of yesterday, and health says so."""
    yesterday = TODAY - timedelta(days=1)

    assert SOURCE.requests(yesterday, now=NOW) == ()
    assert SOURCE.silence(yesterday, now=NOW).reason == "Semantic Scholar recommends for today only"


def test_a_paper_is_read_with_all_its_ids() -> None:
    """By which other sources' entries are recognised as the same work."""
    page = parsed(bodies.recommended(bodies.paper()))

    assert page == Parsed(
        (
            Entry(
                source="semantic_scholar like ARXIV:2401.10020+DOI:10.1145/3586037",
                place=f"{SITE}/recommendations/v1/papers/#1",
                title="Gradients without tapes",
                abstract="We differentiate programs forwards, and keep no tape.",
                authors=("Emmy Noether", "Ada Lovelace"),
                url="https://arxiv.org/abs/2611.04321",
                arxiv_id="2611.04321",
                doi="10.1234/example.2026.7",
                published=date(2026, 11, 18),
                also=("pmid:31452104", f"s2:{bodies.PAPER_ID}", "s2:270123456"),
                signals=Signals(venue="Example Conference on Programs"),
            ),
        )
    )


def test_a_paper_of_no_archive_keeps_the_address_it_came_with() -> None:
    """Null is what the API writes for what it does not know."""
    [entry] = parsed(
        bodies.recommended(bodies.paper(externalIds=None, abstract=None, publicationDate=None, venue=None))
    ).entries

    assert entry.url == f"https://www.semanticscholar.org/paper/{bodies.PAPER_ID}"
    assert (entry.abstract, entry.published, entry.also) == ("", None, (f"s2:{bodies.PAPER_ID}",))


def test_nothing_recommended_is_an_empty_day() -> None:
    """Not an error."""
    assert parsed(bodies.recommended()) == Parsed()
    assert "recommends nothing" in SOURCE.silence(TODAY, now=NOW).reason


def test_an_id_that_nobody_knows_is_named() -> None:
    """The batch answers in the order it was asked, with null for the unknown."""
    page = parsed(bodies.batch(bodies.paper(), None), BATCH)

    assert [entry.arxiv_id for entry in page.entries] == ["2611.04321"]
    assert page.warnings == (f"{SITE}/graph/v1/paper/batch#2: no paper PMID:1 is known; correct it under ids",)
    assert page.left_out == 0  # it was never there


def test_a_paper_without_title_is_told() -> None:
    """It is left out, with its place."""
    page = parsed(bodies.recommended(bodies.paper(title=None)))

    assert page.warnings == (f"{SITE}/recommendations/v1/papers/#1: no title, so the paper is left out",)
    assert page.left_out == 1


def test_many_papers_have_a_short_label_that_is_theirs() -> None:
    """Health is kept by it."""
    labels = [SemanticScholar(like=tuple(f"arxiv:2401.{n:05}" for n in range(1, last))).label for last in (9, 10)]

    assert labels[0].startswith("semantic_scholar like ARXIV:2401.00001+ARXIV:2401.00002… (")
    assert labels[0] != labels[1]
    assert max(map(len, labels)) <= 80


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (bodies.refusal(), "No valid paper ids given"),
        (b'{"recommendedPapers": null}', "no list of papers"),
        (b"", "the body is empty"),
        (bodies.recommended(bodies.paper())[:-9], "not JSON, or breaks off"),
        (b"<html>Service Unavailable</html>", "not JSON"),
        (b"7", "no list of papers"),
    ],
)
def test_what_is_no_answer_is_refused(body: bytes, said: str) -> None:
    """With what the service said, the place, and a way out."""
    with pytest.raises(SourceError, match=f"^{SITE}/recommendations/v1/papers/: .*; ") as caught:
        parsed(body)

    assert said in str(caught.value)


def test_too_many_requests_is_a_throttle() -> None:
    """Also where it comes with another status than 429; a key helps."""
    with pytest.raises(SourceThrottled, match="a key of your own"):
        parsed(bodies.too_many_requests())


def test_another_encoding_is_read() -> None:
    """JSON is UTF-8; what is not still gives its entries."""
    told = json.dumps({"recommendedPapers": [bodies.paper(title="Émilie’s tapes")]}, ensure_ascii=False)

    assert parsed(told.encode("cp1252")).entries[0].title == "Émilie’s tapes"


@given(damaged(bodies.batch(bodies.paper(), None)) | twisted({"recommendedPapers": [bodies.paper()]}))
@settings(max_examples=300, deadline=None)
def test_damage_raises_nothing_but_a_source_error(body: bytes) -> None:
    """Whatever stands where something else should."""
    for request in (LIKE, BATCH):
        check_reading(partial(parsed, request=request), body)


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("arxiv:2401.10020v2", "ARXIV:2401.10020"),
        ("2401.10020", "ARXIV:2401.10020"),
        ("https://arxiv.org/abs/math/0309136", "ARXIV:math/0309136"),
        ("https://doi.org/10.1145/3586037", "DOI:10.1145/3586037"),
        ("pmid:31452104", "PMID:31452104"),
        ("s2:" + bodies.PAPER_ID.upper(), bodies.PAPER_ID),
        ("CorpusId:270123456", "CorpusId:270123456"),
    ],
)
def test_an_id_is_put_into_the_form_of_the_api(written: str, asked: str) -> None:
    """Whatever form it was copied in."""
    assert source(ids=[written]).ids == (asked,)


@pytest.mark.parametrize("number", [2401.1002, 31452104, True])
def test_a_bare_number_is_refused_with_the_way_to_write_it(number: object) -> None:
    """YAML has dropped its zero already, so nobody knows which paper it was."""
    with pytest.raises(ValidationError, match=r"in quotes and with its prefix, such as 'arxiv:2401.10020'"):
        source(like=[number])


@pytest.mark.parametrize("written", ["", "31452104", "s2:", "pmid:x", "2401.1", "arxiv:"])
def test_what_is_no_id_is_refused(written: str) -> None:
    """With the forms that are."""
    with pytest.raises(ValidationError, match="is no id of a paper"):
        source(like=[written])


@given(st.text(max_size=60))
@settings(max_examples=100)
def test_any_text_is_an_id_or_refused(written: str) -> None:
    """Nothing else comes out of the settings."""
    try:
        [asked] = source(ids=[written]).ids
    except ValidationError:
        return
    assert asked.isprintable()


def test_papers_unlike_some_are_not_enough() -> None:
    """Something to be like, or to list, is needed."""
    with pytest.raises(ValidationError, match="needs like:"):
        source(unlike=["arxiv:2401.10020"])
