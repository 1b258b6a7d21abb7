"""Training: the same papers and seed give the same files, and the vectors learn which words belong together."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from newsletter import weights
from newsletter.background import Background
from newsletter.embed import TermVectors
from newsletter.train import background, contrastive, corpus, minilm, pairs, recipe, vocabulary
from newsletter.train.__main__ import main
from newsletter.train.corpus import Text
from newsletter.train.quantise import quantise
from newsletter.train.start import meaning_start, random_start
from newsletter.vectors import Vectors, unit

SUBJECTS = {
    "galaxy cluster": "stars halos dark matter redshift survey of many old quiet systems seen with JWST",
    "speech recognition": "audio phonemes speaker acoustic transcripts in noisy rooms heard by a Gaussian mixture",
    "protein folding": "amino acid structure chains residues predicted by an LLM and checked in wet laboratories",
}


def a_corpus(copies: int = 40) -> list[Text]:
    """Give papers on three subjects; the words of a title never stand in its abstract."""
    rng = np.random.default_rng(1)
    texts = []
    for subject, description in SUBJECTS.items():
        for _ in range(copies):
            shuffled = " ".join(rng.permutation(description.split()))
            texts.append(Text(title=f"On {subject}: a study", abstract=f"We study it. Here {shuffled}."))
    return texts


def a_recipe(**changes: object) -> recipe.Recipe:
    """Give a recipe small enough for the corpus above."""
    plan = contrastive.Plan(epochs=12, batch=24, learning_rate=0.02)
    limits = vocabulary.Limits(word_papers=2, pair_papers=2)
    return recipe.Recipe(dimensions=16, plan=plan, limits=limits, **changes)  # type: ignore[arg-type]


def trained(**changes: object) -> weights.Weights:
    """Give the weights of the small corpus."""
    return recipe.make(a_corpus(), a_recipe(**changes), watch=lambda epochs, _: epochs)


@pytest.fixture
def papers_file(tmp_path: Path) -> Path:
    """Give the small corpus as gzipped JSON lines."""
    path = tmp_path / "papers.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        for text in a_corpus():
            lines.write(json.dumps({"title": text.title, "abstract": text.abstract}) + "\n")
    return path


def test_words_of_one_subject_come_to_lie_together() -> None:
    """Title words move to the words of their abstracts, though they never occur in one text."""
    query, own, other = trained().vectors.encode(["galaxy cluster", "halos redshift", "phonemes acoustic"])

    assert query @ own > query @ other + 0.5


def test_the_same_seed_gives_the_same_files(papers_file: Path, tmp_path: Path) -> None:
    """Whoever runs the script again gets what ships, byte for byte."""
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        assert main([str(papers_file), "--out", str(folder), "--epochs", "2"]) == 0
    one, two = ({path.name: path.read_bytes() for path in sorted(folder.iterdir())} for folder in folders)

    assert one == two


def test_another_seed_gives_other_vectors() -> None:
    """The seed is what the randomness hangs on."""
    assert not np.array_equal(trained(seed=0).vectors.rows, trained(seed=1).vectors.rows)


def test_what_the_script_writes_can_be_loaded(papers_file: Path, tmp_path: Path) -> None:
    """Trainer and newsletter agree on the files."""
    main([str(papers_file), "--out", str(tmp_path / "out"), "--epochs", "1"])

    assert weights.load(tmp_path / "out").background.papers == len(a_corpus())


def test_a_missing_file_of_papers_is_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A wrong path is the caller's mistake and gives no traceback."""
    code = main([str(tmp_path / "none.jsonl"), "--out", str(tmp_path / "out")])

    assert code == 1
    assert "none.jsonl" in caplog.text


def test_papers_without_a_title_or_an_abstract_are_left_out(tmp_path: Path) -> None:
    """There is no pair to learn from."""
    path = tmp_path / "papers.jsonl"
    path.write_text('{"title": "A", "abstract": "B"}\n\n{"title": "A"}\n{"title": null, "abstract": "B"}\n')

    assert corpus.read(path) == [Text("A", "B")]


