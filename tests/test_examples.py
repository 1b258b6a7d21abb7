"""More like this: what passes beside liked papers, how near it is, what exclusions refuse, what votes teach."""

from __future__ import annotations

import numpy as np
from makers import a_paper

from newsletter.match.examples import likeness, nearest, rank_by_examples, refusals
from newsletter.match.votes import LEARNT_FROM, by_votes
from newsletter.match.weighed import Weighed, weigh
from newsletter.models import Paper
from newsletter.weights import Weights

DECODING = a_paper(
    "Tree drafts for speculative decoding",
    abstract="A draft model proposes a tree of tokens and the large language model verifies it, so inference is fast.",
)
SAMPLING = a_paper(
    "Faster inference by speculative decoding with a small draft model",
    abstract="Speculative decoding lets a large language model verify tokens that a draft model proposed.",
)
GALAXIES = a_paper(
    "A luminous galaxy at redshift 14",
    abstract="JWST spectroscopy confirms a galaxy three hundred million years after the Big Bang.",
)
QUASARS = a_paper(
    "Quasars behind the galaxy at redshift seven",
    abstract="JWST spectroscopy of distant quasars shows a neutral medium between galaxies early after the Big Bang.",
)
POOLS = a_paper(
    "Sparse sensors for swimming pools",
    abstract="We place few thermometers and reconstruct the temperature of a pool.",
)
PROTEINS = a_paper(
    "Folding of proteins under pressure",
    abstract="Molecular dynamics of a small protein shows how pressure unfolds its helices.",
)
DAY = (SAMPLING, GALAXIES, POOLS, PROTEINS)


def weighed(weights: Weights, *papers: Paper) -> Weighed:
    """Return papers weighed with the vectors that ship."""
    return weigh(papers, weights.vectors.encode([paper.text for paper in papers]), weights.background)


def ranked(weights: Weights, liked: tuple[Paper, ...], papers: tuple[Paper, ...]) -> list[float]:
    """Return the rank scores of papers beside liked ones."""
    encode = weights.vectors.encode
    scores = rank_by_examples(
        liked,
        papers,
        liked_vectors=encode([paper.text for paper in liked]),
        paper_vectors=encode([paper.text for paper in papers]),
        background=weights.background,
    )
    return [float(score) for score in scores]


def test_one_example_lets_its_like_pass_and_nothing_else(weights: Weights) -> None:
    """The gate is at 0.5, from the first example on."""
    found = likeness(weighed(weights, DECODING), weighed(weights, *DAY))

    assert [bool(score >= 0.5) for score in found] == [True, False, False, False]


def test_a_day_without_the_topic_lets_nothing_pass(weights: Weights) -> None:
    """The best of a day is not good by being the best."""
    found = likeness(weighed(weights, DECODING), weighed(weights, GALAXIES, POOLS, PROTEINS))

    assert float(found.max()) < 0.1


def test_the_score_does_not_depend_on_the_other_papers(weights: Weights) -> None:
    """An edition of one gives the same score as an edition of many."""
    examples = weighed(weights, DECODING)

    alone, among = likeness(examples, weighed(weights, SAMPLING)), likeness(examples, weighed(weights, *DAY))

    assert float(alone[0]) == float(among[0])


def test_the_nearest_example_is_told_with_its_similarity(weights: Weights) -> None:
    """The reason says like which of the examples a paper is, and how much."""
    found = nearest(weighed(weights, DECODING, QUASARS), weighed(weights, SAMPLING, GALAXIES))

    assert found.rows.tolist() == [0, 1]
    assert 0.2 < float(found.similarity[0]) < 1.0


def test_an_example_among_the_papers_is_all_alike(weights: Weights) -> None:
    """The same paper has similarity 1; leaving it out is the caller's business."""
    examples, day = weighed(weights, DECODING), weighed(weights, *DAY, DECODING)
    score, similarity = likeness(examples, day)[-1], nearest(examples, day).similarity[-1]

    assert (round(float(similarity), 4), round(float(score), 4)) == (1.0, 1.0)


def test_equally_near_examples_are_told_by_the_first(weights: Weights) -> None:
    """Two readers with the same examples read the same reason."""
    found = nearest(weighed(weights, DECODING, DECODING), weighed(weights, SAMPLING))

    assert found.rows.tolist() == [0]


def test_papers_without_words_are_like_nothing(weights: Weights) -> None:
    """No words and no known term: neither passes, nor is like another empty one."""
    empty = a_paper("…", id="title:dots", abstract="")
    examples, papers = weighed(weights, empty, DECODING), weighed(weights, empty, a_paper("…", id="x:2", abstract=""))
    found = likeness(examples, papers)

    assert nearest(examples, papers).similarity.tolist() == [0.0, 0.0]
    assert float(found.max()) < 0.5


