"""The docs say what is so: commands, keys, rooms and the two commands of the README."""

from __future__ import annotations

import re
from pathlib import Path

from newsletter.cli import app
from newsletter.config import load
from newsletter.sources import KINDS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def commands() -> set[str]:
    """Return the names of all commands."""
    single = {str(command.name or command.callback.__name__) for command in app.registered_commands if command.callback}
    return single | {str(group.name) for group in app.registered_groups}


def test_every_command_is_in_the_readme() -> None:
    """A command nobody is told of is not there."""
    assert {name for name in commands() if f"`{name}" not in README} == set()


def test_the_readme_names_no_command_that_is_not_there() -> None:
    """`newsletter x` works for every x of the README."""
    named = set(re.findall(r"newsletter ([a-z]+)", README)) - {"of"}

    assert named <= commands()


def test_the_readme_has_the_two_commands() -> None:
    """One runs the main job, one the tests; CI takes the second from here."""
    lines = README.splitlines()

    assert "python3 -m venv .venv && .venv/bin/pip install -q -e . && .venv/bin/newsletter demo" in lines
    assert "python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && .venv/bin/pytest" in lines


def test_every_room_is_on_the_map() -> None:
    """`ls newsletter/` and ARCHITECTURE.md tell the same story."""
    package = ROOT / "newsletter"
    rooms = {path.stem for path in package.glob("*.py")} | {path.parent.name for path in package.glob("*/__init__.py")}

    assert {room for room in rooms - {"__init__", "__main__"} if f"`{room}`" not in ARCHITECTURE} == set()


def test_no_document_links_to_what_is_not_there() -> None:
    """Relative links resolve."""
    for document in (
        "README.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "docs/sources.md",
        "docs/interests.md",
        "docs/templates.md",
    ):
        text = (ROOT / document).read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)|src=\"(?!https?:)([^\"]+)\"", text):
            assert (ROOT / "".join(target)).exists(), (document, target)


def test_the_settings_in_the_readme_load(tmp_path: Path) -> None:
    """What people copy works."""
    (block,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "subscribers.yaml").write_text(block, encoding="utf-8")

    config = load(tmp_path / "subscribers.yaml", environment={"SMTP_PASSWORD": "secret"})

    assert [reader.email for reader in config.subscribers] == ["ada@example.org"]


def test_every_kind_of_source_is_told_and_its_settings_load(tmp_path: Path) -> None:
    """The list of sources is the whole list, and can be copied."""
    text = (ROOT / "docs/sources.md").read_text(encoding="utf-8")
    [block] = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    rest = (
        "newsletter: {name: N, from: papers@example.org}\nsubscribers: [{email: ada@example.org, interests: [looms]}]\n"
    )
    (tmp_path / "subscribers.yaml").write_text(rest + block, encoding="utf-8")

    config = load(tmp_path / "subscribers.yaml", environment={}, sending=False)

    assert {type(source) for source in config.sources} == set(KINDS.values())
    assert {kind for kind in KINDS if f"`{kind}`" not in text} == set()