class TestVocabulary:
    """Which terms get a vector."""

    def test_stop_words_long_numbers_and_rare_words_get_none(self) -> None:
        """They bind papers that share no subject, or too few of them."""
        texts = [Text("the galaxy 2024 7b", "of rare galaxy"), Text("the galaxy 2024 7b", "of galaxy")]

        built = vocabulary.build(texts, vocabulary.Limits(word_papers=2, pairs=0))

        assert built.terms == ("7b", "galaxy")

    def test_only_pairs_bound_together_get_one(self) -> None:
        """Two frequent words that meet by chance are no term."""
        texts = [Text("dark matter", "dark sky"), Text("dark matter", "sky"), Text("blue sky", "wide"), Text("a", "b")]

        built = vocabulary.build(texts, vocabulary.Limits(word_papers=1, pair_papers=2, pair_information=0.2))

        assert [term for term in built.terms if " " in term] == ["dark matter"]

    def test_rare_terms_carry_more_information(self) -> None:
        """The idf is that of papers, not of occurrences."""
        texts = [Text("galaxy galaxy", "star"), Text("star", "star")]
        built = vocabulary.build(texts, vocabulary.Limits(word_papers=1, pairs=0))
        idf = dict(zip(built.terms, built.idf, strict=True))

        assert idf["galaxy"] > idf["star"]


class TestPairs:
    """What is drawn from the papers."""

    @pytest.fixture
    def drawn_from(self) -> pairs.Pairs:
        """Give the pairs of the small corpus."""
        texts = a_corpus()
        return pairs.pair(texts, vocabulary.build(texts, vocabulary.Limits(word_papers=2, pair_papers=2)))

    def test_each_side_has_a_row_a_paper_and_no_empty_question(self, drawn_from: pairs.Pairs) -> None:
        """A span of unknown words only falls back on the whole title."""
        papers = np.arange(len(drawn_from))

        asked, found = drawn_from.draw(papers, np.random.default_rng(0))

        assert asked.shape == found.shape == (len(papers), drawn_from.terms)
        assert np.diff(asked.indptr).min() > 0

    def test_a_bag_counts_no_pair_across_the_cut(self) -> None:
        """The pair that begins at the last word of a cut ends outside it."""
        texts = [Text("dark matter", "dark matter halos in wide and deep sky surveys")] * 2
        terms = vocabulary.build(texts, vocabulary.Limits(word_papers=1, pair_papers=1, pair_information=-9))
        made = pairs.pair(texts, terms)
        cut = made.abstracts.bag(np.array([0]), np.array([2]), terms=made.terms)

        assert {terms.terms[column] for column in cut.indices} == {"dark", "matter", "dark matter"}

    def test_shared_terms_are_hidden_in_some_of_the_abstracts(self) -> None:
        """Every so often meaning has to do without the words themselves."""
        text = Text("galaxy halos", "galaxy halos redshift survey stars matter sky")
        made = pairs.pair([text] * 400, vocabulary.build([text] * 4, vocabulary.Limits(word_papers=1, pairs=0)))

        asked, found = made.draw(np.arange(400), np.random.default_rng(0))
        sharing = (found.multiply(asked).sum(axis=1) > 0).mean()

        assert 0.6 < sharing < 0.8


class TestContrastive:
    """The loss and its gradient."""

    def test_the_gradient_is_that_of_the_loss(self) -> None:
        """Each entry equals the slope found by nudging the vector."""
        texts = a_corpus(copies=3)
        terms = vocabulary.build(texts, vocabulary.Limits(word_papers=1, pair_papers=2))
        asked, found = pairs.pair(texts, terms).draw(np.arange(9), np.random.default_rng(0))
        asked, found = asked.astype(np.float64), found.astype(np.float64)
        # In float64, where a slope can be measured.
        vectors: Any = np.random.default_rng(1).standard_normal((len(terms.terms), 4))
        loss, rows, gradient = contrastive.loss_and_gradient(vectors, asked, found, temperature=0.5)

        nudged = vectors.copy()
        nudged[rows[2], 1] += 1e-6
        after, *_ = contrastive.loss_and_gradient(nudged, asked, found, temperature=0.5)

        assert (after - loss) / 1e-6 == pytest.approx(gradient[2, 1], abs=1e-5)

    def test_the_start_is_left_as_it_is(self) -> None:
        """Training works on a copy."""
        texts = a_corpus(copies=3)
        terms = vocabulary.build(texts, vocabulary.Limits(word_papers=1))
        start = random_start(terms, dimensions=4, rng=np.random.default_rng(0))
        before = start.copy()
        list(contrastive.train(pairs.pair(texts, terms), start, contrastive.Plan(epochs=2), np.random.default_rng(0)))

        np.testing.assert_array_equal(start, before)


