"""What relevance is compared with: the reference's functions, and ways in which known tools rank papers.

Each is an object with some of the scorer's callables, `match` and `qbe`, of the contract in `benchmarks/relevance.py`.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from newsletter.vectors import Encode, Vectors

Document = dict[str, Any]
Scores = Any
Vectorise = Callable[[Sequence[Document]], Vectors]


class Reference:
    """The reference scorer, `scripts.refmatch`: its own functions, of which the slow ones remember what they made."""

    name = "reference"

    def __init__(self) -> None:
        module: Any = importlib.import_module("scripts.refmatch")
        self.match, self.cluster, self.qbe = module.match, module.cluster, module.qbe
        encode, tfidf = module.ST.enc, module.tfidf
        vectors: dict[str, Vectors] = {}
        tables: OrderedDict[frozenset[str], dict[str, Any]] = OrderedDict()

        def remembered_vectors(texts: Sequence[str]) -> Vectors:
            new = [text for text in dict.fromkeys(texts) if text not in vectors]
            vectors.update(zip(new, encode(new), strict=True))
            return np.array([vectors[text] for text in texts])

        def remembered_tfidf(docs: Sequence[Document]) -> list[Any]:
            # A row depends on which papers there are, not on their order.
            key = frozenset(doc["id"] for doc in docs)
            if len(key) < len(docs):
                return list(tfidf(docs))
            if key not in tables:
                tables[key] = dict(zip((doc["id"] for doc in docs), tfidf(docs), strict=True))
            return [tables[key][doc["id"]] for doc in docs]

        module.ST.enc, module.tfidf = remembered_vectors, remembered_tfidf


class Bm25:
    """The scorer's own BM25, divided by the attainable maximum: exact words and nothing else."""

    name = "BM25"

    def __init__(self, scorer: Any) -> None:
        self.match = scorer.bm25_reference


class Svm:
    """TF-IDF and a linear SVM for each reader, as arxiv-sanity-lite has it; needs scikit-learn.

    What is liked, or the phrases as they are written, are the positives; all papers at hand the negatives. The scores
    have no gate. Source of the settings: https://github.com/karpathy/arxiv-sanity-lite (compute.py, serve.py).
    """

    name = "TF-IDF + SVM"
    least_papers = 5  # that hold a term

    def __init__(self) -> None:
        text: Any = importlib.import_module("sklearn.feature_extraction.text")
        self._vectorizer, self._svm = text.TfidfVectorizer, importlib.import_module("sklearn.svm").LinearSVC
        self._stack: Callable[..., Any] = importlib.import_module("scipy.sparse").vstack
        self._fitted: tuple[frozenset[str], Any, dict[str, Any]] = (frozenset(), None, {})

    @staticmethod
    def installed() -> bool:
        """Return whether scikit-learn is there."""
        return importlib.util.find_spec("sklearn") is not None

    def match(self, interests: Sequence[Sequence[str]], docs: Sequence[Document]) -> Scores:
        """Return scores [interests, docs]."""
        vectorizer, rows = self._features(docs)
        papers = self._stack([rows[doc["id"]] for doc in docs])
        return np.array([self._ranked(vectorizer.transform(phrases), papers) for phrases in interests])

    def qbe(self, liked: Sequence[Document], docs: Sequence[Document]) -> Scores:
        """Return scores [docs]."""
        _, rows = self._features([*liked, *docs])
        return self._ranked(*(self._stack([rows[doc["id"]] for doc in part]) for part in (liked, docs)))

    def _features(self, docs: Sequence[Document]) -> tuple[Any, dict[str, Any]]:
        key = frozenset(doc["id"] for doc in docs)
        if self._fitted[0] != key:
            vectorizer = self._vectorizer(
                strip_accents="unicode", stop_words="english", token_pattern=r"(?u)\b[a-zA-Z_][a-zA-Z0-9_]+\b",
                ngram_range=(1, 2), max_features=10_000, sublinear_tf=True, max_df=0.5, min_df=self.least_papers,
            )  # fmt: skip
            table = vectorizer.fit_transform([f"{doc['title']} {doc['abstract']}" for doc in docs])
            rows = {doc["id"]: table[row] for row, doc in enumerate(docs)}
            self._fitted = (key, vectorizer, rows)
        return self._fitted[1], self._fitted[2]

    def _ranked(self, liked: Any, papers: Any) -> Scores:
        answers = np.repeat([1, 0], [liked.shape[0], papers.shape[0]])
        fitted = self._svm(class_weight="balanced", max_iter=10_000, tol=1e-6, C=0.01, random_state=0)
        fitted.fit(self._stack([liked, papers]), answers)
        return fitted.decision_function(papers)


class Library:
    """The mean cosine with a library, what was added last counting most, as zotero-arxiv-daily has it.

    Weights are 1 / (1 + log10(rank + 1)), the last liked first; an interest's phrases are such a library too. `vectors`
    gives those of papers, `encode` those of phrases. Source: https://github.com/TideDra/zotero-arxiv-daily
    """

    def __init__(self, name: str, vectors: Vectorise, encode: Encode) -> None:
        self.name, self._vectors, self._encode = name, vectors, encode

    def match(self, interests: Sequence[Sequence[str]], docs: Sequence[Document]) -> Scores:
        """Return scores [interests, docs]."""
        papers = self._vectors(docs)
        return np.array([_fading(self._encode(phrases), papers) for phrases in interests])

    def qbe(self, liked: Sequence[Document], docs: Sequence[Document]) -> Scores:
        """Return scores [docs]."""
        return _fading(self._vectors(liked[::-1]), self._vectors(docs))


def _fading(library: Vectors, papers: Vectors) -> Scores:
    fading = 1 / (1 + np.log10(np.arange(len(library)) + 1))
    return papers @ library.T @ (fading / fading.sum())
