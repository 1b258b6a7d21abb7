"""JSON Feed, and arXiv's own feeds, where somebody names them under `feed:`."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from damage import check_reading, damaged, twisted
from hypothesis import given, settings

from newsletter.errors import SourceError
from newsletter.models import Entry
from newsletter.sources.feed import Feed
from newsletter.sources.feed.json_feed import MOST_ITEMS
from newsletter.sources.source import Parsed, Request

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
ADDRESS = "https://blog.example.org/feed.json"
SOURCE = Feed(name="Examples", url=ADDRESS)


def item(**fields: Any) -> dict[str, Any]:
    """Return an item; `fields` replace its own."""
    told = {
        "id": "https://blog.example.org/salt",
        "url": "https://blog.example.org/salt",
        "title": "Salt for a<b & <think>",
        "content_html": "<p>Salt &amp; pepper, <em>well</em> mixed.</p>",
        "date_published": "2026-11-20T06:00:00+09:00",
        "authors": [{"name": "Ada Lovelace", "url": "https://example.org"}, {"name": "Grace Hopper"}],
        "tags": ["chemistry", "chemistry", "kitchens"],
    }
    return {**told, **fields}


def feed(*items: Any, version: Any = "https://jsonfeed.org/version/1.1") -> bytes:
    """Return a feed of items."""
    return json.dumps({"version": version, "title": "Examples", "items": list(items)}).encode()


def parsed(body: bytes) -> Parsed:
    """Return what a body gives."""
    return SOURCE.parse(body, Request(ADDRESS), now=NOW)


def only(**fields: Any) -> Entry:
    """Return the entry of an item with these fields."""
    [entry] = parsed(feed(item(**fields))).entries
    return entry


def test_an_item_is_read() -> None:
    """Its title is plain text, so nothing in it is a tag; its content is HTML; its day is that of its own clock."""
    assert parsed(feed(item())) == Parsed(
        (
            Entry(
                source="feed Examples",
                place=f"{ADDRESS}#1",
                title="Salt for a<b & <think>",
                abstract="Salt & pepper, well mixed.",
                authors=("Ada Lovelace", "Grace Hopper"),
                url="https://blog.example.org/salt",
                categories=("chemistry", "kitchens"),
                published=date(2026, 11, 20),
            ),
        )
    )


def test_version_1_has_one_author() -> None:
    """The element was renamed since."""
    old = item(author={"name": "Emmy Noether"})
    del old["authors"]

    assert parsed(feed(old, version="https://jsonfeed.org/version/1")).entries[0].authors == ("Emmy Noether",)


@pytest.mark.parametrize(
    ("fields", "abstract"),
    [
        ({"summary": "A summary, a<b."}, "A summary, a<b."),
        ({"content_text": "All of <it>."}, "All of <it>."),
        ({"content_text": "Text.", "summary": "Short."}, "Short."),
        ({"content_html": None}, ""),
    ],
)
def test_the_abstract_is_the_summary_or_else_the_content(fields: dict[str, str], abstract: str) -> None:
    """As in other feeds."""
    assert only(**fields).abstract == abstract


def test_ids_of_papers_are_found_in_addresses() -> None:
    """A blog's item may be about a paper elsewhere."""
    assert only(external_url="https://arxiv.org/abs/2611.04321v2").arxiv_id == "2611.04321"
    assert only(id="https://doi.org/10.1234/Salt.1").doi == "10.1234/salt.1"
    assert only(id=7, url=None).url == ""


def test_an_address_may_be_relative() -> None:
    """To that of the feed; what is no web address is left out."""
    assert only(url="/pepper").url == "https://blog.example.org/pepper"
    assert only(url="javascript:alert(1)", id="x").url == ""


def test_an_item_without_title_is_told() -> None:
    """Short posts have none; they are no papers."""
    page = parsed(feed(item(), item(title=None), "text"))

    assert len(page.entries) == 1
    assert page.warnings == tuple(f"{ADDRESS}#{number}: no title, so the entry is left out" for number in (2, 3))
    assert page.left_out == 2


