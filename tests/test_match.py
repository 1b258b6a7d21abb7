"""Interests against papers: what passes, in what order, on what evidence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import a_paper, an_interest

from newsletter.match import PASSES, Hit, Hits, Tastes, Voted, excluded, own_interests, read, score
from newsletter.match.lexical import index, query_tokens
from newsletter.match.phrases import GATE, rate
from newsletter.match.tastes import NO_TASTES
from newsletter.models import Interest, InterestKind, Paper, ReasonKind, Signals
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


def scored(
    interests: Sequence[Interest],
    weights: Weights,
    *,
    floor: float = PASSES,
    papers: Sequence[Paper] = PAPERS,
    tastes: Tastes = NO_TASTES,
) -> Hits:
    """Return the hits of some interests among the papers."""
    reading = read(papers, weights.vectors.encode_papers(papers), weights.background)
    return score(interests, reading, encode=weights.vectors.encode, floor=floor, tastes=tastes)


def hits_of(
    interest: Interest, weights: Weights, *, floor: float = PASSES, papers: Sequence[Paper] = PAPERS
) -> dict[str, Hit]:
    """Return the hits of one interest by paper id."""
    hits = scored([interest], weights, floor=floor, papers=papers)
    found = ((paper.id, hits.hit(interest, paper.id)) for paper in papers)
    return {paper_id: hit for paper_id, hit in found if hit is not None}


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


@pytest.mark.parametrize(
    ("written", "author"),
    [
        ("Lukasz Kaiser", "Łukasz Kaiser"),
        ("Soren Kierkegaard", "Søren Kierkegaard"),
        ("Martin King", "Martin King Jr."),
        ("King, Martin, Jr.", "Martin King"),
        ("Flann O'Brien", "Flann O’Brien"),
    ],
)
def test_a_name_is_the_same_without_its_odd_letters(written: str, author: str, weights: Weights) -> None:
    """Suffixes, strokes and apostrophes are no other person."""
    paper = a_paper(id="arxiv:5", authors=(author,))

    assert set(hits_of(of_kind(InterestKind.AUTHOR, written), weights, papers=(paper,))) == {"arxiv:5"}


def test_accents_do_not_hide_an_author(weights: Weights) -> None:
    """A reader without the key still finds the person."""
    paper = a_paper(id="arxiv:4", authors=("Kurt Gödel",))

    assert set(hits_of(of_kind(InterestKind.AUTHOR, "Kurt Godel"), weights, papers=(paper,))) == {"arxiv:4"}


# ------------------------------------------------------------------ exclusions


def covered(rule: Interest, weights: Weights, papers: Sequence[Paper] = PAPERS, **fields: Tastes) -> set[str]:
    """Return the papers that one exclusion covers."""
    reading = read(papers, weights.vectors.encode_papers(papers), weights.background)
    return set(excluded([rule], reading, **fields)[rule])


@pytest.mark.parametrize(
    "rule",
    [
        an_interest("speculative decoding"),
        an_interest("nothing", phrases=("nothing", "draft model")),
        of_kind(InterestKind.CATEGORY, "cs.CL"),
        of_kind(InterestKind.AUTHOR, "Grace Hopper"),
        of_kind(InterestKind.PAPER, "arxiv:1"),
    ],
    ids=["phrase", "keyword", "category", "author", "paper"],
)
def test_an_exclusion_covers_what_has_exactly_that(rule: Interest, weights: Weights) -> None:
    """Exclusions are exact: nobody loses a paper because it is somewhat alike."""
    assert covered(rule, weights, PAPERS[:2]) == {"arxiv:1"}


@pytest.mark.parametrize(
    "title", ["Decoding of speculative trades", "Speculative trees, tree decoding and speculative tree sampling"]
)
def test_words_apart_are_not_the_excluded_phrase(title: str, weights: Weights) -> None:
    """The words must stand side by side, all of them at once."""
    paper = a_paper(title, abstract="")

    assert covered(an_interest("speculative decoding"), weights, [paper]) == set()
    assert covered(an_interest("speculative tree decoding"), weights, [paper]) == set()


@pytest.mark.parametrize("written", ["few shot learning", "few-shot learning", "Few-Shot Learning"])
@pytest.mark.parametrize("title", ["Few-shot learning of trees", "On few shot learning"])
def test_a_hyphen_hides_nothing_from_an_exclusion(written: str, title: str, weights: Weights) -> None:
    """People write both, and mean one."""
    paper = a_paper(title, abstract="")

    assert covered(an_interest(written), weights, [paper]) == {paper.id}


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Q learning", "Deep learning of trees"),
        ("related work generation", "Image generation"),
        ("proof of work", "A proof that does not work"),
        ("C++", "The C of vitamin C"),
    ],
)
def test_an_exclusion_hides_only_what_says_all_of_it(written: str, title: str, weights: Weights) -> None:
    """Single letters and stop words are words too; alone they hide nothing."""
    paper = a_paper(title, abstract="")

    assert covered(an_interest(written), weights, [paper]) == set()


def test_what_is_very_like_an_excluded_example_is_covered(weights: Weights) -> None:
    """Less like this: the example's twin, and nothing of another subject."""
    example = a_paper(DECODING.title, id="arxiv:example", abstract=DECODING.abstract)
    tastes = Tastes({"arxiv:example": example}, vectors={example.id: weights.vectors.encode_papers([example])[0]})

    assert covered(of_kind(InterestKind.PAPER, "arxiv:example"), weights, tastes=tastes) == {"arxiv:1"}


