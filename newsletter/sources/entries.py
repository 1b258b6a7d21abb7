"""The one maker of entries: whatever a source gave, cleaned, readable and bounded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from newsletter.ids import ArxivId
from newsletter.models import NO_SIGNALS, Entry, Signals
from newsletter.sources.addresses import web_address
from newsletter.tex import readable
from newsletter.text import LONGEST, clean, plain, shorten

LONGEST_TITLE = 1_000  # characters
LONGEST_ABSTRACT = 10_000
LONGEST_ID = 1_000  # of a text that may be an id
_LONGEST_LINE = 500
_MOST_KEYWORDS = 20


def make_entry(
    *,
    source: str,
    place: str,
    title: str,
    abstract: str = "",
    markup: bool = True,
    authors: Iterable[str] = (),
    categories: Iterable[str] = (),
    arxiv: ArxivId | None = None,
    version: int = 0,
    url: str = "",
    signals: Signals = NO_SIGNALS,
    **told: Any,
) -> Entry:
    """Return the entry that a source tells of; its title is empty where the source gave none.

    `markup` says that title and abstract may hold HTML or JATS, which goes; `authors` are names already split (see
    `names`). `url` is used where there is no arXiv id. `told` are further fields of `Entry`.
    """
    raw_title = shorten(_text(title, markup=markup), limit=LONGEST_TITLE)
    raw_abstract = shorten(_text(abstract, markup=markup), limit=LONGEST_ABSTRACT)
    shown_title, shown_abstract = readable(raw_title), readable(raw_abstract)
    return Entry(
        source=source,
        place=place,
        title=shown_title,
        abstract=shown_abstract,
        authors=tuple(shorten(name, limit=_LONGEST_LINE) for name in authors if name),
        url=f"https://arxiv.org/abs/{arxiv.base}" if arxiv else web_address(url),
        arxiv_id=arxiv.base if arxiv else "",
        version=version or (arxiv.version if arxiv else 0),
        categories=tuple(dict.fromkeys(filter(None, map(_line, categories)))),
        raw_title=raw_title if raw_title != shown_title else "",
        raw_abstract=raw_abstract if raw_abstract != shown_abstract else "",
        signals=_clean(signals) if signals != NO_SIGNALS else NO_SIGNALS,
        **told,
    )


def _text(written: str, *, markup: bool) -> str:
    return plain(written) if markup else clean(written[:LONGEST])


def _clean(signals: Signals) -> Signals:
    return replace(
        signals,
        submitter=_line(signals.submitter),
        organization=_line(signals.organization),
        keywords=tuple(dict.fromkeys(filter(None, map(_line, signals.keywords[:_MOST_KEYWORDS])))),
        venue=_line(signals.venue),
        comment=readable(_line(signals.comment)),
        code_url=web_address(signals.code_url),
        project_url=web_address(signals.project_url),
        thumbnail_url=web_address(signals.thumbnail_url),
    )


def _line(written: str) -> str:
    return shorten(clean(written[:LONGEST]), limit=_LONGEST_LINE)
