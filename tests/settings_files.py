"""Files of settings for tests: a valid head, and the loading of a text as `subscribers.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from newsletter.config import Config, load
from newsletter.errors import ConfigError

HEAD = """\
newsletter: {name: Daily Papers, from: "Daily Papers <papers@example.org>"}
sources:
  - arxiv: {categories: [cs.LG]}
"""

ADA = """\
subscribers:
  - email: ada@example.org
    interests: [diffusion models]
"""


KEY = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----\n"
"""The form of a key, and no key: settings only read it."""


def secretly(folder: Path, text: str, name: str) -> Path:
    """Return the path of a text, saved so that nobody else can read it."""
    path = saved(folder, text, name)
    path.chmod(0o600)
    return path


def loaded(folder: Path, text: str, *, sending: bool = True, **environment: str) -> Config:
    """Return the settings of a text, saved as `subscribers.yaml`."""
    return load(saved(folder, text), environment=environment, sending=sending)


def saved(folder: Path, text: str, name: str = "subscribers.yaml") -> Path:
    """Return the path of a text, saved."""
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def problems(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> list[str]:
    """Return the problems of a text as they are printed, without its folder."""
    path = saved(folder, text)
    with pytest.raises(ConfigError) as caught:
        load(path, environment=environment or {})
    return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]
