"""The HTML and text of a test email without what acts for its reader: only what leads to a paper is still a link.

A link that unsubscribes, votes or confirms looks like any other, and a user's own templates may write more of them. So
it is not guessed which links act; it is known which do not: the papers' own addresses, whatever their titles and
abstracts quote, and the archive. Everything else that a program would open, or turn into a link by itself, goes:

    <a href>             a span: the words and their look stay, and no keyboard reaches them
    any other href       taken out, as are action, formaction and ping; in what Outlook alone reads too
    src, background      taken out where they name the reader
    script, refresh      taken out; Gmail reads actions from the one, and the other moves by itself
    an address as text   "(inert in this test)": programs make links of those, mailto: and tel: among them
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape
from itertools import chain
from urllib.parse import unquote

from newsletter.models import MatchedPaper
from newsletter.render.facts import facts_of

INERT = "(inert in this test)"

# Possessive, so that no markup makes it slow. Comments are opened: Outlook reads what stands in conditional ones.
_PIECE = re.compile(
    r"""<!--(?P<comment>.*?)-->
    |(?P<script><script\b.*?(?:</script\s*>|\Z))
    |(?P<style><style\b.*?(?:</style\s*>|\Z))
    |<(?P<tag>/?[A-Za-z][^\s/>]*+)(?P<rest>(?:[\s/]*+[^\s/>=]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>]*+))?+)*+[\s/]*+)>
    |<[!?][^>]*>""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"""[\s/]*+(?P<name>[^\s/>=]++)(?:\s*+=\s*+(?P<value>"[^"]*+"|'[^']*+'|[^\s>]*+))?+""")
_LEADING = frozenset({"href", "xlink:href", "action", "formaction", "ping"})
_LOADING = frozenset({"src", "srcset", "background", "poster"})
_ADDRESS = re.compile(r"(?:\b(?:https?|ftp)://|\bwww\.|\b(?:mailto|tel|sms):(?=\S))[^\s<>\"]+", re.IGNORECASE)
_CLOSING = ".,;:!?…)]}'’”»"
_DEEPEST = 3  # an address within an address within an address


class Links:
    """Which addresses of one email act: all but those of `papers` and `archive`, and whatever names the reader.

    `reader` is the address of who would get the email, `ways_out` are the addresses by which they leave.
    """

    def __init__(
        self, *, reader: str, ways_out: Iterable[str], papers: Iterable[MatchedPaper], archive: Iterable[str] = ()
    ) -> None:
        papers = tuple(papers)
        facts = [facts_of(matched.paper, None) for matched in papers]
        urls = (url for each in facts for url in (each.url, each.find_url, each.pdf_url, each.code_url, each.talk_url))
        self._kept = frozenset(filter(None, (*urls, *archive)))
        self._refused = tuple(_plain(part) for part in (reader, *ways_out) if part)
        self._quoted = "\n".join(chain.from_iterable(map(_words, papers)))

    def acts(self, address: str) -> bool:
        """Return whether a link to `address` could do something in the reader's name."""
        if self.names_the_reader(address) or not address.lower().startswith(("http://", "https://", "www.")):
            return True
        return address not in self._kept and address not in self._quoted

    def names_the_reader(self, address: str) -> bool:
        """Return whether an address holds the reader's own, or is one by which they leave, however it is encoded."""
        plain = _plain(address)
        return any(part in plain for part in self._refused)


def _words(matched: MatchedPaper) -> Iterator[str]:
    """Yield all that an email may quote of a paper."""
    paper = matched.paper
    yield from (paper.title, paper.abstract, paper.summary, paper.tldr)
    yield from (reason.note for reason in matched.reasons)


def inert_text(text: str, links: Links) -> str:
    """Return plain text whose addresses that act are words."""
    return _ADDRESS.sub(lambda found: _shown(found[0], found[0], links), text)


def inert_html(html: str, links: Links) -> str:
    """Return HTML in which nothing acts; what is not touched stays byte for byte."""
    made: list[str] = []
    end = 0
    inside = False  # a span that was a link
    for piece in _PIECE.finditer(html):
        made.append(_text_of(html[end : piece.start()], links))
        end = piece.end()
        tag, written = (piece["tag"] or "").lower(), piece[0]
        if piece["comment"] is not None:
            written = f"<!--{inert_html(piece['comment'], links)}-->"
        elif piece["script"] is not None or (tag == "meta" and "refresh" in piece["rest"].lower()):
            written = ""
        elif tag == "/a" and inside:
            written, inside = "</span>", False
        elif tag:
            rest, led = _without(piece["rest"], links)
            inside = tag == "a" and led
            written = f"<{'span' if inside else piece['tag']}{rest}>"
        made.append(written)
    return "".join((*made, _text_of(html[end:], links)))


def pieces(html: str) -> Iterator[tuple[str, str, int]]:
    """Yield every tag of HTML with its attributes as written, and where it ends; nothing that stands in comments."""
    for piece in _PIECE.finditer(html):
        if piece["tag"]:
            yield piece["tag"].lower(), piece["rest"], piece.end()


def _without(rest: str, links: Links) -> tuple[str, bool]:
    """Return the attributes of a tag without those that act, and whether one was where it leads."""
    led = False

    def kept(found: re.Match[str]) -> str:
        nonlocal led
        name, value = found["name"].lower(), unescape((found["value"] or "").strip("\"'")).strip()
        if name in _LEADING and not value.startswith("#") and links.acts(value):
            led = led or name == "href"
            return ""
        return "" if name in _LOADING and links.names_the_reader(value) else found[0]

    return _ATTRIBUTE.sub(kept, rest), led


def _text_of(written: str, links: Links) -> str:
    return _ADDRESS.sub(lambda found: _shown(found[0], unescape(found[0]), links), written)


def _shown(written: str, address: str, links: Links) -> str:
    """Return an address that stands in a text, or words in its place; a mark that closes a sentence is not part."""
    bare = address.rstrip(_CLOSING)
    if not links.acts(address) or not links.acts(bare):
        return written
    return INERT + address[len(bare) :]


def _plain(address: str) -> str:
    """Return an address without letter case and percent signs, so that two spellings of one are one."""
    for _ in range(_DEEPEST):
        address = unquote(address)
    return address.casefold()
