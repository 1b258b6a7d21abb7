"""One paper per work."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import an_entry

from newsletter.dedupe import dedupe
from newsletter.models import NO_SIGNALS, AnnounceType, Entry, Paper, Signals
from newsletter.vectors import Vectors
from newsletter.weights import Weights

STREAM = Path(__file__).parents[2] / "shared/data/relevance/dev/stream_docs.jsonl.gz"

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
KNOWN = ENTRIES.map(dedupe)  # what was stored on an earlier day


def one(*entries: Entry, known: Sequence[Paper] = ()) -> Paper:
    """Return the one paper that the entries are."""
    [paper] = dedupe(entries, known=known)
    return paper


def stored(paper_id: str, *entries: Entry) -> Paper:
    """Return a paper that the store has under this id."""
    return replace(one(*entries), id=paper_id)


def said(entries: Iterable[Entry]) -> list[str]:
    """Return what entries say, each once, wherever they stand."""
    return sorted({repr(replace(entry, place="", signals=NO_SIGNALS)) for entry in entries})


@given(ENTRIES, KNOWN, st.randoms())
def test_the_order_of_the_entries_does_not_matter(
    entries: list[Entry], known: tuple[Paper, ...], random: object
) -> None:
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
    entries: list[Entry], known: tuple[Paper, ...]
) -> None:
    """Nothing is lost, nothing doubled."""
    papers = dedupe(entries, known=known)
    found = [entry for paper in papers for entry in paper.entries]

    assert set(said(entries)) <= set(said(found))
    assert len(said(found)) == len(found) or known
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

    assert dedupe(entries, known=papers) == papers


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
    known = stored("title:stored", an_entry(TITLE))
    paper = one(an_entry(TITLE, arxiv_id="2611.00001", source="arxiv cs.LG"), known=[known])

    assert paper.id == "title:stored"
    assert set(paper.identities) >= {"arxiv:2611.00001", *known.identities}
    assert len(paper.entries) == 2


def test_a_stored_paper_brings_its_entries_of_today_together() -> None:
    """Neither entry has anything in common with the other, but both are the stored work."""
    known = stored("arxiv:2611.00001", an_entry("The name before", arxiv_id="2611.00001", doi="10.1234/a"))
    paper = one(
        an_entry("The first name of it", arxiv_id="2611.00001"),
        an_entry("Its second name", doi="10.1234/a"),
        known=[known],
    )

    assert (paper.id, len(paper.entries)) == ("arxiv:2611.00001", 3)


def test_a_namesake_of_a_stored_arxiv_paper_is_a_paper_of_its_own() -> None:
    """Its title is known, its arXiv id is another."""
    known = stored("arxiv:2611.00001", an_entry(TITLE, arxiv_id="2611.00001"))

    assert one(an_entry(TITLE, arxiv_id="2611.00002"), known=[known]).id == "arxiv:2611.00002"


def test_what_is_stored_and_not_seen_again_is_no_paper_of_today() -> None:
    """Only what today's entries tell of comes back."""
    assert dedupe([], known=[stored("arxiv:2611.00001", an_entry(TITLE, arxiv_id="2611.00001"))]) == ()


def test_votes_read_again_replace_the_earlier_ones() -> None:
    """They move; what is told is what was read last."""
    morning, noon = (datetime(2026, 11, 20, hour, tzinfo=UTC) for hour in (7, 12))
    earlier = an_entry(TITLE, signals=Signals(upvotes=3, upvotes_at=morning), place="a#1")
    later = an_entry(TITLE, signals=Signals(upvotes=9, upvotes_at=noon), place="a#2")
    paper = one(earlier, known=[stored("title:stored", later)])

    assert (paper.signals.upvotes, paper.signals.upvotes_at, len(paper.entries)) == (9, noon, 1)


def test_a_paper_gathers_the_signals_of_all_its_entries() -> None:
    """Votes from one place, the code and the venue from others; the first told counts."""
    at = datetime(2026, 11, 20, 7, tzinfo=UTC)
    paper = one(
        an_entry(TITLE, source="arxiv cs.CL", signals=Signals(venue="ICML 2026", code_url="https://example.org/a")),
        an_entry(TITLE, source="huggingface daily_papers", signals=Signals(
            upvotes=12, upvotes_at=at, keywords=("drafting",), code_url="https://example.org/b")),
    )  # fmt: skip

    assert paper.signals == Signals(
        upvotes=12, upvotes_at=at, keywords=("drafting",), venue="ICML 2026", code_url="https://example.org/a"
    )


