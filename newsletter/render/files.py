"""Where templates are found: a directory of the user's first, then those that ship.

To change one part of the look, drop a file of the same name into the overriding directory: `issue/inline.css`,
`issue/paper.mjml.j2`.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from newsletter.errors import TemplateError

_SUFFIXES = (".j2", ".css")


def template_root() -> Traversable:
    """Return `templates/`: inside the installed package, or beside it in a checkout."""
    bundled = files("newsletter") / "templates"
    return bundled if bundled.is_dir() else Path(__file__).parents[2] / "templates"


def read_sources(overrides: Path | None = None) -> dict[str, str]:
    """Return the text of every template by its name (`issue/issue.mjml.j2`), the user's files over those that ship."""
    if overrides is not None and not overrides.is_dir():
        raise TemplateError("no such directory of templates", template=str(overrides))
    sources = _read(template_root())
    return sources | (_read(overrides) if overrides else {})


def _read(directory: Traversable, prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in sorted(directory.iterdir(), key=lambda entry: entry.name):
        name = f"{prefix}{entry.name}"
        if entry.is_dir():
            found |= _read(entry, f"{name}/")
        elif name.endswith(_SUFFIXES):
            found[name] = _text(entry, name)
    return found


def _text(entry: Traversable, name: str) -> str:
    try:
        return entry.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise TemplateError("is not UTF-8", template=name) from error
