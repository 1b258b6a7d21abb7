"""Interests against papers: what passes, in what order, on what evidence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import a_paper, a_topic, an_interest

from newsletter.match import PASSES, Hit, excluded, match, rate, score
from newsletter.match.examples import rank_by_examples
from newsletter.match.lexical import index, query_tokens
from newsletter.match.phrases import GATE
from newsletter.models import Interest, InterestKind, Paper, ReasonKind
from newsletter.weights import Weights

DECODING = a_paper(
    "Tree drafts for speculative decoding",
    id="arxiv:1",
    abstract="A draft model proposes a tree of tokens and the large language model verifies it, so inference is fast.",
)
GALAXIES = a_paper(
    "A luminous galaxy at redshift 14",
    id="arxiv:2",
    abstract="JWST spectroscopy confirms a galaxy three hundred million years after the Big Bang.",
    categories=("astro-ph.GA",),
    authors=("Cecilia H. Payne",),
)
CORAL = a_paper(
    "Sparse sensors for swimming pools",
    id="arxiv:3",
    abstract="We place few thermometers and reconstruct the temperature of a pool.",
    categories=("physics.flu-dyn",),
)
PAPERS = (DECODING, GALAXIES, CORAL)


def hits_of(
    interest: Interest, weights: Weights, *, floor: float = PASSES, papers: tuple[Paper, ...] = PAPERS
) -> dict[str, Hit]:
    """Return the hits of one interest among the papers."""
    found = score(
        [interest],
        papers,
        paper_vectors=weights.vectors.encode([paper.text for paper in papers]),
        encode=weights.vectors.encode,
        background=weights.background,
        floor=floor,
    )
    return dict(found[interest])


def of_kind(kind: InterestKind, value: str) -> Interest:
    """Return an interest in a category or an author."""
    return Interest(kind, value, (value,))


# ------------------------------------------------------------------ phrases


def test_a_phrase_finds_the_paper_about_it_and_no_other(weights: Weights) -> None:
    """One gate for all: what is not about the phrase does not pass."""
    assert set(hits_of(an_interest("speculative decoding"), weights)) == {"arxiv:1"}


def test_nothing_passes_when_nothing_is_about_the_phrase(weights: Weights) -> None:
    """Better silence than junk."""
    assert hits_of(an_interest("coral reef ecology"), weights) == {}


def test_words_in_the_title_are_given_as_the_reason(weights: Weights) -> None:
    """A reader sees which of their own words matched, and where."""
    hit = hits_of(an_interest("speculative decoding"), weights)["arxiv:1"]

    assert (hit.reason.kind, hit.reason.words, hit.reason.in_title) == (
        ReasonKind.WORDS,
        ("speculative", "decoding"),
        True,
    )


def test_a_paper_close_in_meaning_says_so(weights: Weights) -> None:
    """Without the words themselves the evidence is closeness."""
    hit = hits_of(an_interest("early universe observations"), weights, floor=0.0)["arxiv:2"]

    assert hit.reason.kind is ReasonKind.MEANING
    assert hit.reason.closeness > 1


def test_prose_around_a_phrase_does_not_count() -> None:
    """“papers about X” asks for X."""
    assert query_tokens("papers about speculative decoding") == query_tokens("speculative decoding")


def test_a_phrase_of_unknown_words_matches_by_words_alone(weights: Weights) -> None:
    """A made-up word has no vector; the paper that has the word is still found, and no other."""
    paper = a_paper("The zyxgraph method", id="arxiv:9", abstract="zyxgraph zyxgraph zyxgraph")

    assert hits_of(an_interest("zyxgraph"), weights, papers=(*PAPERS, paper)).keys() == {"arxiv:9"}


def test_the_best_phrase_lets_a_paper_through(weights: Weights) -> None:
    """An interest with a description is not held back by the words the paper does not use."""
    interest = an_interest("faster inference", phrases=("faster inference", "speculative decoding", "early exit"))

    assert set(hits_of(interest, weights)) == {"arxiv:1"}


def test_no_papers_give_no_hits(weights: Weights) -> None:
    """An empty day is no error."""
    assert hits_of(an_interest(), weights, papers=()) == {}


# ------------------------------------------------------------------ exact kinds


def test_a_category_passes_every_paper_in_it(weights: Weights) -> None:
    """Who names a category gets it, below what is matched by words."""
    hits = hits_of(of_kind(InterestKind.CATEGORY, "astro-ph.GA"), weights)

    assert {paper: hit.reason.kind for paper, hit in hits.items()} == {"arxiv:2": ReasonKind.CATEGORY}
    assert hits["arxiv:2"].score < hits_of(an_interest("luminous galaxy"), weights)["arxiv:2"].score


def test_an_archive_covers_its_classes(weights: Weights) -> None:
    """`astro-ph` means all of astro-ph."""
    assert set(hits_of(of_kind(InterestKind.CATEGORY, "astro-ph"), weights)) == {"arxiv:2"}


@pytest.mark.parametrize("written", ["Cecilia Payne", "C. Payne", "Payne, Cecilia H.", "cecilia h. payne", "C H Payne"])
def test_an_author_is_found_however_the_name_is_written(written: str, weights: Weights) -> None:
    """Initials stand for names, order and case do not matter."""
    assert set(hits_of(of_kind(InterestKind.AUTHOR, written), weights)) == {"arxiv:2"}


@pytest.mark.parametrize("written", ["Claude Payne", "Cecilia Paynel", "Cecilia", "Payne Cecilia"])
def test_a_namesake_is_not_the_author(written: str, weights: Weights) -> None:
    """Another given name is another person."""
    assert hits_of(of_kind(InterestKind.AUTHOR, written), weights) == {}


def test_accents_do_not_hide_an_author(weights: Weights) -> None:
    """A reader without the key still finds the person."""
    paper = a_paper(id="arxiv:4", authors=("Kurt Gödel",))

    assert set(hits_of(of_kind(InterestKind.AUTHOR, "Kurt Godel"), weights, papers=(paper,))) == {"arxiv:4"}


# ------------------------------------------------------------------ exclusions


@pytest.mark.parametrize(
    "rule",
    [
        an_interest("speculative decoding"),
        of_kind(InterestKind.CATEGORY, "cs.CL"),
        of_kind(InterestKind.AUTHOR, "Grace Hopper"),
    ],
    ids=["phrase", "category", "author"],
)
def test_an_exclusion_covers_what_has_exactly_that(rule: Interest) -> None:
    """Exclusions are exact: nobody loses a paper because it is somewhat alike."""
    assert excluded(PAPERS[:2], [rule])["arxiv:1"] == rule


def test_words_apart_are_not_the_excluded_phrase() -> None:
    """The words must stand side by side."""
    paper = a_paper("Decoding of speculative trades")

    assert excluded([paper], [an_interest("speculative decoding")]) == {}


# ------------------------------------------------------------------ scores


@given(st.lists(st.floats(-2, 8), min_size=1, max_size=6), st.floats(0.1, 10))
def test_what_passes_always_stands_above_what_does_not(values: list[float], weight: float) -> None:
    """The scale keeps the gate where it is: at 0.5, whatever the weight."""
    combined = np.array([values], dtype=np.float32)

    scores = rate(combined, np.zeros_like(combined), weight=weight)

    assert ((scores >= PASSES) == (combined[0] >= np.float32(GATE))).all()
    assert ((scores >= 0) & (scores <= 1)).all()


def test_weight_raises_a_score_but_opens_no_gate() -> None:
    """What does not match does not match more for being wanted more."""
    combined = np.array([[GATE + 0.2, GATE - 0.2]], dtype=np.float32)

    exactness = np.zeros_like(combined)

    light, heavy = rate(combined, exactness), rate(combined, exactness, weight=3.0)

    assert heavy[0] > light[0]
    assert heavy[1] < PASSES


def test_the_lexical_score_counts_words_no_paper_has() -> None:
    """Half a phrase is half a match: scores of different phrases share one threshold."""
    lexical = index(PAPERS, frequency={}, size=0)

    assert lexical.scores("speculative decoding")[0] > lexical.scores("speculative decoding of zyxgraphs")[0]


# ------------------------------------------------------------------ topics


def test_topics_are_cut_to_what_the_reader_asked_for(weights: Weights) -> None:
    """Two readers of one edition see the same topic, each their own papers of it."""
    interest = an_interest("speculative decoding")
    hits = {interest: hits_of(interest, weights)}

    (found,) = match([a_topic("Everything", *PAPERS)], [interest], hits)

    assert [paper.paper.id for paper in found.papers] == ["arxiv:1"]
    assert found.interests == ("speculative decoding",)


def test_a_reason_names_the_line_of_this_reader(weights: Weights) -> None:
    """Who wrote the same words elsewhere shares the score and not the line."""
    grace, ada = (an_interest("speculative decoding", origin=f"subscribers.yaml:{line}") for line in (7, 12))
    hits = {grace: hits_of(grace, weights)}

    (found,) = match([a_topic("Decoding", DECODING)], [ada], hits)

    assert [reason.origin for reason in found.papers[0].reasons] == ["subscribers.yaml:12"]


def test_every_interest_that_asked_is_a_reason(weights: Weights) -> None:
    """Two interests, two reasons, the stronger first."""
    interests = [an_interest("speculative decoding"), of_kind(InterestKind.CATEGORY, "cs.CL")]
    hits = {interest: hits_of(interest, weights) for interest in interests}

    (found,) = match([a_topic("Decoding", DECODING)], interests, hits)

    assert [reason.kind for reason in found.papers[0].reasons] == [ReasonKind.WORDS, ReasonKind.CATEGORY]


# ------------------------------------------------------------------ examples


def test_papers_like_the_liked_ones_come_first(weights: Weights) -> None:
    """One example is enough to tell decoding from galaxies."""
    liked = a_paper("Faster inference with a draft model", abstract="Speculative sampling verifies drafted tokens.")
    vectors = weights.vectors.encode([paper.text for paper in PAPERS])

    ranks = rank_by_examples(
        [liked],
        PAPERS,
        liked_vectors=weights.vectors.encode([liked.text]),
        paper_vectors=vectors,
        background=weights.background,
    )

    assert int(ranks.argmax()) == 0
