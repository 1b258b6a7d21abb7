"""Bodies as the E-utilities answer them for PubMed: https://www.ncbi.nlm.nih.gov/books/NBK25499/"""

from __future__ import annotations

import json
from typing import Any

_DOCTYPE = (
    '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" '
    '"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">'
)


def an_esearch(*ids: str, count: Any = None, start: int = 0, **fields: Any) -> bytes:
    """Return the JSON of a search; `fields` are of its result."""
    result = {
        "count": str(len(ids) if count is None else count),
        "retmax": str(len(ids)),
        "retstart": str(start),
        "idlist": list(ids),
        "translationset": [],
        "querytranslation": '"graph"[All Fields]',
        **fields,
    }
    return json.dumps({"header": {"type": "esearch", "version": "0.3"}, "esearchresult": result}).encode()


def an_article(
    pmid: str = "40000001",
    *,
    title: str = "Graphs of <i>E. coli</i> at 10<sup>5</sup> cells.",
    abstract: str = '<Abstract><AbstractText Label="AIMS">We draw graphs.</AbstractText></Abstract>',
    authors: str = "<Author ValidYN='Y'><LastName>Lovelace</LastName><ForeName>Ada</ForeName></Author>",
    dates: str = '<ArticleDate DateType="Electronic"><Year>2026</Year><Month>11</Month><Day>19</Day></ArticleDate>',
    issue: str = "<PubDate><Year>2027</Year><Month>Jan</Month></PubDate>",
    ids: str = '<ArticleId IdType="doi">10.1234/Graphs.1</ArticleId><ArticleId IdType="pmc">PMC9000001</ArticleId>',
    extra: str = "",
) -> str:
    """Return a PubmedArticle of the given parts; it cites a paper and corrects one, with ids of their own."""
    return (
        f'<PubmedArticle><MedlineCitation Status="Publisher" Owner="NLM"><PMID Version="1">{pmid}</PMID>'
        f'<Article PubModel="Print-Electronic"><Journal><JournalIssue CitedMedium="Internet">{issue}</JournalIssue>'
        f"<Title>Journal of examples</Title></Journal><ArticleTitle>{title}</ArticleTitle>{abstract}"
        f'<AuthorList CompleteYN="Y">{authors}</AuthorList>{dates}{extra}</Article>'
        "<KeywordList Owner='NOTNLM'><Keyword MajorTopicYN='N'>graphs</Keyword></KeywordList>"
        '<CommentsCorrectionsList><CommentsCorrections RefType="ErratumIn"><PMID>1</PMID></CommentsCorrections>'
        "</CommentsCorrectionsList></MedlineCitation><PubmedData><History>"
        '<PubMedPubDate PubStatus="pubmed"><Year>2026</Year><Month>11</Month><Day>20</Day></PubMedPubDate></History>'
        f'<ArticleIdList><ArticleId IdType="pubmed">{pmid}</ArticleId>{ids}</ArticleIdList>'
        '<ReferenceList><Reference><ArticleIdList><ArticleId IdType="doi">10.9999/cited</ArticleId></ArticleIdList>'
        "</Reference></ReferenceList></PubmedData></PubmedArticle>"
    )


def a_book_article(pmid: str = "40000009", *, title: str = "A chapter on looms") -> str:
    """Return a PubmedBookArticle."""
    return (
        f"<PubmedBookArticle><BookDocument><PMID Version='1'>{pmid}</PMID><ArticleIdList>"
        "<ArticleId IdType='bookaccession'>NBK1</ArticleId></ArticleIdList><Book><BookTitle>Book of looms</BookTitle>"
        "<PubDate><Year>2026</Year><Month>06</Month></PubDate></Book>"
        f"<ArticleTitle>{title}</ArticleTitle><AuthorList Type='authors'><Author><LastName>Jacquard</LastName>"
        "<Initials>JM</Initials></Author></AuthorList></BookDocument></PubmedBookArticle>"
    )


def an_efetch_xml(*records: str) -> bytes:
    """Return the body of an efetch."""
    return f'<?xml version="1.0" ?>\n{_DOCTYPE}\n<PubmedArticleSet>{"".join(records)}</PubmedArticleSet>'.encode()


def an_error_xml(said: str = "ID list is empty! Possibly it has no correct IDs.") -> bytes:
    """Return what efetch answers where it fails."""
    return f'<?xml version="1.0" encoding="UTF-8" ?><eFetchResult><ERROR>{said}</ERROR></eFetchResult>'.encode()


def too_many_requests() -> bytes:
    """Return what both answer where they are asked too often."""
    said = {"error": "API rate limit exceeded", "api-key": "192.0.2.1", "count": "4", "limit": "3"}
    return json.dumps(said).encode()