# ------------------------------------------------------------------ scores


@given(st.lists(st.floats(-2, 8), min_size=1, max_size=6), st.floats(0.1, 10))
def test_what_passes_always_stands_above_what_does_not(values: list[float], weight: float) -> None:
    """The scale keeps the gate where it is: at 0.5, whatever the weight."""
    combined = np.array([values], dtype=np.float32)

    scores = rate(combined[0], combined[0], weight)

    assert ((scores >= PASSES) == (combined[0] >= np.float32(GATE))).all()
    assert ((scores >= 0) & (scores <= 1)).all()


def test_weight_raises_a_score_but_opens_no_gate() -> None:
    """What does not match does not match more for being wanted more."""
    combined = np.array([GATE + 0.2, GATE - 0.2], dtype=np.float32)

    light, heavy = rate(combined, combined), rate(combined, combined, 3.0)

    assert heavy[0] > light[0]
    assert heavy[1] < PASSES


def test_a_weight_opens_no_gate_under_a_low_bar(weights: Weights) -> None:
    """Who lets in what nearly matches does not let in everything for wanting it more."""
    light, heavy = an_interest("galaxies of coral"), an_interest("galaxies of coral", weight=50.0)
    hits = scored([light, heavy], weights, floor=0.1)

    assert hits.of(light)[0].tolist() == hits.of(heavy)[0].tolist()


def test_the_lexical_score_counts_words_no_paper_has() -> None:
    """Half a phrase is half a match: scores of different phrases share one threshold."""
    lexical = index(PAPERS, frequency={}, size=0)

    assert lexical.score("speculative decoding", 0) > lexical.score("speculative decoding of zyxgraphs", 0)


def test_many_phrases_at_once_score_as_each_alone() -> None:
    """Words said twice, unknown, or none at all; early and late words together are the whole."""
    lexical = index(PAPERS, frequency={"decoding": 40}, size=100)
    phrases = ["speculative decoding", "decoding, decoding, decoding", "zyxgraphs", "", "tree drafts of a galaxy"]
    asked = lexical.ask(phrases)
    early = np.zeros((len(phrases), len(PAPERS)), dtype=np.float32)
    lexical.add_early(asked, np.ones(len(phrases), dtype=np.float32), early)
    owners, rows = np.divmod(np.arange(early.size), len(PAPERS))

    together = early.ravel() + lexical.late(asked, owners, rows)

    alone = [lexical.score(phrases[owner], row) for owner, row in zip(owners, rows, strict=True)]
    assert together == pytest.approx(alone, abs=1e-6)


@pytest.mark.parametrize(
    ("phrase", "every", "exact"),
    [
        ("speculative decoding", True, True),
        ("decoding speculative", True, False),
        ("tree decoding", True, False),
        ("tree of coral", False, False),
    ],
)
def test_the_very_phrase_is_told_from_its_words(phrase: str, every: bool, exact: bool) -> None:  # noqa: FBT001 - a case
    """Neighbours in the phrase must be neighbours in the paper."""
    lexical, first = index(PAPERS, frequency={}, size=0), np.zeros(1, dtype=np.int64)

    told = lexical.exactness(lexical.ask([phrase]), first, first)

    assert [part.tolist() for part in told] == [[every], [exact]]


