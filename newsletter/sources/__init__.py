"""Where papers come from: a module for each kind of source, its settings and its parser, without input or output.

A new kind is one file with a child of `Source` and one line in `KINDS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from newsletter.sources.arxiv import Arxiv
from newsletter.sources.feed import Feed
from newsletter.sources.pages import Pages
from newsletter.sources.source import Source

KINDS: Mapping[str, type[Source]] = MappingProxyType({"arxiv": Arxiv, "feed": Feed, "pages": Pages})
"""The key under `sources:` in the settings, and the kind of source it stands for."""
