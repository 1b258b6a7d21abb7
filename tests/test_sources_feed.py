"""RSS, RDF and Atom feeds, honest and hostile."""

from __future__ import annotations

import socket
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from bodies_arxiv import an_atom_entry, an_atom_feed, an_rss_feed, an_rss_item
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from makers import DAY, NOW
from pydantic import ValidationError

from newsletter.errors import SourceError
from newsletter.models import Entry
from newsletter.sources.addresses import web_address
from newsletter.sources.feed import Feed
from newsletter.sources.feed.xml import LARGEST_DAMAGED, MOST_ENTRIES
from newsletter.sources.source import Parsed, Request

DATA = Path(__file__).parent / "data" / "feeds"
ADDRESS = "https://journal.example.org/rss"
SOURCE = Feed(name="Examples", url=ADDRESS)


def parsed(body: bytes | str) -> Parsed:
    """Return what a body gives."""
    return SOURCE.parse(body if isinstance(body, bytes) else body.encode(), Request(ADDRESS), now=NOW)


def rss(*items: str) -> str:
    """Return an RSS feed of the given insides of items."""
    inside = "".join(f"<item>{item}</item>" for item in items)
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        f'xmlns:prism="http://purl.org/rss/1.0/modules/prism/"><channel><title>F</title>{inside}</channel></rss>'
    )


def only(page: Parsed) -> Entry:
    """Return the one entry there is."""
    [entry] = page.entries
    return entry


def test_an_rss_item_is_read_as_html_and_its_formulas_survive() -> None:
    """Tags go, scripts go with what they hold, `a<b` and `<think>` stay, and nothing is unescaped twice."""
    first = parsed((DATA / "rss.xml").read_bytes()).entries[0]

    assert first == Entry(
        source="feed Examples",
        place=f"{ADDRESS}#1",
        title="Salt & Pepper in H2O {{ 7*7 }}",
        abstract="Salt dissolves; pepper does not, for a<b and c>d. See <think> &lt;3.",
        raw_abstract="Salt dissolves; pepper does not, for $a<b$ and $c>d$. See <think> &lt;3.",
        authors=("Ada Lovelace", "Grace Hopper"),
        url="https://journal.example.org/articles/1",
        doi="10.1234/salt.1",
        categories=("chemistry",),
        published=date(2026, 11, 20),
    )


def test_the_body_stands_in_for_a_missing_summary() -> None:
    """Some feeds have nothing else."""
    second = parsed((DATA / "rss.xml").read_bytes()).entries[1]

    assert (second.abstract, second.authors, second.published) == ("The whole article.", ("Ada Lovelace",), None)


def test_what_cannot_be_read_is_told_by_its_place() -> None:
    """An entry without title is left out, one with an impossible date or address is kept without it."""
    page = parsed((DATA / "rss.xml").read_bytes())

    assert page.warnings == (
        f"{ADDRESS}#3: no title, so the entry is left out",
        f"{ADDRESS}#4: the date 'Sun, 31 Dec 9999 23:59:59 GMT' is not one, so the entry has none",
    )
    assert page.left_out == 1
    assert [(entry.title, entry.url, entry.published) for entry in page.entries[2:]] == [
        ("A date from nowhere", "", None)
    ]


def test_an_rdf_item_gives_doi_initials_and_an_unpadded_date() -> None:
    """The form of the preprint servers: surnames first, dates without zeros, addresses with versions."""
    entry = only(parsed((DATA / "rdf.xml").read_bytes()))

    assert (entry.title, entry.doi) == ("Shells that count their own rings", "10.1101/2026.11.18.123456")
    assert entry.authors == ("A. K. Lovelace", "G. Hopper", "M.-J. de la Muestra")
    assert entry.published == date(2026, 11, 9)


def test_atom_text_stays_as_it_is_and_atom_html_becomes_text() -> None:
    """The feed says which is which. The day is the one written, not the one in Greenwich."""
    first, second = parsed((DATA / "atom.xml").read_bytes()).entries

    assert (first.title, first.abstract) == ("Why <think> and a<b are text", "One & two three.")
    assert (first.authors, first.published) == (("Ada Lovelace", "Grace Hopper"), date(2026, 11, 20))
    assert second.title == "An xhtml title & more"


