"""How well the product's own matching, topics, likeness and labels do on labelled papers, beside other ways.

Two uses. As callables for the scorer that belongs to the labelled data:

    python ../shared/data/relevance/score.py match --split dev --callable benchmarks.relevance:match

(`match`, `cluster`, `qbe`, `label`), each a thin wrapping of the product's public functions. And run by itself, it
prints every figure with its 95 % bootstrap interval, in the same run for the product, the reference, BM25, TF-IDF with
a linear SVM (needs the extra `bench`) and the mean similarity to a library; `--minilm` adds the product with MiniLM
beside its term vectors (needs `bench` too). Differences to the reference are paired, by interest. Scores are
tuned on none of this. The whole takes a minute or two, with MiniLM some six more; `--quick`, the stream and the
topics, ten seconds.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from newsletter import weights
from newsletter.background import Background
from newsletter.cluster import group, similarity
from newsletter.cluster.labels import label as label_of
from newsletter.match import PASSES, read, score
from newsletter.match.examples import order_by_examples
from newsletter.match.weighed import Weighed, weigh
from newsletter.models import Interest, InterestKind, Paper
from newsletter.vectors import Embedder, Vectors

DATA = Path(os.environ.get("EVAL_DATA", Path(__file__).parents[2] / "shared" / "data" / "relevance"))

Document = dict[str, Any]
# What is found out, each a mean with its interval: how to make them from one row for each interest, issue or query.
Rows = dict[str, np.ndarray[Any, Any]]


@dataclass(slots=True)
class Product:
    """The product, with one way to make vectors. Vectors of papers are remembered, by their text."""

    name: str
    embedder: Embedder
    background: Background
    _known: dict[str, Vectors] = field(default_factory=dict)
    _weighed: tuple[frozenset[str], Weighed | None, dict[str, int]] = (frozenset(), None, {})

    def match(self, interests: Sequence[Sequence[str]], docs: Sequence[Document]) -> tuple[Vectors, Any]:
        """Return (scores, selected), both [interests, docs], for interests of one or more phrases each."""
        papers = [_paper(doc) for doc in docs]
        asked = [Interest(InterestKind.PHRASE, phrases[0], tuple(phrases)) for phrases in interests]
        reading = read(papers, self.vectors(papers), self.background)
        hits = score(asked, reading, encode=self.embedder.encode, floor=0.0)
        scores = np.zeros((len(asked), len(papers)), dtype=np.float32)
        for row, interest in enumerate(asked):
            columns, values = hits.of(interest)
            scores[row, columns] = values
        return scores, scores >= PASSES

    def cluster(self, docs: Sequence[Document]) -> list[int]:
        """Return the number of its topic for each doc."""
        papers = [_paper(doc) for doc in docs]
        groups = group(similarity(papers, self.vectors(papers), self.background))
        topic_of = {row: topic for topic, rows in enumerate(groups) for row in rows}
        return [topic_of[row] for row in range(len(docs))]

    def qbe(self, liked: Sequence[Document], docs: Sequence[Document]) -> Vectors:
        """Return the likeness of each doc to the liked ones."""
        weighed, rows = self._all_weighed([*liked, *docs])
        return order_by_examples(*(weighed.take([rows[doc["id"]] for doc in part]) for part in (liked, docs)))

    def label(self, docs: Sequence[Document], others: Sequence[Document]) -> str:
        """Return the heading of a topic made of `docs` in an issue that also holds `others`."""
        papers, rest = [_paper(doc) for doc in docs], [_paper(doc) for doc in others]
        return label_of(papers, rest=rest, encode=self.embedder.encode, background=self.background)

    def vectors(self, papers: Sequence[Paper]) -> Vectors:
        """Return the vectors of `papers`, each made once."""
        new = [paper for paper in papers if paper.text not in self._known]
        self._known.update(zip((paper.text for paper in new), self.embedder.encode_papers(new), strict=True))
        return np.array([self._known[paper.text] for paper in papers], dtype=np.float32)

    def _all_weighed(self, docs: Sequence[Document]) -> tuple[Weighed, dict[str, int]]:
        """Return papers weighed among each other, as `rank_by_examples` would; queries of one set share them."""
        key, weighed, rows = self._weighed
        if weighed is None or key != frozenset(doc["id"] for doc in docs):
            by_id = {doc["id"]: _paper(doc) for doc in docs}
            papers, rows = list(by_id.values()), {each: row for row, each in enumerate(by_id)}
            among = [_paper(doc) for doc in docs]
            weighed = weigh(papers, self.vectors(papers), self.background, among=among)
            self._weighed = (frozenset(by_id), weighed, rows)
        return weighed, rows


@functools.cache
def _ours() -> Product:
    loaded = weights.load()
    return Product("ours", loaded.vectors, loaded.background)


def match(interests: Sequence[Sequence[str]], docs: Sequence[Document]) -> tuple[Vectors, Any]:
    """Return what `Product.match` does, with what ships."""
    return _ours().match(interests, docs)


def cluster(docs: Sequence[Document]) -> list[int]:
    """Return what `Product.cluster` does, with what ships."""
    return _ours().cluster(docs)


def qbe(liked: Sequence[Document], docs: Sequence[Document]) -> Vectors:
    """Return what `Product.qbe` does, with what ships."""
    return _ours().qbe(liked, docs)


def label(docs: Sequence[Document], others: Sequence[Document]) -> str:
    """Return what `Product.label` does, with what ships."""
    return _ours().label(docs, others)


def _paper(doc: Document) -> Paper:
    identity = f"arxiv:{doc['id']}"
    return Paper(
        id=identity,
        title=doc["title"],
        abstract=doc["abstract"],
        authors=tuple(doc.get("authors") or ()),
        url="",
        categories=tuple(doc.get("categories") or ()),
        published=None,
        version=0,
        identities=(identity,),
        entries=(),
    )


class Yardstick:
    """The labelled data: what a system is asked, and a row of measurements for each interest, issue or query."""

    def __init__(self, scorer: Any) -> None:
        self._scorer = scorer
        self._lists, _, self._list_grades = scorer.load("dev", "lists")
        self._by_id = {doc["id"]: doc for doc in self._lists}

    def rows(self, system: Any, *, quick: bool) -> Iterator[tuple[str, Rows]]:
        """Yield the name and rows of each task that `system` has a callable for."""
        if hasattr(system, "match"):
            for task in ("stream",) if quick else ("stream", "lists"):
                yield task, self._matched(system.match, task)
        if hasattr(system, "cluster"):
            yield "clusters", self._clustered(system.cluster)
        if hasattr(system, "qbe") and not quick:
            yield from self._liked(system.qbe)
        if hasattr(system, "label") and not quick:
            yield "labels", {"token F1 (proxy)": np.array(list(self._labelled(system.label)))}

    def _matched(self, call: Callable[..., Any], task: str) -> Rows:
        docs, interests, grades = self._scorer.load("dev", task)
        run, selected, _ = self._scorer.to_run(call, docs, interests)
        found = [self._scorer.per_query(run[asked["qid"]], grades[asked["qid"]]) for asked in interests]
        rows = {
            name: np.array([each[key] for each in found if each])
            for name, key in (("nDCG@10", "ndcg10"), ("MAP", "ap"))
        }
        if selected is None:
            return rows
        counts = np.zeros((len(interests), 3))
        for row, asked in enumerate(interests):
            relevant = {one for one, grade in grades[asked["qid"]].items() if grade >= 1}
            given = set(selected[asked["qid"]])
            counts[row] = len(relevant & given), len(given - relevant), len(relevant - given)
        empty = counts[counts[:, [0, 2]].sum(axis=1) == 0, 1]
        rows |= {"gate F1": counts, "gate precision": counts[:, :2], "gate recall": counts[:, [0, 2]]}
        return rows | ({"junk per empty interest": empty} if empty.size else {})

    def _clustered(self, call: Callable[..., Any]) -> Rows:
        instances = json.loads((DATA / "dev" / "cluster_instances.json").read_text())
        pairs = [(list(gold.values()), call([self._by_id[one] for one in gold])) for gold in instances]
        return {
            name: np.array([measure(gold, made) for gold, made in pairs])
            for name, measure in (("V", self._scorer.vmeasure), ("ARI", self._scorer.ari))
        }

    def _liked(self, call: Callable[..., Any]) -> Iterator[tuple[str, Rows]]:
        found: dict[int, list[float]] = {}
        for query in json.loads((DATA / "dev" / "qbe.json").read_text()):
            liked = set(query["liked"])
            candidates = [doc for doc in self._lists if doc["id"] not in liked]
            scores = np.asarray(call([self._by_id[one] for one in query["liked"]], candidates), dtype=float)
            gold = {one: 1 for one in self._list_grades[query["topic"]] if one not in liked}
            ranking = [candidates[row]["id"] for row in np.argsort(-scores)]
            found.setdefault(query["k"], []).append(self._scorer.per_query(ranking, gold)["ndcg10"])
        for k, values in sorted(found.items()):
            yield f"{k} liked", {"nDCG@10": np.array(values)}

    def _labelled(self, call: Callable[..., str]) -> Iterator[float]:
        """Yield how many words the heading of each topic of the lists shares with its name, as `score.py` does."""
        chance, words = np.random.default_rng(0), self._scorer.toks
        _, topics, grades = self._scorer.load("dev", "lists")
        for topic in topics:
            ids = [one for one in grades[topic["qid"]] if one in self._by_id]
            some = [str(one) for one in chance.choice(ids, min(8, len(ids)), replace=False)]
            others = [str(one) for one in chance.choice(list(self._by_id), 40, replace=False)]
            rest = [self._by_id[one] for one in others if one not in some]
            said = words(call([self._by_id[one] for one in some], rest))
            names = [words(phrase) for phrase in topic["phrases"]]
            yield max(2 * len(said & name) / max(len(said) + len(name), 1) for name in names)


def interval(rows: np.ndarray[Any, Any]) -> tuple[float, float, float]:
    """Return the mean of `rows` and its 95 % bootstrap interval; of rows of counts the F1, or the share, of their sums.

    Rows of three are hits, junk and misses, rows of two the hits and what is to be divided by with them.
    """
    draws = np.random.default_rng(0).integers(0, len(rows), (2000, len(rows)))
    values = [_value(rows[None])[0], *np.percentile(_value(rows[draws]), [2.5, 97.5])]
    return values[0], values[1], values[2]


def _value(samples: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if samples.ndim == 2:
        return np.asarray(samples.mean(axis=1))
    sums = samples.sum(axis=1)
    hits = sums[:, 0] * (samples.shape[2] - 1)
    return np.asarray(hits / np.maximum(hits + sums[:, 1:].sum(axis=1), 1))


def main() -> int:
    """Print a row per figure and a column per system, then one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the stream and the topics only")
    parser.add_argument("--minilm", action="store_true", help="also the product with MiniLM beside its term vectors")
    arguments = parser.parse_args()
    if not (DATA / "score.py").exists():
        print(f"no labelled data at {DATA}; set EVAL_DATA to the folder that holds score.py", file=sys.stderr)
        return 1
    sys.path[:0] = [str(DATA), str(Path(__file__).parent)]
    yardstick = Yardstick(importlib.import_module("score"))
    found: dict[str, dict[str, np.ndarray[Any, Any]]] = {}
    for system in _systems(minilm=arguments.minilm):
        rows = found.setdefault(system.name, {})
        begin = time.perf_counter()
        for task, figures in yardstick.rows(system, quick=arguments.quick):
            print(f"{system.name}: {task} ({time.perf_counter() - begin:.0f} s)", file=sys.stderr)
            rows |= {f"{task} {name}": values for name, values in figures.items()}
    told = {name: {figure: interval(values) for figure, values in rows.items()} for name, rows in found.items()}
    _table(told)
    paired = importlib.import_module("metrics").paired_boot
    differences = {
        figure: [round(float(value), 3) for value in paired(values, found["reference"][figure])[:3]]
        for figure, values in found["ours"].items()
        if values.ndim == 1 and figure in found["reference"] and "junk" not in figure
    }
    print("\nours - reference, paired")
    for figure, (mean, low, high) in differences.items():
        print(f"{figure:28}{mean:+.3f} [{low:+.3f}, {high:+.3f}]")
    rounded = {
        name: {key: [round(one, 3) for one in three] for key, three in row.items()} for name, row in told.items()
    }
    print(json.dumps({"figures": rounded, "ours - reference": differences}))
    return 0


