"""Saved pages of huggingface.co/papers: the data they carry for their own scripts, else titles and links.

The page hands its papers to its script as JSON, in the attribute `data-props` of an element `DailyPapers`; where
a browser left that out, each paper is an `article` with a heading that links to `/papers/ID`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from itertools import chain, islice
from typing import Any

from newsletter.errors import SourceError
from newsletter.ids import arxiv_id
from newsletter.sources.file.json_records import json_record
from newsletter.sources.file.records import Record
from newsletter.sources.json_body import items, mapping
from newsletter.text import clean

_PAPER = re.compile(r"(?:https?://(?:www\.)?(?:huggingface\.co|hf\.co))?/papers/([\w.-]{1,40})/?")
_VOTES = re.compile(r"[0-9]{1,3}(?:,[0-9]{3}){1,2}|[0-9]{1,7}")
_MOST_BUTTONS = 20  # of an article: three are usual
_HEADINGS = "ancestor::h1 | ancestor::h2 | ancestor::h3 | ancestor::h4"


def read_listing(text: str, *, today: date) -> Iterator[Record]:
    """Yield the papers of a saved page, each once; raises `SourceError` where the page cannot be read as HTML."""
    from lxml import etree, html  # noqa: PLC0415 costs 30 ms

    parser = html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
    try:
        page = html.document_fromstring(text.replace("\0", "").encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError) as error:
        raise SourceError(f"this page cannot be read ({clean(str(error))}); save it again") from error
    known: set[str] = set()
    for record in chain(_from_data(page, today=today), _from_links(page)):
        paper = next(filter(None, map(arxiv_id, record.ids)), None)
        if paper and paper.base not in known:
            known.add(paper.base)
            yield record


def _from_data(page: Any, *, today: date) -> Iterator[Record]:
    number = 0
    for written in page.xpath('//*[@data-target="DailyPapers"]/@data-props'):
        try:
            told = json.loads(str(written))
        except (ValueError, RecursionError):
            continue  # the links are read instead
        for paper in items(mapping(told).get("dailyPapers")):
            number += 1
            yield json_record(paper, f"#{number}", today=today)


def _from_links(page: Any) -> Iterator[Record]:
    number = 0
    for link in page.xpath("//a[@href]"):
        match = _PAPER.fullmatch(str(link.get("href")).strip())
        title = link.text_content().strip() if match and link.xpath(_HEADINGS) else ""
        if not match or not title or not arxiv_id(match[1]):
            continue
        number += 1
        yield Record(f"#{number}", title=_escaped(title), ids=(match[1],), upvotes=_upvotes(link))


def _escaped(text: str) -> str:
    # Text of a parsed page holds no markup any more, and the maker of entries is about to look for some.
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _upvotes(link: Any) -> int | None:
    """Return the number in the label or the login link of the article a title stands in."""
    for article in islice(link.iterancestors("article"), 1):
        for button in islice(article.iter("label", "a"), _MOST_BUTTONS):
            number = button.text_content().strip()
            if _VOTES.fullmatch(number) and (button.tag == "label" or "/login?next=" in button.get("href", "")):
                return int(number.replace(",", ""))
    return None