@pytest.mark.parametrize(
    ("item", "identifiers"),
    [
        ("<guid>https://arxiv.org/abs/2611.01234v2</guid>", ("2611.01234", 2, "")),
        ("<link>http://arxiv.org/abs/math.GT/0309136</link>", ("math/0309136", 0, "")),
        ("<guid>oai:arXiv.org:2611.01234v1</guid>", ("2611.01234", 1, "")),
        ("<dc:identifier>doi:10.1234/A</dc:identifier>", ("", 0, "10.1234/a")),
        ("<prism:doi>10.1234/b</prism:doi>", ("", 0, "10.1234/b")),
        ("<link>https://doi.org/10.48550/arXiv.2611.01234</link>", ("2611.01234", 0, "")),
        ("<link>https://example.org/no/identifier</link>", ("", 0, "")),
    ],
)
def test_identifiers_are_recognised_where_feeds_put_them(item: str, identifiers: tuple[str, int, str]) -> None:
    """Without them the same work from two sources would be two papers."""
    entry = only(parsed(rss(f"<title>T</title>{item}")))

    assert (entry.arxiv_id, entry.version, entry.doi) == identifiers


@pytest.mark.parametrize(
    ("item", "url"),
    [
        ("<link>/a b</link><guid>x</guid>", ""),
        ("<link>/articles/1?x=1&amp;y=2</link>", "https://journal.example.org/articles/1?x=1&y=2"),
        ("<link>data:text/html,x</link><guid>https://example.org/1</guid>", "https://example.org/1"),
        ("<link>https://login@example.org/</link><dc:identifier>doi:10.1234/a</dc:identifier>", "https://doi.org/10.1234/a"),
        ("<link>https://[bad/</link>", ""),
        ("<link>https://arxiv.org/pdf/2611.01234v2</link>", "https://arxiv.org/abs/2611.01234"),
    ],
)  # fmt: skip
def test_only_a_plain_web_address_becomes_the_link(item: str, url: str) -> None:
    """Relative ones are completed, all others dropped; arXiv papers lead to their abstract page."""
    assert only(parsed(rss(f"<title>T</title>{item}"))).url == url


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("Ada Lovelace, Grace Hopper and Mary Example", ("Ada Lovelace", "Grace Hopper", "Mary Example")),
        ("Ada Lovelace, Grace Hopper, and Mary Example", ("Ada Lovelace", "Grace Hopper", "Mary Example")),
        ("Lovelace, A.; Hopper, G. M.", ("A. Lovelace", "G. M. Hopper")),
        ("Lovelace, Ada", ("Ada Lovelace",)),
        ("The Alexandria Group", ("The Alexandria Group",)),
        ("Plato", ("Plato",)),
        ("Plato and Sons", ("Plato and Sons",)),
        ("Ada &lt;b&gt;Lovelace&lt;/b&gt;&#13;&#10;Bcc: x", ("Ada Lovelace Bcc: x",)),
        (r"Erd\H{o}s P\'al", ("Erdős Pál",)),
        ("ada@example.org", ()),
    ],
)
def test_names_are_read_in_the_forms_feeds_write_them(written: str, names: tuple[str, ...]) -> None:
    """One element for all, surnames first, several separators."""
    assert only(parsed(rss(f"<title>T</title><dc:creator>{written}</dc:creator>"))).authors == names