class TestStart:
    """Where the vectors begin."""

    @pytest.fixture
    def terms(self) -> vocabulary.Vocabulary:
        """Give four terms, the last ones rarer."""
        return vocabulary.Vocabulary(terms=("a", "b", "c", "d"), idf=np.array([1.0, 1.0, 2.0, 4.0]))

    def test_rarer_terms_are_longer(self, terms: vocabulary.Vocabulary) -> None:
        """They count more from the first step."""
        meanings = np.random.default_rng(0).standard_normal((4, 6)).astype(np.float32)
        lengths = np.linalg.norm(meaning_start(terms, meanings, dimensions=3), axis=1)

        np.testing.assert_allclose(lengths / lengths[0], terms.idf, rtol=1e-5)

    def test_the_main_directions_keep_who_is_near_whom(self, terms: vocabulary.Vocabulary) -> None:
        """With as many directions as there are, cosines of the centred meanings stay the same."""
        meanings = np.random.default_rng(0).standard_normal((4, 6)).astype(np.float32)
        centred = unit(meanings - meanings.mean(axis=0))
        begun = unit(meaning_start(terms, meanings, dimensions=6))

        np.testing.assert_allclose(begun @ begun.T, centred @ centred.T, atol=1e-5)


class TestMiniLM:
    """The optional model."""

    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        """The caller learns which file is not there."""
        with pytest.raises(minilm.ModelMissing, match=r"model\.safetensors is missing"):
            minilm.term_vectors(["galaxy"], tmp_path)

    def test_another_file_is_refused(self, tmp_path: Path) -> None:
        """Only the published model is trained from: its sha256 is pinned."""
        (tmp_path / "model.safetensors").write_bytes(b"something else")

        with pytest.raises(minilm.ModelMissing, match="sha256 differs"):
            minilm.term_vectors(["galaxy"], tmp_path)

    def test_words_are_cut_into_the_longest_known_pieces(self) -> None:
        """WordPiece: greedy from the left, unknown words as a whole."""
        pieces = {"[UNK]": 0, "gala": 1, "##xy": 2, "##x": 3, "g": 4}

        assert minilm.word_pieces("galaxy zzz g", pieces) == [1, 2, 0, 4]


class TestQuantise:
    """One byte a number."""

    def test_no_number_is_off_by_more_than_half_a_step(self) -> None:
        """The error is bounded by the scale of its term."""
        vectors: Vectors = np.random.default_rng(0).standard_normal((50, 16)).astype(np.float32)
        rows, scales = quantise(vectors)
        error = np.abs(rows * scales[:, None] - vectors)

        assert (error <= scales[:, None] * 0.5001).all()

    def test_a_zero_vector_stays_zero(self) -> None:
        """A term that training never moved is no division by zero."""
        rows, scales = quantise(np.zeros((1, 4), dtype=np.float32))

        assert not rows.any()
        assert scales[0] == 0


class TestBackground:
    """What is counted."""

    @pytest.fixture
    def built(self) -> Background:
        """Give the background of the small corpus."""
        vectors = TermVectors({"halos": 0, "audio": 1}, np.eye(2, dtype=np.int8), np.ones(2, dtype=np.float32))
        return background.build(a_corpus(), vectors, background.Cuts())

    def test_tokens_are_counted_by_papers(self, built: Background) -> None:
        """A token counts once a paper, stemmed."""
        assert (built.papers, built.document_frequency["halo"]) == (120, 40)

    def test_title_phrases_stop_at_punctuation_and_stop_words(self, built: Background) -> None:
        """A phrase is what could stand as a heading."""
        assert built.title_phrases == {
            **dict.fromkeys(("galaxy", "cluster", "galaxy cluster"), 40),
            **dict.fromkeys(("speech", "recognition", "speech recognition"), 40),
            **dict.fromkeys(("protein", "folding", "protein folding"), 40),
            "study": 120,
        }

    def test_words_written_with_capitals_keep_them(self, built: Background) -> None:
        """Acronyms and names, but no word for beginning a sentence."""
        assert {"jwst": "JWST", "llm": "LLM", "gaussian": "Gaussian"}.items() <= built.spelling.items()
        assert "here" not in built.spelling

    def test_names_being_spelled_out_lend_no_capitals(self) -> None:
        """In "Retrieval Augmented Generation" the capitals belong to the acronym."""
        texts = [Text("t", "We use Retrieval Augmented Generation and augmented data.")] * 20
        vectors = TermVectors({"data": 0}, np.ones((1, 1), dtype=np.int8), np.ones(1, dtype=np.float32))

        assert background.build(texts, vectors, background.Cuts()).spelling == {}

    def test_moments_are_those_of_the_papers(self, built: Background) -> None:
        """A third of the papers lies on each axis, a third nowhere."""
        np.testing.assert_allclose(built.mean, [1 / 3, 1 / 3], atol=1e-6)
        np.testing.assert_allclose(built.covariance, [[2 / 9, -1 / 9], [-1 / 9, 2 / 9]], atol=1e-6)
