"""PubMed's searches and papers, honest and hostile."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from bodies_pubmed import a_book_article, an_article, an_efetch_xml, an_error_xml, an_esearch, too_many_requests
from hypothesis import given, settings
from hypothesis import strategies as st
from makers import DAY, NOW
from pydantic import ValidationError

from newsletter.errors import SourceError, SourceThrottled
from newsletter.models import Entry, Signals
from newsletter.sources.pubmed import PubMed
from newsletter.sources.source import Parsed, Request, Silence

SEARCH = "graph neural network AND protein"
SOURCE = PubMed(search=SEARCH, email="ada@example.org")
SITE = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"
FOUND = f"{SITE}/esearch.fcgi"
FETCHED = f"{SITE}/efetch.fcgi"


def params(request: Request) -> dict[str, str]:
    """Return what a request asks."""
    return {name: values[0] for name, values in parse_qs(urlsplit(request.address).query).items()}


def searched(body: bytes, *, start: int = 0) -> Parsed:
    """Return what a page of ids gives."""
    [request] = SOURCE.requests(DAY, now=NOW)
    address = request.address.replace("retstart=0", f"retstart={start}")
    return SOURCE.parse(body, Request(address), now=NOW)


def fetched(*records: str, body: bytes = b"") -> Parsed:
    """Return what a body of papers gives."""
    return SOURCE.parse(body or an_efetch_xml(*records), Request(FETCHED), now=NOW)


def only(**parts: str) -> Entry:
    """Return the entry of one article."""
    page = fetched(an_article(**parts))
    assert page.warnings == ()
    [entry] = page.entries
    return entry


# ------------------------------------------------------------------ searching


def test_the_search_is_for_what_came_in_since_yesterday() -> None:
    """With the terms that NCBI asks to be sent, and its pause between requests."""
    [request] = SOURCE.requests(DAY, now=NOW)

    assert request.address.startswith(f"{FOUND}?")
    assert params(request) == {
        "db": "pubmed", "term": SEARCH, "datetype": "edat", "mindate": "2026/11/19", "maxdate": "2026/11/20",
        "retmode": "json", "retmax": "200", "retstart": "0", "tool": "paper-newsletter", "email": "ada@example.org",
    }  # fmt: skip
    assert (request.gate, request.pause_seconds) == ("eutils.ncbi.nlm.nih.gov", 0.34)


def test_a_past_day_is_searched_alone() -> None:
    """A back-fill is of exactly that day; and a day that goes on in Maryland is searched again."""
    [past] = SOURCE.requests(date(2026, 11, 3), now=NOW)
    [early] = SOURCE.requests(DAY, now=datetime(2026, 11, 20, 8, 0, tzinfo=ZoneInfo("Asia/Tokyo")))

    assert (params(past)["mindate"], params(past)["maxdate"]) == ("2026/11/03", "2026/11/03")
    assert (params(early)["mindate"], params(early)["maxdate"]) == ("2026/11/18", "2026/11/20")


def test_a_key_shortens_the_pause_and_is_not_shown() -> None:
    """It goes into each request, and neither into a message nor into how the source looks."""
    source = PubMed.model_validate({"search": SEARCH, "api_key": "very-secret"})
    [request] = source.requests(DAY, now=NOW)
    [fetch] = source.parse(an_esearch("1"), request, now=NOW).more

    assert [params(one)["api_key"] for one in (request, fetch)] == ["very-secret", "very-secret"]
    assert (request.pause_seconds, fetch.pause_seconds) == (0.11, 0.11)
    assert "very-secret" not in repr(source)
    with pytest.raises(SourceError) as error:
        source.parse(b"{}", request, now=NOW)
    assert "very-secret" not in str(error.value)


def test_found_ids_are_fetched() -> None:
    """Two hundred at a time, each once; what is no id is left out."""
    [fetch] = searched(
        an_esearch("40000001", "40000002", "40000001", idlist=["1", "2", 3, "1", None, "x", "4&a=b"])
    ).more

    assert fetch.address.startswith(f"{FETCHED}?")
    assert params(fetch) == {
        "db": "pubmed", "id": "1,2,3", "rettype": "abstract", "retmode": "xml", "tool": "paper-newsletter",
        "email": "ada@example.org",
    }  # fmt: skip
    many = searched(an_esearch(*map(str, range(1, 452))))
    assert [len(params(one)["id"].split(",")) for one in many.more] == [200, 200, 51]


def test_the_next_page_begins_after_what_this_one_held() -> None:
    """However many were asked for."""
    ids = [str(number) for number in range(1, 151)]
    first = searched(an_esearch(*ids, count="300"))

    assert [params(one).get("retstart") for one in first.more] == [None, "150"]
    assert params(first.more[1])["term"] == SEARCH
    assert len(searched(an_esearch(*ids, count=300, start=150), start=150).more) == 1


@pytest.mark.parametrize(
    ("body", "start", "problem"),
    [
        (an_esearch("1", count=9, start=0), 3, "those after the first 4 are not read: it repeats the page from 0 on"),
        (an_esearch(count=9), 0, "9 papers answer the search, and those after the first 0 are not read: this page"),
        (an_esearch(*map(str, range(200)), count=9000, start=4800), 4800, "are not read; narrow the search"),
        (an_esearch(*map(str, range(9000)), count=9000), 0, "the first 5000 are not read; narrow the search"),
    ],
    ids=range(4),
)
def test_pages_end_and_what_is_missing_is_told(body: bytes, start: int, problem: str) -> None:
    """A search that finds too much is cut with a warning."""
    page = searched(body, start=start)

    assert not any("esearch" in request.address for request in page.more)
    assert len(page.more) <= 25
    assert len(page.warnings) == 1
    assert problem in page.warnings[0]


def test_nothing_found_is_empty() -> None:
    """It is an answer and no error."""
    nothing = an_esearch(warninglist={"phrasesignored": [], "outputmessages": ["No items found."]})

    assert searched(nothing) == Parsed()
    assert SOURCE.silence(DAY, now=NOW) == Silence("nothing new in PubMed answers this search")


def test_a_part_of_the_search_that_is_left_out_is_told() -> None:
    """PubMed searches without it, and finds more than was meant."""
    page = searched(
        an_esearch(
            "1",
            errorlist={"phrasesnotfound": [], "fieldsnotfound": ["Autor"]},
            warninglist={"phrasesignored": "the", "quotedphrasesnotfound": ['"graf theory"']},
        )
    )

    assert page.warnings == (
        f"{FOUND}: PubMed knows no field Autor; correct the search",
        f'{FOUND}: PubMed finds nowhere the exact words "graf theory"; correct the search',
        f"{FOUND}: PubMed ignores the; correct the search",
    )


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (
            an_esearch(ERROR="Search Backend failed: busy"),
            'an error: "Search Backend failed: busy"; the next run tries',
        ),
        (b'{"error": "API key invalid", "api-key": "x"}', 'an error: "API key invalid"; correct api_key:'),
        (b"{}", "this is no answer to a search; see whether site: is the address of E-utilities"),
        (b"[]", "this is no answer to a search"),
        (b'{"esearchresult": {}}', "this is no answer to a search"),
        (b"", "the body is empty"),
        (b"Bad gateway", "this is not JSON"),
        (b"[" * 200_000, "this is not JSON"),
    ],
    ids=range(8),
)
def test_what_is_no_answer_is_an_error(body: bytes, problem: str) -> None:
    """NCBI's own words are quoted, and neither the search nor anybody's address."""
    with pytest.raises(SourceError) as error:
        searched(body)

    assert str(error.value).startswith(f"{FOUND}: ")
    assert problem in str(error.value)


@pytest.mark.parametrize("body", [too_many_requests(), an_error_xml("Too Many Requests")])
def test_asking_too_often_is_throttled(body: bytes) -> None:
    """In either format, whatever was asked."""
    with pytest.raises(SourceThrottled, match="give each newsletter an api_key: of its own"):
        fetched(body=body)


@pytest.mark.parametrize(
    "wrong", [{}, {"search": " \n"}, {"search": "x" * 2001}, {"search": "x", "email": "ada"}, {"search": "x", "key": 1}]
)
def test_settings_are_checked(wrong: dict[str, Any]) -> None:
    """A search is needed, and an address is one."""
    with pytest.raises(ValidationError):
        PubMed.model_validate(wrong)


def test_the_label_is_short() -> None:
    """A long search is cut at a word, and what follows tells it from another that begins so."""
    labels = [PubMed(search="protein folding OR " * 9 + last).label for last in ("graph", "tree")]

    assert {label[:-9] for label in labels} == {"pubmed protein folding OR protein folding OR protein folding OR…"}
    assert len(set(labels)) == 2
    assert SOURCE.label == "pubmed graph neural network AND protein"


# ------------------------------------------------------------------ papers


def test_a_paper_is_read() -> None:
    """Ids are its own and not those of papers it cites or corrects; markup goes, and the full stop PubMed adds."""
    assert only() == Entry(
        source="pubmed graph neural network AND protein",
        place=f"{FETCHED}#40000001",
        title="Graphs of E. coli at 10⁵ cells",
        abstract="AIMS: We draw graphs.",
        authors=("Ada Lovelace",),
        url="https://pubmed.ncbi.nlm.nih.gov/40000001/",
        doi="10.1234/graphs.1",
        published=date(2026, 11, 19),
        also=("pmid:40000001", "pmc:PMC9000001"),
        signals=Signals(venue="Journal of examples", keywords=("graphs",)),
    )


def test_people_and_groups_are_authors() -> None:
    """Initials stand in for names, groups for people, and names that were corrected are left out."""
    authors = (
        "<Author><LastName>Hopper</LastName><Initials>GB</Initials><Suffix>Jr</Suffix></Author>"
        "<Author><CollectiveName>The Compiler Group</CollectiveName></Author>"
        "<Author ValidYN='N'><LastName>Hoper</LastName></Author><Author/>"
        "<Author><LastName>Gödel</LastName></Author>"
    )

    assert only(authors=authors).authors == ("GB Hopper Jr", "The Compiler Group", "Gödel")


_FORMULA = "<mml:math xmlns:mml='http://www.w3.org/1998/Math/MathML'><mml:mi>x</mml:mi></mml:math>"


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        ("", ""),
        ("<AbstractText>For a&lt;b and <sup>2</sup>H &amp;lt; <b>c</b>.</AbstractText>", "For a<b and ²H &lt; c."),
        (
            "<AbstractText Label='UNLABELLED'>1.</AbstractText><AbstractText Label='A &amp; B'>2.</AbstractText>",
            "1. A & B: 2.",
        ),
        ("<AbstractText Label='A'/>", ""),
        (f"<AbstractText>As {_FORMULA} <DispFormula>y</DispFormula>.</AbstractText>", "As x y."),
        ("<AbstractText>Ours.</AbstractText><CopyrightInformation>Mine.</CopyrightInformation>", "Ours."),
    ],
    ids=range(6),
)
def test_an_abstract_is_its_parts_behind_their_labels(parts: str, shown: str) -> None:
    """Nothing is unescaped twice, and who owns it is not part of it."""
    assert only(abstract=f"<Abstract>{parts}</Abstract>").abstract == shown


@pytest.mark.parametrize(
    ("issue", "day"),
    [
        ("<PubDate><Year>2026</Year><Month>Jun</Month><Day>5</Day></PubDate>", date(2026, 6, 5)),
        ("<PubDate><Year>2026</Year><Month>6</Month></PubDate>", date(2026, 6, 1)),
        ("<PubDate><Year>2026</Year><Month>06</Month><Day>31</Day></PubDate>", date(2026, 11, 20)),
        ("<PubDate><MedlineDate>2026 Nov-Dec</MedlineDate></PubDate>", date(2026, 11, 1)),
        ("<PubDate><MedlineDate>2026 Sep 7-13</MedlineDate></PubDate>", date(2026, 9, 7)),
        ("<PubDate><MedlineDate>2026 Spring</MedlineDate></PubDate>", date(2026, 11, 20)),
        ("<PubDate><Year>2026</Year></PubDate>", date(2026, 11, 20)),
        ("<PubDate><Year>20xx</Year><Month>Jun</Month></PubDate>", date(2026, 11, 20)),
        ("<PubDate><Year>9999</Year><Month>Jun</Month></PubDate>", date(2026, 11, 20)),
        ("", date(2026, 11, 20)),
    ],
    ids=range(10),
)
def test_a_date_is_read_in_each_of_its_forms(issue: str, day: date) -> None:
    """A bare year or season is none: then the day counts on which the paper came into PubMed."""
    assert only(dates="", issue=issue).published == day


def test_a_title_in_another_language_stands_in() -> None:
    """PubMed says that a title is not available, and gives the original beside it."""
    entry = only(title="[Not Available].", extra="<VernacularTitle>Über Formeln.</VernacularTitle>")

    assert entry.title == "Über Formeln"


@pytest.mark.parametrize(("title", "shown"), [("Why not?", "Why not?"), ("And so on...", "And so on..."), ("A.", "A")])
def test_one_full_stop_goes(title: str, shown: str) -> None:
    """And nothing else that ends a title."""
    assert only(title=title).title == shown


def test_a_paper_of_arxiv_is_recognised() -> None:
    """It is the same work as in arXiv's own announcement."""
    entry = only(ids="<ArticleId IdType='pii'>arXiv:2611.01234v1</ArticleId>")

    assert (entry.arxiv_id, entry.version, entry.also) == ("2611.01234", 1, ("pmid:40000001",))