def test_two_thousand_authors_are_all_kept() -> None:
    """Large collaborations publish too."""
    creators = "".join(f"<dc:creator>Author Number{number}</dc:creator>" for number in range(2000))

    assert len(only(parsed(rss(f"<title>T</title>{creators}"))).authors) == 2000


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("A\r\nBcc: ada@example.org", "A Bcc: ada@example.org"),
        ("A\x00\x1b[31m B", "A[31m B"),
        ("&#0;A&#x1F;&#8238;B&#x92;", "AB’"),
        ("A &nbsp; caf&eacute; &unknown; R&D", "A café &unknown; R&D"),
        ("A <![CDATA[B & C &amp; D]]>", "A B & C & D"),
        ("{{ 7*7 }}{% for x in y %}", "{{ 7*7 }}{% for x in y %}"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;A", "A"),
        ("x" * 5000, "x" * 999 + "…"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_a_hostile_title_becomes_one_harmless_line(title: str, expected: str) -> None:
    """No controls, no overrides, no markup, no more than fits; braces are only braces."""
    assert only(parsed(rss(f"<title>{title}</title>"))).title == expected


def test_entities_are_never_expanded_and_nothing_is_opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A billion laughs stay one word, and an external entity stays outside."""
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    monkeypatch.setattr(socket, "socket", None)
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<!DOCTYPE rss [<!ENTITY l0 "lol">{laughs}<!ENTITY x SYSTEM "{secret.as_uri()}">]>'

    for encoding in ("utf-8", "utf-16"):
        body = rss("<title>T &l9; &x;</title>").replace("?>", "?>" + doctype, 1).encode(encoding)

        found = parsed(body)
        assert only(found).title == "T &l9; &x;"
        assert "declares entities, which are never resolved" in found.warnings[0]


@pytest.mark.parametrize("body", [b"https://example.org/feed", b"file:///etc/hostname", b"/etc/hostname"])
def test_a_body_is_never_taken_for_a_name_or_an_address(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library would open it."""
    monkeypatch.setattr(socket, "socket", None)

    with pytest.raises(SourceError, match="neither RSS nor Atom"):
        parsed(body)


@pytest.mark.parametrize("name", ["rss.xml", "atom.xml"])
def test_a_feed_that_breaks_off_keeps_the_entries_before(name: str) -> None:
    """At whatever byte; the half entry at the end is not half shown."""
    body = (DATA / name).read_bytes()
    whole = parsed(body)
    ends = [at for at in range(len(body)) if body.startswith((b"</item>", b"</entry>"), at)]

    for cut in range(ends[0] + 8, ends[-1], 97):
        page = parsed(body[:cut])
        complete = sum(end + 8 <= cut for end in ends)

        assert page.entries == tuple(one for one in whole.entries if int(one.place.rpartition("#")[2]) <= complete)
        assert "the feed breaks off; the entries before that are kept" in page.warnings[0]


def test_damaged_xml_is_read_as_far_as_possible_with_a_warning() -> None:
    """A prefix nobody declared, a tag nobody closed."""
    page = parsed(rss("<title>One</title><odd:x>1</odd:x><description>Text</description>", "<title>Two</title><br>"))

    assert [entry.title for entry in page.entries] == ["One", "Two"]
    assert "not well-formed, read as far as possible" in page.warnings[0]


def test_a_large_body_is_read_only_if_it_is_well_formed() -> None:
    """Reading damage is slow, and nobody shall wait for minutes."""
    item = f"<title>T</title><description>{'word ' * 1000}</description>"
    body = rss(*[item] * (LARGEST_DAMAGED // len(item) + 1))

    assert len(parsed(body).entries) > 300
    with pytest.raises(SourceError, match="a large body that is not well-formed"):
        parsed(body.replace("word", "wo<b", 1))


def test_a_body_the_library_fails_on_is_an_error_of_that_source() -> None:
    """It stumbles over an item inside a category of another."""
    with pytest.raises(SourceError, match="damaged beyond reading"):
        parsed(rss("<title>T</title><category>x<item></item></category>"))


@pytest.mark.parametrize(("encoding", "declared"), [("cp1252", "utf-8"), ("utf-8", "iso-8859-1"), ("utf-16", "utf-8")])
def test_a_wrongly_declared_encoding_is_seen_through(encoding: str, declared: str) -> None:
    """The bytes decide."""
    body = rss("<title>Größen – café</title>").replace("?>", f' encoding="{declared}"?>', 1).encode(encoding)

    assert only(parsed(body)).title == "Größen – café"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-11-20", date(2026, 11, 20)),
        ("2026-6-3", date(2026, 6, 3)),
        ("Fri, 20 Nov 2026 23:30:00 -0500", date(2026, 11, 21)),
        ("2027-03-01", date(2027, 3, 1)),
        ("2026-13-45", None),
        ("0001-01-01", None),
        ("99999999999", None),
        ("yesterday", None),
    ],
)
def test_dates_are_parsed_and_absurd_ones_dropped(written: str, expected: date | None) -> None:
    """A journal's next number may lie ahead, a century may not."""
    page = parsed(rss(f"<title>T</title><pubDate>{written}</pubDate>"))

    assert only(page).published == expected
    assert bool(page.warnings) == (expected is None)


def test_a_body_of_too_many_entries_is_cut_with_a_warning() -> None:
    """Nobody publishes so much in a day."""
    page = parsed(rss(*("<title>T</title>" for _ in range(MOST_ENTRIES + 1))))

    assert len(page.entries) == MOST_ENTRIES
    assert f"more than {MOST_ENTRIES} entries; only those are read" in page.warnings[0]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "the body is empty"),
        (" \n", "the body is empty"),
        ("<!doctype html><html><head><title>Journal</title></head></html>", "this is an HTML page, not a feed"),
        ('{"version": "https://jsonfeed.org/version/1.1"}', "this is JSON, but no JSON Feed"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "this is neither RSS nor Atom"),
    ],
)
def test_what_is_no_feed_is_an_error_with_its_way_out(body: bytes | str, message: str) -> None:
    """Most often it is the address of the site instead of its feed."""
    with pytest.raises(SourceError, match=message):
        parsed(body)


