"""Whether settings are to be read again: what changed in the files they came from; and what `serve` makes of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from settings_files import ADA, HEAD, loaded, saved, secretly

from newsletter.cli.issues import _Current
from newsletter.config import fingerprint

GRACE = "subscribers:\n  - {email: grace@example.org, interests: [trees]}\n"
INCLUDE = "include: ['people/**/*.yaml', more.yaml]\n"
SMTP = "smtp: {host: smtp.example.org, username: papers, password_file: secret}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of settings with two included files and a secret."""
    saved(tmp_path, HEAD + ADA + SMTP + INCLUDE)
    saved(tmp_path, "issue: {max_papers: 5}\n", "more.yaml")
    saved(tmp_path, GRACE, "people/grace.yaml")
    secretly(tmp_path, "hidden", "secret")
    return tmp_path


def changed(path: Path, text: str) -> None:
    """Write a file anew, with another time even where the clock of the disk is coarse."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1_000_000))


def test_nothing_changed_is_nothing_to_read(folder: Path) -> None:
    """Files beside the settings do not matter: the database changes all the time."""
    config = loaded(folder, (folder / "subscribers.yaml").read_text())
    before = fingerprint(config)
    saved(folder, "x", "newsletter.db")
    saved(folder, GRACE, "another.yaml")

    assert fingerprint(config) == before
    assert len(before) == 6


@pytest.mark.parametrize("name", ["subscribers.yaml", "more.yaml", "people/grace.yaml", "secret"])
def test_each_file_that_was_read_matters(folder: Path, name: str) -> None:
    """What is included and what holds a secret too; changed, taken away, or another in its place."""
    config = loaded(folder, (folder / "subscribers.yaml").read_text())
    seen = [fingerprint(config)]
    path = folder / name
    text = path.read_text(encoding="utf-8")
    changed(path, text)
    seen.append(fingerprint(config))
    path.unlink()
    seen.append(fingerprint(config))

    assert all(seen[0] != other for other in seen[1:])
    assert seen[1] != seen[2]


def test_a_file_that_an_include_finds_by_now_matters(folder: Path) -> None:
    """Also in a folder that was not there."""
    config = loaded(folder, (folder / "subscribers.yaml").read_text())
    before = fingerprint(config)
    changed(folder / "people" / "team" / "emmy.yaml", GRACE.replace("grace", "emmy"))

    assert fingerprint(config) != before


# ------------------------------------------------------------------ serve


def test_serve_reads_included_files_and_secrets_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And says so, once."""
    current = _Current(folder / "subscribers.yaml")
    first = current.read()
    assert first is current.read()
    changed(folder / "people" / "emmy.yaml", GRACE.replace("grace", "emmy"))
    second = current.read()
    changed(folder / "secret", "another")
    third = current.read()

    assert [reader.name or reader.email for reader in second.subscribers][1:] == [
        "emmy@example.org",
        "grace@example.org",
    ]
    assert third.smtp
    assert third.smtp.password == "another"
    assert third is current.read()
    assert capsys.readouterr().err.count(" again") == 2


def test_serve_goes_on_with_the_last_good_settings_and_tells_a_mistake_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file that is to be mended need not be one of those that were good."""
    current = _Current(folder / "subscribers.yaml")
    good = current.config
    main = folder / "subscribers.yaml"
    changed(folder / "wrong.yaml", "issue: {max_papers: none}\n")
    changed(main, main.read_text(encoding="utf-8").replace("more.yaml", "wrong.yaml"))

    assert [current.read() for _ in range(3)] == [good] * 3
    told = capsys.readouterr().err
    assert told.count("wrong.yaml:1:21: issue.max_papers must be a whole number") == 1
    assert told.count("going on with the settings from before") == 1
    changed(folder / "wrong.yaml", "issue: {max_papers: 7}\n")
    assert current.read().issue.max_papers == 7
    assert "again" in capsys.readouterr().err


def test_serve_goes_on_while_its_file_is_gone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Editors and deployments take it away for a moment."""
    current = _Current(folder / "subscribers.yaml")
    text = (folder / "subscribers.yaml").read_text(encoding="utf-8")
    (folder / "subscribers.yaml").unlink()

    assert len(current.read().subscribers) == 2
    assert "there is no such file" in capsys.readouterr().err
    changed(folder / "subscribers.yaml", text.replace("Daily Papers", "Weekly Papers"))
    assert current.read().newsletter.name == "Weekly Papers"
