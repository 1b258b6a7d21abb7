"""`python -m newsletter.train PAPERS.jsonl.gz --out FOLDER`: make the files of the term vectors."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track

from newsletter.train import corpus, minilm
from newsletter.train.contrastive import Epoch, Plan
from newsletter.train.recipe import Recipe, make
from newsletter.weights import save

log = logging.getLogger("newsletter.train")


def main(arguments: Sequence[str] | None = None) -> int:
    """Train as the command line asks, write the files, and return the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s  %(message)s", datefmt="%H:%M:%S", stream=sys.stderr)
    asked = _parser().parse_args(arguments)
    try:
        model = (asked.minilm or minilm.installed_folder()) if asked.start == "minilm" else None
        texts = corpus.read(asked.papers)
        log.info("read %d papers", len(texts))
        weights = make(texts, Recipe(seed=asked.seed, model=model, plan=Plan(epochs=asked.epochs)), watch=_watched)
    except (OSError, ValueError, minilm.ModelMissing) as error:
        log.critical("%s", error)
        return 1
    save(weights, asked.out)
    background = weights.background
    log.info(
        "background of %d papers: %d tokens, %d title phrases, %d spellings",
        background.papers,
        len(background.document_frequency),
        len(background.title_phrases),
        len(background.spelling),
    )
    for path in sorted(asked.out.iterdir()):
        log.info("%6.2f MB  %s", path.stat().st_size / 1e6, path)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m newsletter.train",
        description="Train term vectors on the titles and abstracts of papers, and count what is usual for them.",
    )
    parser.add_argument("papers", type=Path, help="JSON lines with title and abstract, .jsonl or .jsonl.gz")
    parser.add_argument("--out", type=Path, required=True, help="folder to write the weight files into")
    parser.add_argument("--epochs", type=int, default=Plan().epochs, help="passes over the papers (%(default)s)")
    parser.add_argument(
        "--start",
        choices=["random", "minilm"],
        default="random",
        help="where the vectors begin: at random, or at what MiniLM makes of each term (%(default)s)",
    )
    parser.add_argument("--minilm", type=Path, help="folder with model.safetensors and vocab.txt of all-MiniLM-L6-v2")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same files (%(default)s)")
    return parser


def _watched(epochs: Iterable[Epoch], total: int) -> Iterable[Epoch]:
    """Give the epochs on, with a progress bar where somebody is looking at a terminal."""
    if not sys.stderr.isatty():
        return epochs
    return track(epochs, description="training", total=total, console=Console(stderr=True))


if __name__ == "__main__":
    sys.exit(main())