@pytest.mark.parametrize("url", ["#3", "?", "?page=2", "https://blog.example.org/3?token=hunter2&x=1"])
def test_what_an_address_was_asked_with_reaches_no_reader(url: str) -> None:
    """A token is the subscriber's own, and issues are mailed."""
    address = "https://ada:hunter2@blog.example.org/feed.json?token=hunter2"
    [entry] = SOURCE.parse(feed(item(url=url, id="x")), Request(address), now=NOW).entries

    assert entry.url.startswith("https://blog.example.org/")
    assert "hunter2" not in repr(entry)


def test_an_empty_feed_is_no_error() -> None:
    """Some days have nothing."""
    assert parsed(feed()) == Parsed()


def test_a_mark_at_the_beginning_does_no_harm() -> None:
    """Windows writes one."""
    assert parsed(b"\xef\xbb\xbf\r\n" + feed(item())).entries == parsed(feed(item())).entries


def test_more_items_than_a_day_can_have_are_not_read() -> None:
    """With a warning."""
    page = parsed(feed(*[item()] * (MOST_ITEMS + 1)))

    assert len(page.entries) == MOST_ITEMS
    assert page.warnings == (f"{ADDRESS}: more than {MOST_ITEMS} items; only those are read",)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error": "gone"}', "no JSON Feed"),
        (feed(version=None), "no JSON Feed"),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": {}}', "no JSON Feed"),
        (feed(item())[:-20], "breaks off"),
        (b'{"a":' * 5_000, "not JSON"),
    ],
)
def test_other_json_is_refused(body: bytes, said: str) -> None:
    """With its place and a way out."""
    with pytest.raises(SourceError, match=f"^{ADDRESS}: .*; ") as caught:
        parsed(body)

    assert said in str(caught.value)


@given(damaged(feed(item(), item(id="b"))) | twisted(json.loads(feed(item(summary="S", author={"name": "A"})))))
@settings(max_examples=300, deadline=None)
def test_damage_raises_nothing_but_a_source_error(body: bytes) -> None:
    """Whatever stands where something else should."""
    check_reading(parsed, body)


ARXIV_RSS = """<?xml version='1.0' encoding='UTF-8'?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0"><channel>
<title>cs.PL updates on arXiv.org</title><link>http://rss.arxiv.org/rss/cs.PL</link>
<description>cs.PL updates on the arXiv.org e-print archive.</description>
<pubDate>Fri, 20 Nov 2026 00:00:00 -0500</pubDate><item>
<title>Gradients without tapes</title><link>https://arxiv.org/abs/2611.04321</link>
<description>arXiv:2611.04321v1 Announce Type: new
Abstract: For $a&lt;b$ and $c&gt;d$ we use &lt;think&gt; tokens.</description>
<guid isPermaLink="false">oai:arXiv.org:2611.04321v1</guid><category>cs.PL</category>
<pubDate>Fri, 20 Nov 2026 00:00:00 -0500</pubDate><arxiv:announce_type>new</arxiv:announce_type>
<dc:creator>Ada Lovelace (Example University, London), Grace Hopper</dc:creator></item></channel></rss>"""


def test_arxivs_rss_loses_no_words() -> None:
    """It never reaches feedparser, which takes what stands between < and > for tags."""
    [entry] = parsed(ARXIV_RSS.encode()).entries

    assert "a<b" in entry.abstract
    assert "<think>" in entry.abstract
    assert (entry.arxiv_id, entry.authors, entry.source) == (
        "2611.04321",
        ("Ada Lovelace", "Grace Hopper"),
        "feed Examples",
    )


@pytest.mark.parametrize(
    ("address", "gate"),
    [
        ("https://rss.arxiv.org/rss/cs.LG", "arxiv.org"),
        ("https://arxiv.org/rss/cs.LG", "arxiv.org"),
        ("http://export.ARXIV.org:80/rss/cs.LG", "arxiv.org"),
        ("https://arxiv.org.example.org/rss", ""),
        ("https://notarxiv.org/rss", ""),
    ],
)
def test_arxivs_hosts_share_one_gate(address: str, gate: str) -> None:
    """Their terms ask for three seconds between requests to any of them, by whatever name."""
    [request] = Feed(name="F", url=address).requests(NOW.date(), now=NOW)

    assert (request.gate, request.pause_seconds) == (gate, 3.0 if gate else 0.0)
