"""A site on loopback that imitates every service papers come from, and settings that ask all of them."""

from __future__ import annotations

from datetime import date

import bodies_crossref
import bodies_hf
import bodies_openreview
import bodies_pubmed
import bodies_rxiv
import bodies_s2
from bodies_arxiv import an_api_entry, an_api_page, an_atom_entry, an_atom_feed
from sites import Asked, Reply, Site

FRIDAY = date(2026, 11, 20)

SETTINGS = """\
newsletter: {{name: Daily Papers, from: "papers@example.org"}}
sources:
  - arxiv: {{categories: [cs.CL, cs.LG], site: "{site}/arxiv", api_site: "{site}/arxiv-api"}}
  - huggingface: {{site: "{site}/hf"}}
  - biorxiv: {{site: "{site}/rxiv"}}
  - medrxiv: {{site: "{site}/rxiv"}}
  - pubmed: {{search: "gene graphs", site: "{site}/pubmed"}}
  - openreview: {{venues: [EXAMPLE.cc/2027/Conference], site: "{site}/openreview"}}
  - semantic_scholar: {{like: ["arxiv:2401.10020"], site: "{site}/s2"}}
  - crossref: {{issn: ["2049-3630"], site: "{site}/crossref"}}
  - feed: {{name: Journal, url: "{site}/journal.xml"}}
smtp: {{host: 127.0.0.1, port: {port}, encryption: none}}
schedule: {{days: [mon, tue, wed, thu, fri, sat, sun], time: "00:00", timezone: America/New_York}}
store: sqlite:///newsletter.db
subscribers:
  - email: ada@example.org
    interests: [speculative decoding, wing veins, graphs of genes]
    trending: 0
"""
NAMES = (
    "arxiv cs.CL+cs.LG", "huggingface daily_papers", "biorxiv", "medrxiv", "pubmed gene graphs",
    "openreview EXAMPLE.cc/2027/Conference", "semantic_scholar like ARXIV:2401.10020",
    "crossref 2049-3630", "feed Journal",
)  # fmt: skip

PATHS = dict(
    zip(
        NAMES,
        (
            "/arxiv/atom/cs.CL+cs.LG", "/hf/api/daily_papers", "/rxiv/details/biorxiv/*", "/rxiv/details/medrxiv/*",
            "/pubmed/esearch.fcgi", "/openreview/notes", "/s2/recommendations/v1/papers/",
            "/crossref/journals/2049-3630/works", "/journal.xml",
        ),
        strict=True,
    )
)  # fmt: skip
"""What each source asks for first."""

TREES = "Draft trees for faster speculative decoding"
TREES_ABSTRACT = "A small model drafts a tree of tokens for speculative decoding. The large one checks it in one pass."
VEINS = "Wing veins fold by tension"

_JOURNAL = f"""<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Journal</title>
<item><title>{VEINS}</title><link>https://journal.example.org/7</link>
<dc:identifier>doi:10.1234/veins.7</dc:identifier><dc:creator>Ada Lovelace</dc:creator>
<description>Veins of wings fold before wings do.</description></item></channel></rss>"""


def everywhere(site: Site, day: date = FRIDAY) -> Site:
    """Let `site` answer as all services do on a normal day: 2 works come from several of them, each under its own id.

    Speculative decoding: arXiv, Hugging Face, Semantic Scholar (which tells its DOI) and OpenReview (by its title).
    Wing veins: bioRxiv, which names the journal's DOI, the journal's own feed, Crossref and PubMed by that DOI.
    """
    trees = {"title": TREES, "abstract": TREES_ABSTRACT, "creator": "Ada Lovelace, Grace Hopper"}
    site.on("/arxiv/atom/cs.CL+cs.LG", an_atom_feed(an_atom_entry(1234, **trees), an_atom_entry(2, "cross"), day=day))
    site.on("/arxiv-api/api/query", an_api_page(an_api_entry(77)))
    site.on("/hf/api/daily_papers", _daily)
    site.on("/rxiv/details/biorxiv/*", bodies_rxiv.a_details_page(bodies_rxiv.a_preprint(published="10.1234/veins.7")))
    site.on("/rxiv/details/medrxiv/*", bodies_rxiv.no_posts())
    site.on("/pubmed/esearch.fcgi", bodies_pubmed.an_esearch("40000001"))
    veins = '<ArticleId IdType="doi">10.1234/VEINS.7</ArticleId>'
    site.on("/pubmed/efetch.fcgi", bodies_pubmed.an_efetch_xml(bodies_pubmed.an_article(title=f"{VEINS}.", ids=veins)))
    content = bodies_openreview.note()["content"] | {"title": {"value": TREES.upper()}}
    site.on("/openreview/notes", bodies_openreview.notes(bodies_openreview.note(content=content)))
    ids = {"ArXiv": "2611.01234", "DOI": "10.1234/trees"}
    recommended = bodies_s2.paper(externalIds=ids, title=TREES)
    site.on("/s2/recommendations/v1/papers/", bodies_s2.recommended(recommended))
    work = bodies_crossref.work(DOI="10.1234/veins.7", title=[VEINS], relation={})
    site.on("/crossref/journals/2049-3630/works", bodies_crossref.works(work))
    site.on("/journal.xml", _JOURNAL.encode())
    return site


def _daily(asked: Asked) -> Reply:
    first = bodies_hf.a_daily_paper("2611.01234", paper={"title": TREES, "summary": TREES_ABSTRACT})
    return Reply(bodies_hf.a_daily_list(first) if asked.query.get("p", "0") == "0" else b"[]")
