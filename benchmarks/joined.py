"""Several embedders as one: their vectors end to end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from newsletter.vectors import Embedder, Titled, Vectors, as_stored, unit


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """Embedders whose unit vectors stand end to end, each times its share, as one unit vector.

    The cosine of two texts is so the mean of their cosines in each part, weighed by the squares of the `shares`; where
    a part knows nothing of a text, the others speak alone.
    """

    parts: Sequence[Embedder]
    shares: Sequence[float]

    @property
    def name(self) -> str:
        """Return the parts' names with their shares: other shares are other vectors."""
        return "+".join(f"{share:g}*{part.name}" for part, share in zip(self.parts, self.shares, strict=True))

    @property
    def dimensions(self) -> int:
        """Return the length of a vector."""
        return sum(part.dimensions for part in self.parts)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return the unit vector of each text, float32 [texts, dimensions]; zeros where no part knows anything."""
        return self._joined(lambda part: part.encode(texts))

    def encode_papers(self, papers: Sequence[Titled]) -> Vectors:
        """Return the unit vector of each paper, float32 [papers, dimensions], as a store gives it back."""
        return as_stored(self._joined(lambda part: part.encode_papers(papers)))

    def _joined(self, vectors: Callable[[Embedder], Vectors]) -> Vectors:
        told = [np.float32(share) * vectors(part) for part, share in zip(self.parts, self.shares, strict=True)]
        return unit(np.concatenate(told, axis=1))
