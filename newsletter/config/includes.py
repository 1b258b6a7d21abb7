"""One tree from `subscribers.yaml` and the files it includes, merged after parsing: every node keeps its own file."""

from __future__ import annotations

import glob
from dataclasses import dataclass, replace
from pathlib import Path

from newsletter.config.document import read
from newsletter.config.place import Findings, Node, Place, YamlFile

_LISTS = ("sources", "picks", "subscribers")  # a list of several files is one list


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was read of the settings, in the order of reading.

    `root` is None when one of the files cannot be read: what it would have said is not to be guessed. `folders` are
    those in which included files lie or may lie; `includes` the patterns, each with the folder it begins in.
    """

    root: Node | None
    files: tuple[YamlFile, ...]
    folders: tuple[Path, ...]
    includes: tuple[tuple[Path, str], ...]


def gather(path: Path, findings: Findings) -> Gathered:
    """Return the merged mapping of a file and everything it includes."""
    gathering = _Gathering(path, findings)
    root = gathering.read(YamlFile(path, str(path), path.name), chain=())
    return Gathered(
        None if gathering.unreadable else root,
        tuple(gathering.files),
        tuple(dict.fromkeys(gathering.folders)),
        tuple(dict.fromkeys(gathering.includes)),
    )


def matching(folder: Path, pattern: str) -> list[str]:
    """Return the files that an include pattern matches now, sorted, as seen from `folder`."""
    return sorted(glob.glob(pattern, root_dir=folder, recursive=True))  # noqa: PTH207 — takes absolute patterns too


class _Gathering:
    def __init__(self, path: Path, findings: Findings) -> None:
        self.folder = path.parent
        self.findings = findings
        self.files: list[YamlFile] = []
        self.folders = [path.parent]
        self.includes: list[tuple[Path, str]] = []
        self.seen: set[Path] = set()
        self.unreadable = False

    def read(self, file: YamlFile, *, chain: tuple[Path, ...]) -> Node | None:
        """Return one file with what it includes merged in; `chain` are the files that led here."""
        self.files.append(file)
        self.seen.add(file.path.resolve())
        root = read(file, self.findings)
        if root is None:
            self.unreadable = True
            return None
        for item in self._patterns(root):
            for found in self._matching(item):
                included = self._include(found, item.place, chain=(*chain, file.path.resolve()))
                if included:
                    self._merge(root, included)
        return root

    def _patterns(self, root: Node) -> list[Node]:
        """Return the items of `include:`, which takes no further part; a single text is a list of one."""
        include = root.entries.pop("include", None)
        if include is None:
            return []
        if include.value is None:  # whose own place may be lines below
            include = replace(include, place=root.keys["include"])
        items = include.items or [include]
        for item in items:
            if not isinstance(item.value, str) or not item.value:
                self.findings.problem(
                    item.place, 'include: must be a list of file names such as "subscribers.d/*.yaml"'
                )
        return [item for item in items if isinstance(item.value, str) and item.value]

    def _matching(self, item: Node) -> list[Path]:
        """Return the files of a pattern, sorted; relative to the file that includes them."""
        folder = item.place.file.path.parent
        pattern = str(item.value)
        self.folders += _folders_of(folder / pattern)
        self.includes.append((folder, pattern))
        found = matching(folder, pattern)
        if not found and glob.has_magic(pattern):
            self.findings.warning(item.place, f"include: no file matches '{pattern}'")
        elif not found:
            self.findings.problem(item.place, f"include: no such file '{pattern}'")
        return [folder / name for name in found]

    def _include(self, path: Path, place: Place, *, chain: tuple[Path, ...]) -> Node | None:
        resolved = path.resolve()
        shown = self._relative(path)
        if resolved in chain:
            self.findings.problem(place, f"include: '{shown}' includes itself; take it out of this list")
            return None
        if resolved in self.seen:  # two patterns may match one file
            return None
        return self.read(YamlFile(path, str(path), shown), chain=chain)

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix() if path.is_relative_to(self.folder) else path.as_posix()

    def _merge(self, root: Node, included: Node) -> None:
        """Add the entries of an included file: lists grow, anything else may be said once only."""
        for key, node in included.entries.items():
            present = root.child(key)
            if present is None or (key in _LISTS and present.value is None):
                root.entries[key] = node
                root.keys[key] = included.keys[key]
            elif key in _LISTS and isinstance(present.value, list) and isinstance(node.value, list):
                # A new list: an alias may share the old one.
                root.entries[key] = Node(present.place, [*present.value, *node.value])
            elif key not in _LISTS:
                where = root.keys[key].seen_from(included.keys[key])
                self.findings.problem(included.keys[key], f"'{key}' stands already in {where}; keep one of them")
            elif not isinstance(node.value, list):
                self.findings.problem(node.place, f"{key}: must be a list")


def _folders_of(pattern: Path) -> list[Path]:
    """Return the folders that there are in which a file of a pattern lies, or may lie one day."""
    plain = [part for part in pattern.parent.parts if not glob.has_magic(part)]
    above = Path(*plain[: next((at for at, part in enumerate(pattern.parts) if glob.has_magic(part)), len(plain))])
    below = above.rglob("*") if above != pattern.parent and above.is_dir() else ()
    return [folder for folder in (above, *below) if folder.is_dir()]