def test_a_doi_may_stand_in_the_article() -> None:
    """Unless it is marked as invalid."""
    entry = only(
        ids="",
        extra="<ELocationID EIdType='doi' ValidYN='N'>10.1/x</ELocationID>"
        "<ELocationID EIdType='doi' ValidYN='Y'>10.1234/y</ELocationID>",
    )

    assert entry.doi == "10.1234/y"


def test_a_book_is_kept_and_a_deletion_is_none() -> None:
    """Books have other elements; a list of deleted papers is none of papers."""
    deleted = "<DeleteCitation><PMID>40000002</PMID></DeleteCitation>"
    page = fetched(deleted, a_book_article(), a_book_article("40000010", title=""))

    assert [(entry.title, entry.authors, entry.published) for entry in page.entries] == [
        ("A chapter on looms", ("JM Jacquard",), date(2026, 6, 1)),
        ("Book of looms", ("JM Jacquard",), date(2026, 6, 1)),
    ]
    assert page.entries[0].url == "https://pubmed.ncbi.nlm.nih.gov/40000009/"


def test_a_paper_without_title_or_id_is_told() -> None:
    """Without title it is left out, without id it is kept without address."""
    page = fetched(an_article(title=" "), an_article("", title="Nameless"), "<PubmedArticle/>")

    assert [(entry.title, entry.url, entry.place) for entry in page.entries] == [("Nameless", "", f"{FETCHED}#2")]
    assert page.warnings == tuple(f"{FETCHED}#{name}: no title, so the entry is left out" for name in ("40000001", "3"))
    assert page.left_out == 2


