"""Topics: a partition, the same in any order, with headings somebody could print."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import DECODING, GALAXIES, a_paper

from newsletter import tfidf
from newsletter.cluster import cluster, group, similarity
from newsletter.cluster.labels import label
from newsletter.cluster.linkage import average_linkage
from newsletter.cluster.moves import moved
from newsletter.models import Paper, Topic
from newsletter.weights import Weights

PAPERS = DECODING + GALAXIES


def topics_of(papers: tuple[Paper, ...], weights: Weights) -> tuple[Topic, ...]:
    """Return the topics of the papers."""
    return cluster(
        papers,
        weights.vectors.encode([paper.text for paper in papers]),
        encode=weights.vectors.encode,
        background=weights.background,
    )


def label_of(papers: tuple[Paper, ...], weights: Weights, rest: tuple[Paper, ...] = ()) -> str:
    """Return the heading of a group."""
    return label(papers, rest=rest, encode=weights.vectors.encode, background=weights.background)


def test_papers_of_two_subjects_make_two_topics(weights: Weights) -> None:
    """Decoding and galaxies have nothing in common."""
    found = topics_of(PAPERS, weights)

    assert {frozenset(topic.papers) for topic in found} == {frozenset(DECODING), frozenset(GALAXIES)}


def test_topics_are_named_by_what_their_papers_share(weights: Weights) -> None:
    """A heading is a noun phrase in running capitals."""
    assert {topic.label for topic in topics_of(PAPERS, weights)} == {"Speculative decoding", "High-redshift galaxies"}


def test_the_order_of_arrival_changes_nothing(weights: Weights) -> None:
    """The same papers give the same topics, whichever source was faster."""
    shuffled = random.Random(3).sample(PAPERS, len(PAPERS))

    assert topics_of(tuple(shuffled), weights) == topics_of(PAPERS, weights)


def test_no_papers_make_no_topics(weights: Weights) -> None:
    """An empty day is no error."""
    assert topics_of((), weights) == ()


def test_one_paper_is_a_topic(weights: Weights) -> None:
    """A lone match is not lost."""
    (topic,) = topics_of(DECODING[:1], weights)

    assert topic.papers == DECODING[:1]


def test_papers_without_abstract_are_kept(weights: Weights) -> None:
    """Listing pages lose abstracts now and then."""
    bare = a_paper("Notes", abstract="")

    assert {paper for topic in topics_of((*PAPERS, bare), weights) for paper in topic.papers} == {*PAPERS, bare}


@given(st.integers(1, 25), st.integers(0, 10_000), st.floats(0.1, 1.2))
def test_linkage_makes_a_partition(size: int, seed: int, stop: float) -> None:
    """Every row is in exactly one group, whatever the distances."""
    half = np.random.default_rng(seed).random((size, size))

    groups = average_linkage((half + half.T) / 2, stop=stop)

    assert sorted(row for rows in groups for row in rows) == list(range(size))


@given(st.integers(2, 14), st.integers(0, 10_000), st.floats(0.2, 0.9))
def test_linkage_equals_the_textbook(size: int, seed: int, stop: float) -> None:
    """The chain finds the groups that merging the closest pair again and again finds."""
    half = np.random.default_rng(seed).random((size, size))
    distances = (half + half.T) / 2

    groups = [[row] for row in range(size)]
    while len(groups) > 1:
        pairs = [
            (distances[np.ix_(a, b)].mean(), i, j) for i, a in enumerate(groups) for j, b in enumerate(groups) if i < j
        ]
        closest, i, j = min(pairs)
        if closest > stop:
            break
        groups[i] = sorted(groups[i] + groups.pop(j))

    assert average_linkage(distances, stop=stop) == sorted(groups)


def test_equal_distances_do_not_go_round_in_circles() -> None:
    """Ties are broken the same way each time, so the chain ends."""
    assert average_linkage(np.full((9, 9), 0.5), stop=0.6) == [list(range(9))]


def test_a_lone_paper_joins_its_nearest_group_if_it_is_close_at_all() -> None:
    """A section of one is a poor section."""
    likeness = np.array([[1, 0.5, 0.07, 0.0], [0.5, 1, 0.07, 0.0], [0.07, 0.07, 1, 0.0], [0.0, 0.0, 0.0, 1]])

    assert group(likeness) == [[0, 1, 2], [3]]


def test_no_papers_make_no_groups() -> None:
    """An empty day is no error, a day of one paper neither."""
    assert group(np.zeros((0, 0))) == []
    assert group(np.ones((1, 1))) == [[0]]


def test_a_paper_merged_too_early_goes_where_it_belongs() -> None:
    """Row 2 was put to rows 0 and 1, and is more like rows 3 and 4."""
    likeness = np.full((5, 5), 0.0)
    likeness[:2, :2], likeness[2:, 2:], likeness[2, :2], likeness[:2, 2] = 0.5, 0.4, 0.1, 0.1

    assert moved([[0, 1, 2], [3, 4]], likeness, level=0.04) == [[0, 1], [2, 3, 4]]


def test_who_is_close_to_nobody_is_put_out() -> None:
    """A paper that is less like its group than the level stands alone."""
    likeness = np.array([[1, 0.5, 0.03], [0.5, 1, 0.03], [0.03, 0.03, 1]])

    assert moved([[0, 1, 2]], likeness, level=0.04) == [[0, 1], [2]]


def test_moving_leaves_the_likeness_as_it_was() -> None:
    """A function that is handed an array does not write into it."""
    likeness = np.ones((3, 3))

    moved([[0], [1], [2]], likeness, level=0.1)

    assert (likeness == 1).all()


@given(st.integers(1, 25), st.integers(0, 10_000), st.floats(-0.2, 0.6))
def test_moving_makes_a_partition(size: int, seed: int, level: float) -> None:
    """Every row is in exactly one group, whatever the likeness, and groups come in order."""
    half = np.random.default_rng(seed).uniform(-0.5, 0.8, (size, size))

    groups = moved([list(range(size))], (half + half.T) / 2, level=level)

    assert sorted(row for rows in groups for row in rows) == list(range(size))
    assert groups == sorted(groups)


def test_a_large_group_does_not_swallow_what_is_a_little_like_it() -> None:
    """The mean decides and not the sum: forty distant relatives are no family."""
    likeness = np.full((44, 44), 0.08)
    likeness[:40, :40], likeness[40:, 40:] = 0.3, 0.5

    assert moved([list(range(40)), list(range(40, 44))], likeness, level=0.04)[1] == [40, 41, 42, 43]


def test_more_papers_need_more_likeness_to_be_one_topic() -> None:
    """Among hundreds of papers some groups are close by chance."""

    def pair_in(size: int) -> list[list[int]]:
        likeness = np.where(np.eye(size) > 0, 1.0, -0.2)
        likeness[:2, :2] = likeness[2:4, 2:4] = 0.9
        likeness[:2, 2:4] = likeness[2:4, :2] = 0.1
        return group(likeness)[:2]

    assert pair_in(30)[0] == [0, 1, 2, 3]
    assert pair_in(300) == [[0, 1], [2, 3]]


def test_identical_and_empty_papers_have_a_likeness(weights: Weights) -> None:
    """Ties and texts of which nothing is known give numbers, never NaN; the same paper twice is fully alike."""
    unknown = (a_paper("量子", id="x:1", abstract=""), a_paper("", id="x:2", abstract=""))
    papers = (*PAPERS, *unknown, a_paper(DECODING[0].title, id="x:3", abstract=DECODING[0].abstract))

    likeness = similarity(papers, weights.vectors.encode([paper.text for paper in papers]), weights.background)

    assert np.isfinite(likeness).all()
    assert np.array_equal(likeness, likeness.T)
    assert likeness[0, -1] == pytest.approx(1, abs=1e-6)
    assert not likeness[-2, :-2].any()


def test_papers_without_words_or_vectors_are_kept_apart(weights: Weights) -> None:
    """Two papers of which nothing is known have nothing in common that is known."""
    papers = (a_paper("", id="x:1", abstract=""), a_paper("", id="x:2", abstract=""))
    nothing = weights.vectors.encode(["", ""])

    assert group(similarity(papers, nothing, weights.background)) == [[0], [1]]


def test_one_subject_repeated_is_one_topic(weights: Weights) -> None:
    """Copies of one paper are alike, however many there are, and the answer stays a partition."""
    copies = tuple(a_paper(DECODING[0].title, id=f"x:{n}", abstract=DECODING[0].abstract) for n in range(5))

    topics = topics_of((*copies, *GALAXIES), weights)

    assert {frozenset(topic.papers) for topic in topics} == {frozenset(copies), frozenset(GALAXIES)}


def test_a_word_of_the_title_weighs_more(weights: Weights) -> None:
    """Two papers that share a word of their titles are more alike than two that share one of their abstracts."""
    title = [a_paper("Kagome lattices", abstract="Spins."), a_paper("Kagome magnets", abstract="Fields.")]
    abstract = [a_paper("Lattices", abstract="Kagome spins."), a_paper("Magnets", abstract="Kagome fields.")]

    assert tfidf.cosines(title, weights.background)[0, 1] > tfidf.cosines(abstract, weights.background)[0, 1] + 0.05


def test_the_cosine_of_words_is_that_of_the_textbook(weights: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    """A paper with itself gives 1, nothing in common 0, however words are multiplied: pair by pair or in columns."""
    papers = (*PAPERS, PAPERS[0])

    pairs = tfidf.cosines(papers, weights.background)
    monkeypatch.setattr(tfidf, "_FREQUENT", 0)
    columns = tfidf.cosines(papers, weights.background)

    assert pairs == pytest.approx(columns, abs=1e-12)
    assert pairs[0, -1] == pytest.approx(1)
    assert pairs[0, 1] == pytest.approx(pairs[1, 0])
    assert 0 < pairs[0, 1] < 1
    assert pairs[0, 3] < 0.05