@pytest.mark.parametrize(
    "inside",
    [
        '<svg><metadata><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></metadata></svg>',
        "<feed-login></feed-login>",
        "<!-- <rss> -->",
        "<rss></rss>",
    ],
)
@pytest.mark.parametrize("before", ["", "<!-- <rss> -->", "<?php '<rss>' ?>", '<!DOCTYPE html [<!ENTITY x "<rss>">]>'])
def test_a_page_that_speaks_of_feeds_is_none(before: str, inside: str) -> None:
    """A login page would be a feed without entries, and nobody would hear that the source is lost."""
    with pytest.raises(SourceError, match="this is an HTML page, not a feed"):
        parsed(f"{before}<html><body>{inside}<form>Log in</form></body></html>")


def test_arxivs_papers_that_cannot_be_read_are_counted() -> None:
    """Without a title, or lost with what is damaged."""
    page = parsed(an_atom_feed(an_atom_entry(1, title=" "), an_atom_entry(2)))

    assert (len(page.entries), page.left_out) == (1, 1)


def test_what_stands_before_a_feed_does_not_hide_it() -> None:
    """Comments, instructions for programs and document types may."""
    before = '<?xml version="1.0"?><?xml-stylesheet href="x.xsl"?><!-- <html> --><!DOCTYPE rss [<!ENTITY y "z">]>\n'
    page = parsed(before + rss("<title>T</title>").partition("?>")[2])

    assert only(page).title == "T"


def test_a_feed_without_entries_is_empty_and_no_error() -> None:
    """Nothing new is news too."""
    assert parsed(rss()) == Parsed(())


def test_a_password_in_an_address_is_never_shown() -> None:
    """Places are logged, stored and mailed."""
    location = "https://ada:hunter2@example.org/rss?api_key=hunter2&subject=all"
    page = SOURCE.parse(rss("<title>T</title>").encode(), Request(location), now=NOW)

    assert only(page).place == "https://example.org/rss?api_key=…&subject=all#1"


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("#3", "https://example.org/rss#3"),
        ("?", "https://example.org/rss"),
        ("?id=3", "https://example.org/rss?id=3"),
        ("3;x=1", "https://example.org/3;x=1"),
        ("https://example.org/3?id=3&amp;token=hunter2", "https://example.org/3?id=3"),
        ("https://example.org/3?id=3&amp;t=aB3dE5gH7jK9mN1p", ""),
        ("https://example.org/aB3dE5gH7jK9mN1p/3", ""),
        ("//example.org/3", "https://example.org/3"),
    ],
)
def test_what_a_feed_was_asked_with_reaches_no_reader(link: str, url: str) -> None:
    """Login and token are the subscriber's own, and issues are mailed."""
    asked = Request(
        "https://ada:hunter2@example.org/rss;jsessionid=hunter2?token=hunter2&view=aB3dE5gH7jK9mN1p#key=hunter2"
    )
    entry = only(SOURCE.parse(rss(f"<title>T</title><link>{link}</link><guid>x</guid>").encode(), asked, now=NOW))

    assert entry.url == url
    assert "hunter2" not in repr(entry)
    assert "aB3dE5gH7jK9mN1p" not in repr(entry)


