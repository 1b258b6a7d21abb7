"""The whole way from papers to weights, in order."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from newsletter.embed import TermVectors
from newsletter.train import background, contrastive, minilm, vocabulary
from newsletter.train.corpus import Text
from newsletter.train.pairs import pair
from newsletter.train.quantise import quantise
from newsletter.train.start import meaning_start, random_start
from newsletter.train.vocabulary import Vocabulary
from newsletter.vectors import Vectors
from newsletter.weights import Weights

log = logging.getLogger(__name__)

Watch = Callable[[Iterable[contrastive.Epoch], int], Iterable[contrastive.Epoch]]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Every number of a training run; `model` is the folder of MiniLM, or None to begin at random."""

    dimensions: int = 256
    seed: int = 0
    model: Path | None = None
    limits: vocabulary.Limits = field(default_factory=vocabulary.Limits)
    plan: contrastive.Plan = field(default_factory=contrastive.Plan)
    cuts: background.Cuts = field(default_factory=background.Cuts)


def make(texts: Sequence[Text], recipe: Recipe, *, watch: Watch) -> Weights:
    """Return the weights that `recipe` makes of `texts`; `watch` passes the epochs on, to show how far it is."""
    rng = np.random.default_rng(recipe.seed)
    terms = vocabulary.build(texts, recipe.limits)
    pairs = pair(texts, terms)
    log.info("vocabulary of %d terms, %d papers to train on", len(terms.terms), len(pairs))
    trained = begin = _start(terms, recipe, rng)
    for epoch in watch(contrastive.train(pairs, begin, recipe.plan, rng), recipe.plan.epochs):
        trained = epoch.vectors
        log.info("epoch %d of %d: loss %.3f", epoch.number, recipe.plan.epochs, epoch.loss)
    rows, scales = quantise(trained)
    vectors = TermVectors(index=terms.index, rows=rows, scales=scales)
    return Weights(vectors=vectors, background=background.build(texts, vectors, recipe.cuts))


def _start(terms: Vocabulary, recipe: Recipe, rng: np.random.Generator) -> Vectors:
    if recipe.model is None:
        return random_start(terms, dimensions=recipe.dimensions, rng=rng)
    log.info("asking MiniLM about each term: this takes some minutes")
    return meaning_start(terms, minilm.term_vectors(terms.terms, recipe.model), dimensions=recipe.dimensions)
