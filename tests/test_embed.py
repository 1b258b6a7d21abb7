"""Term vectors and their background: what a text's vector is, and what is usual for a query."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from newsletter import weights
from newsletter.background import Background
from newsletter.embed import TermVectors
from newsletter.errors import WeightsError
from newsletter.vectors import unit


def some_vectors() -> TermVectors:
    """Give three words and one pair in three dimensions, with scales that differ."""
    return TermVectors(
        index={"galaxy": 0, "cluster": 1, "galaxy cluster": 2, "llm": 3},
        rows=np.array([[127, 0, 0], [0, 100, 0], [0, 0, 127], [-64, 64, 0]], dtype=np.int8),
        scales=np.array([0.01, 0.02, 0.03, 0.001], dtype=np.float32),
    )


def a_background(*, papers: int = 5, dimensions: int = 3) -> Background:
    """Give a background of nothing but zeros."""
    return Background(
        papers=papers,
        document_frequency={"galaxy": 3},
        mean=np.zeros(dimensions, dtype=np.float32),
        covariance=np.zeros((dimensions, dimensions), dtype=np.float32),
        title_phrases={"galaxy cluster": 2},
        spelling={"llm": "LLM"},
        heads={"galaxy": 0.5},
    )


def background_of(papers: np.ndarray) -> Background:
    """Give the background whose moments are those of `papers`, unit vectors [n, dimensions]."""
    mean = papers.mean(axis=0)
    covariance = papers.T @ papers / len(papers) - np.outer(mean, mean)
    return Background(
        papers=len(papers),
        document_frequency={},
        mean=mean.astype(np.float32),
        covariance=covariance.astype(np.float32),
        title_phrases={},
        spelling={},
        heads={},
    )


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Give a folder with small weight files that load."""
    weights.save(weights.Weights(some_vectors(), a_background()), tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def shipped() -> weights.Weights:
    """Give what ships, loaded once."""
    return weights.load()


def test_a_text_is_the_scaled_sum_of_its_words_and_pairs() -> None:
    """Each occurrence counts, pairs of neighbours count beside their words, and the sum has length 1."""
    expected = unit(np.array([[2 * 1.27, 2.0, 3.81]], dtype=np.float32))

    encoded = some_vectors().encode(["Galaxy galaxy-cluster"])

    np.testing.assert_allclose(encoded, expected, rtol=1e-6)


def test_words_that_do_not_touch_are_no_pair() -> None:
    """A pair counts only where its words are neighbours."""
    expected = unit(np.array([[1.27, 2.0, 0.0]], dtype=np.float32))

    np.testing.assert_allclose(some_vectors().encode(["cluster of galaxy"]), expected, rtol=1e-6)


def test_a_text_of_unknown_words_is_a_row_of_zeros() -> None:
    """Where no term is known there is no direction, and no NaN either."""
    encoded = some_vectors().encode(["", "tokamak", "galaxy"])

    assert not encoded[:2].any()
    assert np.linalg.norm(encoded[2]) == pytest.approx(1)


def test_no_texts_give_no_rows() -> None:
    """An edition without papers is not a special case."""
    assert some_vectors().encode([]).shape == (0, 3)


def test_a_texts_vector_does_not_depend_on_its_company() -> None:
    """Encoding one by one or together is the same, bit for bit: an email never depends on the batch."""
    texts = [
        "galaxy",
        "llm cluster",
        "nothing known",
        "galaxy cluster llm",
        "galaxy cluster llm " * 40,
        "",
        "llm " * 17,
    ]
    together = some_vectors().encode(texts)

    alone = np.concatenate([some_vectors().encode([text]) for text in texts])

    np.testing.assert_array_equal(alone, together)


def test_a_long_text_is_summed_like_a_short_one() -> None:
    """However many terms: the same words again and again point where they point once, but for the pairs between."""
    some = some_vectors()

    once, often = some.encode(["llm", "llm " * 300])

    np.testing.assert_allclose(often, once, rtol=1e-5)


def test_moments_equal_those_over_all_papers() -> None:
    """Mean and standard deviation from q·m and qᵀCq are those of the cosines themselves."""
    rng = np.random.default_rng(7)
    papers = unit(rng.standard_normal((500, 16)).astype(np.float32) + 0.5)
    queries = unit(rng.standard_normal((9, 16)).astype(np.float32))
    cosines = queries @ papers.T

    mean, deviation = background_of(papers).moments(queries)

    np.testing.assert_allclose(mean, cosines.mean(axis=1), atol=1e-5)
    np.testing.assert_allclose(deviation, cosines.std(axis=1), atol=1e-5)


def test_a_query_of_unknown_words_has_no_spread() -> None:
    """Zeros in, zeros out: the floor under the deviation is the caller's."""
    mean, deviation = a_background().moments(np.zeros((1, 3), dtype=np.float32))

    assert (mean[0], deviation[0]) == (0, 0)


def test_saved_weights_load_as_they_were(saved: Path) -> None:
    """Every part survives the files."""
    expected, loaded = weights.Weights(some_vectors(), a_background()), weights.load(saved)

    assert loaded.vectors.index == expected.vectors.index
    np.testing.assert_array_equal(loaded.vectors.rows, expected.vectors.rows)
    np.testing.assert_array_equal(loaded.vectors.scales, expected.vectors.scales)
    assert loaded.background.papers == expected.background.papers
    assert loaded.background.document_frequency == expected.background.document_frequency
    assert loaded.background.title_phrases == expected.background.title_phrases
    assert loaded.background.spelling == expected.background.spelling
    np.testing.assert_array_equal(loaded.background.covariance, expected.background.covariance)


@pytest.mark.parametrize(
    "name",
    [
        "vectors.npz",
        "vocabulary.txt",
        "background.npz",
        "document_frequency.tsv.gz",
        "title_phrases.tsv.gz",
        "spelling.txt",
    ],
)
def test_a_missing_file_is_one_line_with_a_way_out(saved: Path, name: str) -> None:
    """The operator is told what to do, without a traceback of numpy."""
    (saved / name).unlink()

    with pytest.raises(WeightsError, match=r"missing or damaged.*install the package again") as caught:
        weights.load(saved)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["vectors.npz", "background.npz", "document_frequency.tsv.gz", "title_phrases.tsv.gz"])
