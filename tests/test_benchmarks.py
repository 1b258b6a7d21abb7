"""The benchmarks run and keep their contracts; what they measure is for people to read."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from newsletter.match.examples import rank_by_examples
from newsletter.weights import load

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
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
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


SCRIPTS = [path for path in sorted(BENCHMARKS.glob("*.py")) if "__main__" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
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


def test_likeness_is_that_of_the_products_own_function(relevance: ModuleType) -> None:
    """Weighing the papers of all queries once changes nothing."""
    weights = load()
    liked, papers = [relevance._paper(DOCS[1])], [relevance._paper(doc) for doc in (DOCS[2], DOCS[0])]

    expected = rank_by_examples(
        liked,
        papers,
        liked_vectors=weights.vectors.encode_papers(liked),
        paper_vectors=weights.vectors.encode_papers(papers),
        background=weights.background,
    )

    for _ in range(2):
        np.testing.assert_array_equal(relevance.qbe([DOCS[1]], [DOCS[2], DOCS[0]]), expected)


def test_an_interval_holds_the_mean(relevance: ModuleType) -> None:
    """The same on every run; of one value, or of values all the same, it is that value."""
    assert relevance.interval(np.array([0.5])) == relevance.interval(np.array([0.5] * 9)) == (0.5, 0.5, 0.5)

    mean, low, high = relevance.interval(np.array([0.0, 1.0, 1.0, 1.0]))

    assert (mean, low < mean < high) == (0.75, True)


def test_rows_of_counts_are_summed_before_they_are_divided(relevance: ModuleType) -> None:
    """Micro figures: of 4 papers given 3 are right, and 1 is missing."""
    counts = np.array([[1.0, 1.0, 0.0], [2.0, 0.0, 1.0]])

    assert relevance.interval(counts)[0] == pytest.approx(3 / 4)
    assert relevance.interval(counts[:, :2])[0] == pytest.approx(3 / 4)
    assert relevance.interval(counts[:, [0, 2]])[0] == pytest.approx(3 / 4)
    assert relevance.interval(np.zeros((3, 3)))[0] == 0


@pytest.fixture(scope="module")
def baselines() -> ModuleType:
    """Return `benchmarks/baselines.py`."""
    return _loaded("baselines")


def test_what_was_liked_last_counts_most_in_a_library(baselines: ModuleType) -> None:
    """Weights of 1 and of 1 / (1 + log10 2), made to sum to one."""
    where = {"old": [1.0, 0.0], "new": [0.0, 1.0], "like old": [1.0, 0.0], "like new": [0.0, 1.0]}
    library = baselines.Library("library", lambda docs: np.array([where[doc] for doc in docs]), None)

    old, new = library.qbe(["old", "new"], ["like old", "like new"])

    assert new / old == pytest.approx(1 + np.log10(2))
    assert old + new == pytest.approx(1)


@pytest.mark.slow
def test_a_linear_svm_puts_what_is_like_the_liked_first(baselines: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """By liked papers and by phrases, where scikit-learn is installed."""
    if not baselines.Svm.installed():
        assert "CI" not in os.environ, "scikit-learn is not installed: the extra `bench`"
        pytest.skip("scikit-learn is not installed: the extra `bench`")
    monkeypatch.setattr(baselines.Svm, "least_papers", 1)
    svm = baselines.Svm()
    # What stands in more than half of the papers tells none apart.
    others = [{"id": f"o{n}", "title": f"Corals of reef {n}", "abstract": "Bleached corals."} for n in range(4)]

    by_paper, by_phrase = svm.qbe(DOCS[:1], [*DOCS[1:], *others]), svm.match([["galaxy images"]], [*DOCS, *others])[0]

    assert by_paper.argmax() == 0
    assert by_phrase.argmax() == 2


@pytest.fixture(scope="module")
def match_scale() -> ModuleType:
    """Return `benchmarks/match_scale.py`."""
    return _loaded("match_scale")


@pytest.mark.parametrize("there", [True, False])
def test_phrases_to_match_are_all_different_and_the_same_again(
    there: bool,  # noqa: FBT001 - a case
    match_scale: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of two to four words, more than the titles have; with and without the data beside the project."""
    monkeypatch.setattr(match_scale, "DATA", tmp_path)
    if there:
        titles = "".join(json.dumps({"title": f"Trees of word{n} and draft{n} models"}) + "\n" for n in range(40))
        (tmp_path / match_scale.TITLES).write_bytes(gzip.compress(titles.encode()))

    first, again = (list(match_scale.phrases(900, seed=7)) for _ in range(2))

    assert first == again
    assert len(set(first)) == len(first) == 900
    assert {phrase.count(" ") for phrase in first} <= {1, 2, 3}


