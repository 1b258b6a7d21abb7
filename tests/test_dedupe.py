"""One paper per work."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import an_entry

from newsletter.dedupe import dedupe
from newsletter.ids import identities
from newsletter.models import AnnounceType, Entry, Paper

TITLE = "Draft trees for faster decoding"

# Few values each, so that entries meet in every possible way.
ENTRIES = st.lists(
    st.builds(
        Entry,
        source=st.sampled_from(["arxiv cs.CL", "feed Letters"]),
        place=st.sampled_from(["a#1", "a#2", "a#10"]),
        title=st.sampled_from([TITLE, TITLE.upper(), "Another title of words", "Deep Sets", "Editorial"]),
        abstract=st.sampled_from(["", "One.", "Two, and longer."]),
        authors=st.sampled_from([(), ("Ada Lovelace",), ("A. Lovelace", "Grace Hopper")]),
        arxiv_id=st.sampled_from(["", "", "2611.00001", "2611.00002"]),
        version=st.sampled_from([0, 1, 2]),
        doi=st.sampled_from(["", "", "10.1234/a", "10.1234/b", "10.1101/2026.01.01.1"]),
        announce_type=st.sampled_from([None, *AnnounceType]),
    ),
    max_size=12,
)
KNOWN = st.dictionaries(
    st.sampled_from([*identities(an_entry(TITLE)), "arxiv:2611.00001", "arxiv:2611.00002", "doi:10.1234/a"]),
    st.sampled_from(["arxiv:2611.00001", "doi:10.1234/a", "title:0123456789ab"]),
)


def one(*entries: Entry, **options: dict[str, str]) -> Paper:
    """Return the one paper that the entries are."""
    [paper] = dedupe(entries, **options)
    return paper


@given(ENTRIES, KNOWN, st.randoms())
def test_the_order_of_the_entries_does_not_matter(entries: list[Entry], known: dict[str, str], random: object) -> None:
    """The same entries give the same papers in the same order, fields and ids."""
    shuffled = list(entries)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert dedupe(shuffled, known=known) == dedupe(entries, known=known)


@given(ENTRIES)
def test_merging_again_what_was_merged_changes_nothing(entries: list[Entry]) -> None:
    """Neither all together nor each paper by itself."""
    papers = dedupe(entries)

    assert dedupe([entry for paper in papers for entry in paper.entries]) == papers
    assert all(len(dedupe(paper.entries)) == 1 or len(paper.entries) > 1 for paper in papers)


@given(ENTRIES, KNOWN)
def test_every_entry_is_in_exactly_one_paper_and_every_id_is_one_papers(
    entries: list[Entry], known: dict[str, str]
) -> None:
    """Nothing is lost, nothing doubled."""
    papers = dedupe(entries, known=known)

    assert sorted(map(repr, entries)) == sorted(repr(entry) for paper in papers for entry in paper.entries)
    assert len({paper.id for paper in papers}) == len(papers)


@given(ENTRIES)
def test_two_arxiv_ids_are_never_one_paper(entries: list[Entry]) -> None:
    """Whatever else they share."""
    for paper in dedupe(entries):
        assert len({entry.arxiv_id for entry in paper.entries} - {""}) <= 1


@given(ENTRIES)
def test_a_stored_paper_keeps_its_id_the_next_day(entries: list[Entry]) -> None:
    """What was stored yesterday is recognised in the same entries today."""
    papers = dedupe(entries)
    known = {identity: paper.id for paper in papers for identity in paper.identities}

    assert {paper.id for paper in dedupe(entries, known=known)} <= {paper.id for paper in papers}


@pytest.mark.parametrize(
    ("mine", "others"),
    [
        ({"arxiv_id": "2611.00001", "version": 1}, {"arxiv_id": "2611.00001", "version": 2, "title": "Renamed for v2"}),
        ({"doi": "10.1234/a"}, {"doi": "10.1234/a", "title": "As the journal calls it"}),
        ({"arxiv_id": "2611.00001"}, {"title": "DRAFT TREES for faster decoding."}),
        ({"arxiv_id": "2611.00001"}, {"doi": "10.1234/a"}),
        ({"doi": "10.1101/2026.01.01.1"}, {"doi": "10.1234/a"}),
    ],
    ids=["versions", "one DOI", "listing page", "journal of a preprint", "preprint DOI and journal DOI"],
)
def test_entries_of_one_work_become_one_paper(mine: dict[str, Any], others: dict[str, Any]) -> None:
    """By id, by DOI, by title."""
    paper = one(an_entry(TITLE, **mine), an_entry(**{"title": TITLE, **others}))

    assert len(paper.entries) == 2


@pytest.mark.parametrize(
    ("mine", "others"),
    [
        ({"arxiv_id": "2611.00001"}, {"arxiv_id": "2611.00002"}),
        ({"arxiv_id": "2611.00001", "doi": "10.1234/a"}, {"arxiv_id": "2611.00002", "doi": "10.1234/a"}),
        ({"doi": "10.1234/a"}, {"doi": "10.1234/b"}),
        ({"doi": "10.1101/2026.01.01.1"}, {"doi": "10.1101/2026.01.01.2"}),
        ({"title": "Editorial", "abstract": "One."}, {"title": "Editorial", "abstract": "Two."}),
        ({"title": "Introduction"}, {"title": "Introduction", "source": "feed Other"}),
        ({"title": "Learning C in a week"}, {"title": "Learning C++ in a week"}),
    ],
    ids=["arXiv ids", "arXiv ids of one DOI", "journal DOIs", "preprint DOIs", "editorials", "introductions", "sign"],
)
def test_different_works_of_one_title_stay_apart(mine: dict[str, Any], others: dict[str, Any]) -> None:
    """A shared name is not enough."""
    entries = [an_entry(**{"title": TITLE, **fields}) for fields in (mine, others)]

    assert len(dedupe(entries)) == 2


def test_an_entry_without_id_joins_the_first_of_several_namesakes() -> None:
    """It is one of them, and which does not depend on the order."""
    namesakes = [an_entry(TITLE, arxiv_id=f"2611.0000{number}", place=f"a#{number}") for number in (1, 2)]
    papers = dedupe([an_entry(TITLE, source="pages x"), *namesakes])

    assert [(paper.id, len(paper.entries)) for paper in papers] == [("arxiv:2611.00001", 2), ("arxiv:2611.00002", 1)]


def test_a_paper_takes_the_best_of_each_entry() -> None:
    """The newest version's title, the longest abstract, most authors, every category, the earliest day."""
    paper = one(
        an_entry("Draft Trees", source="pages x", abstract="Much longer than the other.", published=date(2026, 11, 3),
                 arxiv_id="2611.00001"),
        an_entry("Draft Trees, Revised", source="arxiv cs.CL", arxiv_id="2611.00001", version=2, abstract="Short.",
                 authors=("Ada Lovelace", "Grace Hopper"), categories=("cs.CL", "cs.LG"), published=date(2026, 11, 20),
                 url="https://arxiv.org/abs/2611.00001", announce_type=AnnounceType.REPLACE),
        an_entry("Draft Trees", source="a feed", arxiv_id="2611.00001", version=1, authors=("Ada Lovelace",),
                 categories=("cs.AI", "cs.CL"), url="https://journal.example.org/1", doi="10.1234/a"),
    )  # fmt: skip

    assert (paper.id, paper.title, paper.version) == ("arxiv:2611.00001", "Draft Trees, Revised", 2)
    assert (paper.abstract, paper.authors) == ("Much longer than the other.", ("Ada Lovelace", "Grace Hopper"))
    assert paper.categories == ("cs.CL", "cs.LG", "cs.AI")
    assert (paper.url, paper.published) == ("https://arxiv.org/abs/2611.00001", date(2026, 11, 3))
    assert paper.identities[:2] == ("arxiv:2611.00001", "doi:10.1234/a")
    assert paper.entries[0].announce_type is AnnounceType.REPLACE


