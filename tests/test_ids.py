"""Identifiers of papers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import an_entry

from newsletter.ids import (
    CATEGORIES,
    ArxivId,
    arxiv_id,
    category,
    doi,
    identities,
    is_preprint,
    namesake_identities,
    title_key,
)


@pytest.mark.parametrize(
    ("text", "base", "version"),
    [
        ("2401.10020", "2401.10020", 0),
        ("2401.10020v2", "2401.10020", 2),
        (" arXiv:2401.10020v12 ", "2401.10020", 12),
        ("oai:arXiv.org:2203.01250v3", "2203.01250", 3),
        ("http://arxiv.org/abs/2401.10020v1", "2401.10020", 1),
        ("https://export.arxiv.org/pdf/2401.10020v2.pdf", "2401.10020", 2),
        ("https://arxiv.org/html/2401.10020?x=1#S2", "2401.10020", 0),
        ("https://huggingface.co/papers/2401.10020", "2401.10020", 0),
        ("https://doi.org/10.48550/arXiv.2401.10020", "2401.10020", 0),
        ("0704.0001", "0704.0001", 0),
        ("1412.9999", "1412.9999", 0),
        ("hep-ex/0307015v1", "hep-ex/0307015", 1),
        ("math.GT/0309136", "math/0309136", 0),
        ("https://arxiv.org/abs/cs/0701001", "cs/0701001", 0),
    ],
)
def test_an_arxiv_id_is_read_in_every_form(text: str, base: str, version: int) -> None:
    """Its base is the same however it is written."""
    assert arxiv_id(text) == ArxivId(base, version)


@pytest.mark.parametrize(
    "text",
    [
        "", "2413.10020", "1412.12345", "1501.1234", "0703.0001", "cs/0801001", "hep-ex/0313001", "2401.1002",
        "see 2401.10020", "10.1145/3586037", "https://example.org/abs/2401.10020", "v2",
    ],
)  # fmt: skip
def test_what_cannot_be_an_arxiv_id_is_none(text: str) -> None:
    """Months, lengths and hosts are checked."""
    assert arxiv_id(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.1145/3586037", "10.1145/3586037"),
        ("doi:10.1101/2026.11.18.123456", "10.1101/2026.11.18.123456"),
        ("https://doi.org/10.1234/ABC.5", "10.1234/abc.5"),
        ("https://www.biorxiv.org/content/10.1101/2026.11.18.123456v2?rss=1", "10.1101/2026.11.18.123456"),
        ("https://www.biorxiv.org/content/10.1101/2026.11.18.123456v2.full.pdf", "10.1101/2026.11.18.123456"),
        ("https://dl.acm.org/doi/abs/10.1145/3586037", "10.1145/3586037"),
        ("https://journal.example.org/doi/10.1002/abc.1/full?af=R#x", "10.1002/abc.1"),
        ("https://doi.org/10.1016/S0140-6736(05)12345-6", "10.1016/s0140-6736(05)12345-6"),
        ("https://example.org/a/10.1234%2Fab).", "10.1234/ab"),
        ("10.48550/arXiv.2401.10020", ""),
        ("see 10.1145/3586037", ""),
        ("https://example.org/2026/10.11/x", ""),
        ("10.1234/" + "x" * 300, ""),
        ("10.1234/\x1b[2Jab", ""),
        ("10.1234/ab\x9b31m", ""),
        ("10.1234/ab\u200bc", ""),
        ("https://example.org/10.1234/ab%1bc", ""),
        ("https://" + "10.1234." * 5_000, ""),
        ("", ""),
    ],
)
def test_a_doi_is_read_from_every_form(text: str, expected: str) -> None:
    """Bare, lower case, without a publisher's tail."""
    assert doi(text) == expected


def test_preprint_servers_are_told_from_journals() -> None:
    """The same work may have one DOI of each kind."""
    assert is_preprint("10.1101/2026.11.18.123456")
    assert not is_preprint("10.1145/3586037")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Pre-training for Text-to-SQL", "Pretraining for text to SQL"),
        ("Schrödinger’s Bridges", "Schro\u0308dinger's bridges"),
        ("The ﬁne  print", "The fine print:"),
        ("Rings with n ≤ 3", "Rings with n<=3"),
        ("Galaxies at z = 3", "Galaxies at z=3"),
        ("Learning to <think>", "Learning to think"),
        ("From A->B to C → D", "From A → B to C -> D"),
    ],
)
def test_titles_that_differ_in_spelling_only_have_one_key(one: str, other: str) -> None:
    """Case, accents, spaces and punctuation are not counted."""
    assert title_key(one) == title_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Learning C", "Learning C++"),
        ("Llama 3.1 at Work", "Llama 31 at Work"),
        ("किताब", "कतब"),
        ("∞", "∅"),
        ("Functions with n ≤ 3 in rings", "Functions with n ≥ 3 in rings"),
        ("Bounds for x < y in trees", "Bounds for x > y in trees"),
        ("Galaxies at z<3", "Galaxies at z=3"),
        ("Rings with n = 3", "Rings with n ≠ 3"),
    ],
)
def test_titles_that_differ_in_meaning_have_two_keys(one: str, other: str) -> None:
    """Signs that carry meaning are kept."""
    assert title_key(one) != title_key(other)


