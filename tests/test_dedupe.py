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
from hypothesis import given, settings
from hypothesis import strategies as st
from makers import an_entry

from newsletter.dedupe import dedupe, is_newer, version_of, wanted
from newsletter.dedupe.people import People
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
        authors=st.sampled_from([(), ("Ada Lovelace",), ("A. Lovelace", "Grace Hopper"), ("Hopper Grace",)]),
        url=st.sampled_from(["", "https://example.org/1", "https://example.org/2"]),
        also=st.sampled_from([(), (), ("pmid:1",), ("doi:10.1234/a",), ("arxiv:2611.00001", "arxiv:2611.00003")]),
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
    """Nothing is lost, nothing doubled, whatever it is called."""
    papers = dedupe(entries, known=known)
    found = [entry for paper in papers for entry in paper.entries]

    assert set(said(entries)) <= set(said(found))
    assert len(said(found)) == len(found) or known
    assert len({paper.id for paper in papers}) == len(papers)
    titles = [name for paper in papers for name in paper.identities if name.startswith("title:")]
    assert len(set(titles)) == len(titles) or known


@given(ENTRIES)
def test_two_arxiv_ids_are_never_one_paper(entries: list[Entry]) -> None:
    """Whatever else they share, and whoever names both."""
    for paper in dedupe(entries):
        assert len({entry.arxiv_id for entry in paper.entries} - {""}) <= 1
        assert len([name for name in paper.identities if name.startswith("arxiv:")]) <= 1


@settings(max_examples=1_000)
@given(ENTRIES, st.booleans())
def test_a_stored_paper_keeps_its_id_the_next_day(entries: list[Entry], twice: bool) -> None:  # noqa: FBT001 given
    """What was stored yesterday is recognised in the same entries today, and what stood apart does so again.

    Over two days the number of papers may differ from that of one: titles join works one by one, an entry without
    authors may join one or the other of two namesakes, and what a reader was told of is not joined afterwards.
    """
    papers = dedupe(entries)

    assert dedupe([*entries, *entries] if twice else entries, known=papers) == papers


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


# ------------------------------------------------------------------ works of one title


@pytest.mark.parametrize(
    ("mine", "others", "expected"),
    [
        ("Wei Zhang", "Zhang Wei", True),
        ("W. Zhang", "Zhang Wei", True),
        ("LI Wei", "Wei Li", True),
        ("Lovelace, Ada", "A. Lovelace", True),
        ("Xiao-Ming Li-Smith", "X. M. LiSmith", True),
        ("Serre JP", "Jean-Pierre Serre", True),
        ("José García López", "Jose García", True),
        ("The ATLAS Collaboration", "ATLAS", True),
        ("王伟", "王 伟", True),
        ("Wei Zhang", "Wei Li", False),
        ("Wei Zhang", "Wen Zhang", False),
        ("Wei Li", "Wei Lin", False),
        ("Maria Rossi", "Maria Santos", False),
        ("José García López", "José García Ruiz", False),
        ("Jan van Rossum", "Piet van Dam", False),
        ("ATLAS Collaboration", "CMS Collaboration", False),
        ("J. Smith", "J. Doe", False),
        ("王伟", "李娜", False),
        ("Wei Zhang", "张伟", None),
        ("Ada Lovelace", " ", None),
    ],
)
def test_people_are_compared_and_not_words(mine: str, others: str, expected: bool | None) -> None:  # noqa: FBT001 given
    """Turned and shortened names are the same person's; nobody can compare scripts."""
    one, other = People(), People()
    one.add([mine])
    other.add([others])

    assert one.common(other) is other.common(one) is expected


ABSTRACTS = tuple(" ".join(f"{word}{number}" for number in range(40)) for word in ("river", "shelf"))


