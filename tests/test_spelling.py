"""British words in the spelling that most papers use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.spelling import usual
from newsletter.weights import Weights
from newsletter.words import tokens


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("quantisation", "quantization"),
        ("tokenised", "tokenized"),
        ("randomised", "randomized"),
        ("summarise", "summarize"),
        ("criticise", "criticize"),
        ("polarising", "polarizing"),
        ("optimisers", "optimizers"),
        ("analysing", "analyzing"),
        ("tumours", "tumors"),
        ("neighbourhood", "neighborhood"),
        ("modelling", "modeling"),
        ("fibre", "fiber"),
        ("catalogues", "catalogs"),
    ],
)
def test_one_spelling_stands_for_both(british: str, american: str) -> None:
    """Who writes one finds the other."""
    assert usual(british) == usual(american) == american


@pytest.mark.parametrize(
    "word",
    """exercise advised supervised unsupervised noise precise pairwise otherwise rising raised promise surprise
    expertise enterprise comprising revised concise franchise disease four hour source tour contour analysis analyses
    this basis genesis spelling filling distilling calling controlled excelled improvisation advertise wise is
    """.split(),
)
def test_other_words_stay_as_they_are(word: str) -> None:
    """No word becomes one that does not exist, or another one."""
    assert usual(word) == word


@given(st.text(alphabet="aeiorsuytlzcn", max_size=12))
def test_it_is_told_once(word: str) -> None:
    """The usual spelling is its own."""
    assert usual(usual(word)) == usual(word)


def test_words_and_vectors_know_both(weights: Weights) -> None:
    """What is counted and what is meant agree."""
    one, other = "quantisation of behaviour", "quantization of behavior"

    assert tokens(one) == tokens(other)
    assert (weights.vectors.encode([one]) == weights.vectors.encode([other])).all()