@pytest.mark.parametrize(
    ("fields", "prefix"),
    [
        ({"arxiv_id": "2611.00001", "doi": "10.1234/a"}, "arxiv:2611.00001"),
        ({"doi": "10.1234/a"}, "doi:10.1234/a"),
        ({}, "title:"),
    ],
)
def test_the_id_is_the_strongest_identity(fields: dict[str, object], prefix: str) -> None:
    """arXiv, then DOI, then title."""
    paper = one(an_entry(TITLE, **fields))

    assert paper.id.startswith(prefix)
    assert paper.id in paper.identities


def test_a_known_identity_keeps_the_stored_id() -> None:
    """The paper came from a listing page, and today arXiv announces it."""
    [title_identity] = identities(an_entry(TITLE))
    paper = one(an_entry(TITLE, arxiv_id="2611.00001"), known={title_identity: "title:stored"})

    assert paper.id == "title:stored"
    assert set(paper.identities) >= {"arxiv:2611.00001", title_identity}


def test_a_stored_paper_brings_its_entries_of_today_together() -> None:
    """Neither entry has anything in common with the other, but both are the stored work."""
    known = {"arxiv:2611.00001": "arxiv:2611.00001", "doi:10.1234/a": "arxiv:2611.00001"}
    paper = one(
        an_entry("The first name of it", arxiv_id="2611.00001"),
        an_entry("Its second name", doi="10.1234/a"),
        known=known,
    )

    assert (paper.id, len(paper.entries)) == ("arxiv:2611.00001", 2)


def test_a_namesake_of_a_stored_arxiv_paper_is_a_paper_of_its_own() -> None:
    """Its title is known, its arXiv id is another."""
    [title_identity] = identities(an_entry(TITLE))
    known = {"arxiv:2611.00001": "arxiv:2611.00001", title_identity: "arxiv:2611.00001"}

    assert one(an_entry(TITLE, arxiv_id="2611.00002"), known=known).id == "arxiv:2611.00002"


def test_papers_stand_in_the_order_of_their_sources() -> None:
    """New before cross-listed before everything else, then by source and place, numbers as numbers."""
    entries = [
        an_entry("On the tenth line", source="pages x", place="p.txt:10"),
        an_entry("On the ninth line", source="pages x", place="p.txt:9"),
        an_entry("A cross-listed paper", place="f#1", announce_type=AnnounceType.CROSS),
        an_entry("A wholly new paper", place="f#2", announce_type=AnnounceType.NEW),
    ]

    assert [paper.title for paper in dedupe(entries)] == [
        "A wholly new paper", "A cross-listed paper", "On the ninth line", "On the tenth line",
    ]  # fmt: skip


def test_thousands_of_namesakes_take_no_time() -> None:
    """Comparing each with each would."""
    entries = [an_entry(TITLE, arxiv_id=f"2611.{number:05}", place=f"f#{number}") for number in range(5000)]

    assert len(dedupe(entries)) == 5000


def test_the_same_entry_twice_is_one_paper() -> None:
    """Two sources may read the same file."""
    entry = an_entry(TITLE)

    assert one(entry, entry, replace(entry, place="elsewhere")).title == TITLE


def test_no_entries_are_no_papers() -> None:
    """A quiet day."""
    assert dedupe([]) == ()
