"""What it costs to match a day's papers for many subscribers, beside the bare product of the same vectors.

Every subscriber has five interests of two to four words, taken from titles of papers that are not among those matched:
*distinct*, where no two subscribers share one (the worst case: 500,000 phrases for 100,000 subscribers), and *shared*,
where they are drawn from 5,000 phrases, the nth being 1/n as wanted as the first. Matching is: encode the phrases,
score them, and give every subscriber the best twelve papers. Bare is numpy's float32 product of as many vectors, one
for each interest of each subscriber, with the papers', in chunks as large and the same process; its result is dropped.

Each row is measured in a process of its own, in CPU seconds of one thread for both (waiting threads of a linear algebra
library would count as work); `peak` is the most memory that process ever held, the subscribers included.
Distinct interests cost in proportion to phrases × papers, so a subscriber costs the same at
every size, but that the first pay for words not met before; shared ones cost what the different phrases do, and a
subscriber no more than picking the best.
`--quick` stops at 1,000 subscribers. Papers and titles are those of the unlabelled data beside the project where there
is any, else made of the words of the papers that ship.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from newsletter import weights
from newsletter.match import read, score
from newsletter.models import Interest, InterestKind, Paper
from newsletter.vectors import Vectors
from newsletter.words import STOP_WORDS, words

DATA = Path(os.environ.get("EVAL_DATA", Path(__file__).parents[2] / "shared" / "data" / "relevance")) / "common"
STREAMS = ("multiday_stream.jsonl.gz", "stream_b_docs.jsonl.gz")
TITLES = "train_docs.jsonl.gz"
EACH = 5  # interests of a subscriber
POOL = 5_000  # phrases that shared interests are drawn from
MOST = 12  # papers in an issue
CHUNK = 2_048  # phrases of a product
KINDS = ("distinct", "shared")


def day(count: int, seed: int) -> list[Paper]:
    """Return so many papers: those of the unlabelled streams, or made of the sample's words where there are none."""
    found = [(doc["title"], doc["abstract"]) for name in STREAMS for doc in _documents(name, count)]
    if len(found) < count:
        found += _made(count - len(found), seed)
    return [_paper(number, title, abstract) for number, (title, abstract) in enumerate(found[:count])]


