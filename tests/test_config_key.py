"""The secret that tokens in addresses are made with: read by `load`, made by who needs it, once."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest
from settings_files import ADA, HEAD, loaded, problems, saved, secretly

from newsletter.config import ensure_secret, with_secret
from newsletter.errors import ConfigError

INBOX = HEAD + ADA + "inbox: {maildir: .%s}\n"
SECRET = "a secret of more than thirty-two characters"


def test_reading_makes_no_secret(tmp_path: Path) -> None:
    """`load` says where it is to be made, whether anything is sent or not."""
    for sending in (True, False):
        config = loaded(tmp_path, INBOX % "", sending=sending)

        assert (config.newsletter.secret, config.secret_file) == (b"", tmp_path / "newsletter.key")
        assert config.secret_files == (tmp_path / "newsletter.key",)  # `serve` sees it come, or change
    assert sorted(path.name for path in tmp_path.iterdir()) == ["subscribers.yaml"]


def test_who_needs_a_secret_makes_it_beside_the_settings(tmp_path: Path) -> None:
    """32 random bytes, for the owner alone; from then on it is read."""
    config = with_secret(loaded(tmp_path, INBOX % ""))
    path = tmp_path / "newsletter.key"

    assert config.secret_file is None
    assert config.newsletter.secret == path.read_bytes().strip()
    assert len(base64.b64decode(config.newsletter.secret, validate=True)) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert loaded(tmp_path, INBOX % "").newsletter == config.newsletter
    assert with_secret(config) is config
    assert sorted(path.name for path in tmp_path.iterdir()) == ["newsletter.key", "subscribers.yaml"]


def test_without_an_inbox_no_secret_is_made(tmp_path: Path) -> None:
    """Nothing carries a token then."""
    config = loaded(tmp_path, HEAD + ADA)

    assert with_secret(config) is config
    assert not (tmp_path / "newsletter.key").exists()


MAKER = """
import sys
from pathlib import Path
from newsletter.config import ensure_secret
print("ready", flush=True)
sys.stdin.readline()
print(ensure_secret(Path(sys.argv[1])).decode())
"""


def test_processes_that_begin_at_once_agree_on_one_secret(tmp_path: Path) -> None:
    """Each reads what it will go on with, and none a part of it."""
    path = tmp_path / "newsletter.key"
    command = [sys.executable, "-c", MAKER, str(path)]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert all(process.stdout and process.stdout.readline() == "ready\n" for process in started)
    found = {process.communicate("now\n", timeout=30)[0].strip() for process in started}

    assert found == {path.read_text(encoding="ascii").strip()}
    assert [each.name for each in tmp_path.iterdir()] == ["newsletter.key"]


def test_a_secret_that_somebody_else_made_first_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between looking and making there is time."""
    path = tmp_path / "newsletter.key"

    def made_meanwhile(name: str, *_: object) -> None:
        secretly(tmp_path, SECRET, path.name)
        raise FileExistsError(name)

    monkeypatch.setattr(os, "link", made_meanwhile)
    assert ensure_secret(path) == SECRET.encode()


def test_a_place_that_cannot_be_written_is_told_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as settings that are mounted read-only, or a disk without links; nothing is left behind."""

    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    for folder in (tmp_path, tmp_path / "gone"):
        with pytest.raises(ConfigError) as caught:
            ensure_secret(folder / "newsletter.key")

        [problem] = caught.value.problems
        assert problem.path == str(folder / "newsletter.key")
        assert problem.message.startswith("the secret for addresses cannot be made here: ")
        assert problem.message.endswith("name another place by inbox.secret_file, or set NEWSLETTER__INBOX__SECRET")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o777])
def test_a_secret_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """Whoever has it can unsubscribe everybody; both who reads and who makes it says so."""
    path = secretly(tmp_path, SECRET, "newsletter.key")
    path.chmod(mode)
    told = f"newsletter.key can be read by others; run: chmod 600 {path}".replace(f"{tmp_path}/", "")

    assert problems(tmp_path, INBOX % "") == [f"subscribers.yaml:7:1: {told}"]
    assert loaded(tmp_path, INBOX % "", sending=False).newsletter.secret == b""
    with pytest.raises(ConfigError, match="chmod 600"):
        ensure_secret(path)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", "is empty"),
        ("short", "is too short; at least 32 characters, made by chance"),
        ("a\nb", "must hold the secret"),
    ],
)
def test_a_file_that_is_no_secret_is_told(tmp_path: Path, body: str, expected: str) -> None:
    """What anybody could guess protects nothing."""
    secretly(tmp_path, body, "newsletter.key")
    [problem] = problems(tmp_path, INBOX % "")

    assert problem.startswith(f"subscribers.yaml:7:1: newsletter.key {expected}")


def test_a_secret_may_lie_elsewhere(tmp_path: Path) -> None:
    """A file that is named must be there: one made in the place of a lost one would void every address that is out."""
    secretly(tmp_path, SECRET + "\n", "keys/own")
    config = loaded(tmp_path, INBOX % ", secret_file: keys/own")

    assert (config.newsletter.secret, config.secret_file) == (SECRET.encode(), None)
    assert config.secret_files == (tmp_path / "keys" / "own",)
    [problem] = problems(tmp_path, INBOX % ", secret_file: gone")
    assert problem == "subscribers.yaml:7:34: inbox.secret_file cannot be read: No such file or directory"
    assert loaded(tmp_path, INBOX % ", secret_file: gone", sending=False).secret_file is None


def test_a_secret_may_come_from_the_environment(tmp_path: Path) -> None:
    """By a variable or as an option; then no file is read."""
    saved(tmp_path, "short", "newsletter.key")
    named = loaded(tmp_path, INBOX % ', secret: "${S}"', S=SECRET)
    option = loaded(tmp_path, INBOX % ", secret_file: gone", NEWSLETTER__INBOX__SECRET=SECRET)

    assert named.newsletter.secret == option.newsletter.secret == SECRET.encode()
    assert named.secret_file is option.secret_file is None
    assert SECRET not in repr(named)


def test_a_secret_of_the_environment_that_is_missing_or_weak_is_told(tmp_path: Path) -> None:
    """Where nothing is sent the first is a warning."""
    text = INBOX % ', secret: "${S}"'

    assert problems(tmp_path, text, {"S": "short"}) == [
        "subscribers.yaml:7:29: inbox.secret is too short; at least 32 characters, made by chance"
    ]
    [problem] = problems(tmp_path, text)
    config = loaded(tmp_path, text, sending=False)
    assert problem.endswith(config.warnings[0].message)
    assert (config.newsletter.secret, config.secret_file, bool(config.inbox)) == (b"", None, True)
