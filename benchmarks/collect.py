"""What parsing and deduplicating cost, beside feedparser alone on the same bytes, and how time and memory grow.

Bodies hold 2,000 papers each, as an arXiv announcement and as a journal's feed, made of the words and sentences of the
papers that ship: titles and ids are all different, every sixth abstract holds TeX. Each figure is measured in a process
of its own; `--quick` stops at 2,000 papers.
"""

from __future__ import annotations

import argparse
import gc
import io
import json
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from xml.sax.saxutils import escape

from newsletter.dedupe import dedupe
from newsletter.models import Entry, Paper
from newsletter.sources.arxiv import Arxiv
from newsletter.sources.feed import Feed
from newsletter.sources.source import Request, Source

NOW = datetime(2026, 6, 4, 12, tzinfo=UTC)
IN_A_BODY = 2_000  # what arXiv sends at most
SENTENCES = 7  # of about 170 characters: an arXiv abstract is about that long
TEX = (
    r"The bound is $O(n \log n)$ for $n \geq 2$.",
    r"It reaches $94.3\%$ at a cost of $10^{-3}$.",
    r"We take $\alpha \to 0$ and $\mathbb{R}^d$ as the domain.",
    r"Erd\H{o}s graphs with $p < q$ are covered, and $\sqrt{s} = 13$ TeV.",
    r"The loss $\mathcal{L}_{\mathrm{total}}$ falls by 12\% on $k$-means.",
)
GIVEN = "Ada Grace Emmy Katherine Barbara Radia Hedy Sofia Mary Rosalind Chien-Shiung Lise".split()
FAMILY = "Lovelace Hopper Noether Johnson Liskov Perlman Lamarr Kovalevskaya Somerville Franklin Wu Meitner".split()
ARXIV = Arxiv(categories=("cs.LG",))
JOURNAL = Feed(name="Journal", url="https://example.org/atom")
SOURCES: dict[str, Source] = {"arxiv": ARXIV, "journal": JOURNAL}
HEAD = """<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/"%s xml:lang="en-us">
  <id>http://%s</id>
  <title>%s updates</title>
  <updated>2026-06-04T04:00:19.204531+00:00</updated>"""
HEADS = {
    "arxiv": HEAD % (' xmlns:arxiv="http://arxiv.org/schemas/atom"', "rss.arxiv.org/atom/cs.LG", "cs.LG"),
    "journal": HEAD % ("", "journal.example.org", "Journal of Everything"),
}


def bodies(kind: str, papers: int) -> Iterator[bytes]:
    """Yield Atom bodies of so many papers in all; the same on every machine."""
    sample = (files("newsletter") / "sample" / "arxiv.atom.xml").read_text(encoding="utf-8")
    text = [re.sub(r"\s+", " ", one) for one in re.findall(r"Abstract: (.*?)</summary>", sample, re.DOTALL)]
    sentences = [sentence.strip() for one in text for sentence in re.findall(r"[^.]{60,240}\.(?= |$)", one)]
    words = sorted({word for one in text for word in re.findall(r"[a-z]{4,}", one)})
    for start in range(0, papers, IN_A_BODY):
        chance = random.Random(start)
        many = range(start, min(start + IN_A_BODY, papers))
        entries = "".join(_entry(kind, number, chance, sentences, words) for number in many)
        yield f"{HEADS[kind]}{entries}</feed>".encode()


def _entry(kind: str, number: int, chance: random.Random, sentences: list[str], words: list[str]) -> str:
    month, serial = divmod(number, 99_000)
    arxiv_id = f"{2601 + month}.{serial + 1:05}"
    told = chance.sample(sentences, SENTENCES)
    if number % 6 == 0:
        told[3] = escape(chance.choice(TEX))
    title = " ".join(chance.sample(words, chance.randint(6, 12))).capitalize()
    names = [f"{chance.choice(GIVEN)} {chance.choice(FAMILY)}" for _ in range(chance.randint(1, 8))]
    if kind == "journal":
        authors = "".join(f"<author><name>{name}</name></author>" for name in names)
        return f"""<entry>
    <id>https://doi.org/10.5555/{number}</id>
    <title type="html">{title}</title>
    <updated>2026-06-04T04:00:19+00:00</updated>
    <link href="https://journal.example.org/{number}" rel="alternate" type="text/html"/>
    <summary type="html">{escape("<p>")}{" ".join(told)}{escape("</p>")}</summary>
    <category term="Everything"/>
    <published>2026-06-04T00:00:00Z</published>
    {authors}
  </entry>"""
    return f"""<entry>
    <id>oai:arXiv.org:{arxiv_id}v1</id>
    <title>{title}</title>
    <updated>2026-06-04T04:00:19.205117+00:00</updated>
    <link href="https://arxiv.org/abs/{arxiv_id}" rel="alternate" type="text/html"/>
    <summary>arXiv:{arxiv_id}v1 Announce Type: new \nAbstract: {" ".join(told)}</summary>
    <category term="cs.LG"/>
    <category term="stat.ML"/>
    <published>2026-06-04T00:00:00-04:00</published>
    <arxiv:announce_type>new</arxiv:announce_type>
    <dc:rights>http://creativecommons.org/licenses/by/4.0/</dc:rights>
    <dc:creator>{", ".join(names)}</dc:creator>
  </entry>"""