@pytest.mark.parametrize(
    ("mine", "others", "works"),
    [
        ({"arxiv_id": "2611.00001", "authors": ("Maria Rossi",)}, {"doi": "10.1/x", "authors": ("Maria Santos",)}, 2),
        ({"arxiv_id": "2611.00001", "authors": ("Wei Zhang",)}, {"authors": ("张伟",)}, 1),
        ({"arxiv_id": "2611.00001", "abstract": ABSTRACTS[0]}, {"abstract": ABSTRACTS[1]}, 2),
        ({"arxiv_id": "2611.00001", "abstract": ABSTRACTS[0]}, {"abstract": ABSTRACTS[0][:250]}, 1),
        ({"arxiv_id": "2611.00001", "abstract": ABSTRACTS[0]}, {"abstract": "Of shelves."}, 1),
        ({"url": "https://example.org/1", "abstract": "One."}, {"url": "https://example.org/2", "abstract": "Two."}, 2),
        ({"url": "https://example.org/1", "abstract": "One."}, {"url": "https://example.org/1", "abstract": "Two."}, 1),
        ({"url": "https://example.org/1"}, {"url": "https://example.org/2"}, 1),
        (
            {"url": "https://example.org/1", "published": date(2026, 11, 13)},
            {"url": "https://example.org/2", "published": date(2026, 11, 20)},
            2,
        ),
        (
            {"url": "https://example.org/1", "abstract": "One.", "also": ("openreview:x",)},
            {"url": "https://example.org/2", "abstract": "Two.", "also": ("openreview:x",)},
            1,
        ),
    ],
    ids=[
        "other surname",
        "other script",
        "other text",
        "cut text",
        "too short",
        "column",
        "one address",
        "two addresses",
        "two days",
        "an id joins",
    ],
)
def test_what_speaks_for_and_against_one_title(mine: dict[str, Any], others: dict[str, Any], works: int) -> None:
    """People, abstracts, and within one source the address."""
    entries = [an_entry(TITLE, **fields) for fields in (mine, others)]

    assert len(dedupe(entries)) == works


def test_two_works_of_one_title_without_ids_are_two_papers_for_ever() -> None:
    """Each has an id of its own, on one day or on two, and is found again when it is told of differently."""
    mine = an_entry(TITLE, source="a", authors=("Ada Lovelace",), url="https://a.example.org/1")
    others = an_entry(TITLE, source="b", authors=("Emmy Noether",), url="https://b.example.org/1")
    together = dedupe([mine, others])
    first = dedupe([mine])
    second = dedupe([others], known=first)
    again = an_entry(TITLE, source="c", authors=("E. Noether",), doi="10.1234/n")

    assert {paper.id for paper in together} == {first[0].id, second[0].id}
    assert dedupe([others], known=first) == second  # who was not found again keeps the id as well
    assert set(second[0].identities) & set(wanted([again]))
    assert one(again, known=[*first, *second]).id == second[0].id
    assert set(first[0].identities).isdisjoint(second[0].identities)


def test_a_column_is_a_new_paper_every_week() -> None:
    """Its title and its editor are the same, address and text are not."""
    weeks = [
        an_entry("Highlights of theory this week", authors=("Ada Lovelace",), url=f"https://example.org/{week}",
                 abstract=f"Week {week}.")
        for week in range(4)
    ]  # fmt: skip
    stored_papers: dict[str, Paper] = {}
    for week in weeks:
        [paper] = dedupe([week], known=tuple(stored_papers.values())[:1])  # only the owner of the title is known
        stored_papers[paper.id] = paper

    assert len(stored_papers) == len(dedupe(weeks)) == 4


def test_a_journal_s_paper_of_two_preprints_is_neither() -> None:
    """Crossref may tell of several."""
    both = ("arxiv:2611.00001", "arxiv:2611.00002")
    papers = dedupe(
        [
            an_entry("Part one of it all", arxiv_id="2611.00001"),
            an_entry("Part two of it all", arxiv_id="2611.00002"),
            an_entry("All of it at once", doi="10.1234/j", also=both),
        ]
    )

    assert sorted(paper.id for paper in papers) == ["arxiv:2611.00001", "arxiv:2611.00002", "doi:10.1234/j"]


