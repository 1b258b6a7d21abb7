"""Topics: a partition, the same in any order, with headings somebody could print."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import a_paper

from newsletter.cluster import cluster, group
from newsletter.cluster.labels import label
from newsletter.cluster.linkage import average_linkage
from newsletter.cluster.phrases import spans
from newsletter.models import Paper, Topic
from newsletter.weights import Weights

DECODING = (
    a_paper(
        "Tree drafts for speculative decoding",
        abstract="A draft model proposes tokens for speculative decoding; the language model verifies them at once.",
    ),
    a_paper(
        "When speculative decoding does not pay",
        abstract="Acceptance rates of drafted tokens decide whether speculative decoding makes inference faster.",
    ),
    a_paper(
        "Self-speculative decoding with skipped layers",
        abstract="The model drafts with a part of its own layers and verifies with all: speculative decoding alone.",
    ),
)
GALAXIES = (
    a_paper(
        "A luminous galaxy at redshift 14 seen with JWST",
        abstract="JWST spectroscopy of a high-redshift galaxy three hundred million years after the Big Bang.",
    ),
    a_paper(
        "Dust in high-redshift galaxies with JWST",
        abstract="We measure dust attenuation of high-redshift galaxies in deep JWST images.",
    ),
    a_paper(
        "Sizes of high-redshift galaxies from JWST imaging",
        abstract="Galaxies at high redshift are compact in JWST near-infrared images.",
    ),
)
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


@pytest.mark.parametrize(
    "title",
    ["<script>alert(1)</script>", "{{ 7*7 }}", "the of and", "", "量子誤り訂正", "a" * 5_000, "\u202eevil", "--- ---"],
)
def test_any_title_gets_some_heading(title: str, weights: Weights) -> None:
    """Where no phrase can be found, the title itself stands, and nothing raises."""
    papers = (a_paper(title, id="x:1", abstract=""), a_paper(title, id="x:2", abstract=""))

    assert isinstance(label_of(papers, weights), str)


def test_a_heading_does_not_end_with_what_waits_for_its_noun(weights: Weights) -> None:
    """“Gravitational” and “gravitational wave” go on; “gravitational waves” can stand."""
    papers = tuple(
        a_paper(f"{begin} gravitational wave {end}", abstract="We detect gravitational waves and measure them.")
        for begin, end in (("Lunar", "detectors"), ("A stochastic", "background"), ("Simulated", "signals"))
    )

    assert label_of(papers, weights) == "Gravitational waves"


def test_a_title_s_own_prose_is_no_heading() -> None:
    """“Towards”, “efficient” and “a study” are true of any paper."""
    words = {word for phrase in spans("Towards Efficient Image Segmentation: A Study") for word in phrase.key.split()}

    assert words == {"image", "segmentation"}


def test_punctuation_cuts_phrases() -> None:
    """A heading never runs over a colon."""
    assert "LoRA Adapters" not in {phrase.surface for phrase in spans("LoRA: Adapters for models")}


def test_acronyms_keep_their_capitals(weights: Weights) -> None:
    """LLM and JWST are not ordinary words."""
    papers = tuple(
        a_paper(f"{word} LLM judges", abstract="LLM judges compared") for word in ("Biased", "Careful", "Cheap")
    )

    assert label_of(papers, weights) == "LLM judges"