def test_a_mile_of_broken_markup_does_not_stop_the_others() -> None:
    """A megabyte of it is read up to a bound, and a hostile feed costs itself only."""
    hostile = ["&lt;script " * 90_000, "&lt;!--" * 150_000, "word " * 200_000]
    page = parsed(rss(*(f"<title>T</title><description>{text}</description>" for text in hostile)))

    assert [len(entry.abstract) <= 10_000 for entry in page.entries] == [True] * 3
    assert page.entries[2].abstract.startswith("word word")


@given(st.binary(max_size=300), st.integers(0, 2000))
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60, deadline=None)
def test_any_damage_gives_entries_or_a_source_error(noise: bytes, at: int) -> None:
    """Never another exception, and never a title of two lines."""
    body = (DATA / "rss.xml").read_bytes()
    try:
        page = parsed(body[:at] + noise + body[at:])
    except SourceError:
        return

    assert all(entry.title == " ".join(entry.title.split()) for entry in page.entries)


@pytest.mark.parametrize(
    ("written", "address"),
    [("https://example.org/a", "https://example.org/a"), (" //example.org/a ", "https://example.org/a"), ("a:b", "")],
)
def test_an_address_is_completed_from_where_it_was_found(written: str, address: str) -> None:
    """As a browser would."""
    assert web_address(written, base="https://journal.example.org/x/y") == address


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": "X"}, "a feed needs url:"),
        ({"name": "X", "url": "https://example.org", "path": "x"}, "one of the two"),
        ({"name": "X", "url": "saved/feed.xml"}, '"saved/feed.xml" is not a web address; it begins with https://'),
        ({"name": "", "path": "x"}, "at least 1 character"),
        ({"url": "https://example.org"}, "Field required"),
    ],
)
def test_a_mistake_in_the_settings_says_the_way_out(fields: dict[str, Any], message: str) -> None:
    """Before any request is made."""
    with pytest.raises(ValidationError, match=message):
        Feed.model_validate(fields)


def test_the_source_says_what_to_fetch() -> None:
    """Its address or its file."""
    assert (SOURCE.label, SOURCE.requests(DAY, now=NOW)) == ("feed Examples", (Request(ADDRESS),))
    assert Feed(name="Saved\nfeed", path="x.xml").label == "feed Saved feed"
    assert Feed(name="S", path="x.xml").requests(DAY, now=NOW) == (Request("x.xml"),)


def test_feedparser_never_sees_what_arxiv_wrote(monkeypatch: pytest.MonkeyPatch) -> None:
    """In its RSS it takes what stands between < and > for tags; the reader of arXiv's own lists knows better."""

    def seen(*_: object, **__: object) -> None:
        raise AssertionError("feedparser was asked")

    monkeypatch.setattr("feedparser.parse", seen)
    abstract = "For $a<b$ and $c>d$, <think> and <mask> stay, and n<m<k."
    found = [only(parsed(make(abstract))) for make in (an_arxiv_rss, an_arxiv_atom)]

    assert {entry.abstract for entry in found} == {"For a<b and c>d, <think> and <mask> stay, and n<m<k."}
    with pytest.raises(SourceError, match="feedparser was asked"):
        parsed(rss("<title>T</title>"))


def an_arxiv_rss(abstract: str) -> bytes:
    """Return arXiv's RSS of one paper."""
    return an_rss_feed(an_rss_item(1, abstract=abstract))


def an_arxiv_atom(abstract: str) -> bytes:
    """Return arXiv's Atom feed of one paper."""
    return an_atom_feed(an_atom_entry(1, abstract=abstract))