def test_papers_that_do_not_come_are_told() -> None:
    """What was asked for by its id and is not among the answers."""
    [fetch] = searched(an_esearch("40000001", "40000002")).more
    page = SOURCE.parse(an_efetch_xml(an_article()), fetch, now=NOW)

    assert page.warnings == (f"{FETCHED}: 1 of 2 papers did not come: 40000002",)
    assert page.left_out == 1


def test_no_papers_are_empty() -> None:
    """In each way to write an empty element."""
    assert fetched(body=an_efetch_xml()) == Parsed()
    assert fetched(body=b"<?xml version='1.0'?>\n<PubmedArticleSet/>") == Parsed()


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (an_error_xml(), 'an error: "ID list is empty! Possibly it has no correct IDs."; the next run tries again'),
        (b"<!DOCTYPE html><html><body>Down</body></html>", "this is an HTML page and not papers"),
        (b"<eFetchResult/>", "this is other XML and not papers"),
        (b"<PubmedArticleSet><PubmedArticle><MedlineCitation>", "breaks off before the end of the first paper"),
        (b"<", "this is other XML"),
    ],
    ids=range(5),
)
def test_what_holds_no_papers_is_an_error(body: bytes, problem: str) -> None:
    """NCBI's own words are quoted."""
    with pytest.raises(SourceError) as error:
        fetched(body=body)

    assert problem in str(error.value)