def measure_time(kind: str, papers: int) -> dict[str, float]:
    """Return the CPU seconds of feedparser alone, of our parsing and of deduplicating, on the same bytes."""
    import feedparser  # noqa: PLC0415 - what is imported is not what is measured

    everything = list(bodies(kind, papers))
    _parsed(SOURCES[kind], everything[:1])  # caches and imports are nobody's cost
    alone = _seconds(lambda: [len(feedparser.parse(io.BytesIO(body)).entries) for body in everything])
    parsing = _seconds(lambda: _parsed(SOURCES[kind], everything))
    entries = _parsed(SOURCES[kind], everything)
    kept: list[Paper] = []
    merging = _seconds(lambda: kept.extend(dedupe(entries)))
    assert len(kept) == papers, (len(kept), papers)
    return {"feedparser": alone, "parse": parsing, "dedupe": merging}


def measure_memory(kind: str, papers: int) -> dict[str, float]:
    """Return the bytes that each paper takes when all are kept, bodies being read one after the other."""
    first = list(bodies(kind, 200))
    dedupe(_parsed(SOURCES[kind], first))
    del first
    gc.collect()
    before = _resident()
    papers_kept = dedupe(entry for body in bodies(kind, papers) for entry in _parsed(SOURCES[kind], [body]))
    gc.collect()
    assert len(papers_kept) == papers
    return {"megabytes": round((_resident() - before) / 1e6, 1)}


def _parsed(source: Source, everything: Sequence[bytes]) -> list[Entry]:
    request = Request("https://example.org/atom")
    return [entry for body in everything for entry in source.parse(body, request, now=NOW).entries]


def _seconds(work: Callable[[], object]) -> float:
    gc.collect()
    begin = time.process_time()
    work()
    return round(time.process_time() - begin, 3)


def _resident() -> int:
    """Return the bytes of memory this process holds (Linux)."""
    pages = Path("/proc/self/statm")
    return int(pages.read_text(encoding="ascii").split()[1]) * 4096 if pages.exists() else 0


def main() -> int:
    """Print a row per kind and size, then one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--one", nargs=3, metavar=("WHAT", "KIND", "PAPERS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        what, kind, papers = arguments.one
        print(json.dumps({"time": measure_time, "memory": measure_memory}[what](kind, int(papers))))
        return 0
    sizes = (500, 2_000) if arguments.quick else (2_000, 20_000, 100_000)
    print("CPU seconds; × is the ratio to feedparser alone on the same bytes in the same process")
    heads = ("kind", "papers", "feedparser", "parse+dedupe", "dedupe", "papers/s", "MB", "KB more per paper")
    print("".join(head.rjust(width) for head, width in zip(heads, (8, 9, 12, 18, 18, 10, 8, 19), strict=True)))
    rows = []
    for kind in SOURCES:
        before = (0, 0.0)
        for size in sizes:
            row = _apart("time", kind, size) | _apart("memory", kind, size)
            rows.append({"kind": kind, "papers": size, **row})
            alone, both = row["feedparser"], row["parse"] + row["dedupe"]
            told = [f"{seconds:.2f} ({seconds / alone:.3f} ×)" for seconds in (both, row["dedupe"])]
            growth = (row["megabytes"] - before[1]) * 1000 / (size - before[0])
            before = (size, row["megabytes"])
            print(f"{kind:>8}{size:>9,}{alone:>12.2f}{told[0]:>18}{told[1]:>18}{size / both:>10,.0f}"
                  f"{row['megabytes']:>8}{growth:>19.2f}", flush=True)  # fmt: skip
    print(json.dumps(rows))
    return 0


def _apart(what: str, kind: str, papers: int) -> dict[str, float]:
    """Return what one measurement gives in a process of its own."""
    command = [sys.executable, __file__, "--one", what, kind, str(papers)]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


if __name__ == "__main__":
    raise SystemExit(main())
