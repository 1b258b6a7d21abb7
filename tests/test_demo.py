"""The demo: the whole main job on the papers that ship, laid out to be opened."""

from __future__ import annotations

import json
from datetime import date
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from newsletter.demo import run_demo, sample_edition
from newsletter.errors import UsageError

SHARED_PAGES = Path(__file__).parents[2] / "shared" / "data" / "pages"
TODAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a demo."""
    directory = tmp_path_factory.mktemp("demo")
    run_demo(directory, today=TODAY)
    return directory


def summary_of(directory: Path) -> dict[str, Any]:
    """Return what the demo wrote down."""
    told: dict[str, Any] = json.loads((directory / "summary.json").read_text(encoding="utf-8"))
    return told


def test_the_sample_is_eighty_papers_of_two_sources() -> None:
    """Six papers stand in both the feed and the page."""
    edition = sample_edition()

    assert (edition.entries, len(edition.papers)) == (86, 80)
    assert [health.warnings for health in edition.health] == [(), ()]


def test_every_example_subscriber_gets_an_email_of_their_own(demo: Path) -> None:
    """Different interests, different papers."""
    readers = summary_of(demo)["subscribers"]

    assert len(readers) >= 3
    assert {reader["outcome"] for reader in readers} == {"sent"}
    leads = {reader["papers"][0]["title"] for reader in readers}
    assert len(leads) == len(readers)


def test_each_email_lies_there_in_three_forms(demo: Path) -> None:
    """The message as received, and its two parts."""
    for reader in summary_of(demo)["subscribers"]:
        message = message_from_bytes((demo / reader["files"]["eml"]).read_bytes(), policy=policy.default)
        assert message["Message-ID"] == reader["message_id"]
        assert (demo / reader["files"]["html"]).read_text(encoding="utf-8").lower().startswith("<!doctype html>")
        assert reader["papers"][0]["title"][:30] in (demo / reader["files"]["txt"]).read_text(encoding="utf-8")


def test_no_paper_stands_twice_in_an_issue_and_each_has_a_reason(demo: Path) -> None:
    """Bounded, distinct, explained."""
    for reader in summary_of(demo)["subscribers"]:
        ids = [paper["id"] for paper in reader["papers"]]
        assert len(ids) == len(set(ids)) <= 12
        assert all(paper["reasons"] and 0.5 <= paper["score"] <= 1 for paper in reader["papers"])


def test_topics_are_named_and_distinct(demo: Path) -> None:
    """At least eight subjects of the sample are recognised."""
    labels = [topic["label"] for topic in summary_of(demo)["topics"]]

    assert len(labels) == len(set(labels)) >= 8


def test_a_demo_can_be_repeated_in_its_folder(demo: Path) -> None:
    """It clears away what it made, and nothing else; the same input gives the same bytes."""
    before = {path.name: path.read_bytes() for path in demo.glob("*.eml")}
    (demo / "mine.html").write_text("mine", encoding="utf-8")

    run_demo(demo, today=TODAY)

    assert {path.name: path.read_bytes() for path in demo.glob("*.eml")} == before
    assert (demo / "mine.html").exists()


def test_a_demo_does_not_touch_what_it_did_not_make(tmp_path: Path) -> None:
    """Somebody else's summary.json is somebody else's."""
    (tmp_path / "summary.json").write_text("[]", encoding="utf-8")

    with pytest.raises(UsageError, match="name another folder"):
        run_demo(tmp_path, today=TODAY)


@pytest.mark.parametrize("name", ["subscribers.yaml", "newsletter.db", "sample/listing.txt"])
def test_a_demo_stops_before_anybody_s_own_file_is_lost(name: str, tmp_path: Path) -> None:
    """A folder with settings, a database or a page of somebody's own is not a demo's."""
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine", encoding="utf-8")

    with pytest.raises(UsageError, match="name another folder"):
        run_demo(tmp_path, today=TODAY)

    assert (tmp_path / name).read_text(encoding="utf-8") == "mine"


def test_settings_edited_in_a_demo_s_folder_are_kept(tmp_path: Path) -> None:
    """People try things in what the demo wrote."""
    run_demo(tmp_path, today=TODAY)
    settings = tmp_path / "subscribers.yaml"
    settings.write_text(settings.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")

    with pytest.raises(UsageError, match="was changed since"):
        run_demo(tmp_path, today=TODAY)


def test_pages_that_are_not_there_are_a_usage_error(tmp_path: Path) -> None:
    """The pattern is told as it was given."""
    with pytest.raises(UsageError, match="no file is called nowhere"):
        run_demo(tmp_path / "out", pages="nowhere/*.txt", today=TODAY)


def test_the_real_pages_give_every_paper_once(tmp_path: Path) -> None:
    """379 entries of four pages are 321 papers, and no title carries the page's furniture."""
    if not SHARED_PAGES.exists():
        pytest.skip("the saved listing pages are not beside the project")

    run_demo(tmp_path, pages=str(SHARED_PAGES / "*.txt"), today=TODAY)

    summary = summary_of(tmp_path)
    titles = [title for topic in summary["topics"] for title in topic["papers"]]
    assert (summary["entries"], summary["papers"]) == (379, 321)
    assert not [title for title in titles if title.startswith("Subscribe") or title == "new"]
