"""Whether there are templates for the look and the languages that the settings name, told with their line.

`render` says the same when it is too late to know the line; that the two agree is held by a test.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from newsletter.config.fields import did_you_mean
from newsletter.config.naming import Location, shown, subject
from newsletter.config.place import Findings, Node
from newsletter.config.schema import SettingsFile

_USUAL = "issue"
_NO_LOOKS = frozenset(("confirm", "goodbye", "letter", "welcome", "translations"))
_SUFFIXES = (".j2", ".css", ".po")
_TRADITIONAL = frozenset(("Hant", "TW", "HK", "MO"))  # which nobody reads in the other script
_ENGLISH = "en"  # that of the templates


def check_look(root: Node, overrides: Path | None, findings: Findings, *, sending: bool) -> None:
    """Note a look that is not there: a problem for who sends, a warning for others, who may be about to write it."""
    node = root.find("issue", "template")
    if not node or node.broken or not isinstance(node.value, str) or (root.child("templates") and not overrides):
        return
    name, names = node.value.strip(), look_names(overrides)
    if name and name != _USUAL and name not in names:
        told = f"issue.template: there is no such look {shown(node.written)}; there is {', '.join(names)}"
        (findings.problem if sending else findings.warning)(node.place, told + did_you_mean(name, names))


def check_languages(settings: SettingsFile, root: Node, overrides: Path | None, findings: Findings) -> None:
    """Warn of languages that nobody has put the words of an email into: who asks for one gets nothing."""
    asked: list[tuple[Location, str | None]] = [(("defaults",), settings.defaults.language)]
    asked += [(("subscribers", number), reader.language) for number, reader in enumerate(settings.subscribers)]
    wanted = [(location, code) for location, code in asked if code and code.partition("-")[0] != _ENGLISH]
    there = language_codes(overrides) if wanted else ()
    for location, code in wanted:
        node = root.find(*location, "language")
        if node and not any(name in there for name in _fallbacks(code)):
            told = f"translations: there is none for the language {shown(node.written)}; there is {', '.join(there)}"
            findings.warning(node.place, f"{subject(root, location)}: {told}")


def look_names(overrides: Path | None) -> tuple[str, ...]:
    """Return the names of all looks there are, as the settings have them."""
    folders = {entry.name for root in _roots(overrides) for entry in root.iterdir() if _holds_templates(entry)}
    return tuple(sorted("default" if name == _USUAL else name for name in folders - _NO_LOOKS))


def language_codes(overrides: Path | None) -> tuple[str, ...]:
    """Return the codes (BCP 47) of all languages there are words for."""
    folders = [root / "translations" for root in _roots(overrides)]
    names = {entry.name for folder in folders if folder.is_dir() for entry in folder.iterdir() if entry.is_file()}
    return tuple(
        sorted({_ENGLISH, *(name.removesuffix(".po").replace("_", "-") for name in names if name.endswith(".po"))})
    )


def _roots(overrides: Path | None) -> list[Traversable]:
    bundled = files("newsletter") / "templates"
    shipped = bundled if bundled.is_dir() else Path(__file__).parents[2] / "templates"
    return [shipped, overrides] if overrides else [shipped]


def _holds_templates(entry: Traversable) -> bool:
    if not entry.is_dir():
        return False
    return any(_holds_templates(each) or each.name.endswith(_SUFFIXES) for each in entry.iterdir())


def _fallbacks(code: str) -> list[str]:
    parts = code.split("-")
    if parts[0] == "zh" and _TRADITIONAL & set(parts):
        return [code]
    return ["-".join(parts[:count]) for count in range(len(parts), 0, -1)]
