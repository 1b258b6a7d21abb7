"""The training text: titles and abstracts from JSON lines."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Text:
    """Title and abstract of one paper; training needs nothing else of it."""

    title: str
    abstract: str

    @property
    def text(self) -> str:
        """Return title and abstract as one text, the way papers are encoded."""
        return f"{self.title}. {self.abstract}"


def read(path: Path) -> list[Text]:
    """Return the papers of a JSON-lines file (.gz: gzipped) that have both a title and an abstract."""
    return [text for text in _texts(path) if text.title and text.abstract]


def _texts(path: Path) -> Iterator[Text]:
    open_text = gzip.open if path.suffix == ".gz" else open
    with open_text(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                paper = json.loads(line)
                yield Text(title=paper.get("title") or "", abstract=paper.get("abstract") or "")