def test_the_version_is_arxiv_s_where_there_is_one() -> None:
    """A third version on bioRxiv does not hide arXiv's second."""
    first = an_entry(TITLE, arxiv_id="2611.00001", version=1)
    other = an_entry(TITLE, source="b", doi="10.1101/2026.01.01.1", version=3)
    before, after = one(first, other), one(replace(first, version=2), known=[one(first, other)])

    assert (before.version, after.version, version_of([other]), version_of(())) == (1, 2, 3, 0)
    assert is_newer(after, before)
    assert not is_newer(before, one(other))  # it came to arXiv
    assert not is_newer(before, after)


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


@pytest.mark.parametrize(
    "title",
    [
        "Erratum: Draft trees for faster decoding",
        "Comment on “Draft trees for faster decoding”",
        "Reply to the comment on draft trees for faster decoding",
        "Draft trees for faster decoding II",
        "Draft trees for faster decoding, Part 2",
        "Draft trees for faster decoding in 2 passes",
        "Retracted: draft trees for faster decoding",
    ],
)
def test_what_is_about_a_paper_is_not_its_copy(title: str) -> None:
    """It repeats the abstract and most of the title."""
    entry = an_entry(title, source="b", abstract=LONG, doi="10.1234/c")

    assert len(dedupe([an_entry(TITLE, arxiv_id="2611.00001", abstract=LONG), entry], encode=alike)) == 2


@pytest.mark.parametrize(("mine", "others"), [("II", "2"), ("Ⅱ", "II"), ("two", "2")])
def test_a_number_is_the_same_however_written(mine: str, others: str) -> None:
    """A copy may say it otherwise."""
    entries = [
        an_entry(f"{TITLE}: Part {mine}", arxiv_id="2611.00001", abstract=LONG),
        an_entry(f"{TITLE}, really, Part {others}", source="b", abstract=LONG),
    ]

    assert len(dedupe(entries, encode=alike)) == 1


def test_a_copy_of_a_recent_paper_joins_it() -> None:
    """A listing shows it the day after, under another title; nothing is said of what nobody told of again."""
    paper = one(an_entry(TITLE, arxiv_id="2611.00001", abstract=LONG))
    namesake = one(an_entry("Draft trees for decoding", source="c", abstract=LONG, doi="10.1234/c"))
    copy = an_entry("Faster decoding by draft trees: a subtitle", source="pages x", abstract=LONG)

    assert one_of(dedupe([copy], recent=[paper], encode=alike)) == ("arxiv:2611.00001", 2)
    assert dedupe([], recent=[paper, namesake], encode=alike) == ()
    assert one_of(dedupe([copy], recent=[paper, namesake], encode=alike)) == ("arxiv:2611.00001", 2)
    assert len(dedupe([copy], recent=[paper])) == 1


def one_of(papers: Sequence[Paper]) -> tuple[str, int]:
    """Return the id of the only paper and how many entries it has."""
    [paper] = papers
    return paper.id, len(paper.entries)


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


def test_thousands_of_namesakes_apart_take_no_time() -> None:
    """Neither do those that people, abstracts and addresses tell apart."""
    entries = [
        an_entry(TITLE, authors=(f"Wei Zhang{number}",), url=f"https://example.org/{number}", place=f"f#{number}")
        for number in range(1000)
    ]
    papers = dedupe(entries)

    assert len({paper.id for paper in papers}) == len(papers) == 1000


def test_the_same_entry_twice_is_one_paper() -> None:
    """Two sources may read the same file."""
    entry = an_entry(TITLE)

    assert one(entry, entry, replace(entry, place="elsewhere")).title == TITLE


def test_no_entries_are_no_papers() -> None:
    """A quiet day."""
    assert dedupe([]) == ()