@pytest.mark.parametrize("keep", [0, 0.5])
def test_a_cut_off_file_is_one_line_with_a_way_out(saved: Path, name: str, keep: float) -> None:
    """A half-finished copy is noticed when loading, not by strange issues later."""
    content = (saved / name).read_bytes()
    (saved / name).write_bytes(content[: int(len(content) * keep)])

    with pytest.raises(WeightsError, match="install the package again") as caught:
        weights.load(saved)

    assert "\n" not in str(caught.value)


def test_a_vocabulary_of_another_training_is_noticed(saved: Path) -> None:
    """Terms and rows that do not belong together would be silent nonsense."""
    (saved / "vocabulary.txt").write_text("galaxy\ncluster\n", encoding="utf-8")

    with pytest.raises(WeightsError, match="do not belong together"):
        weights.load(saved)


def test_a_background_of_another_training_is_noticed(saved: Path) -> None:
    """Moments of other dimensions would fail much later, and unexplained."""
    weights.save(weights.Weights(some_vectors(), a_background(dimensions=4)), saved)

    with pytest.raises(WeightsError, match="do not belong together"):
        weights.load(saved)


def test_an_array_of_objects_is_refused(saved: Path) -> None:
    """Nothing is ever unpickled: a weight file cannot run code."""
    np.savez(saved / "vectors.npz", q=np.array([{}], dtype=object), scale=np.ones(1))

    with pytest.raises(WeightsError):
        weights.load(saved)


class TestShippedWeights:
    """The files in the package."""

    def test_they_are_small(self) -> None:
        """All files together stay within what a wheel can carry."""
        folder = Path(weights.__file__).parent / "embed" / "weights"

        assert sum(path.stat().st_size for path in folder.iterdir()) <= 15_000_000

    def test_a_phrase_is_nearer_to_its_subject_without_sharing_a_word(self, shipped: weights.Weights) -> None:
        """Meaning, not spelling: what the vectors are for."""
        query, near, far = shipped.vectors.encode(
            [
                "dark matter halos",
                "N-body simulations of galaxy formation",
                "Instruction tuning of chat assistants",
            ]
        )

        assert query @ near > query @ far + 0.2

    def test_singular_and_plural_are_close(self, shipped: weights.Weights) -> None:
        """Inflection is learnt, as no stemmer runs before the vectors."""
        one, many = shipped.vectors.encode(["diffusion model", "diffusion models"])

        assert one @ many > 0.8

    @pytest.mark.parametrize("spelling", ["LLM", "LLMs", "JWST", "3D", "Gaussian", "LoRA", "GPT", "Bayesian"])
    def test_the_usual_capitals_are_known(self, shipped: weights.Weights, spelling: str) -> None:
        """Labels are written the way authors write them."""
        assert shipped.background.spelling[spelling.lower()] == spelling

    @pytest.mark.parametrize("word", ["large", "learning", "generation", "the", "galaxy"])
    def test_plain_words_have_no_capitals(self, shipped: weights.Weights, word: str) -> None:
        """Words of spelled-out acronyms keep their small letters."""
        assert word not in shipped.background.spelling

    def test_common_tokens_and_phrases_are_counted(self, shipped: weights.Weights) -> None:
        """Frequencies are of papers, so none exceeds their number."""
        background = shipped.background

        assert 0 < background.document_frequency["quasar"] < background.document_frequency["model"] < background.papers
        assert background.title_phrases["large language models"] > background.title_phrases["dark matter halos"] >= 5
