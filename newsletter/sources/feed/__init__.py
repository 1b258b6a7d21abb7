"""Any RSS, RDF, Atom or JSON feed.

    bytes ── xml.read ──► feedparser's entries ── kind ──► Entry

JSON Feed goes to `json_feed`, arXiv's own feeds to `arxiv`: feedparser would lose the words between `<` and `>` in
the abstracts of arXiv's RSS. feedparser gets a stream of bytes, never a name or an address (it would open
them), without the document type (it would expand its entities) and with HTML left as it is (its sanitiser takes
`a<b` and `<think>` for tags): `text.plain` cleans it.
"""

from newsletter.sources.feed.kind import Feed

__all__ = ["Feed"]
