"""Papers by their identities: what is asked, of whom, and whose answer is whose."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import bodies_crossref
import bodies_openreview
import bodies_pubmed
import bodies_s2
import pytest
from bodies_arxiv import an_api_entry, an_api_error, an_api_page, the_id
from pydantic import SecretStr

from newsletter.errors import SourceError
from newsletter.sources.arxiv import Arxiv
from newsletter.sources.crossref import Crossref
from newsletter.sources.named import Question, halves, parse, refusal, requests
from newsletter.sources.openreview import OpenReview
from newsletter.sources.pubmed import PubMed
from newsletter.sources.semantic_scholar import SemanticScholar

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
S2_ID = bodies_s2.PAPER_ID


def the_question(*identities: str) -> Question:
    """Return the one question that identities make."""
    [question] = requests(identities)
    return question


def asked_of(question: Question) -> dict[str, str]:
    """Return the parameters of a question's address."""
    return {name: values[-1] for name, values in parse_qs(urlsplit(question.request.address).query).items()}


def test_each_service_is_asked_for_its_own_kind_of_identity() -> None:
    """In a fixed order, whatever the order of the wishes; each once."""
    wanted = [f"s2:{S2_ID}", "doi:10.1234/a", "pmid:1", "arxiv:2611.00001", "openreview:aBcD", "doi:10.1234/a"]
    questions = requests(wanted)

    assert requests(reversed(wanted)) == questions
    assert [(question.service, question.identities) for question in questions] == [
        ("arXiv", ("arxiv:2611.00001",)),
        ("Crossref", ("doi:10.1234/a",)),
        ("PubMed", ("pmid:1",)),
        ("OpenReview", ("openreview:aBcD",)),
        ("Semantic Scholar", (f"s2:{S2_ID}",)),
    ]


def test_arxiv_is_asked_for_a_hundred_at_once_through_its_gate() -> None:
    """Its terms ask for three seconds between requests, over one connection; the default answer would hold ten."""
    questions = requests(f"arxiv:{the_id(number)}" for number in range(1, 202))

    assert [len(question.identities) for question in questions] == [100, 100, 1]
    assert {(question.request.gate, question.request.pause_seconds) for question in questions} == {("arxiv.org", 3.0)}
    assert asked_of(questions[0])["id_list"].split(",") == [the_id(number) for number in range(1, 101)]
    assert asked_of(questions[0])["max_results"] == "100"
    assert questions[0].request.address.startswith("https://export.arxiv.org/api/query?")


def test_the_addresses_and_keys_of_the_settings_are_used() -> None:
    """Who reads a mirror, or has a key, is not sent elsewhere for examples."""
    here = "http://127.0.0.1:9"
    sources = (
        Arxiv(categories=("cs.CL",), api_site=f"{here}/arxiv"),
        Crossref(issn=("2049-3630",), email="ada@example.org", site=f"{here}/crossref"),
        PubMed(search="x", email="ada@example.org", api_key=SecretStr("sesame"), site=f"{here}/pubmed"),
        OpenReview(venues=("EXAMPLE.cc/2027",), site=f"{here}/openreview"),
        SemanticScholar(ids=("pmid:1",), api_key=SecretStr("sesame"), site=f"{here}/s2"),
    )
    wanted = ("arxiv:2611.00001", "doi:10.1234/a", "pmid:1", "openreview:aBcD", f"s2:{S2_ID}")
    arxiv, crossref, pubmed, openreview, s2 = requests(wanted, sources=sources)

    addresses = [question.request.address.partition("?")[0] for question in (arxiv, crossref, pubmed, openreview, s2)]
    assert addresses == [
        f"{here}/arxiv/api/query",
        f"{here}/crossref/works",
        f"{here}/pubmed/efetch.fcgi",
        f"{here}/openreview/notes",
        f"{here}/s2/graph/v1/paper/batch",
    ]
    assert asked_of(crossref)["mailto"] == asked_of(pubmed)["email"] == "ada@example.org"
    assert (asked_of(pubmed)["api_key"], s2.request.headers) == ("sesame", (("x-api-key", "sesame"),))


@pytest.mark.parametrize(
    ("identity", "reason"),
    [
        ("title:0123456789ab", "nobody can be asked for a paper by this id"),
        ("pmc:PMC1", "nobody can be asked"),
        ("arxiv:input/0309136", "arXiv has no archive input; correct the id"),
        ("s2:abc", "an id of Semantic Scholar has forty characters"),
    ],
)
def test_what_nobody_can_be_asked_for_is_told_and_not_asked(identity: str, reason: str) -> None:
    """One impossible id would spoil the answer for all."""
    assert refusal(identity).startswith(reason)
    assert requests([identity]) == ()