# ------------------------------------------------------------------ one reader


def test_a_reader_gets_what_any_interest_let_through_the_best_first(weights: Weights) -> None:
    """Each paper once, with its best score, and in the same order as its evidence."""
    interests = [an_interest("speculative decoding"), of_kind(InterestKind.CATEGORY, "cs.CL"), an_interest("galaxy")]
    hits = scored(interests, weights)

    rows, scores = hits.best(interests)
    matched = hits.matched(interests)

    assert [PAPERS[row].id for row in rows] == [each.paper.id for each in matched] == ["arxiv:1", "arxiv:2"]
    assert scores.tolist() == [each.score for each in matched]
    assert hits.best(interests, most=1)[0].tolist() == [0]
    assert hits.best([])[0].tolist() == []


def test_a_reason_names_the_line_of_this_reader(weights: Weights) -> None:
    """Who wrote the same words elsewhere shares the score and not the line."""
    grace, ada = (an_interest("speculative decoding", origin=f"subscribers.yaml:{line}") for line in (7, 12))

    (found,) = scored([grace, ada], weights).matched([ada])

    assert [reason.origin for reason in found.reasons] == ["subscribers.yaml:12"]


def test_every_interest_that_asked_is_a_reason(weights: Weights) -> None:
    """Two interests, two reasons, the stronger first."""
    interests = [of_kind(InterestKind.CATEGORY, "cs.CL"), an_interest("speculative decoding")]

    (found,) = scored(interests, weights).matched(interests)

    assert [reason.kind for reason in found.reasons] == [ReasonKind.WORDS, ReasonKind.CATEGORY]


def test_many_interests_score_as_each_alone(weights: Weights) -> None:
    """Nobody's score depends on who else asks: chunks, order and company are nothing to it."""
    interests = [an_interest(f"speculative decoding of tree number {number}") for number in range(3000)]
    interests[1500] = an_interest("x", phrases=("luminous galaxies", "redshift", "JWST"), weight=2.0)

    together = scored(interests, weights, floor=0.3)

    for place in (0, 1499, 1500, 1501, 2999):
        alone = scored([interests[place]], weights, floor=0.3)
        assert together.of(interests[place])[0].tolist() == alone.of(interests[place])[0].tolist()
        assert together.of(interests[place])[1] == pytest.approx(alone.of(interests[place])[1], abs=1e-6)


@pytest.mark.parametrize("floor", [0.05, 0.2, 0.4, 0.499])
def test_a_lower_floor_only_adds(floor: float, weights: Weights) -> None:
    """What is not worth computing is what the floor would drop."""
    interests = [an_interest(phrase) for phrase in ("decoding", "galaxies of coral", "tree inference speed", "pool")]
    everything, some = scored(interests, weights, floor=0.0), scored(interests, weights, floor=floor)

    for interest in interests:
        rows, scores = everything.of(interest)
        assert some.of(interest)[0].tolist() == rows[scores >= floor].tolist()


# ------------------------------------------------------------------ venues


@pytest.mark.parametrize(
    ("venue", "comment", "asked", "found"),
    [
        ("", "Accepted at NeurIPS 2026", "NeurIPS", True),
        ("", "12 pages, to appear in ICML2026", "icml", True),
        ("NeurIPS 2026 Workshop on Proofs", "", "NeurIPS", True),
        ("Physical Review Letters", "", "Physical Review Letters", True),
        ("Nature", "", "Nature", True),
        ("Nature Communications", "", "Nature", False),
        ("", "The nature of dark matter; 12 pages", "Nature", False),
        ("Computer Science Review", "", "Science", False),
        ("PNAS Nexus", "", "PNAS", False),
        ("", "", "NeurIPS", False),
        ("", "Submitted to ICML 2026", "ICML", False),
        ("", "Under review at ICML; code at the authors' page", "ICML", False),
        ("", "Submitted in May, accepted at ICML 2026", "ICML", True),
    ],
)
def test_a_venue_is_the_one_named_and_no_other(
    venue: str,
    comment: str,
    asked: str,
    found: bool,  # noqa: FBT001 - a case
    weights: Weights,
) -> None:
    """In the venue or in the authors' comment, not as part of another name nor as a word of prose."""
    paper = a_paper(id="arxiv:7", signals=Signals(venue=venue, comment=comment))

    hits = hits_of(of_kind(InterestKind.VENUE, asked), weights, papers=(paper,))

    assert [hit.reason.kind for hit in hits.values()] == [ReasonKind.VENUE] * found


