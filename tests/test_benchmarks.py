"""The benchmarks run and keep their contracts; what they measure is for people to read."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"

DOCS: list[dict[str, Any]] = [
    {
        "id": "1",
        "title": "Trees of drafts",
        "abstract": "Speculative decoding verifies drafted tokens.",
        "categories": [],
    },
    {
        "id": "2",
        "title": "Acceptance of drafts",
        "abstract": "Speculative decoding with a small draft model.",
        "categories": [],
    },
    {
        "id": "3",
        "title": "Dust at redshift nine",
        "abstract": "JWST images of a high-redshift galaxy.",
        "categories": [],
    },
]


@pytest.fixture(scope="module")
def relevance() -> ModuleType:
    """Return the module whose functions the scorer calls."""
    return _loaded("relevance")


def _loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_match_gives_a_score_and_a_verdict_for_every_interest_and_paper(relevance: ModuleType) -> None:
    """Both of one shape; what is selected is what passes the gate."""
    scores, selected = relevance.match([["speculative decoding"], ["galaxies", "JWST"]], DOCS)

    assert scores.shape == selected.shape == (2, 3)
    assert selected.tolist() == [[True, True, False], [False, False, True]]


def test_cluster_gives_a_topic_for_every_paper(relevance: ModuleType) -> None:
    """Papers of one subject share a number."""
    first, second, third = relevance.cluster(DOCS)

    assert first == second != third


def test_qbe_puts_the_paper_like_the_liked_one_first(relevance: ModuleType) -> None:
    """One score per candidate, higher is closer."""
    scores = relevance.qbe(DOCS[:1], DOCS[1:])

    assert scores[0] > scores[1]


def test_label_is_a_heading(relevance: ModuleType) -> None:
    """Text that names what the papers share."""
    assert relevance.label(DOCS[:2], DOCS[2:]) == "Speculative decoding"


@pytest.mark.parametrize("script", sorted(BENCHMARKS.glob("*.py")), ids=lambda path: path.stem)
def test_every_benchmark_has_a_quick_form_and_says_what_it_measures(script: Path) -> None:
    """`--help` tells both."""
    done = subprocess.run([sys.executable, script, "--help"], capture_output=True, text=True, check=True)

    assert "--quick" in done.stdout


def test_a_benchmark_ends_with_one_line_of_json() -> None:
    """So that figures can be kept."""
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "settings.py", "--quick"], capture_output=True, text=True, check=True
    )

    assert json.loads(done.stdout.splitlines()[-1])["cpu_seconds"]


@pytest.fixture(scope="module")
def collecting() -> ModuleType:
    """Return `benchmarks/collect.py`."""
    return _loaded("collect")


@pytest.mark.parametrize("kind", ["arxiv", "journal"])
def test_what_collecting_is_measured_on_is_read_whole(kind: str, collecting: ModuleType) -> None:
    """Every paper of the bodies is parsed, stays one, and is the same on every machine."""
    first, again = (list(collecting.bodies(kind, 60)) for _ in range(2))

    assert first == again
    assert collecting.measure_time(kind, 60).keys() == {"feedparser", "parse", "dedupe"}
    assert collecting.measure_memory(kind, 60).keys() == {"megabytes"}
