"""Which folders are watched, and what a changed file in them means."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from newsletter.preview.trouble import What

_TEMPLATES = (".j2", ".css", ".po", "")  # and folders
_SETTINGS = (".yaml", ".yml")
_NEVER = frozenset(("node_modules", "__pycache__"))


class Watched:
    """The files of one configuration: its settings, the folders they may lie in, its templates and its database.

    What is a link, file or folder, is watched where it lies too: editors change what it points to.
    """

    def __init__(
        self, *, settings: Iterable[Path], folders: Iterable[Path], templates: Sequence[Path], database: Path | None
    ) -> None:
        self._settings = [path.absolute() for path in settings]
        self._folders = [path.absolute() for path in folders]
        self._templates = [path.absolute() for path in templates]
        file = database.absolute() if database else None  # one on a server tells nobody of what is new
        self._database = [file, file.with_name(f"{file.name}-wal")] if file else []
        self._linked: dict[Path, What] = {}

    def folders(self) -> frozenset[Path]:
        """Return every folder whose files matter, as they are now."""
        linked: dict[Path, What] = {}
        found = {*(path.parent for path in self._database), *self._folders, *self._templates}
        for path in self._settings:
            found.add(path.parent)
            if path.is_symlink():
                linked[path.resolve()] = What.SETTINGS
        for root in self._templates:
            for folder, names in _walked(root):
                found.add(folder)
                links = (path for path in map(folder.joinpath, names) if path.is_symlink())
                linked |= {path.resolve(): What.TEMPLATE for path in links}
        self._linked = linked
        return frozenset(found | {path.parent for path in linked})

    def kind_of(self, path: Path) -> What | None:
        """Return what a changed file means, None for one that does not matter."""
        if path in self._database:
            return What.DATA
        if path in self._settings:
            return What.SETTINGS
        if path in self._linked:
            return self._linked[path]
        if path.suffix in _TEMPLATES and any(path.is_relative_to(root) for root in self._templates):
            return What.TEMPLATE
        # A file that an `include:` may match by now is one of YAML.
        return What.SETTINGS if path.suffix in _SETTINGS else None


def _walked(root: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yield a folder and all below it with the names in them, as far as can be seen: somebody may be deleting it."""
    seen: set[str] = set()
    for folder, below, names in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        below[:] = [] if real in seen else [name for name in below if name[0] != "." and name not in _NEVER]
        seen.add(real)
        yield Path(folder), names
