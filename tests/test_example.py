"""The two files a user meets first."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from settings_files import KEY, problems, saved, secretly

from newsletter.config import load
from newsletter.models import InterestKind, OnUnknown

EXAMPLE = Path(__file__).parent.parent / "subscribers.example.yaml"
STARTER = files("newsletter.config") / "starter.yaml"


def test_the_example_loads_without_a_secret_when_nothing_is_sent() -> None:
    """`newsletter demo` needs no environment; what is missing for sending is a warning."""
    config = load(EXAMPLE, environment={}, sending=False)

    assert [reader.name for reader in config.subscribers] == ["Ada", "Grace", "Emmy", "Katherine"]
    assert config.smtp is None
    assert [warning.message for warning in config.warnings] == [
        "smtp.password needs the environment variable SMTP_PASSWORD, which is not set"
    ]


def test_the_example_loads_for_sending_with_its_secret() -> None:
    """Copied and filled in, it is a working file without any warning."""
    config = load(EXAMPLE, environment={"SMTP_PASSWORD": "secret"})

    assert config.smtp
    assert config.warnings == ()


def test_the_example_shows_every_form_of_an_interest() -> None:
    """The first file a user sees teaches the grammar."""
    config = load(EXAMPLE, environment={}, sending=False)
    interests = [interest for reader in config.subscribers for interest in reader.interests]

    assert {interest.kind for interest in interests} == set(InterestKind) - {InterestKind.VOTES}
    assert any(interest.weight > 1 for interest in interests)
    assert any(len(interest.phrases) > 2 for interest in interests)
    assert all(reader.exclude for reader in config.subscribers)


def test_the_readers_of_the_example_want_different_things() -> None:
    """Four readers, four issues: no interest stands with two of them."""
    config = load(EXAMPLE, environment={}, sending=False)
    names = [interest.name for reader in config.subscribers for interest in reader.interests]

    assert len(names) == len(set(names))


def test_the_starter_is_valid_as_it_stands(tmp_path: Path) -> None:
    """`newsletter init` writes a file that `newsletter check` accepts once the password is set."""
    path = tmp_path / "subscribers.yaml"
    path.write_text(STARTER.read_text())
    config = load(path, environment={"SMTP_PASSWORD": "secret"})

    assert len(config.subscribers) == 1
    assert config.warnings == ()


@pytest.mark.parametrize("text", [EXAMPLE.read_text(), STARTER.read_text()], ids=["example", "starter"])
def test_nothing_but_the_password_is_missing(tmp_path: Path, text: str) -> None:
    """The one problem of a fresh file says which variable to set."""
    [problem] = problems(tmp_path, text)

    assert problem.endswith("smtp.password needs the environment variable SMTP_PASSWORD, which is not set")


def test_what_the_starter_comments_out_is_valid_too(tmp_path: Path) -> None:
    """Removing the comment sign is all it takes."""
    text = _uncommented(STARTER.read_text())
    for folder in ("templates", "subscribers.d"):
        (tmp_path / folder).mkdir()
    secretly(tmp_path, KEY, "dkim-papers.pem")
    config = load(saved(tmp_path, text), environment={"SMTP_PASSWORD": "secret", "IMAP_PASSWORD": "secret"})

    assert [warning.message for warning in config.warnings] == ["include: no file matches 'subscribers.d/*.yaml'"]
    assert (config.subscribers[0].name, len(config.subscribers[0].interests)) == ("Ada", 6)
    assert len(config.sources) == 4
    assert (len(config.dkim), config.deliver.on_unknown, bool(config.inbox)) == (1, OnUnknown.HOLD, True)
    assert config.smtp
    assert (config.smtp.connections, config.smtp.max_per_minute) == (4, 60)


def _uncommented(text: str) -> str:
    """Return the file with the sign removed from every line that holds a key or an item."""
    lines = []
    for line in text.splitlines():
        indent, sign, rest = line.partition("# ")
        is_option = (
            sign and not indent.strip() and (": " in rest or rest.startswith("  ") or rest.rstrip().endswith(":"))
        )
        is_prose = rest[:1].isupper() or "  newsletter " in rest or rest.startswith("Put")
        lines.append(indent + rest if is_option and not is_prose else line)
    return "\n".join(lines)
