"""`newsletter vote`, and what `explain` and `preview` say of what trends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import typer
from makers import DAY, NOW, a_paper, an_edition
from settings_files import saved
from typer.testing import CliRunner, Result

from newsletter.cli import explaining, previewing, votes
from newsletter.errors import UsageError
from newsletter.models import Signals
from newsletter.store import Store

SETTINGS = """\
newsletter: {name: Daily Papers, from: papers@example.org, editor: Ada Lovelace}
sources:
  - arxiv: {categories: [cs.LG]}
picks:
  - {paper: "arxiv:2611.00003", note: Read section 4 first.}
  - {paper: "arxiv:2611.09999"}
subscribers:
  - email: ada@example.org
    interests: [speculative decoding]
"""
TREES = "A draft model proposes a tree of tokens. Speculative decoding verifies it in one pass of the model."
DUST = "JWST images of a high-redshift galaxy show little dust."
PAPERS = (
    a_paper("Speculative decoding with trees of drafts", id="arxiv:2611.00001", abstract=TREES),
    a_paper(
        "Dust in a galaxy", id="arxiv:2611.00002", abstract=DUST, signals=Signals(upvotes=20, upvotes_at=NOW), url=""
    ),
    a_paper("Gas in a galaxy", id="arxiv:2611.00003", abstract=DUST, url=""),
    a_paper("Stars of a galaxy", id="arxiv:2611.00004", abstract=DUST, url=""),
)


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Store]:
    """Give the store of a newsletter whose settings stand in the folder, with four papers."""
    saved(tmp_path, SETTINGS)
    with Store.open(f"sqlite:///{tmp_path / 'newsletter.db'}") as store:
        store.editions.save(an_edition(*PAPERS), collected_at=NOW)
        yield store


def run(store: Store, *arguments: str) -> Result:
    """Run a command on the settings beside the store."""
    app = typer.Typer()
    votes.register(app)
    explaining.register(app)
    previewing.register(app)
    return CliRunner().invoke(app, [*arguments, "--config", str(store.path.with_name("subscribers.yaml"))])


def kept(store: Store) -> list[tuple[str, str, int]]:
    """Return the votes that are kept."""
    return [(vote.subscriber, vote.paper_id, vote.value) for vote in store.votes.since(DAY)]


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [([], 1, "recommends it"), (["--down"], -1, "votes against it")],
    ids=["for", "against"],
)
def test_a_vote_is_kept_and_told(installed: Store, option: list[str], value: int, said: str) -> None:
    """The paper is found as `explain` finds it, the reader by the part before the @."""
    ran = run(installed, "vote", "ada", "2611.00002", *option)

    assert (ran.exit_code, ran.stdout) == (0, f"Dust in a galaxy\n  arxiv:2611.00002\nada@example.org {said}\n")
    assert kept(installed) == [("ada@example.org", "arxiv:2611.00002", value)]


def test_the_last_vote_counts_and_can_be_taken_back(installed: Store) -> None:
    """One reader, one paper, one vote."""
    run(installed, "vote", "ada", "dust in a galaxy")
    run(installed, "vote", "ada", "https://arxiv.org/abs/2611.00002", "--down")
    assert [value for *_, value in kept(installed)] == [-1]

    assert "has no vote" in run(installed, "vote", "ada", "2611.00002", "--undo").stdout
    assert kept(installed) == []


def test_a_vote_for_an_unclear_paper_is_not_kept(installed: Store) -> None:
    """Several by these words, or none: it says so, and ends with 2."""
    several, none = run(installed, "vote", "ada", "galaxy"), run(installed, "vote", "ada", "2401.10020")

    assert (several.exit_code, none.exit_code) == (2, 2)
    assert "several papers have" in several.stdout
    assert "no source ever brought it" in none.stdout
    assert kept(installed) == []


def test_a_vote_of_nobody_and_of_two_minds_is_a_mistake(installed: Store) -> None:
    """One line each, and nothing kept."""
    nobody, both = run(installed, "vote", "eve", "2611.00002"), run(installed, "vote", "ada", "x", "--down", "--undo")

    assert isinstance(nobody.exception, UsageError)
    assert isinstance(both.exception, UsageError)
    assert kept(installed) == []


def test_a_vote_is_told_to_programs(installed: Store) -> None:
    """As JSON, both when it is kept and when it is not."""
    told, not_told = (
        run(installed, "vote", "ada", "2611.00002", "--json"),
        run(installed, "vote", "ada", "2401.10020", "--json"),
    )

    assert json.loads(told.stdout) == {
        "email": "ada@example.org",
        "paper": {"id": "arxiv:2611.00002", "title": "Dust in a galaxy"},
        "vote": 1,
    }
    assert (json.loads(not_told.stdout)["fate"], not_told.exit_code) == ("unknown", 2)


# ------------------------------------------------------------------ explained


def test_explain_says_that_a_paper_trends_with_its_numbers(installed: Store) -> None:
    """It would stand in the section that no interest fills."""
    run(installed, "vote", "ada", "2611.00002")

    told = run(installed, "explain", "ada", "2611.00002").stdout

    assert "TRENDING in the issue of 2026-11-20 for ada@example.org" in told
    assert "number 2 of what others recommend" in told
    assert "  1 reader recommended it\n  20 upvotes on Hugging Face\n" in told


def test_explain_tells_of_a_pick(installed: Store) -> None:
    """Who picked it, why, and on which line."""
    told = run(installed, "explain", "ada", "2611.00003").stdout

    assert "number 1 of what others recommend, with 0.20" in told
    assert "  picked by Ada Lovelace: Read section 4 first. - subscribers.yaml:5\n" in told


def test_explain_tells_of_a_matched_paper_as_before_and_that_it_trends(installed: Store) -> None:
    """An interest brought it; popularity has no part in that."""
    run(installed, "vote", "ada", "2611.00001")

    told = run(installed, "explain", "ada", "2611.00001").stdout

    assert "IN the issue of 2026-11-20" in told
    assert "It trends as number 3, with 0." in told


def test_explain_tells_of_what_trends_in_a_later_edition(installed: Store) -> None:
    """A pick of an old paper stands in the newest issue, not in that of its day."""
    tomorrow = DAY + timedelta(days=9)
    fresh = a_paper("Speculative decoding of tomorrow", id="arxiv:2611.00009", abstract=TREES, identities=())
    installed.editions.save(an_edition(fresh, day=tomorrow), collected_at=NOW + timedelta(days=9))

    pick, upvoted = (run(installed, "explain", "ada", f"2611.0000{n}").stdout for n in (3, 2))

    assert f"AMONG THE EDITOR'S PICKS in the issue of {tomorrow}" in pick
    assert "NOT MATCHED" in upvoted


def test_explain_tells_programs_of_trends(installed: Store) -> None:
    """Rank, score and reasons; null where nothing speaks for a paper."""
    pick, other = (json.loads(run(installed, "explain", "ada", f"2611.0000{n}", "--json").stdout) for n in (3, 4))

    assert (pick["fate"], pick["section"], pick["trend"]["rank"]) == ("trending", "Editor's picks", 1)
    assert (other["fate"], other["trend"]) == ("unmatched", None)


def test_preview_shows_what_trends(installed: Store, tmp_path: Path) -> None:
    """Of the edition it shows."""
    ran = run(installed, "preview", "--once", "--out", str(tmp_path / "look"))

    text = (tmp_path / "look" / "001-ada@example.org.txt").read_text(encoding="utf-8")
    assert ran.exit_code == 0
    picked = text.index("Picked by Ada Lovelace\n----------------------")
    assert picked < text.index("Gas in a galaxy") < text.index("Trending\n--------")
    assert "“Read section 4 first.”" in text