@pytest.mark.parametrize("identity", ["arxiv:hep-th/9901001", "arxiv:cmp-lg/9901001", "s2:270123456", "pmid:1"])
def test_what_can_be_asked_for_is_not_refused(identity: str) -> None:
    """Closed archives still have their papers."""
    assert refusal(identity) == ""
    assert len(requests([identity])) == 1


def test_a_doi_with_a_comma_is_asked_for_elsewhere() -> None:
    """A comma ends a filter of Crossref."""
    plain, odd = requests(["doi:10.1234/a,b", "doi:10.1234/c"])

    assert (plain.service, asked_of(plain)["filter"]) == ("Crossref", "doi:10.1234/c")
    assert (odd.service, json.loads(odd.request.body)) == ("Semantic Scholar", {"ids": ["DOI:10.1234/a,b"]})


# ------------------------------------------------------------------ answers


def test_arxivs_answer_gives_each_paper_by_the_id_that_was_asked() -> None:
    """Whatever version came, and in whatever order; what nobody asked for is not taken."""
    question = the_question("arxiv:2611.00001", "arxiv:2611.00002", "arxiv:2611.00003")
    body = an_api_page(an_api_entry(2, version=3), an_api_entry(9), an_api_entry(1))

    found = parse(body, question, now=NOW)

    assert {identity: (entry.title, entry.version) for identity, entry in found.items()} == {
        "arxiv:2611.00002": ("Paper 2", 3),
        "arxiv:2611.00001": ("Paper 1", 1),
    }
    assert {entry.source for entry in found.values()} == {"arXiv"}


def test_a_page_without_papers_gives_none() -> None:
    """An id that arXiv does not know is simply not there."""
    assert parse(an_api_page(), the_question("arxiv:2611.00001"), now=NOW) == {}


@pytest.mark.parametrize("body", [an_api_error("incorrect id format for x"), b"", b"<html><body>Busy</body></html>"])
def test_what_is_no_answer_is_an_error(body: bytes) -> None:
    """It must not pass for a paper that nobody knows."""
    with pytest.raises(SourceError):
        parse(body, the_question("arxiv:2611.00001"), now=NOW)


def test_crossrefs_answer_gives_papers_by_doi_in_any_spelling() -> None:
    """Publishers write capitals, and DOIs do not mind them."""
    question = the_question("doi:10.1234/example.2026.11", "doi:10.1234/other")

    found = parse(bodies_crossref.works(bodies_crossref.work()), question, now=NOW)

    assert list(found) == ["doi:10.1234/example.2026.11"]
    assert found["doi:10.1234/example.2026.11"].signals.venue == "Letters on Salt & Water"
    with pytest.raises(SourceError, match="Crossref answers"):
        parse(bodies_crossref.refusal(), question, now=NOW)


def test_pubmeds_answer_gives_papers_by_pmid() -> None:
    """A paper that did not come is missing, and no error."""
    question = the_question("pmid:40000001", "pmid:40000002")

    found = parse(bodies_pubmed.an_efetch_xml(bodies_pubmed.an_article()), question, now=NOW)

    assert list(found) == ["pmid:40000001"]
    assert asked_of(question)["id"] == "40000001,40000002"


def test_openreviews_answer_gives_the_submission_whenever_it_went_online() -> None:
    """The source asks for two days; an example may be of any."""
    question = the_question("openreview:aBcD3fGh_1")
    old = bodies_openreview.notes(bodies_openreview.note(online="2023-01-05"))

    assert list(parse(old, question, now=NOW)) == ["openreview:aBcD3fGh_1"]
    assert asked_of(question) == {"id": "aBcD3fGh_1"}
    assert parse(bodies_openreview.notes(), question, now=NOW) == {}


def test_semantic_scholars_answer_gives_papers_by_either_of_its_ids() -> None:
    """Forty characters or a number; null stands for what it does not know."""
    question = the_question(f"s2:{S2_ID}", "s2:270123456", "s2:9")

    found = parse(bodies_s2.batch(bodies_s2.paper(), None), question, now=NOW)

    assert set(found) == {f"s2:{S2_ID}", "s2:270123456"}
    assert found["s2:270123456"].arxiv_id == "2611.04321"


# ------------------------------------------------------------------ refusals


def test_a_refused_question_is_asked_again_in_halves() -> None:
    """One bad id must not keep a hundred good ones out; a single one is not asked again."""
    question = the_question("arxiv:2611.00001", "arxiv:2611.00002", "arxiv:2611.00003")
    parts = halves(question)

    assert [part.identities for part in parts] == [
        ("arxiv:2611.00001",),
        ("arxiv:2611.00002", "arxiv:2611.00003"),
    ]
    assert halves(parts[0]) == ()