def phrases(count: int, seed: int) -> Iterator[str]:
    """Yield so many different phrases of two to four words that stand side by side in titles; then such joined."""
    chance = random.Random(seed)
    titles = [doc["title"] for doc in _documents(TITLES)] or [title for title, _ in _made(max(count // 8, 400), seed)]
    chance.shuffle(titles)
    spans = [span for title in titles for span in _spans(title)]
    chance.shuffle(spans)
    yield from islice(dict.fromkeys([*spans, *_joined(spans, count, chance)]), count)


def _spans(title: str) -> Iterator[str]:
    """Yield the runs of two to four words of a title that begin and end in a word of meaning."""
    parts = words(title)
    for size in (2, 3, 4):
        for start in range(len(parts) - size + 1):
            span = parts[start : start + size]
            if not {span[0], span[-1]} & STOP_WORDS and all(len(word) > 1 for word in span):
                yield " ".join(span)


def _joined(spans: Sequence[str], count: int, chance: random.Random) -> Iterator[str]:
    short = [span for span in spans if span.count(" ") == 1]
    return (f"{chance.choice(short)} {chance.choice(short)}" for _ in range(2 * count if len(spans) < 2 * count else 0))


def subscribers(kind: str, count: int, lines: Sequence[str], seed: int) -> list[tuple[Interest, ...]]:
    """Return the interests of each subscriber, a record for every line that somebody wrote."""
    if kind == "distinct":
        chosen: Iterable[int] = range(count * EACH)
    else:
        wanted = 1 / np.arange(1, min(POOL, len(lines)) + 1)
        draw = np.random.default_rng(seed)
        chosen = draw.choice(len(wanted), size=count * EACH, p=wanted / wanted.sum()).tolist()
    asked = [Interest(InterestKind.PHRASE, lines[at], (lines[at],)) for at in chosen]
    return [tuple(asked[start : start + EACH]) for start in range(0, len(asked), EACH)]


def measure(kind: str, count: int, papers: int, lines: Sequence[str], seed: int) -> dict[str, Any]:
    """Return the CPU seconds of matching so many `papers` for `count` subscribers, whole and in parts; and bare."""
    loaded = weights.load()
    many = day(papers, seed)
    readers = subscribers(kind, count, lines, seed)
    begin = time.process_time()
    vectors = loaded.vectors.encode_papers(many)
    reading = read(many, vectors, loaded.background)
    reading_took = time.process_time() - begin
    encoding = 0.0

    def encode(texts: Sequence[str]) -> Vectors:
        nonlocal encoding
        started = time.process_time()
        made = loaded.vectors.encode(texts)
        encoding += time.process_time() - started
        return made

    # Caches and first calls are nobody's cost.
    score([Interest(InterestKind.PHRASE, line, (line,)) for line in lines[-CHUNK:]], reading, encode=encode)
    encoding = 0.0
    wall, begin = time.perf_counter(), time.process_time()
    hits = score([interest for interests in readers for interest in interests], reading, encode=encode)
    scored = time.process_time()
    papers_sent = 0
    for interests in readers:
        rows, _ = hits.best(interests, most=MOST)
        papers_sent += len(rows)
    end, wall = time.process_time(), time.perf_counter() - wall
    bare, bare_wall = _bare(sum(map(len, readers)), vectors)
    return {
        "kind": kind,
        "subscribers": count,
        "interests": len(hits.places),
        "papers": len(many),
        "hits": len(hits.rows),
        "sent": papers_sent,
        "read": round(reading_took, 3),
        "encode": round(encoding, 3),
        "score": round(scored - begin - encoding, 3),
        "best": round(end - scored, 3),
        "whole": round(end - begin, 3),
        "wall": round(wall, 3),
        "bare": round(bare, 3),
        "bare_wall": round(bare_wall, 3),
        "ratio": round((end - begin) / bare, 2),
        "microseconds_each": round((end - begin) / count * 1e6, 1),
        "peak_mb": round(_peak() / 1e6),
    }


def _peak() -> int:
    """Return the most bytes of memory that this program held; what started it is told apart on Linux only."""
    status = Path("/proc/self/status")
    told = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii")) if status.exists() else None
    return 1024 * (int(told[1]) if told else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def _bare(phrases_asked: int, vectors: Vectors) -> tuple[float, float]:
    """Return the CPU and wall seconds of the products of so many phrases with the papers; each chunk is thrown away."""
    queries = np.random.default_rng(0).standard_normal((CHUNK, vectors.shape[1])).astype(np.float32)
    papers = np.ascontiguousarray(vectors.T)
    queries[:64] @ papers
    wall, begin = time.perf_counter(), time.process_time()
    for start in range(0, phrases_asked, CHUNK):
        queries[: phrases_asked - start] @ papers
    return time.process_time() - begin, time.perf_counter() - wall


def _documents(name: str, most: int | None = None) -> Iterator[dict[str, Any]]:
    if (DATA / name).exists():
        with gzip.open(DATA / name, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, islice(lines, most))


def _made(count: int, seed: int) -> list[tuple[str, str]]:
    """Return titles and abstracts of words and sentences of the papers that ship, all titles different."""
    sample = (files("newsletter") / "sample" / "arxiv.atom.xml").read_text(encoding="utf-8")
    text = [re.sub(r"\s+", " ", one) for one in re.findall(r"Abstract: (.*?)</summary>", sample, re.DOTALL)]
    sentences = [sentence.strip() for one in text for sentence in re.findall(r"[^.]{60,240}\.(?= |$)", one)]
    known = sorted({word for one in text for word in re.findall(r"[a-z]{4,}", one)} - STOP_WORDS)
    chance = random.Random(seed)
    return [
        (" ".join(chance.sample(known, 8)).capitalize(), " ".join(chance.sample(sentences, 7))) for _ in range(count)
    ]


def _paper(number: int, title: str, abstract: str) -> Paper:
    identity = f"title:{number:08}"
    return Paper(identity, title, abstract, (), "", (), None, 0, (identity,), ())


def main() -> int:
    """Print a row per kind and size, then one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000,100000", help="how many subscribers, with commas between")
    parser.add_argument("--papers", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="1,000 subscribers only")
    parser.add_argument("--one", nargs=3, metavar=("KIND", "SUBSCRIBERS", "PHRASES"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        kind, count, place = arguments.one
        with Path(place).open(encoding="utf-8") as lines:
            asked = [line.rstrip("\n") for line in islice(lines, max(int(count) * EACH, POOL))]
        print(json.dumps(measure(kind, int(count), arguments.papers, asked, arguments.seed)))
        return 0
    sizes = [1_000] if arguments.quick else [int(size) for size in arguments.sizes.split(",")]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "phrases.txt"
        print("making phrases", file=sys.stderr)
        many = phrases(max(max(sizes) * EACH, POOL), arguments.seed)
        place.write_text("".join(f"{phrase}\n" for phrase in many), encoding="utf-8")
        print("CPU seconds; × is the ratio to the bare product of the same vectors")
        heads = ("kind", "subscribers", "encode", "score", "best", "whole", "bare", "×", "µs each", "peak MB")
        print("".join(head.rjust(11 if at == 1 else 9) for at, head in enumerate(heads)))
        for kind in KINDS:
            for size in sizes:
                print(f"{kind} {size:,}", file=sys.stderr)
                row = _apart(kind, size, place, arguments)
                rows.append(row)
                print(f"{kind:>9}{size:>11,}{row['encode']:>9.2f}{row['score']:>9.2f}{row['best']:>9.2f}"
                      f"{row['whole']:>9.2f}{row['bare']:>9.2f}{row['ratio']:>9.2f}{row['microseconds_each']:>9.0f}"
                      f"{row['peak_mb']:>9}", flush=True)  # fmt: skip
    print(json.dumps(rows))
    return 0


def _apart(kind: str, size: int, place: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what one measurement gives in a process of its own."""
    command = [sys.executable, __file__, "--one", kind, str(size), str(place)]
    command += ["--papers", str(arguments.papers), "--seed", str(arguments.seed)]
    alone = os.environ | dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=alone)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    raise SystemExit(main())
