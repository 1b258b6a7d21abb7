"""Whether the files that settings were read from are still what they were."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path

from newsletter.config.includes import matching
from newsletter.config.settings import Config


def fingerprint(config: Config) -> Mapping[Hashable, Hashable]:
    """Return what changes when the settings are to be read again: of each file, secrets among them, and each include.

    One taken before reading and one taken after it may be compared key by key.
    """
    found: dict[Hashable, Hashable] = {path: _state(path) for path in (*config.files, *config.secret_files)}
    return found | {(folder, pattern): tuple(matching(folder, pattern)) for folder, pattern in config.includes}


def _state(path: Path) -> Hashable:
    """Return what tells a file from one that took its place; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