def test_a_paper_is_made_where_there_are_no_streams(
    match_scale: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as asked for, all with ids of their own."""
    monkeypatch.setattr(match_scale, "DATA", tmp_path)

    papers = match_scale.day(30, seed=1)

    assert len({paper.id for paper in papers}) == len({paper.title for paper in papers}) == 30


@pytest.mark.parametrize("kind", ["distinct", "shared"])
def test_matching_is_measured_whole_and_in_parts(kind: str, match_scale: ModuleType) -> None:
    """The parts make up the whole; shared interests are scored once each."""
    lines = [f"trees of draft{number} models" for number in range(60)]

    found = match_scale.measure(kind, 12, 20, lines, seed=0)

    assert found["interests"] == 60 if kind == "distinct" else found["interests"] < 60
    assert found["encode"] + found["score"] + found["best"] == pytest.approx(found["whole"], abs=0.01)


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


@pytest.fixture(scope="module")
def sinks() -> ModuleType:
    """Return `benchmarks/sinks.py`."""
    return _loaded("sinks")


def _said(port: int, *packets: bytes) -> bytes:
    """Return all that a sink answers to packets that come one by one, to the end of the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as talk, talk.makefile("rb") as heard:
        talk.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for packet in packets:
            talk.sendall(packet)
        return heard.read()


_ENVELOPE = b"MAIL FROM:<papers@example.org>\r\nRCPT TO:<ada@example.org>\r\nDATA\r\n"


def test_a_sink_counts_messages_and_different_ones(sinks: ModuleType) -> None:
    """The same Message-ID twice is two messages and one id; who asks begins the count anew."""
    message = b"Message-ID: <%d@example.org>\r\nSubject: a day\r\n\r\n..\r\n.\r\n"
    with sinks.fast_sink() as sink:
        said = _said(sink.port, b"EHLO x\r\n", *((_ENVELOPE + message % number) for number in (1, 2, 1)), b"QUIT\r\n")
        counted, again = sink.taken(), sink.taken()

    assert [line[:3] for line in said.splitlines() if line[3:4] != b"-"] == (
        [b"220", b"250"] + [b"250", b"250", b"354", b"250"] * 3 + [b"221"]
    )
    assert (counted, again) == ((3, 2), (0, 0))


@pytest.mark.parametrize("body", [b".\r\n", b"a\r\n.\r\n", b"..\r\n.a\r\n\r\n.\r\n"])
def test_a_sink_finds_the_end_of_a_message_wherever_packets_are_cut(sinks: ModuleType, body: bytes) -> None:
    """An octet at a time, all at once, and a message of nothing but its dot."""
    talk = b"EHLO x\r\n" + _ENVELOPE + body + _ENVELOPE + body + b"QUIT\r\n"
    with sinks.fast_sink() as sink:
        whole, cut = _said(sink.port, talk), _said(sink.port, *(bytes([octet]) for octet in talk))
        counted = sink.taken()

    assert whole == cut
    assert counted == (4, 0)


def test_a_sink_that_is_far_away_answers_late_and_in_order(sinks: ModuleType) -> None:
    """What came in one breath is answered in one; nothing overtakes."""
    with sinks.fast_sink(delay_ms=5) as sink:
        said = _said(sink.port, b"EHLO x\r\n", _ENVELOPE + b"a\r\n.\r\n", b"QUIT\r\n")

    assert sink.far
    assert said.endswith(b"354 go on\r\n250 2.0.0 taken\r\n221 2.0.0 bye\r\n")


def test_a_sink_ends_with_the_one_who_started_it(sinks: ModuleType) -> None:
    """Its standard input ends, and so does it: nothing is left behind."""
    command = [sys.executable, str(BENCHMARKS / "sinks.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdin is not None
        assert int(running.stdout.readline()) > 0
        running.stdin.close()

        assert running.wait(timeout=20) == 0


@pytest.fixture
def without_postfix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return `benchmarks/postfix.py`, with nothing installed and nothing fetched before."""
    module = _loaded("postfix")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(module, "_BESIDE_THE_PATH", str(tmp_path))
    return module


def test_without_postfix_its_programs_are_said_to_be_absent(without_postfix: ModuleType) -> None:
    """Whether or not they may be fetched, on a system without Debian's programs."""
    with pytest.raises(without_postfix.Absent, match="not fetched"):
        without_postfix.find(fetch=False)
    with pytest.raises(without_postfix.Absent, match="no Debian"):
        without_postfix.find(fetch=True)


def test_programs_that_do_not_start_are_absent(without_postfix: ModuleType, tmp_path: Path) -> None:
    """A library of the package may be missing; what the program says of it is told."""
    for name in ("smtp-source", "smtp-sink"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'libdb-5.3.so: cannot open' >&2\nexit 127\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)

    with pytest.raises(without_postfix.Absent, match=r"does not start: libdb-5\.3\.so"):
        without_postfix.find(fetch=False)


def _delivered(*parts: str) -> tuple[str, dict[str, Any]]:
    """Return what a short run of `benchmarks/deliver.py` prints, and its last line as data."""
    command = [sys.executable, str(BENCHMARKS / "deliver.py"), "--quick", "--part", *parts]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(done.stdout.splitlines()[-1])


def test_delivering_is_measured_beside_the_others() -> None:
    """Each row stands, its messages counted by the server, or says what it lacks; so does what is asked of them."""
    printed, told = _delivered("carried", "kept", "tls")

    for title in ("carried, fast sink, 4 connections", "carried, 20 ms away", "kept, fast sink", "with TLS"):
        assert f"\n{title}" in printed
    assert "carried, smtp-sink" in printed or "no smtp-source, no smtp-sink: " in printed
    assert "aiosmtplib, kept   " in printed
    assert told["rows"]["carried, fast sink, 4, ours"]["cpu_ms"] > 0
    assert any(what.startswith("what makes the outbox safe costs") for what in told["holds"])


@pytest.mark.slow
def test_building_signing_and_whole_runs_are_measured() -> None:
    """With and without an outbox, through the pipeline, and by the number of subscribers."""
    printed, told = _delivered("built", "pipeline", "growth")

    for name in ("ours, relay signs", "ours, RSA", "ours, RSA and Ed25519"):
        for end in ("", " + outbox"):
            assert told["rows"][f"built, fast sink, 4, {name}{end}"]["per_second"] > 0
    assert all(told["rows"][f"pipeline, 10, {name}"]["per_second"] > 0 for name in ("safe", "forgetful"))
    assert any(what.startswith("memory ") for what in told["holds"])
    assert "EmailMessage, dkimpy, aiosmtplib + outbox" in printed