def test_a_body_that_breaks_off_keeps_the_papers_before() -> None:
    """And says so; a paper is never half read."""
    body = an_efetch_xml(an_article(), an_article("40000002"))
    first = body.index(b"</PubmedArticle>") + len(b"</PubmedArticle>")

    for length in (first, first + 40, len(body) - 60, len(body) - 25):
        page = fetched(body=body[:length])
        assert [entry.place for entry in page.entries] == [f"{FETCHED}#40000001"]
        assert page.warnings == (f"{FETCHED}: this breaks off; the papers before that are kept",)


def test_damage_is_told_and_read_past() -> None:
    """One element that is not well-formed does not lose the papers after it."""
    page = fetched(an_article(title="A <i>broken title."), an_article("40000002"))

    assert len(page.entries) >= 1
    assert "not well-formed, read as far as possible" in page.warnings[0]


def test_another_encoding_is_read() -> None:
    """Bytes that are no UTF-8 are read as Western European ones, and control characters go."""
    body = an_efetch_xml(an_article(title="Gödel\x00 and\x0b Noether")).decode().encode("latin-1")

    assert fetched(body=body).entries[0].title == "Gödel and Noether"


def test_entities_are_neither_expanded_nor_fetched() -> None:
    """A bomb stays as small as it came, and no file is read."""
    bomb = "".join(f'<!ENTITY l{n} "&l{n - 1};&l{n - 1};&l{n - 1};">' for n in range(1, 30))
    declared = f'<!DOCTYPE PubmedArticleSet [<!ENTITY l0 "ha"><!ENTITY f SYSTEM "file:///etc/passwd">{bomb}]>'
    article = an_article(title="Loud &l29; &f; <i k='&l29;'>laughter</i>")
    page = fetched(body=f"{declared}<PubmedArticleSet>{article}</PubmedArticleSet>".encode())

    assert "haha" not in repr(page)
    assert "root:" not in repr(page)


