"""Training: move the terms so that each title lies nearer to its own abstract than to the others of the batch.

Symmetric InfoNCE with the batch as negatives (https://arxiv.org/abs/1807.03748), on plain sums of term vectors. The
gradient is written out by hand: with no layer between terms and texts it is a few lines, and needs no framework.

What counts in the end is the average of the vectors over all steps, not where the last step happened to leave them:
single terms are seen in few batches and jitter (https://arxiv.org/abs/1803.05407).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from newsletter.train.pairs import Pairs
from newsletter.vectors import Vectors, unit

_AVERAGE_EVERY = 10
_BETA_MEAN, _BETA_SQUARE, _EPSILON = 0.9, 0.999, 1e-8


@dataclass(frozen=True, slots=True)
class Plan:
    """How to train: passes over the papers, papers per batch, softmax temperature, Adam's step."""

    epochs: int = 18
    batch: int = 1024
    temperature: float = 0.05
    learning_rate: float = 0.002


@dataclass(frozen=True, slots=True, eq=False)
class Epoch:
    """The state after a pass: its number from 1, the mean loss in nats, the average vectors [terms, dimensions]."""

    number: int
    loss: float
    vectors: Vectors


def train(pairs: Pairs, start: Vectors, plan: Plan, rng: np.random.Generator) -> Iterator[Epoch]:
    """Give the average vectors after each epoch, beginning from `start` [terms, dimensions], which is left as it is."""
    optimiser = Adam(start.copy(), plan.learning_rate)
    average = Average(start)
    batch = min(plan.batch, len(pairs))
    for number in range(1, plan.epochs + 1):
        order = rng.permutation(len(pairs))
        losses = []
        for begin in range(0, len(order) - batch + 1, batch):
            asked, found = pairs.draw(order[begin : begin + batch], rng)
            loss, rows, gradient = loss_and_gradient(optimiser.vectors, asked, found, temperature=plan.temperature)
            optimiser.step(rows, gradient)
            losses.append(loss)
            if optimiser.steps % _AVERAGE_EVERY == 0:
                average.add(optimiser.vectors)
        yield Epoch(number=number, loss=float(np.mean(losses)), vectors=average.vectors())


def loss_and_gradient(
    vectors: Vectors, asked: sp.csr_matrix, found: sp.csr_matrix, *, temperature: float
) -> tuple[float, NDArray[np.int64], Vectors]:
    """Return the mean loss in nats, the rows of `vectors` it depends on, and its gradient [rows, dimensions].

    `asked` and `found` are bags of terms [n, terms]; row i of the one belongs to row i of the other.
    """
    asked_sums, found_sums = asked @ vectors, found @ vectors
    asked_units, found_units = unit(asked_sums), unit(found_sums)
    logits: Vectors = asked_units @ found_units.T / np.float32(temperature)
    by_asked, by_found = _softmax(logits, axis=1), _softmax(logits, axis=0)
    own = np.log(np.diag(by_asked) + 1e-12) + np.log(np.diag(by_found) + 1e-12)

    pull: Vectors = (by_asked + by_found) * np.float32(0.5)
    pull[np.diag_indices_from(pull)] -= 1
    pull /= len(pull) * temperature
    of_asked = _through_unit(pull @ found_units, asked_units, asked_sums)
    of_found = _through_unit(pull.T @ asked_units, found_units, found_sums)
    rows = np.unique(np.concatenate([asked.indices, found.indices]))
    gradient = asked[:, rows].T @ of_asked + found[:, rows].T @ of_found
    return -float(own.mean()) / 2, rows, gradient


def _softmax(logits: Vectors, *, axis: int) -> Vectors:
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    shares: Vectors = powers / powers.sum(axis=axis, keepdims=True)
    return shares


def _through_unit(gradient: Vectors, units: Vectors, sums: Vectors) -> Vectors:
    """Return the gradient at `sums`, given the one at their `units`: only what is perpendicular moves a direction."""
    along = (gradient * units).sum(axis=1, keepdims=True)
    lengths = np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
    perpendicular: Vectors = (gradient - along * units) / lengths
    return perpendicular


class Adam:
    """Adam (https://arxiv.org/abs/1412.6980) that touches only the rows of the current batch.

    Rows of rare terms keep their averages while they do not occur, instead of fading with every batch.
    """

    def __init__(self, vectors: Vectors, learning_rate: float) -> None:
        self.vectors = vectors
        self._learning_rate = learning_rate
        self._mean = np.zeros_like(vectors)
        self._square = np.zeros_like(vectors)
        self.steps = 0

    def step(self, rows: NDArray[np.int64], gradient: Vectors) -> None:
        """Move `rows` of the vectors against their gradient [rows, dimensions]."""
        self.steps += 1
        mean = _BETA_MEAN * self._mean[rows] + (1 - _BETA_MEAN) * gradient
        square = _BETA_SQUARE * self._square[rows] + (1 - _BETA_SQUARE) * gradient * gradient
        self._mean[rows], self._square[rows] = mean, square
        mean /= 1 - _BETA_MEAN**self.steps
        square /= 1 - _BETA_SQUARE**self.steps
        self.vectors[rows] -= self._learning_rate * mean / (np.sqrt(square) + _EPSILON)


class Average:
    """The mean of the vectors added so far; of none, the vectors it began with."""

    def __init__(self, start: Vectors) -> None:
        self._start = start
        self._sum = np.zeros_like(start)
        self._added = 0

    def add(self, vectors: Vectors) -> None:
        """Count `vectors` [terms, dimensions] in."""
        self._sum += vectors
        self._added += 1

    def vectors(self) -> Vectors:
        """Return the mean, float32 [terms, dimensions]."""
        mean: Vectors = self._sum / np.float32(max(self._added, 1))
        return mean if self._added else self._start