def test_identities_are_ordered_by_strength() -> None:
    """An arXiv id says more than a DOI, and that more than a title."""
    found = identities(an_entry(arxiv_id="2611.01234", doi="10.1234/x"))

    assert [name.partition(":")[0] for name in found] == ["arxiv", "doi", "title"]
    assert found[:2] == ("arxiv:2611.01234", "doi:10.1234/x")


@pytest.mark.parametrize("title", ["Editorial", "Deep Sets", "Table of Contents", "???"])
def test_a_generic_title_alone_identifies_nothing(title: str) -> None:
    """Two editorials with different abstracts and authors share no identity."""
    one = an_entry(title, abstract="About rivers.", authors=("Ada Lovelace",))
    other = an_entry(title, abstract="About shelves.", authors=("Grace Hopper",))

    assert set(identities(one)).isdisjoint(identities(other))


@pytest.mark.parametrize("agreement", [{"abstract": "About rivers."}, {"authors": ("Ada Lovelace",)}])
def test_a_generic_title_identifies_together_with_abstract_or_authors(agreement: dict[str, object]) -> None:
    """One of the two is enough, and the rest may differ."""
    one = an_entry("Deep Sets", **{"abstract": "One.", "authors": ("A One",), **agreement})
    other = an_entry("Deep sets", **{"abstract": "Two.", "authors": ("B Two",), **agreement})

    assert not set(identities(one)).isdisjoint(identities(other))


def test_a_namesake_is_recognised_by_more_of_its_entry() -> None:
    """By surnames and address, by either; by its abstract or source if it has none of these."""
    entry = an_entry("Deep Sets of Points", authors=("Ada Lovelace",), url="https://example.org/1")
    moved = an_entry("Deep Sets of Points", authors=("A. Lovelace",), url="https://example.org/2")
    bare = an_entry("Deep Sets of Points", abstract="About rivers.")

    assert len(namesake_identities(entry)) == 3
    assert set(namesake_identities(entry)) & set(namesake_identities(moved)) == {namesake_identities(entry)[1]}
    assert len(namesake_identities(bare)) == 1
    assert set(identities(entry)).isdisjoint((*namesake_identities(entry), *namesake_identities(bare)))


def test_several_preprints_of_one_entry_are_not_its_own() -> None:
    """One is; its own id stays in any case."""
    two = ("arxiv:2611.00001", "arxiv:2611.00002", "pmid:1")

    assert identities(an_entry(also=two))[:-1] == ("pmid:1",)
    assert identities(an_entry(also=two, arxiv_id="2611.00001"))[:-1] == ("arxiv:2611.00001", "pmid:1")
    assert identities(an_entry(also=two[1:]))[:-1] == ("arxiv:2611.00002", "pmid:1")


def test_a_title_in_ideographs_counts_its_characters() -> None:
    """There are no spaces to count words by."""
    one, other = (an_entry("大规模语言模型的推理", abstract=abstract) for abstract in ("One.", "Two."))

    assert identities(one) == identities(other)


@given(st.text(), st.text(), st.lists(st.text()))
def test_every_entry_has_an_identity(title: str, abstract: str, authors: list[str]) -> None:
    """Whatever stands in it."""
    assert identities(an_entry(title, abstract=abstract, authors=tuple(authors)))


def test_categories_are_recognised_in_any_case() -> None:
    """And spelled as arXiv does."""
    assert [category(text) for text in ("cs.lg", "COND-MAT.str-el", " gr-qc ", "math")] == [
        "cs.LG", "cond-mat.str-el", "gr-qc", "math",
    ]  # fmt: skip
    assert [category(text) for text in ("cs.ML", "deep learning", "68T50", "")] == ["", "", "", ""]
    assert all(category(name) == name for name in CATEGORIES)
