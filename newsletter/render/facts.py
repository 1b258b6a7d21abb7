"""What an email says of a paper whoever reads it: every text cleaned and bounded, every address safe."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, quote_plus

from newsletter.models import Newsletter, Paper, Picture
from newsletter.render.addresses import less_url, more_url
from newsletter.render.filters import harmless, safe_url, sentences, shorten
from newsletter.summary import LONGEST, summarise

# How much of an abstract is shown: a summary, so many of its sentences, none (0), or all of it (None).
Abstract = int | Literal["summary"] | None

# Bounds that only hostile or broken data reaches; without them a byte budget could not be kept.
LONGEST_TITLE, LONGEST_NAME, _LONGEST_ABSTRACT, _LONGEST_TLDR = 300, 60, 5000, 300
_MOST_AUTHORS_SHOWN = 3
_MOST_UPVOTES = 10_000_000
_LEAD_SENTENCES_LENGTH = 420
_BRIEF = 110  # characters of a summary that had to be shortened

# A listing page names papers without saying where they are.
_FIND = "https://arxiv.org/search/?searchtype=title&query="
_ARXIV = re.compile(r"arxiv:([a-z-]+(?:\.[A-Z]{2})?/\d{7}|\d{4}\.\d{4,5})")
_OPENREVIEW = re.compile(r"openreview:([\w-]{5,20})")
_COMMUNITY = "huggingface"  # the kind of source whose papers have a page there


@dataclass(frozen=True, slots=True, eq=False)
class PaperFacts:
    """A paper as every reader sees it. Two are equal only if they are the same one: what is filled once goes by it.

    `url` is empty where there is no address, `find_url` then a search for the title. `summary` is as much of the
    abstract as is asked for, `brief` a line of it for an email that would be too large, `long` what the lead shows;
    `machine` says that a language model wrote them. `first` are the authors named, `unnamed` counts the others.
    `venue`, `category`, `byline` and the addresses are "" where unknown, `upvotes` 0. `more_url` and `less_url` vote
    for and against it by mail, "" where the newsletter reads no votes.
    """

    title: str
    url: str
    find_url: str
    pdf_url: str
    code_url: str
    talk_url: str
    first: tuple[str, ...]
    unnamed: int
    summary: str
    long: str
    brief: str
    machine: bool
    category: str
    venue: str
    version: int
    upvotes: int
    byline: str
    picture: Picture | None
    more_url: str
    less_url: str


def facts_of(
    paper: Paper, abstract: Abstract, picture: Picture | None = None, newsletter: Newsletter | None = None
) -> PaperFacts:
    """Return what is said of a paper, its abstract shown as `abstract` says; votes go where `newsletter` reads them."""
    signals = paper.signals
    title = text(paper.title, LONGEST_TITLE)
    url = _address(paper.url)
    authors = [text(name, LONGEST_NAME) for name in paper.authors if name.strip()]
    summary, long, machine = _summaries(paper, abstract)
    return PaperFacts(
        title=title if any(map(_is_seen, title)) else "Untitled",
        url=url,
        find_url=_FIND + quote_plus(title) if not url and title else "",
        pdf_url=_pdf(paper) if url else "",
        code_url=_address(signals.code_url or signals.project_url),
        talk_url=_talk(paper),
        first=tuple(authors[:_MOST_AUTHORS_SHOWN]),
        unnamed=len(authors[_MOST_AUTHORS_SHOWN:]),
        summary=summary,
        long=long,
        brief=shorten(summary, _BRIEF),
        machine=machine,
        category=text(next(iter(paper.categories), ""), LONGEST_NAME),
        venue=text(signals.venue, LONGEST_NAME),
        version=paper.version,
        upvotes=max(0, min(signals.upvotes or 0, _MOST_UPVOTES)),
        byline=next((text(entry.byline, LONGEST_NAME) for entry in paper.entries if entry.byline.strip()), ""),
        picture=picture,
        more_url=_address(more_url(newsletter, paper.id)) if newsletter else "",
        less_url=_address(less_url(newsletter, paper.id)) if newsletter else "",
    )


def text(given: str, limit: int) -> str:
    """Return any text on one line, harmless, of at most `limit` characters."""
    return shorten(harmless(given[: 2 * limit]), limit)


def _is_seen(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNPS"


def _summaries(paper: Paper, abstract: Abstract) -> tuple[str, str, bool]:
    """Return what a row shows, what the lead shows, and whether a language model wrote it."""
    if abstract == "summary":
        if tldr := text(paper.tldr, _LONGEST_TLDR):
            return tldr, tldr, True
        summary = text(paper.summary or summarise(paper.title, paper.abstract), LONGEST)  # old papers have none
        return summary, summary, False
    whole = text(paper.abstract, _LONGEST_ABSTRACT)
    row = sentences(whole, abstract)
    return row, sentences(whole, abstract + 1, _LEAD_SENTENCES_LENGTH) if abstract else row, False


def _address(url: str) -> str:
    safe = safe_url(url)
    return "" if safe == "#" or safe.startswith("cid:") else safe


def _pdf(paper: Paper) -> str:
    for name in paper.identities:
        if found := _ARXIV.fullmatch(name):
            return f"https://arxiv.org/pdf/{found[1]}"
    found = next(filter(None, map(_OPENREVIEW.fullmatch, paper.identities)), None)
    return f"https://openreview.net/pdf?id={quote(found[1])}" if found else ""


def _talk(paper: Paper) -> str:
    """Return the paper's page on Hugging Face, where the source that listed it has one."""
    listed = paper.signals.upvotes is not None or any(entry.source.startswith(_COMMUNITY) for entry in paper.entries)
    found = next(filter(None, map(_ARXIV.fullmatch, paper.identities)), None) if listed else None
    return f"https://huggingface.co/papers/{found[1]}" if found else ""
