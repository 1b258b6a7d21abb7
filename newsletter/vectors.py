"""Arrays of text vectors, one row per text, unit length; and what makes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

# Gives the unit vectors of some texts, [texts, dimensions].
Encode = Callable[[Sequence[str]], Vectors]


class Titled(Protocol):
    """What a paper's vector is made of: its title, and title and abstract as one text."""

    @property
    def title(self) -> str:
        """Return the title."""

    @property
    def text(self) -> str:
        """Return title and abstract."""


class Embedder(Protocol):
    """Text to unit vectors; a text of which nothing is known gets zeros. Every method is pure."""

    @property
    def name(self) -> str:
        """Return what tells these vectors from all others: what is stored goes by it."""

    @property
    def dimensions(self) -> int:
        """Return the length of a vector."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of texts as somebody writes them, float32 [texts, dimensions]."""

    def encode_papers(self, papers: Sequence[Titled]) -> Vectors:
        """Return the vectors of papers, whose titles say more than their abstracts, float32 [papers, dimensions]."""


def unit(vectors: Vectors) -> Vectors:
    """Return the rows of `vectors` [n, dimensions] scaled to length 1; rows of zeros stay zeros."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return scaled


def as_stored(vectors: Vectors) -> Vectors:
    """Return `vectors` as they come back from a store that keeps halves, so that stored and made ones are the same."""
    halves: Vectors = vectors.astype(np.float16).astype(np.float32)
    return halves
