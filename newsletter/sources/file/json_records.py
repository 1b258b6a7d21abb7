"""Papers in JSON: one object a line, or an array of objects; also what Hugging Face writes into its pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import chain
from typing import Any

from newsletter.sources.days import day_written
from newsletter.sources.file.records import Record
from newsletter.sources.json_body import items, mapping, whole
from newsletter.sources.names import one_name, split_names

_BETWEEN = re.compile(r"[\s,\]]*")
_NEXT_OBJECT = re.compile(r"\n[ \t,]{0,40}(?=\{)")


def read_json_records(text: str, *, today: date) -> Iterator[Record]:
    """Yield the records of JSON Lines or of an array; after a damaged one it goes on at the next line."""
    decoder = json.JSONDecoder()
    start = re.match(r"\s*\[?", text)
    position, line, counted = start.end() if start else 0, 1, 0
    while (position := _end_of(_BETWEEN, text, position)) < len(text):
        line, counted = line + text.count("\n", counted, position), position
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            yield Record(f":{line}", problem="this record is not JSON, or breaks off, so it is left out")
            following = _NEXT_OBJECT.search(text, position)
            position = following.end() if following else len(text)
        else:
            yield json_record(value, f":{line}", today=today)


def _end_of(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position


def json_record(value: Any, at: str, *, today: date) -> Record:
    """Return the record that an object tells of, whatever names it has for its fields (`abstract` or `summary`)."""
    if not isinstance(value, Mapping):
        return Record(at, problem="this is no object with a title, so it is left out")
    if "jsonfeed.org" in _text(value.get("version")):
        return Record(at, problem="this is a JSON Feed; name it under feed: with path:")
    told = {**value, **mapping(value.get("paper"))}  # Hugging Face tells some fields outside, some inside
    ids, problem = _ids(told)
    return Record(
        at,
        title=_first(told, "title"),
        abstract=_first(told, "abstract", "summary"),
        authors=tuple(_names(told.get("authors") or told.get("author"))),
        ids=(*ids, _first(told, "url", "link")),
        url=_first(told, "url", "link"),
        categories=tuple(_words(told.get("categories") or told.get("category"), separators=r"[\s,;]+")),
        keywords=tuple(_words(told.get("keywords") or told.get("tags") or told.get("ai_keywords"), separators="[,;]")),
        venue=_first(told, "venue", "journal"),
        published=day_written(_first(told, "published", "date", "publishedAt", "published_at"), today=today),
        upvotes=whole(told.get("upvotes")),
        problem=problem,
    )


def _ids(told: Mapping[str, Any]) -> tuple[list[str], str]:
    """Return what may be ids, and a problem where an arXiv id was written as a number."""
    ids = [_text(told.get(name)) for name in ("arxiv_id", "arxiv", "id", "doi")]
    pmid = whole(told.get("pmid"))
    ids += [f"pmid:{pmid}"] if pmid else []
    if any(isinstance(told.get(name), float) for name in ("arxiv_id", "arxiv", "id")):
        return ids, "its id is a number, which drops a zero at the end; write it in quotes"
    return ids, ""


def _first(told: Mapping[str, Any], *names: str) -> str:
    return next(filter(None, (_text(told.get(name)) for name in names)), "")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _words(value: Any, *, separators: str) -> Iterator[str]:
    written = re.split(separators, value) if isinstance(value, str) else items(value)
    yield from (word for word in written if isinstance(word, str))


def _names(value: Any) -> Iterator[str]:
    """Yield the names of a list of names, of a list of objects that have names, or of one string."""
    if isinstance(value, str):
        yield from split_names(value)
    for person in items(value):
        if isinstance(person, str):
            yield one_name(person)
        elif not mapping(person).get("hidden"):
            told = mapping(person)
            parts = chain((_text(told.get("given")), _text(told.get("family"))), (_text(told.get("name")),))
            yield one_name(" ".join(filter(None, parts)))