def test_a_title_alone_is_enough(weights: Weights) -> None:
    """Sources without abstracts are served too."""
    bare = a_paper("Speculative decoding with draft trees", abstract="")

    assert float(likeness(weighed(weights, DECODING), weighed(weights, bare))[0]) >= 0.5


def test_no_papers_and_no_examples_are_no_error(weights: Weights) -> None:
    """An empty day and an empty list give empty and zero scores."""
    some, none = weighed(weights, *DAY), weighed(weights)

    assert likeness(some, none).tolist() == []
    assert nearest(some, none).rows.tolist() == []
    assert likeness(none, some).tolist() == [0.0] * len(DAY)
    assert ranked(weights, (DECODING,), ()) == []
    assert ranked(weights, (), (POOLS,)) == [0.0]
    assert by_votes(none, some, some, others=some).tolist() == [0.0] * len(DAY)


def test_five_hundred_examples_stay_finite(weights: Weights) -> None:
    """A whole library may be liked."""
    many = weighed(weights, *[a_paper(f"Speculative decoding, part {part}") for part in range(500)])

    found = likeness(many, weighed(weights, *DAY))

    assert np.isfinite(found).all()
    assert int(found.argmax()) == 0


def test_one_paper_is_ordered_without_a_warning(weights: Weights) -> None:
    """A day of one paper has no spread to divide by."""
    assert ranked(weights, (DECODING,), (SAMPLING,)) == [0.0]


def test_papers_like_the_liked_come_first(weights: Weights) -> None:
    """Order among one day's papers."""
    scores = ranked(weights, (DECODING,), (GALAXIES, POOLS, SAMPLING, PROTEINS))

    assert scores.index(max(scores)) == 2


def test_an_exclusion_is_stricter_than_the_gate(weights: Weights) -> None:
    """The excluded paper is refused wherever it comes from; what is only related is not."""
    related = a_paper("Language models in hospitals", abstract="We ask how a large language model helps nurses.")

    refused = refusals(weighed(weights, DECODING, GALAXIES), weighed(weights, DECODING, related, POOLS))

    assert refused.tolist() == [True, False, False]


def test_each_exclusion_speaks_for_itself(weights: Weights) -> None:
    """A second excluded paper of another matter does not dilute the first."""
    refused = refusals(weighed(weights, POOLS, DECODING, GALAXIES), weighed(weights, GALAXIES))

    assert refused.tolist() == [True]


def test_a_dislike_lowers_what_is_like_it(weights: Weights) -> None:
    """Few votes: the mean of the liked less a part of the disliked."""
    liked, papers, others = weighed(weights, DECODING, GALAXIES), weighed(weights, QUASARS), weighed(weights, POOLS)
    without = by_votes(liked, weighed(weights), papers, others=others)

    with_dislike = by_votes(liked, weighed(weights, QUASARS), papers, others=others)

    assert float(with_dislike[0]) < float(without[0])


def test_many_votes_are_learnt_from(weights: Weights) -> None:
    """From ten votes on, what is liked passes, and neither what is disliked nor the rest of the day does."""
    liked = [
        a_paper(f"Speculative decoding with {how} drafts", abstract=DECODING.abstract)
        for how in ("short", "long", "pruned", "cached", "parallel", "cheap")
    ]
    disliked = [
        a_paper(f"A luminous galaxy at redshift {redshift}", abstract=GALAXIES.abstract) for redshift in range(7, 11)
    ]
    assert len(liked) + len(disliked) >= LEARNT_FROM

    scores = by_votes(
        weighed(weights, *liked), weighed(weights, *disliked), weighed(weights, *DAY), others=weighed(weights, *DAY[1:])
    )

    assert [bool(score >= 0.5) for score in scores] == [True, False, False, False]


def test_the_same_votes_teach_the_same(weights: Weights) -> None:
    """Learning starts at zero and draws nothing."""
    liked = weighed(weights, *[a_paper(f"Speculative decoding, part {part}") for part in range(12)])
    day = weighed(weights, *DAY)

    first, second = (by_votes(liked, weighed(weights, POOLS), day, others=day) for _ in range(2))

    assert first.tolist() == second.tolist()


def test_contradicting_votes_stay_finite(weights: Weights) -> None:
    """The same papers liked and disliked: nothing to learn, and no error."""
    both, day = weighed(weights, *[DECODING] * 8), weighed(weights, *DAY)

    assert np.isfinite(by_votes(both, both, day, others=day)).all()


def test_some_of_the_weighed_can_be_taken(weights: Weights) -> None:
    """Rows are taken in the order asked for, none included."""
    day = weighed(weights, *DAY)

    taken = day.take([2, 0])

    assert taken.words_of(1)[1].tolist() == day.words_of(0)[1].tolist()
    assert len(day.take([])) == 0
