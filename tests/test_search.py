"""`newsletter search`: what is found, why, in which order, and what a hostile query does."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from commands import Command
from makers import DAY, NOW, a_paper, an_edition
from settings_files import ADA, HEAD, saved

import newsletter.search
from newsletter.errors import WeightsError
from newsletter.models import Paper, ReasonKind
from newsletter.search import asked_words, search
from newsletter.store import Store
from newsletter.weights import Weights, load

NEXT_DAY = DAY + timedelta(days=1)
SUBJECTS = {
    "2611.00001": (
        "Message passing on molecular graphs",
        "A graph neural network passes messages along the bonds of molecules and predicts their energy.",
    ),
    "2611.00002": (
        "Neural networks that read chemical structures",
        "Atoms are nodes, bonds are edges; learned message passing predicts properties of compounds.",
    ),
    "2611.00003": (
        "Dust in a galaxy at redshift nine",
        "Infrared images of a distant galaxy show little dust, though its stars formed early.",
    ),
    "2611.00004": ("Speculative decoding with draft trees", "A small language model drafts, a large one verifies."),
    "2611.00005": ("The Zorblax catalogue", "A list of 100% complete measurements of its_kind, made by hand."),
}
PAPERS = tuple(
    a_paper(title, id=f"arxiv:{name}", abstract=abstract, url=f"https://arxiv.org/abs/{name}")
    for name, (title, abstract) in SUBJECTS.items()
)
HOSTILE = [
    "%",
    "_",
    "'",
    '"',
    "\\",
    "\0",
    "\ud800",
    "💥",
    "分子图神经网络",
    "the of and",
    "about papers like",
    "x",
    "; --",
]


@pytest.fixture
def filled(store: Store) -> Store:
    """Return a store with the papers, the first of them of the next day."""
    store.editions.save(an_edition(*PAPERS[1:]), collected_at=NOW)
    store.editions.save(an_edition(PAPERS[0], day=NEXT_DAY), collected_at=NOW)
    return store


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Store]:
    """Give the store of settings in the current folder, with the papers."""
    saved(tmp_path, HEAD + ADA)
    with Store.open(f"sqlite:///{tmp_path / 'newsletter.db'}") as opened:
        opened.editions.save(an_edition(*PAPERS), collected_at=NOW)
        yield opened


def ids(store: Store, weights: Weights, query: str, limit: int = 10) -> list[str]:
    """Return the ids that a query brings."""
    return [found.paper.id for found in search(store, weights, query, limit=limit)]


# ------------------------------------------------------------------ what is found


def test_a_paper_is_found_by_its_subject_with_day_score_and_evidence(filled: Store, weights: Weights) -> None:
    """The one that holds every word comes first, the one that means it next, and galaxies are another subject."""
    found = search(filled, weights, "graph neural networks for molecules", limit=10)

    assert [each.paper.id for each in found[:2]] == ["arxiv:2611.00001", "arxiv:2611.00002"]
    assert found[0].first_day == NEXT_DAY
    assert found[0].paper == PAPERS[0]
    assert found[0].score > 0.5
    assert found[0].reason.kind is ReasonKind.WORDS
    assert found[0].reason.words == ("graph", "neural", "networks", "molecules")
    assert "arxiv:2611.00003" not in [each.paper.id for each in found]


def test_a_name_that_no_vector_knows_is_found_by_its_letters(filled: Store, weights: Weights) -> None:
    """In whatever case it is written."""
    assert ids(filled, weights, "zorblax")[0] == "arxiv:2611.00005"
    assert ids(filled, weights, "ZORBLAX catalogues")[0] == "arxiv:2611.00005"


def test_plurals_in_ies_are_found(filled: Store, weights: Weights) -> None:
    """Galaxies are many of a galaxy, although no part of a word says so."""
    assert ids(filled, weights, "galaxies")[0] == "arxiv:2611.00003"
    assert filled.papers.holding("galaxy") == ("arxiv:2611.00003",)


def test_limit_and_since_bound_what_is_returned(filled: Store, weights: Weights) -> None:
    """The best of the limit, the newest of the days."""
    assert ids(filled, weights, "message passing neural networks", limit=1) == ["arxiv:2611.00001"]
    found = search(filled, weights, "message passing neural networks", limit=10, since=NEXT_DAY)
    assert [each.paper.id for each in found] == ["arxiv:2611.00001"]
    assert search(filled, weights, "galaxies", limit=10, since=NEXT_DAY) == ()


def test_an_id_asks_for_papers_like_it_and_leaves_it_out(filled: Store, weights: Weights) -> None:
    """In each of its forms."""
    for query in ("2611.00001", "arXiv:2611.00001v2", "https://arxiv.org/abs/2611.00001"):
        assert ids(filled, weights, query)[0] == "arxiv:2611.00002"
        assert "arxiv:2611.00001" not in ids(filled, weights, query)


def test_the_same_query_gives_the_same_order(filled: Store, weights: Weights) -> None:
    """Equal papers go by their ids, however they came into the store."""
    twins = [a_paper("Twins in orbit", id=f"arxiv:2611.0009{n}", url="", abstract="They orbit.") for n in (3, 1, 2)]
    filled.editions.save(an_edition(*twins, day=NEXT_DAY), collected_at=NOW)

    assert ids(filled, weights, "twins orbit", limit=3) == [f"arxiv:2611.0009{n}" for n in (1, 2, 3)]


@pytest.mark.parametrize("query", [*HOSTILE, "", " ", "word " * 10_000, "galaxy" * 10_000, "% _ ' galaxy \\"])
def test_no_query_is_an_error(query: str, filled: Store, weights: Weights) -> None:
    """What nobody meant finds nothing or something, and never fails."""
    assert len(search(filled, weights, query, limit=3)) <= 3
    assert asked_words(query) or ids(filled, weights, query) == []


def test_an_empty_store_finds_nothing(store: Store, weights: Weights) -> None:
    """Nor does it fail."""
    assert search(store, weights, "galaxies", limit=3) == ()


# ------------------------------------------------------------------ vectors on the way


def test_papers_without_a_vector_get_one_and_keep_it(
    filled: Store, weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With progress, a batch at a time; the next search makes none."""
    monkeypatch.setattr(newsletter.search, "_BATCH", 2)
    told: list[tuple[str, int, int]] = []

    search(filled, weights, "galaxies", limit=1, progress=lambda *at: told.append(at))
    search(filled, weights, "galaxies", limit=1, progress=lambda *at: told.append(at))

    assert told == [("reading papers", done, 5) for done in (0, 2, 4, 5)]
    assert len(filled.vectors.all(weights.vectors.name)[0]) == 5


