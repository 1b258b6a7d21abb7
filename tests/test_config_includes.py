"""`include:` → one tree, whose places stay those of the files."""

from __future__ import annotations

from pathlib import Path

import pytest
from settings_files import ADA, HEAD, loaded, problems, saved

GRACE = ADA.replace("ada@", "grace@")


def test_included_subscribers_follow_those_of_the_file(tmp_path: Path) -> None:
    """Files are read in the order of their names."""
    saved(tmp_path, GRACE.replace("grace", "katherine"), "subscribers.d/2.yaml")
    saved(tmp_path, GRACE, "subscribers.d/1.yaml")
    config = loaded(tmp_path, HEAD + ADA + "include: [subscribers.d/*.yaml]\n")

    assert [reader.email for reader in config.subscribers] == [
        f"{name}@example.org" for name in ("ada", "grace", "katherine")
    ]
    assert [reader.origin for reader in config.subscribers][1] == "subscribers.d/1.yaml:2"


def test_an_included_file_may_hold_any_section(tmp_path: Path) -> None:
    """A list of sources or the mail server can live in a file of its own."""
    saved(tmp_path, "issue: {max_papers: 3}\nsources:\n  - pages: {path: a.txt}\n", "more.yaml")
    config = loaded(tmp_path, HEAD + "include: more.yaml\n")

    assert config.issue.max_papers == 3
    assert [source.label for source in config.sources] == ["arxiv cs.LG", "pages a.txt"]


def test_a_file_that_two_patterns_match_is_read_once(tmp_path: Path) -> None:
    """Overlapping patterns are no mistake."""
    saved(tmp_path, GRACE, "d/grace.yaml")
    config = loaded(tmp_path, HEAD + "include: [d/*.yaml, d/grace.yaml]\n")

    assert len(config.subscribers) == 1


def test_problems_name_the_included_file(tmp_path: Path) -> None:
    """Files come in the order they are read; a merge of texts would get the lines wrong."""
    saved(tmp_path, GRACE + "    foo: 1\n", "d/grace.yaml")
    found = problems(tmp_path, HEAD + "include: [d/*.yaml]\nstore: x\n")

    assert [problem.split(": ")[0] for problem in found] == ["subscribers.yaml:5:8", "d/grace.yaml:4:5"]


def test_an_address_in_two_files_names_both(tmp_path: Path) -> None:
    """The other line is told with its file."""
    saved(tmp_path, ADA, "d/ada.yaml")
    [problem] = problems(tmp_path, HEAD + ADA + "include: [d/*.yaml]\n")

    assert problem.startswith("d/ada.yaml:2:12: subscriber ada@example.org stands already in ")
    assert problem.endswith("subscribers.yaml, line 5; keep one of them")


def test_a_section_in_two_files_is_a_problem(tmp_path: Path) -> None:
    """No file silently wins over another."""
    saved(tmp_path, "store: sqlite:///b.db\n", "more.yaml")
    [problem] = problems(tmp_path, HEAD + "store: sqlite:///a.db\ninclude: [more.yaml]\n")

    assert problem.startswith("more.yaml:1:1: 'store' stands already in ")


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        ("[gone.yaml]", "4:11: include: no such file 'gone.yaml'"),
        ("[subscribers.yaml]", "4:11: include: 'subscribers.yaml' includes itself; take it out of this list"),
        ("['*.yaml']", "4:11: include: 'subscribers.yaml' includes itself"),
        ("[7]", "4:11: include: must be a list of file names"),
        ("{a: b}", "4:10: include: must be a list of file names"),
        ("", "4:1: include: must be a list of file names"),
    ],
)
def test_a_wrong_include_is_told(tmp_path: Path, include: str, expected: str) -> None:
    """A file that is named must be there, and may not be the one that names it."""
    [problem] = problems(tmp_path, f"{HEAD}include: {include}\n")

    assert problem.startswith(f"subscribers.yaml:{expected}")


def test_two_files_that_include_each_other_are_a_problem(tmp_path: Path) -> None:
    """A cycle ends where it closes."""
    saved(tmp_path, "include: [subscribers.yaml]\n", "more.yaml")
    [problem] = problems(tmp_path, HEAD + "include: [more.yaml]\n")

    assert problem.startswith("more.yaml:1:11: include: 'subscribers.yaml' includes itself")


def test_nothing_is_guessed_when_an_included_file_cannot_be_read(tmp_path: Path) -> None:
    """Only the reason is told, not everything that is missing because of it."""
    saved(tmp_path, "newsletter: [\n", "more.yaml")
    [problem] = problems(tmp_path, "include: [more.yaml]\n")

    assert problem.startswith("more.yaml:2:1: ")


def test_a_list_merged_with_something_else_is_a_problem(tmp_path: Path) -> None:
    """Subscribers of an included file are a list too."""
    saved(tmp_path, "subscribers: {ada: 1}\n", "more.yaml")
    [problem] = problems(tmp_path, HEAD + ADA + "include: [more.yaml]\n")

    assert problem == "more.yaml:1:14: subscribers: must be a list"