def test_a_very_deep_paper_ends_nothing() -> None:
    """It is read as far as the parser goes."""
    with suppress(SourceError):
        fetched(an_article(title="<i>" * 100_000))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_body_raises_source_errors_only(data: st.DataObject) -> None:
    """Whatever bytes are lost or changed on the way, in either format."""
    bodies = [
        an_efetch_xml(an_article(), a_book_article()),
        an_esearch("1", "2", count=3, errorlist={"phrasesnotfound": ["graf"]}),
        an_error_xml(),
    ]
    body = bytearray(data.draw(st.sampled_from(bodies)))
    for _ in range(data.draw(st.integers(1, 8))):
        start = data.draw(st.integers(0, len(body)))
        body[start : start + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=5))
    with suppress(SourceError):
        assert all(entry.title for entry in searched(bytes(body)).entries)


_ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("\x00<b>\ud800" * 9),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from("count retmax retstart idlist errorlist warninglist ERROR".split()), _ODD))
def test_a_search_of_any_types_raises_source_errors_only(fields: dict[str, Any]) -> None:
    """And asks for nothing but ids."""
    with suppress(SourceError):
        for request in searched(an_esearch("1", **fields)).more:
            assert set(params(request).get("id", "")) <= set("0123456789,")


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from("PMID Article Abstract AbstractText AuthorList Author Year Month PubDate Title i sup".split())
        | st.text(max_size=10),
        max_size=12,
    )
)
def test_elements_in_any_place_harm_nothing(parts: list[str]) -> None:
    """A paper of odd elements is at most left out, and the one beside it stays."""
    odd = "".join(
        f"<{part}>{index}</{part}>" if part.isalpha() and part.isascii() else "" for index, part in enumerate(parts)
    )
    page = fetched(an_article(extra=odd, dates=odd, issue=odd, authors=odd, title=odd), an_article("40000002"))

    assert page.entries[-1].place == f"{FETCHED}#40000002"