def test_vectors_of_other_weights_are_made_anew(filled: Store, weights: Weights) -> None:
    """Vectors of two models mean nothing to each other."""
    filled.vectors.keep("other", {paper.id: np.ones(7, dtype=np.float32) for paper in PAPERS})

    assert ids(filled, weights, "galaxies")[0] == "arxiv:2611.00003"
    assert filled.vectors.all("other")[0] == ()


@pytest.mark.parametrize("since", [None, NEXT_DAY])
def test_vectors_of_another_length_are_made_anew(filled: Store, weights: Weights, since: date | None) -> None:
    """Other weights had the same name: no product of theirs and ours, and no endless making."""
    model = weights.vectors.name
    filled.vectors.keep(model, {paper.id: np.ones(7, dtype=np.float32) for paper in PAPERS})

    assert search(filled, weights, "message passing", limit=1, since=since)[0].paper.id == "arxiv:2611.00001"
    assert filled.vectors.all(model)[1].shape == (5, weights.vectors.dimensions)


def test_a_new_paper_is_found_although_since_is_asked(filled: Store, weights: Weights) -> None:
    """One that has no vector, among many that have."""
    search(filled, weights, "galaxies", limit=1)
    late = a_paper("Gas between galaxies", id="arxiv:2611.00077", abstract="It is hot.", url="")
    filled.editions.save(an_edition(late, day=NEXT_DAY), collected_at=NOW)

    assert [each.paper for each in search(filled, weights, "gas of galaxies", limit=1, since=NEXT_DAY)] == [late]


