"""Where papers come from: a module for each kind of source, its settings and its parser, without input or output.

A new kind is one file with a child of `Source` and one line in `KINDS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from newsletter.sources.arxiv import Arxiv
from newsletter.sources.biorxiv import Biorxiv, Medrxiv
from newsletter.sources.crossref import Crossref
from newsletter.sources.feed import Feed
from newsletter.sources.file import File
from newsletter.sources.huggingface import HuggingFace
from newsletter.sources.openreview import OpenReview
from newsletter.sources.pages import Pages
from newsletter.sources.pubmed import PubMed
from newsletter.sources.semantic_scholar import SemanticScholar
from newsletter.sources.source import Source

KINDS: Mapping[str, type[Source]] = MappingProxyType(
    {
        "arxiv": Arxiv,
        "huggingface": HuggingFace,
        "biorxiv": Biorxiv,
        "medrxiv": Medrxiv,
        "pubmed": PubMed,
        "openreview": OpenReview,
        "semantic_scholar": SemanticScholar,
        "crossref": Crossref,
        "feed": Feed,
        "pages": Pages,
        "file": File,
    }
)
"""The key under `sources:` in the settings, and the kind of source it stands for."""