# ------------------------------------------------------------------ examples and votes

EXAMPLE = a_paper(
    "Faster inference with a draft model",
    id="arxiv:example",
    abstract="Speculative sampling verifies drafted tokens with a large language model; decoding takes half the time.",
)


def tastes_of(weights: Weights, *, examples: Sequence[Paper] = (), **votes: Voted) -> Tastes:
    """Return examples by id, and votes by reader."""
    papers = [*examples, *(paper for voted in votes.values() for paper in (*voted.liked, *voted.disliked))]
    vectors = dict(zip((paper.id for paper in papers), weights.vectors.encode_papers(papers), strict=True))
    return Tastes({paper.id: paper for paper in examples}, votes, vectors)


def test_more_like_this_brings_what_is_like_it_and_says_what_it_is_like(weights: Weights) -> None:
    """One example is enough to tell decoding from galaxies; the reason names it and how near it is."""
    asked = of_kind(InterestKind.PAPER, "arxiv:example")

    (found,) = scored([asked], weights, tastes=tastes_of(weights, examples=[EXAMPLE])).matched([asked])

    (reason,) = found.reasons
    assert (found.paper.id, reason.kind, reason.example) == ("arxiv:1", ReasonKind.EXAMPLE, EXAMPLE.title)
    assert 0.1 < reason.likeness < 1


def test_an_example_is_never_news_itself(weights: Weights) -> None:
    """Who names a paper knows it, by whatever id it came."""
    example = a_paper(DECODING.title, id="doi:10.1/x", abstract=DECODING.abstract, identities=("doi:10.1/x", "arxiv:1"))
    asked = of_kind(InterestKind.PAPER, "doi:10.1/x")

    assert scored([asked], weights, tastes=tastes_of(weights, examples=[example])).matched([asked]) == ()


def test_an_example_that_nobody_knows_brings_nothing(weights: Weights) -> None:
    """It is asked for by its id elsewhere; here it is silent."""
    asked = of_kind(InterestKind.PAPER, "arxiv:2401.10020")

    assert scored([asked], weights).matched([asked]) == ()


def test_examples_that_are_alike_speak_together(weights: Weights) -> None:
    """Two of one subject are one taste, a third of another subject stays its own."""
    twin = a_paper(f"{EXAMPLE.title}, again", id="arxiv:twin", abstract=EXAMPLE.abstract)
    interests = [of_kind(InterestKind.PAPER, name) for name in ("arxiv:example", "arxiv:twin", "arxiv:2")]
    tastes = tastes_of(weights, examples=[EXAMPLE, twin, GALAXIES])

    own = own_interests("ada@example.org", interests, tastes, weights.background)

    assert [interest.phrases for interest in own] == [
        ("arxiv:example", "arxiv:twin"),
        ("arxiv:twin", "arxiv:example"),
        ("arxiv:2",),
    ]


def test_votes_bring_what_is_like_what_was_liked(weights: Weights) -> None:
    """For this reader only, with the liked paper as the reason; dislikes alone bring nothing."""
    tastes = tastes_of(weights, ada=Voted(liked=(EXAMPLE,)), grace=Voted(disliked=(EXAMPLE,)))
    ada, grace = (own_interests(name, [], tastes, weights.background) for name in ("Ada", "grace"))

    (found,) = scored(ada, weights, tastes=tastes).matched(ada)

    assert grace == ()
    assert (found.paper.id, found.reasons[0].kind, found.reasons[0].example) == (
        "arxiv:1",
        ReasonKind.LIKED,
        EXAMPLE.title,
    )


def test_a_weight_raises_likeness_but_opens_no_gate(weights: Weights) -> None:
    """As with phrases."""
    tastes = tastes_of(weights, examples=[EXAMPLE])
    light, heavy = (Interest(InterestKind.PAPER, "x", ("arxiv:example",), weight=weight) for weight in (1.0, 3.0))
    hits = scored([light, heavy], weights, tastes=tastes)

    assert hits.of(heavy)[0].tolist() == hits.of(light)[0].tolist() == [0]
    assert hits.of(heavy)[1][0] > hits.of(light)[1][0]