def test_one_title_of_different_authors_is_two_works() -> None:
    """Names may be turned or shortened, but one of them has to be the same."""
    mine = an_entry(TITLE, doi="10.1234/a", authors=("Ada Lovelace", "Grace Hopper"))
    same = an_entry(TITLE, arxiv_id="2611.00001", authors=("Lovelace Ada",))
    others = an_entry(TITLE, arxiv_id="2611.00001", authors=("Emmy Noether",))

    assert (len(dedupe([mine, same])), len(dedupe([mine, others]))) == (1, 2)


@pytest.mark.parametrize("identity", ["pmid:31452104", "openreview:KS8mIvetg2", "s2:204e3073", "doi:10.1234/a"])
def test_every_kind_of_identity_joins(identity: str) -> None:
    """Titles may differ."""
    paper = one(an_entry("As one source calls it", also=(identity,)), an_entry("And the other one", also=(identity,)))

    assert paper.id == identity


def test_two_pubmed_ids_of_one_title_are_two_works() -> None:
    """A comment and its reply may be called the same."""
    assert len(dedupe([an_entry(TITLE, also=("pmid:1",)), an_entry(TITLE, also=("pmid:2",))])) == 2


# ------------------------------------------------------------------ works that read alike

LONG = (
    "We draft several tokens at once with a small model and check all of them in a single pass of the large one. " * 3
)


def alike(texts: Sequence[str]) -> Vectors:
    """Return the same vector for texts about drafting, and another one for all the rest."""
    return np.array([[1.0, 0.0] if "draft" in text else [0.0, 1.0] for text in texts], dtype=np.float32)


def test_a_copy_under_another_title_is_the_same_work() -> None:
    """A listing page shortened it and gives no id."""
    copy = an_entry("Faster decoding by draft trees: a subtitle", source="pages x", abstract=LONG[:-120])
    paper = an_entry(TITLE, arxiv_id="2611.00001", abstract=LONG)

    assert len(dedupe([copy, paper], encode=alike)) == 1
    assert len(dedupe([copy, paper])) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"arxiv_id": "2611.00002", "abstract": LONG},
        {"abstract": "We draft."},
        {"abstract": LONG, "authors": ("Emmy Noether",)},
        {"abstract": "On the warmth of pullovers. " * 20},
    ],
    ids=["another arXiv id", "too short to tell", "other authors", "about something else"],
)
def test_what_reads_alike_is_not_always_the_same_work(fields: dict[str, Any]) -> None:
    """Ids and authors speak against it, or there is too little to go by."""
    paper = an_entry(TITLE, arxiv_id="2611.00001", abstract=LONG, authors=("Ada Lovelace",))

    assert len(dedupe([paper, an_entry("Quite another title of words", **fields)], encode=alike)) == 2


def test_where_every_entry_has_an_arxiv_id_nothing_is_compared() -> None:
    """Most days cost nothing."""

    def never(texts: Sequence[str]) -> Vectors:
        raise AssertionError(texts)

    entries = [an_entry(f"Title number {n} of many", arxiv_id=f"2611.0000{n}", abstract=LONG) for n in range(5)]

    assert len(dedupe(entries, encode=never)) == 5


@pytest.mark.skipif(not STREAM.exists(), reason=f"needs the stream of real papers at {STREAM}")
def test_no_two_works_of_a_real_stream_are_merged(weights: Weights) -> None:
    """Neither with their ids nor, as a listing page gives them, without."""
    with gzip.open(STREAM, "rt", encoding="utf-8") as lines:
        docs = {doc["id"]: doc for doc in map(json.loads, lines)}
    entries = [
        an_entry(
            doc["title"],
            abstract=doc["abstract"],
            authors=tuple(doc.get("authors") or ()),
            arxiv_id=number,
            place=f"#{n}",
        )
        for n, (number, doc) in enumerate(sorted(docs.items()))
    ]
    bare = [replace(entry, arxiv_id="", authors=()) for entry in entries]

    assert len(dedupe(entries, encode=weights.vectors.encode)) == len(docs)
    assert len(dedupe(bare, encode=weights.vectors.encode)) == len(docs)
    assert len(dedupe([*entries, *bare], encode=weights.vectors.encode)) == len(docs)


# ------------------------------------------------------------------ order


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