def _systems(*, minilm: bool) -> Iterable[Any]:
    baselines: Any = importlib.import_module("baselines")
    yield _ours()
    yield baselines.Reference()
    yield baselines.Bm25(importlib.import_module("score"))
    if baselines.Svm.installed():
        yield baselines.Svm()
    else:
        print("scikit-learn is not installed: TF-IDF + SVM is left out (the extra `bench`)", file=sys.stderr)
    yield _library("library", _ours())
    if minilm:
        both, background, alone = importlib.import_module("joining").joined()
        yield Product("with MiniLM", both, background)
        yield _library("library, MiniLM", Product("MiniLM", alone, background))


def _library(name: str, product: Product) -> Any:
    library: Any = importlib.import_module("baselines").Library
    return library(name, lambda docs: product.vectors([_paper(doc) for doc in docs]), product.embedder.encode)


def _table(told: dict[str, dict[str, tuple[float, float, float]]]) -> None:
    print(f"{'':28}" + "".join(f"{name:>26}" for name in told))
    for figure in next(iter(told.values())):
        cells = [row.get(figure) for row in told.values()]
        shown = (f"{cell[0]:.3f} [{cell[1]:.3f}, {cell[2]:.3f}]" if cell else "–" for cell in cells)
        print(f"{figure:28}" + "".join(f"{cell:>26}" for cell in shown))


if __name__ == "__main__":
    raise SystemExit(main())
