"""No parser raises anything but its own error, whatever became of a body on its way.

Each format's bodies are damaged at random, the same way on every machine: 1,000 times, and 20,000 times in CI.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Sequence
from datetime import UTC, datetime

import bodies_crossref
import bodies_hf
import bodies_openreview
import bodies_pubmed
import bodies_rxiv
import bodies_s2
import pytest
from bodies_arxiv import an_api_entry, an_api_page, an_atom_entry, an_atom_feed, an_rss_feed, an_rss_item
from damage import check_reading

from newsletter.sources.arxiv import Arxiv
from newsletter.sources.biorxiv import Biorxiv
from newsletter.sources.crossref import Crossref
from newsletter.sources.feed import Feed
from newsletter.sources.file import File
from newsletter.sources.huggingface import HuggingFace
from newsletter.sources.openreview import OpenReview
from newsletter.sources.pages import Pages
from newsletter.sources.pubmed import PubMed
from newsletter.sources.semantic_scholar import SemanticScholar
from newsletter.sources.source import Request, Source

MUTATIONS = 20_000 if os.environ.get("CI") else 1_000
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TEX = r"Erd\H{o}s graphs for $a<b$ and \textbf{$x_{i}^{2}$} \& `{\"o}' --- 5\%"

RSS = (
    '<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>J</title>'
    "<item><title>A &lt;b&gt;title&lt;/b&gt; &amp;amp; more</title><link>https://journal.example.org/1</link>"
    "<dc:creator>Lovelace, A., Hopper, G.</dc:creator><dc:identifier>doi:10.1234/x.1</dc:identifier>"
    "<description><![CDATA[<p>We <i>find</i> that a<b.</p>]]></description><pubDate>Fri, 20 Nov 2026 08:00:00 GMT"
    "</pubDate></item><item><title>Second</title></item></channel></rss>"
)
RDF = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>J</title></channel><item><title>One</title>'
    "<dc:creator>Ada Lovelace; Grace Hopper</dc:creator><dc:date>2026-11-20</dc:date></item></rdf:RDF>"
)
ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><title>J</title><entry><id>doi:10.1234/y</id>'
    '<title type="html">&lt;i&gt;One&lt;/i&gt;</title><summary type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">'
    "Text <b>here</b></div></summary><author><name>Emmy Noether</name></author></entry></feed>"
)
JSON_FEED = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "J",
        "items": [{"id": "1", "title": "One", "content_html": "<p>Text</p>", "authors": [{"name": "Ada Lovelace"}]}],
    }
)
BIBTEX = r"""@article{one, title = {The {B}ig {\"o}ne}, author = {Lovelace, Ada and {The Consortium}}, year = 2026,
  doi = {10.1234/z}, abstract = "Some text"}
@misc{two, title={Another}, eprint={2611.00001}, archiveprefix={arXiv}}"""
RIS = (
    "TY  - JOUR\nTI  - A title\nAU  - Hopper, Grace, Jr\nDO  - 10.1234/w\nAB  - Some text\nER  - \n"
    "TY  - GEN\nTI  - B\nER  - \n"
)
LINES = (
    '{"title": "One", "abstract": "Text", "authors": ["Ada Lovelace"], "id": "arxiv:2611.00002"}\n{"title": "Two"}\n'
)
HTML = (
    "<!doctype html><html><body><article><h3><a href='/papers/2611.00003'>A saved title</a></h3><div>26</div></article>"
    "<article><h3><a href='/papers/2611.00004'>Another one</a></h3></article></body></html>"
)
LISTING = (
    "new\n\nSubscribe\n\nbyAK and the research community\n\nNov 20\n\nA Title of Words\n\n" + "Text follows. " * 20
)

FORMATS: dict[str, tuple[Source, str, Sequence[bytes]]] = {
    "arXiv Atom": (
        Arxiv(categories=("cs.CL",)),
        "https://rss.arxiv.org/atom/cs.CL",
        [an_atom_feed(an_atom_entry(1, title=TEX, abstract=TEX, doi="10.1234/a"), an_atom_entry(2, "cross"))],
    ),
    "arXiv RSS": (Arxiv(categories=("cs.CL",)), "saved.xml", [an_rss_feed(an_rss_item(1, title=TEX), an_rss_item(2))]),
    "arXiv API": (
        Arxiv(categories=("cs.CL",)),
        "https://export.arxiv.org/api/query?start=0&max_results=500",
        [an_api_page(an_api_entry(1), an_api_entry(2))],
    ),
    "Hugging Face": (
        HuggingFace(),
        "https://huggingface.co/api/daily_papers?date=2026-11-20&limit=100&p=0",
        [bodies_hf.a_daily_list(bodies_hf.a_daily_paper(), bodies_hf.a_daily_paper("2611.00009"))],
    ),
    "bioRxiv": (
        Biorxiv(categories=("bioinformatics",)),
        "https://api.biorxiv.org/details/biorxiv/2026-11-19/2026-11-20/0/json",
        [bodies_rxiv.a_details_page(bodies_rxiv.a_preprint(category="bioinformatics"), bodies_rxiv.a_preprint())],
    ),
    "PubMed": (
        PubMed(search="graphs"),
        "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/efetch.fcgi?id=40000001,40000009",
        [
            bodies_pubmed.an_efetch_xml(bodies_pubmed.an_article(), bodies_pubmed.a_book_article()),
            bodies_pubmed.an_esearch("40000001", "40000009"),
        ],
    ),
    "OpenReview": (
        OpenReview(venues=("EXAMPLE.cc/2027/Conference",)),
        "https://api2.openreview.net/notes?limit=1000&offset=0",
        [bodies_openreview.notes(bodies_openreview.note(), bodies_openreview.note("b"))],
    ),
    "Semantic Scholar": (
        SemanticScholar(like=("arxiv:2401.10020",)),
        "https://api.semanticscholar.org/recommendations/v1/papers/",
        [bodies_s2.recommended(bodies_s2.paper()), bodies_s2.batch(bodies_s2.paper(), None)],
    ),
    "Crossref": (
        Crossref(issn=("2049-3630",)),
        "https://api.crossref.org/journals/2049-3630/works?cursor=*",
        [bodies_crossref.works(bodies_crossref.work(), bodies_crossref.work(DOI="10.1234/other"))],
    ),
    "feeds": (
        Feed(name="J", url="https://journal.example.org/feed"),
        "https://journal.example.org/feed",
        [RSS.encode(), RDF.encode(), ATOM.encode(), JSON_FEED.encode()],
    ),
    "listing page": (Pages(path="page.txt"), "page.txt", [LISTING.encode()]),
    "BibTeX": (File(path="a.bib"), "a.bib", [BIBTEX.encode()]),
    "RIS": (File(path="a.ris"), "a.ris", [RIS.encode()]),
    "JSON Lines": (File(path="a.jsonl"), "a.jsonl", [LINES.encode()]),
    "saved HTML": (File(path="a.html"), "a.html", [HTML.encode()]),
}

SPLINTERS = (
    b"\0", b"\xff\xfe", b"\xc3", b"{", b"}", b"[[[[", b"]", b'"', b"\\", b"\\H{", b"$", b"\n", b"<", b">", b"&",
    b"&#xD800;", b"&#0;", b"&lt;", b"<![CDATA[", b"]]>", b"<!--", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"null", b"-1",
    b"1e999", b"NaN", b"true", b"9" * 400, b"@", b"%", b"TY  - ", "\u202e\ufeff\u0301".encode(), b"\x1b[31m", b"://",
)  # fmt: skip


def mutant(body: bytes, chance: random.Random) -> bytes:
    """Return `body` after one to four accidents."""
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(body) + 1)
        end = min(len(body), start + chance.choice((0, 1, 3, 20, 200)))
        accident = chance.randrange(6)
        if accident == 0:
            body = body[:start]
        elif accident == 1:
            body = body[:start] + body[end:]
        elif accident == 2:
            body = body[:start] + body[start:end] * 3 + body[end:]
        elif accident == 3:
            body = body[:start] + chance.randbytes(end - start) + body[end:]
        else:
            body = body[:start] + chance.choice(SPLINTERS) + body[end:]
    return body


@pytest.mark.parametrize("name", FORMATS)
def test_a_mutated_body_raises_nothing_but_a_source_error(name: str) -> None:
    """Entries have titles, and every line of warning or error is one line."""
    source, address, bodies = FORMATS[name]
    chance = random.Random(name)
    for number in range(MUTATIONS):
        body = mutant(bodies[number % len(bodies)], chance)
        try:
            check_reading(lambda one: source.parse(one, Request(address), now=NOW), body)
        except Exception as error:  # noqa: BLE001 - the body is what a person needs to mend it
            pytest.fail(f"mutant {number} of {name}: {error!r} of {body!r}")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_read_before_it_is_damaged(name: str) -> None:
    """Otherwise the mutants would prove nothing."""
    source, address, bodies = FORMATS[name]
    pages = [source.parse(body, Request(address), now=NOW) for body in bodies]

    assert all(page.entries or page.more for page in pages)
