"""Papers as PubMed writes them: https://dtd.nlm.nih.gov/ncbi/pubmed/doc/out/250101/index.html

PubmedArticleSet ──► PubmedArticle │ PubmedBookArticle ──► Entry
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from html import escape
from typing import Any, NoReturn

from newsletter.errors import SourceError, SourceThrottled
from newsletter.ids import arxiv_id, doi
from newsletter.models import Entry, Signals
from newsletter.sources.days import published_on
from newsletter.sources.entries import LONGEST_ID, make_entry
from newsletter.sources.names import one_name
from newsletter.sources.source import Parsed
from newsletter.sources.xml_characters import legal
from newsletter.text import clean, shorten


def read_papers(text: str, *, source: str, place: str, today: date) -> Parsed:
    """Return the papers of an efetch body; raises `SourceError` where it is an error or something else."""
    root, problems = _tree(text, place)
    warnings = [f"{place}: {problem}" for problem in problems]
    entries: list[Entry] = []
    left_out = 0
    for number, record in enumerate(root.iterchildren("PubmedArticle", "PubmedBookArticle"), 1):
        entry = _entry(record, source=source, place=place, number=number, today=today)
        if entry.title:
            entries.append(entry)
        else:
            warnings.append(f"{entry.place}: no title, so the entry is left out")
            left_out += 1
    return Parsed(tuple(entries), tuple(warnings), left_out=left_out)


def raise_said(said: str, place: str) -> NoReturn:
    """Raise what NCBI says of an error, which it does with any status and in any format."""
    said = shorten(clean(said), limit=200)
    if re.search(r"rate limit|too many requests", said, re.IGNORECASE):
        raise SourceThrottled(f'{place}: NCBI answers "{said}"; give each newsletter an api_key: of its own')
    way_out = "correct api_key:" if re.search(r"api.?key", said, re.IGNORECASE) else "the next run tries again"
    raise SourceError(f'{place}: NCBI answers an error: "{said}"; {way_out}')


# ------------------------------------------------------------------ XML

_ROOT = re.compile(r"<PubmedArticleSet\b")
_RECORD_END = re.compile(r"</(?:PubmedArticle|PubmedBookArticle)\s*>")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # https://www.w3.org/TR/xml/#charsets
_ERROR = re.compile(r"<ERROR>(.*?)(?:</ERROR>|\Z)", re.DOTALL | re.IGNORECASE)


def _tree(text: str, place: str) -> tuple[Any, list[str]]:
    """Return the root of an efetch body and what is damaged in it; nothing is resolved, expanded or fetched."""
    from lxml import etree  # noqa: PLC0415 costs 20 ms

    root = _ROOT.search(text)
    if not root:
        if error := _ERROR.search(text):
            raise_said(error[1], place)
        kind = "an HTML page" if re.search(r"<html[\s>]", text[:5_000], re.IGNORECASE) else "other XML"
        raise SourceError(f"{place}: this is {kind} and not papers; the next run tries again")
    problems: list[str] = []
    # Without what stands before the root no entity is declared, and the declared encoding no longer holds.
    text = _ILLEGAL.sub("", text[root.start() :])
    if "</PubmedArticleSet" not in text[-200:] and not re.match(r"<PubmedArticleSet[^<>]*/>", text):
        ends = [match.end() for match in _RECORD_END.finditer(text)]
        if not ends:
            raise SourceError(f"{place}: this breaks off before the end of the first paper; the next run tries again")
        text = text[: ends[-1]] + "</PubmedArticleSet>"
        problems.append("this breaks off; the papers before that are kept")
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        tree = etree.fromstring(legal(text).encode(), parser)
    except etree.XMLSyntaxError:
        tree = None
    if tree is None:
        raise SourceError(f"{place}: damaged beyond reading; the next run tries again")
    if parser.error_log:
        problems.append(f"not well-formed, read as far as possible ({clean(parser.error_log[0].message)})")
    return tree, problems


# ------------------------------------------------------------------ one paper


def _entry(record: Any, *, source: str, place: str, number: int, today: date) -> Entry:
    """Return the entry of a PubmedArticle or a PubmedBookArticle, whose fields stand under other names."""
    citation = next(record.iterchildren("MedlineCitation", "BookDocument"), record)
    article = next(citation.iterchildren("Article"), citation)
    pmid = "".join(re.findall(r"\A\s*([0-9]{1,12})\s*\Z", citation.findtext("PMID") or ""))
    ids = list(_ids(record, article))
    pmc = next((found for kind, found in ids if kind == "pmc" and re.fullmatch(r"PMC[0-9]{1,12}", found)), "")
    return make_entry(
        source=source,
        place=f"{place}#{pmid or number}",
        title=_title(article),
        abstract=_abstract(article.find("Abstract")),
        authors=_authors(article),
        arxiv=next(filter(None, (arxiv_id(found) for _, found in ids if "arxiv" in found.lower())), None),
        url=f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/" if pmid else "",
        doi=next(filter(None, (doi(found) for kind, found in ids if kind == "doi")), ""),
        also=(*((f"pmid:{pmid}",) if pmid else ()), *((f"pmc:{pmc}",) if pmc else ())),
        published=_published(record, article, today=today),
        signals=Signals(
            venue=article.findtext("Journal/Title") or "",
            keywords=tuple(map(_words, citation.iterfind("KeywordList/Keyword"))),
        ),
    )


def _title(article: Any) -> str:
    """Return the title, or the one in the paper's own language, or the book's; without the full stop PubMed adds."""
    title = _markup(article.find("ArticleTitle"))
    if not clean(title) or title.startswith("[Not Available]"):
        title = _markup(article.find("VernacularTitle")) or _markup(article.find("Book/BookTitle"))
    return re.sub(r"(?<=[^.\s])\.\s*\Z", "", title)


def _markup(element: Any) -> str:
    """Return what stands in an element, with the tags in it, for `make_entry` to clean."""
    if element is None:
        return ""
    from lxml import etree  # noqa: PLC0415 loaded by now

    etree.strip_tags(element, "DispFormula")
    inside = (etree.tostring(child, encoding="unicode") for child in element)
    return f"{escape(element.text or '', quote=False)}{''.join(inside)}".strip()


def _words(element: Any) -> str:
    return "".join(element.itertext())


def _abstract(abstract: Any) -> str:
    """Return the parts of an abstract, each behind its label."""
    parts = []
    for part in () if abstract is None else abstract.iterchildren("AbstractText"):
        label, text = part.get("Label") or "", _markup(part)
        parts.append(f"{escape(label)}: {text}" if label.upper() not in {"", "UNLABELLED"} and text else text)
    return " ".join(parts)


def _authors(article: Any) -> Iterator[str]:
    """Yield the names of people and groups; names that were corrected later are marked as no longer valid."""
    for author in article.iterfind("AuthorList/Author"):
        if author.get("ValidYN") == "N":
            continue
        given = author.findtext("ForeName") or author.findtext("Initials") or ""
        person = (given, author.findtext("LastName") or "", author.findtext("Suffix") or "")
        yield one_name(" ".join(filter(None, person)) or author.findtext("CollectiveName") or "")


def _ids(record: Any, article: Any) -> Iterator[tuple[str, str]]:
    """Yield (kind, id) of the paper itself: the papers it cites have such lists as well."""
    for path in ("PubmedData/ArticleIdList/ArticleId", "BookDocument/ArticleIdList/ArticleId"):
        for found in record.iterfind(path):
            yield found.get("IdType") or "", _words(found).strip()[:LONGEST_ID]
    for found in article.iterfind("ELocationID"):
        if found.get("ValidYN") != "N":
            yield found.get("EIdType") or "", _words(found).strip()[:LONGEST_ID]


# ------------------------------------------------------------------ dates

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MEDLINE_DATE = re.compile(r"\s*(\d{4})(?:[\s-]+([A-Za-z]{3})[a-z]*(?:\s+(\d{1,2})\b)?)?")
_PATHS = (
    (False, "ArticleDate"),
    (False, "Journal/JournalIssue/PubDate"),
    (False, "Book/PubDate"),
    (True, "PubmedData/History/PubMedPubDate[@PubStatus='pubmed']"),
    (True, "PubmedBookData/History/PubMedPubDate[@PubStatus='pubmed']"),
)


def _published(record: Any, article: Any, *, today: date) -> date | None:
    """Return the day of publication online, else that of the issue, else that of coming into PubMed.

    A date without day counts as the first of its month; a bare year is no date.
    """
    for outside, path in _PATHS:
        found = (record if outside else article).find(path)
        if found is not None and (day := _day(found, today=today)):
            return day
    return None


def _day(element: Any, *, today: date) -> date | None:
    parts: Sequence[str | None] = [element.findtext(part) for part in ("Year", "Month", "Day")]
    if not parts[0] and (match := _MEDLINE_DATE.match(element.findtext("MedlineDate") or "")):
        parts = match.groups()
    year, month, day = (clean(part or "").lower() for part in parts)
    if month[:3] in _MONTHS:
        month = str(_MONTHS.index(month[:3]) + 1)
    written = f"{year}-{month}-{day or 1}"
    return published_on({"published": written}, today=today)[0] if month.isdecimal() else None
