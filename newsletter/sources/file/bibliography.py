"""Bibliographies: BibTeX (with the fields of biblatex) and RIS.

BibTeX: https://tug.ctan.org/info/bibtex/tamethebeast/ttb_en.pdf. RIS: https://en.wikipedia.org/wiki/RIS_(file_format)
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from newsletter.errors import SourceError
from newsletter.ids import category
from newsletter.sources.days import day_written
from newsletter.sources.file.records import Record
from newsletter.sources.names import one_name, turned
from newsletter.text import clean, shorten

if TYPE_CHECKING:
    from bibtexparser.library import Library
    from bibtexparser.model import Entry

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SUFFIX = re.compile(r"(?i)(?:jr|sr|ii|iii|iv|v)\.?")
_IN_TEXT = re.compile(r"(?i)\barxiv:\s*([\w.-]+(?:/[0-9]{7})?)")
_NO_VENUE = re.compile(r"(?i)arxiv(?:\.org)?\b|corr\b|abs/")  # preprints' records name the archive as their journal


# ------------------------------------------------------------------ BibTeX


def read_bibtex(text: str, *, today: date) -> Iterator[Record]:
    """Yield the records of a BibTeX file, a damaged one as its problem; `SourceError` where nothing can be read."""
    from bibtexparser.model import Entry, ParsingFailedBlock  # noqa: PLC0415 30 ms

    library = _library(text.replace("\r\n", "\n").replace("\r", "\n"))
    strings = {key.lower(): str(string.value) for key, string in library.strings_dict.items()}
    for block in library.blocks:
        at = f":{(block.start_line or 0) + 1}"
        # A key or a field that stands twice is no damage: what was read is kept.
        found = block.ignore_error_block if isinstance(block, ParsingFailedBlock) else block
        if isinstance(found, Entry):
            yield _bibtex(at, _fields(found, strings), today=today)
        elif isinstance(block, ParsingFailedBlock):
            yield Record(at, problem="this record breaks off or is damaged, so it is left out")


def _library(text: str) -> Library:
    from bibtexparser.entrypoint import parse_string  # noqa: PLC0415 30 ms

    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # it logs what is told as a warning here
    try:
        return parse_string(text, parse_stack=[])
    except Exception as error:  # its own mistakes: it raises what it did not expect
        raise SourceError(f"damaged beyond reading ({type(error).__name__}: {clean(str(error))})") from error


def _fields(entry: Entry, strings: Mapping[str, str]) -> dict[str, str]:
    """Return the fields by lower-case name, the first of each."""
    found: dict[str, str] = {}
    for field in entry.fields:
        found.setdefault(field.key.strip().lower(), _value(str(field.value), strings))
    return found


def _value(written: str, strings: Mapping[str, str]) -> str:
    """Return a value without what encloses it: `{…}`, `"…"`, a number, the name of a string, or several joined by #."""
    pieces = (piece.strip() for piece in _outside_braces(written, "#"))
    return "".join(_inside(strings.get(piece.lower(), piece)) for piece in pieces)


def _inside(piece: str) -> str:
    return piece[1:-1] if piece[:1] + piece[-1:] in {"{}", '""'} and len(piece) > 1 else piece


def _outside_braces(text: str, separator: str) -> list[str]:
    """Return the parts of `text` between separators that stand outside braces (and for # outside quotes)."""
    parts: list[str] = []
    depth = start = 0
    quoted = False
    for match in re.finditer(r'\\.|[{}"#,]', text, re.DOTALL):
        mark = match[0]
        depth += (mark == "{") - (mark == "}")
        quoted ^= mark == '"' and separator == "#" and depth <= 0
        if mark == separator and depth <= 0 and not quoted:
            parts.append(text[start : match.start()])
            start = match.end()
    return [*parts, text[start:]]


def _bibtex(at: str, fields: Mapping[str, str], *, today: date) -> Record:
    venue = next(filter(None, (fields.get(name, "") for name in ("journal", "journaltitle", "booktitle"))), "")
    mentioned = (fields.get(name, "") for name in ("journal", "note", "howpublished", "volume"))
    ids = [fields.get(name, "") for name in ("eprint", "doi", "url")]
    ids += [f"pmid:{fields['pmid']}"] if "pmid" in fields else []
    ids += [match[1].rstrip(".") for text in mentioned for match in _IN_TEXT.finditer(text)]
    return Record(
        at,
        title=without_braces(fields.get("title", "")),
        abstract=without_braces(fields.get("abstract", "")),
        authors=tuple(_bibtex_names(fields.get("author", ""))),
        ids=tuple(without_braces(one) for one in ids),
        url=without_braces(fields.get("url", "")).replace("\\", ""),
        categories=tuple(category(fields.get(name, "")) for name in ("primaryclass", "eprintclass")),
        keywords=tuple(without_braces(word) for word in re.split(r"[,;]", fields.get("keywords", ""))),
        venue="" if _NO_VENUE.match(venue) else one_name(without_braces(venue)),
        published=_bibtex_day(fields, today=today),
    )