def test_candidates_of_both_ways_are_bounded_and_keep_the_best(
    filled: Store, weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one candidate each the nearest paper and the one that holds the rarest word are still compared."""
    monkeypatch.setattr(newsletter.search, "CANDIDATES", 1)

    assert ids(filled, weights, "zorblax")[0] == "arxiv:2611.00005"
    assert ids(filled, weights, "graph neural networks for molecules")[0] == "arxiv:2611.00001"


# ------------------------------------------------------------------ the weights, read as far as they are needed


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """Return a folder with the files of the shipped weights, which can be put away one by one."""
    folder = tmp_path / "weights"
    folder.mkdir()
    for path in (Path(newsletter.search.__file__).parent / "embed" / "weights").iterdir():
        (folder / path.name).symlink_to(path)
    return folder


def test_tables_of_words_are_mappings_like_any_other(copied: Path, weights: Weights) -> None:
    """Before and after they are taken apart."""
    told = gzip.decompress((copied / "heads.tsv.gz").read_bytes()).decode().splitlines()
    word, share = next((word, int(count) / 100) for count, word in (line.split("\t") for line in told))

    heads = load(copied).background.heads

    assert (heads.get("no such word"), heads.get(word), heads[word], word in heads) == (None, share, share, True)
    assert (len(heads), len(dict(heads.items())), next(iter(heads))) == (len(told), len(told), word)
    assert heads == dict(weights.background.heads)


@pytest.mark.parametrize("table", [b"many\tgalaxy\n", b"galaxy\n", b"\xff\tgalaxy\n"], ids=["count", "cells", "bytes"])
def test_a_damaged_table_is_told_with_a_way_out(table: bytes, copied: Path) -> None:
    """When it is first asked for: its checksum was right."""
    (copied / "heads.tsv.gz").unlink()
    (copied / "heads.tsv.gz").write_bytes(gzip.compress(table))
    loaded = load(copied)

    with pytest.raises(WeightsError, match=r"missing or damaged.*install the package again"):
        loaded.background.heads.get("galaxy")


# ------------------------------------------------------------------ the command


def test_the_command_tells_score_day_title_and_evidence(installed: Store, newsletter: Command) -> None:
    """On stdout; nothing else is there."""
    ran = newsletter("search", "speculative decoding", "--limit", "1")

    assert (ran.code, ran.err) == (0, "")
    head, about, evidence = ran.out.splitlines()
    assert head[0] == "0"
    assert head.endswith("Speculative decoding with draft trees")
    assert about.split() == [str(DAY), "Ada", "Lovelace,", "Grace", "Hopper", "arxiv:2611.00004"]
    assert evidence.strip() == "speculative, decoding in the title"


def test_a_program_gets_everything(installed: Store, newsletter: Command) -> None:
    """One JSON value, from which a page could be made."""
    data = json.loads(newsletter("search", "2611.00001", "--json", "--limit", "1").out)

    assert (data["like"]["id"], data["searched"], data["since"]) == ("arxiv:2611.00001", 5, None)
    [found] = data["results"]
    assert (found["id"], found["first_day"]) == ("arxiv:2611.00002", str(DAY))
    assert {"abstract", "authors", "categories", "published", "reason", "score", "summary", "tldr", "url"} <= {*found}


def test_what_is_under_the_gate_is_told_as_that(installed: Store, newsletter: Command) -> None:
    """A reader would not get it."""
    ran = newsletter("search", "molecular clouds that absorb light of stars", "--limit", "3")

    assert ran.code == 0
    assert "(0.50); the nearest:" in ran.out


@pytest.mark.parametrize("query", ["the of and", "💥", "分子", "%"])
def test_a_query_without_words_says_so(query: str, installed: Store, newsletter: Command) -> None:
    """In one sentence, and it is no failure; programs get an empty list."""
    ran = newsletter("search", query)

    assert (ran.code, ran.err) == (0, "")
    assert "no word here tells papers apart" in ran.out
    assert json.loads(newsletter("search", query, "--json").out)["results"] == []


@pytest.mark.parametrize("arguments", [("",), (" ",), ("x y", "--limit", "0"), ("x y", "--since", "soon"), ()])
def test_a_wrong_use_exits_2(arguments: tuple[str, ...], installed: Store, newsletter: Command) -> None:
    """An empty query too: somebody's variable was empty."""
    ran = newsletter("search", *arguments)

    assert (ran.code, ran.out, "Traceback" in ran.err) == (2, "", False)


@pytest.mark.parametrize("since", ["1d", "36500", "2020-02-29"])
def test_since_is_days_or_a_date(since: str, installed: Store, newsletter: Command) -> None:
    """However long ago: stores grow old."""
    assert newsletter("search", "galaxies", "--since", since).code == 0


def test_a_day_to_come_is_no_since(installed: Store, newsletter: Command) -> None:
    """It is a slip of the year."""
    assert newsletter("search", "galaxies", "--since", "9999-01-01").code == 2


def test_an_id_that_was_never_collected_is_told(installed: Store, newsletter: Command) -> None:
    """Its digits are no subject."""
    ran = newsletter("search", "2401.10020")

    assert (ran.code, ran.out) == (0, "2401.10020 is not among the papers that were collected\n")


def test_without_a_store_the_way_out_is_said(newsletter: Command, tmp_path: Path) -> None:
    """And none is made."""
    saved(tmp_path, HEAD + ADA)

    ran = newsletter("search", "galaxies")

    assert (ran.code, ran.out) == (0, "nothing was collected yet: `newsletter collect`\n")
    assert not (tmp_path / "newsletter.db").exists()


def test_authors_are_cut_short_for_people(installed: Store, newsletter: Command) -> None:
    """And never for programs."""
    many = tuple(f"Emmy Noether {n}" for n in range(5))
    paper: Paper = a_paper("Symmetry and conservation", id="arxiv:2611.00088", authors=many, url="", abstract="")
    installed.editions.save(an_edition(paper, day=NEXT_DAY), collected_at=NOW)

    assert "Emmy Noether 0 and 4 more" in newsletter("search", "conservation symmetry").out
    data = json.loads(newsletter("search", "conservation symmetry", "--json").out)
    assert data["results"][0]["authors"] == list(many)
