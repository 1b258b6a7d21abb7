"""Where templates are found: a directory of the user's first, then those that ship.

To change one part of the look, drop a file of the same name into the overriding directory: `issue/inline.css`,
`issue/paper.mjml.j2`, `translations/it.po`. A look is a folder beside `issue/` whose files take the place of those of
the same names there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from newsletter.errors import TemplateError

USUAL_LOOK = "issue"
_LETTERS = frozenset(("confirm", "goodbye", "letter", "welcome"))
_TRANSLATIONS = "translations"
_SUFFIXES = (".j2", ".css", ".po")
_INCLUDED = re.compile(r"""\binclude\s+["']([^"']+)["']""")


@dataclass(frozen=True, slots=True)
class Sources:
    """The text of every template by its name, and the look they are seen in. Hashable, so that it is compiled once."""

    texts: tuple[tuple[str, str], ...]
    look: str = USUAL_LOOK

    def __contains__(self, name: str) -> bool:
        """Return whether there is such a template."""
        return name in dict(self.texts)

    def by_name(self) -> Mapping[str, str]:
        """Return the text of each template by the name that others include it by: the look's own file if it has one."""
        texts = dict(self.texts)
        if self.look == USUAL_LOOK:
            return texts
        return texts | {name: texts[own] for name, own in self.own_files().items()}

    def own_files(self) -> Mapping[str, str]:
        """Return which files of the look stand for which usual ones (`issue/paper.mjml.j2`)."""
        names = (name for name, _ in self.texts if self.look != USUAL_LOOK and name.startswith(f"{self.look}/"))
        return {f"{USUAL_LOOK}/{name.partition('/')[2]}": name for name in names}

    def catalogs(self) -> Mapping[str, str]:
        """Return the text of each translation by the code of its language."""
        return {
            name.partition("/")[2].removesuffix(".po").replace("_", "-"): text
            for name, text in self.texts
            if name.startswith(f"{_TRANSLATIONS}/") and name.endswith(".po")
        }

    def looks(self) -> tuple[str, ...]:
        """Return the names of all looks there are."""
        folders = {name.partition("/")[0] for name, _ in self.texts if "/" in name}
        return tuple(sorted(folders - _LETTERS - {_TRANSLATIONS}))


def template_root() -> Traversable:
    """Return `templates/`: inside the installed package, or beside it in a checkout."""
    bundled = files("newsletter") / "templates"
    return bundled if bundled.is_dir() else Path(__file__).parents[2] / "templates"


def read_sources(overrides: Path | None = None, *, look: str = USUAL_LOOK) -> Sources:
    """Return every template, the user's files over those that ship; TemplateError where there is no such look."""
    if overrides is not None and not overrides.is_dir():
        raise TemplateError("no such directory of templates", template=str(overrides))
    texts = _read(template_root()) | (_read(overrides) if overrides else {})
    sources = Sources(tuple(sorted(texts.items())), look)
    if look not in sources.looks():
        names = ["default" if name == USUAL_LOOK else name for name in sources.looks()]
        told = f"there is no such look; there is {', '.join(names)}{_meant(get_close_matches(look, names, n=1))}"
        raise TemplateError(told, template=f"template: {look}")
    return sources


def idle_files(overrides: Path) -> tuple[str, ...]:
    """Return a line for each file of the user's that takes no part: it replaces none, and none includes it."""
    shipped, own = _read(template_root()), _read(overrides)
    included = {name for text in (shipped | own).values() for name in _INCLUDED.findall(text)}
    known = shipped.keys() | included
    lines = []
    for name in own:
        folder, _, file = name.partition("/")
        as_usual = f"{USUAL_LOOK}/{file}" if folder not in _LETTERS | {_TRANSLATIONS} else name
        if name not in known and as_usual not in known and not name.endswith(".po"):
            near = get_close_matches(as_usual, known, n=1)
            lines.append(f"{name} replaces no template, and none includes it" + _meant(near))
    return tuple(lines)


def _meant(near: list[str]) -> str:
    return f"; did you mean {near[0]}?" if near else ""


def _read(directory: Traversable, prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in sorted(directory.iterdir(), key=lambda entry: entry.name):
        name = f"{prefix}{entry.name}"
        if entry.is_dir():
            found |= _read(entry, f"{name}/")
        elif name.endswith(_SUFFIXES) and entry.is_file():
            found[name] = _text(entry, name)
    return found


def _text(entry: Traversable, name: str) -> str:
    try:
        return entry.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TemplateError("is not UTF-8", template=name) from error
