"""Files that are no YAML, or not the YAML meant: one problem with its place, never a traceback."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from settings_files import ADA, HEAD, loaded, problems

from newsletter.config import load
from newsletter.errors import ConfigError

BROKEN = {
    "tab": ("newsletter:\n\tname: A\n", "2:1: a tab; YAML is indented with spaces"),
    "quote": ('newsletter: {name: "A}\n', "1:20: this quote is never closed"),
    "bracket": ("sources: [a\nstore: x\n", "a ',' or the closing bracket is missing"),
    "colon": ("newsletter: name: A\n", "1:17: a ':' is not expected here"),
    "indentation": ("store:\n  - x\n templates: y\n", "3:2: the indentation does not fit the lines above"),
    "backtick": ("store: `x`\n", "1:8: a value cannot begin with this character; put it in quotes"),
    "percent": ("store: %x\n", "1:8: a value cannot begin with this character; put it in quotes"),
    "escape": ('store: "C:\\data"\n', "1:12: an unknown escape in double quotes"),
    "escape_of_no_character": ('store: "\\UFFFFFFFF"\n', "1:1: not readable as YAML"),
    "two_documents": ("store: x\n---\nstore: y\n", "2:1: a second document begins here; one file holds one"),
    "list": ("- a\n", "1:1: the file holds a list, not keys"),
    "scalar": ("hello\n", "1:1: the file holds a single value, not keys"),
    "empty": ("", "1:1: the file is empty; `newsletter init` writes one to begin with"),
    "comment": ("# nothing yet\n", "1:1: the file is empty"),
    "null": ("~\n", "1:1: the file is empty"),
    "key_list": ("? [a]\n: b\n", "1:3: a key must be one word"),
    "self_alias": ("a: &a [*a]\n", "1:8: an alias (*) without its anchor (&) above it"),
    "nul": ("store: a\0b\n", "1:9: a control character (U+0000); remove it"),
    "escape_character": ("store: a\nb: \x1b[31m\n", "2:4: a control character (U+001B); remove it"),
    "deep": ("a: " + "[" * 5_000, "nested too deeply"),
    "tag_handle": ("store: !h!x y\n", "1:8: a value cannot begin with '!'; put it in quotes"),
}


@pytest.mark.parametrize(("text", "expected"), BROKEN.values(), ids=BROKEN)
def test_a_file_that_cannot_be_read_is_one_problem_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    """The words are for people, not for writers of parsers."""
    [problem] = problems(tmp_path, text)

    assert problem.startswith("subscribers.yaml:")
    assert expected in problem


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"a: 1\nb: caf\xe9\n", "2:7: not UTF-8; save the file as UTF-8"),
        ("a: 1".encode("utf-16"), "1:1: not UTF-8; save the file as UTF-8"),
        (b"a: " + b"x" * 10_000_000, "1:1: larger than 5 MB; is it the right file?"),
    ],
    ids=["latin-1", "utf-16", "10 MB"],
)
def test_a_file_of_other_bytes_is_one_problem(tmp_path: Path, body: bytes, expected: str) -> None:
    """Wrong encodings and wrong files are recognised."""
    path = tmp_path / "subscribers.yaml"
    path.write_bytes(body)

    with pytest.raises(ConfigError) as caught:
        load(path, environment={})
    assert [str(problem) for problem in caught.value.problems] == [f"{path}:{expected}"]


@pytest.mark.parametrize(
    ("name", "expected"), [("none.yaml", "no such file"), ("", "not a file")], ids=["none", "folder"]
)
def test_a_file_that_is_not_there_is_one_problem(tmp_path: Path, name: str, expected: str) -> None:
    """A person learns what to do next."""
    with pytest.raises(ConfigError, match=expected):
        load(tmp_path / name, environment={})


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Nothing that blocks is opened."""
    os.mkfifo(tmp_path / "subscribers.yaml")

    with pytest.raises(ConfigError, match="not a file"):
        load(tmp_path / "subscribers.yaml", environment={})


def test_aliases_that_unfold_to_a_billion_values_are_refused(tmp_path: Path) -> None:
    """Nine lines must not fill the memory."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    [problem] = problems(tmp_path, "\n".join(lines))

    assert problem.endswith("the aliases in this file unfold to more than a million values")


def test_a_key_that_stands_twice_names_both_lines(tmp_path: Path) -> None:
    """YAML parsers that keep the last one lose the first in silence."""
    [problem] = problems(tmp_path, HEAD + "store: sqlite:///a.db\nstore: sqlite:///b.db\n")

    assert problem == "subscribers.yaml:5:1: key 'store' stands already in line 4; keep one of them"


@pytest.mark.parametrize(
    "text", ["\ufeff" + HEAD + ADA, (HEAD + ADA).replace("\n", "\r\n"), "---\n" + HEAD + ADA + "...\n"]
)
def test_what_editors_add_does_no_harm(tmp_path: Path, text: str) -> None:
    """A byte order mark, Windows line ends and document marks are fine."""
    assert loaded(tmp_path, text).newsletter.name == "Daily Papers"