def _bibtex_day(fields: Mapping[str, str], *, today: date) -> date | None:
    """Return the day, where all of it is told."""
    if found := day_written(fields.get("date", ""), today=today):
        return found
    month = fields.get("month", "").strip().lower()
    number = _MONTHS.index(month[:3]) + 1 if month[:3] in _MONTHS else month
    year, day = fields.get("year", ""), fields.get("day", "")
    return day_written(f"{year}-{number}-{day}", today=today)


def _bibtex_names(written: str) -> Iterator[str]:
    """Yield the names of `A B and {The C and D Team} and Surname, Jr, Given and others`."""
    from bibtexparser.middlewares.names import split_multiple_persons_names  # noqa: PLC0415

    for name in split_multiple_persons_names(written):
        if name.startswith("{") and name.endswith("}"):  # one name whatever stands in it
            yield one_name(without_braces(name))
        elif name.lower() != "others":
            surname, *rest = (without_braces(part).strip() for part in _outside_braces(name, ","))
            if len(rest) == 2 and _SUFFIX.fullmatch(rest[0]):
                rest = rest[::-1]  # BibTeX has the suffix in the middle, other programs at the end
            yield one_name(" ".join((*rest[:1], surname, *rest[1:])))


_BRACED = re.compile(r"\\[A-Za-z]+\s*|\\.|[{}$]|[^\\{}$]+|\\", re.DOTALL)
_CHARACTERS = frozenset({"\\{", "\\}", "\\$", "\\%", "\\&", "\\#", "\\_", "\\"})  # commands that take no argument


def without_braces(text: str) -> str:
    r"""Return TeX without braces that only keep capitals: `{BERT}` is `BERT`; `\emph{x}`, `{\"o}`, `$x_{1}$` stay."""
    if "{" not in text and "}" not in text:
        return text
    pieces = _BRACED.findall(text)
    has_maths = pieces.count("$") % 2 == 0  # otherwise one of them is money
    kept: list[str] = []
    stays: list[bool] = []
    maths = is_command = False
    for piece, following in zip(pieces, [*pieces[1:], ""], strict=True):
        if piece == "{":
            stays.append(maths or is_command or following.startswith("\\"))
        is_brace = piece in {"{", "}"}
        stay = (stays[-1] if piece == "{" else bool(stays) and stays.pop()) if is_brace else True
        kept.append(piece if stay else "")
        maths ^= piece == "$" and has_maths
        is_command = piece.startswith("\\") and piece not in _CHARACTERS
    return "".join(kept)


# ------------------------------------------------------------------ RIS

_TAG = re.compile(r"([A-Z][A-Z0-9]) {2}- ?(.*)")
RIS_BEGINS = "TY  -"


def read_ris(text: str, *, today: date) -> Iterator[Record]:
    """Yield the records of a RIS file; one without its end line is read as far as it goes."""
    fields: dict[str, list[str]] = {}
    begins, last = 0, ""
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        match = _TAG.match(line)
        tag = match[1] if match else ""
        if tag in {"TY", "ER"}:
            if begins:
                yield _ris(begins, fields, today=today, complete=tag == "ER")
            fields, last, begins = {}, "", number if tag == "TY" else 0
        elif match and begins:
            fields.setdefault(tag, []).append(match[2].strip())
            last = tag
        elif last and line.strip():
            fields[last].append(line.strip())  # text goes on in the next line
    if begins:
        yield _ris(begins, fields, today=today, complete=False)


def _ris(line: int, fields: Mapping[str, Sequence[str]], *, today: date, complete: bool) -> Record:
    addresses = [part.strip() for tag in ("UR", "L2", "LK") for part in fields.get(tag, ())]
    ids = [*fields.get("DO", ()), *fields.get("M3", ()), *addresses, *fields.get("AN", ()), *fields.get("ID", ())]
    venue = " ".join(next((fields[tag] for tag in ("JO", "JF", "T2", "JA", "J2") if tag in fields), ()))
    title = " ".join(next((fields[tag] for tag in ("TI", "T1") if tag in fields), ()))
    return Record(
        f":{line}",
        title=title,
        abstract=" ".join(next((fields[tag] for tag in ("AB", "N2") if tag in fields), ())),
        authors=tuple(one_name(turned(name)) for tag in ("AU", "A1") for name in fields.get(tag, ())),
        ids=tuple(ids),
        url=next(iter(addresses), ""),
        keywords=tuple(fields.get("KW", ())),
        venue="" if _NO_VENUE.match(venue) else venue,
        published=next(filter(None, (_ris_day(fields.get(tag, ()), today=today) for tag in ("DA", "Y1", "PY"))), None),
        problem="" if complete else f"the record {shorten(title, limit=60)!r} has no end (ER); read as far as it goes",
    )


def _ris_day(written: Sequence[str], *, today: date) -> date | None:
    return next(filter(None, (day_written(one, today=today) for one in written)), None)
