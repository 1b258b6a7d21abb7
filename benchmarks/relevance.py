"""How well the product's own matching, topics, likeness and labels do on labelled papers.

Two uses. As callables for the scorer that belongs to the labelled data:

    python ../shared/data/relevance/score.py match --split dev --callable benchmarks.relevance:match

(`match`, `cluster`, `qbe`, `label`), each a thin wrapping of the product's public functions. And run by itself, it
prints every figure beside the reference's in the same run; `--quick` takes one task and the topics, under a minute.
The whole takes more than a quarter of an hour on two cores, most of it the liked papers: each of 273 queries weighs two
thousand texts anew, for both.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from newsletter import weights
from newsletter.cluster import group, similarity
from newsletter.cluster.labels import label as label_of
from newsletter.match import PASSES, score
from newsletter.match.examples import rank_by_examples
from newsletter.models import Interest, InterestKind, Paper
from newsletter.vectors import Vectors

DATA = Path(os.environ.get("EVAL_DATA", Path(__file__).parents[2] / "shared" / "data" / "relevance"))

Document = dict[str, Any]


def match(interests: Sequence[Sequence[str]], docs: Sequence[Document]) -> tuple[Vectors, np.ndarray[Any, Any]]:
    """Return (scores, selected), both [interests, docs], for interests of one or more phrases each."""
    loaded, papers = _loaded(), [_paper(doc) for doc in docs]
    asked = [Interest(InterestKind.PHRASE, phrases[0], tuple(phrases)) for phrases in interests]
    hits = score(
        asked,
        papers,
        paper_vectors=_vectors(papers),
        encode=loaded.vectors.encode,
        background=loaded.background,
        floor=0.0,
    )
    scores = np.array([[hits[interest][paper.id].score for paper in papers] for interest in asked], dtype=np.float32)
    return scores, scores >= PASSES


def cluster(docs: Sequence[Document]) -> list[int]:
    """Return the number of its topic for each doc."""
    papers = [_paper(doc) for doc in docs]
    groups = group(similarity(papers, _vectors(papers), _loaded().background))
    topic_of = {row: topic for topic, rows in enumerate(groups) for row in rows}
    return [topic_of[row] for row in range(len(docs))]


def qbe(liked: Sequence[Document], docs: Sequence[Document]) -> Vectors:
    """Return the likeness of each doc to the liked ones."""
    examples, papers = [_paper(doc) for doc in liked], [_paper(doc) for doc in docs]
    return rank_by_examples(
        examples,
        papers,
        liked_vectors=_vectors(examples),
        paper_vectors=_vectors(papers),
        background=_loaded().background,
    )


def label(docs: Sequence[Document], others: Sequence[Document]) -> str:
    """Return the heading of a topic made of `docs` in an issue that also holds `others`."""
    loaded, papers = _loaded(), [_paper(doc) for doc in docs]
    return label_of(
        papers,
        rest=[_paper(doc) for doc in others],
        encode=loaded.vectors.encode,
        background=loaded.background,
    )


@functools.cache
def _loaded() -> weights.Weights:
    return weights.load()


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


@functools.lru_cache(maxsize=20_000)
def _vector(text: str) -> Vectors:
    return _loaded().vectors.encode([text])


def _vectors(papers: Sequence[Paper]) -> Vectors:
    return np.concatenate([_vector(paper.text) for paper in papers])


def main() -> int:
    """Print ours and the reference's figures side by side, then one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the stream and the topics only, under a minute")
    arguments = parser.parse_args()
    if not (DATA / "score.py").exists():
        print(f"no labelled data at {DATA}; set EVAL_DATA to the folder that holds score.py", file=sys.stderr)
        return 1
    sys.path[:0] = [str(DATA), str(Path(__file__).parents[1])]
    scorer: Any = importlib.import_module("score")
    reference: Any = importlib.import_module("scripts.refmatch")
    figures: dict[str, Any] = {}
    for name, functions in (("ours", sys.modules[__name__]), ("reference", reference)):
        figures[name] = _figures(scorer, functions, quick=arguments.quick)
    _table(figures)
    print(json.dumps(figures))
    return 0


def _figures(scorer: Any, functions: Any, *, quick: bool) -> dict[str, float]:
    found: dict[str, float] = {}
    for task in ("stream",) if quick else ("stream", "lists"):
        docs, interests, grades = scorer.load("dev", task)
        run, selected, seconds = scorer.to_run(functions.match, docs, interests)
        score_it = partial(scorer.score_match, run, selected, docs, interests, grades, "")
        text, per_interest = _said(score_it)
        found[f"{task} nDCG@10"] = float(np.mean(list(per_interest.values())))
        found[f"{task} micro-F1"] = _after(text, "micro-F1")
        found[f"{task} seconds"] = round(seconds, 2)
    instances = json.loads((DATA / "dev" / "cluster_instances.json").read_text())
    documents = {doc["id"]: doc for doc in scorer.jl(DATA / "common" / "lists_docs.jsonl.gz")}
    labels = [functions.cluster([documents[i] for i in gold]) for gold in instances]
    text, _ = _said(partial(scorer.score_cluster, instances, labels))
    found["clusters V"], found["clusters ARI"] = _after(text, "V-measure"), _after(text, "ARI")
    if not quick:
        found |= _liked(scorer, functions)
    return {key: round(value, 3) for key, value in found.items()}


def _liked(scorer: Any, functions: Any) -> dict[str, float]:
    docs, _, grades = scorer.load("dev", "lists")
    by_id = {doc["id"]: doc for doc in docs}
    found: dict[int, list[float]] = {}
    for query in json.loads((DATA / "dev" / "qbe.json").read_text()):
        liked = set(query["liked"])
        candidates = [doc for doc in docs if doc["id"] not in liked]
        scores = np.asarray(functions.qbe([by_id[i] for i in query["liked"]], candidates), dtype=float)
        gold = {i: 1 for i in grades[query["topic"]] if i not in liked}
        ranking = [candidates[row]["id"] for row in np.argsort(-scores)]
        found.setdefault(query["k"], []).append(scorer.per_query(ranking, gold)["ndcg10"])
    return {f"{k} liked nDCG@10": float(np.mean(values)) for k, values in sorted(found.items())}


def _said(call: Callable[[], Any]) -> tuple[str, Any]:
    out = io.StringIO()
    with redirect_stdout(out):
        result = call()
    return out.getvalue(), result


def _after(text: str, name: str) -> float:
    return float(text.partition(name)[2].split(maxsplit=1)[0])


def _table(figures: dict[str, dict[str, float]]) -> None:
    print(f"{'':24}{'ours':>10}{'reference':>12}")
    for key, value in figures["ours"].items():
        print(f"{key:24}{value:>10.3f}{figures['reference'].get(key, float('nan')):>12.3f}")


if __name__ == "__main__":
    raise SystemExit(main())
