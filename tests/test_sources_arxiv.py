"""arXiv: the day's list as Atom and RSS, its limit, its API for past days, and why it is silent."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from bodies_arxiv import (
    a_feed_error,
    an_api_entry,
    an_api_error,
    an_api_page,
    an_api_slice,
    an_atom_entry,
    an_atom_feed,
    an_rss_feed,
    an_rss_item,
    the_id,
)
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from makers import DAY
from pydantic import ValidationError

from newsletter.errors import SourceError
from newsletter.models import AnnounceType, Entry
from newsletter.sources.arxiv import Arxiv, is_arxiv, read_announcement
from newsletter.sources.arxiv.body import MOST_ITEMS
from newsletter.sources.arxiv.remarks import code_in, venue_in
from newsletter.sources.source import Parsed, Request, Silence

EASTERN = ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 20, 8, tzinfo=EASTERN)  # a Friday
BODY = (Path(__file__).parent / "data" / "feeds" / "arxiv.xml").read_bytes()
SOURCE = Arxiv(categories=("cs.CL", "cs.LG"))
ADDRESS = "https://rss.arxiv.org/atom/cs.CL+cs.LG"
TODAY = Request(ADDRESS, gate="arxiv.org", pause_seconds=3.0)
[PAST] = SOURCE.requests(date(2026, 11, 19), now=NOW)


def parsed(
    body: bytes | str = BODY, *, source: Arxiv = SOURCE, request: Request = TODAY, now: datetime = NOW
) -> Parsed:
    """Return what a body gives."""
    return source.parse(body if isinstance(body, bytes) else body.encode(), request, now=now)


def only(page: Parsed) -> Entry:
    """Return the one entry there is."""
    [entry] = page.entries
    return entry


def terms(request: Request) -> dict[str, str]:
    """Return what a request asks the API."""
    return {name: values[-1] for name, values in parse_qs(urlsplit(request.address).query).items()}


# ------------------------------------------------------------------ the announcement


def test_a_new_paper_is_read_with_everything_the_feed_says() -> None:
    """Angle brackets survive, accents become characters, the abstract loses its preamble."""
    first = parsed().entries[0]

    assert (first.source, first.place) == ("arxiv cs.CL+cs.LG", f"{ADDRESS}#1")
    assert (first.raw_title or first.title) == "Tokens such as <think> when $a<b$ and $c>d$"
    assert "the marker <think> is kept, and so is n<m<k. A café is mentioned & left alone." in first.abstract
    assert not first.abstract.startswith("arXiv")
    assert first.authors == ("René Example", "Ada B. Sample Jr", "Gösta Muster")
    assert (first.url, first.arxiv_id, first.version) == ("https://arxiv.org/abs/2611.01234", "2611.01234", 1)
    assert first.categories == ("cs.CL", "cs.AI")
    assert (first.announce_type, first.published) == (AnnounceType.NEW, date(2026, 11, 20))
    assert (parsed().warnings, parsed().more, parsed().late) == ((), (), "")


def test_a_journal_is_kept_by_its_doi_and_name() -> None:
    """Another source may bring the same work under its DOI."""
    entry = parsed().entries[1]

    assert (entry.doi, entry.signals.venue) == ("10.1234/example.5", "Journal of Examples 5 (2026)")


def test_arxivs_own_doi_is_no_journals() -> None:
    """It says no more than the id."""
    assert only(parsed(an_atom_feed(an_atom_entry(doi="10.48550/arXiv.2611.00001")))).doi == ""


def test_replacements_are_left_out_unless_asked_for() -> None:
    """A new version is an update, not a new paper."""
    everything = Arxiv(categories=("cs.LG",), announce_types=tuple(AnnounceType))

    assert [entry.arxiv_id for entry in parsed().entries] == ["2611.01234", "2611.00002"]
    assert [entry.version for entry in parsed(source=everything).entries] == [1, 2, 4]


def test_a_list_without_a_wanted_paper_says_what_it_holds() -> None:
    """It is not the same as an empty one."""
    page = parsed(an_atom_feed(an_atom_entry(1, "replace"), an_atom_entry(2, "replace-cross")))

    assert page == Parsed(empty="2 papers are listed, none new or cross")


@pytest.mark.parametrize("kinds", [("cross", "new", "replace"), ("replace", "cross", "new"), ("new", "new", "cross")])
def test_a_paper_announced_twice_is_one_entry_of_the_strongest_type(kinds: tuple[str, ...]) -> None:
    """New counts for more than a cross-list, and that for more than a replacement."""
    entry = only(parsed(an_atom_feed(*(an_atom_entry(7, kind) for kind in kinds))))

    assert (entry.arxiv_id, entry.announce_type, entry.place) == ("2611.00007", AnnounceType.NEW, f"{ADDRESS}#1")


def test_a_type_that_nobody_knows_keeps_the_paper() -> None:
    """Better one paper too many than one that is lost."""
    assert only(parsed(an_atom_feed(an_atom_entry(announced="revived")))).announce_type is None


@pytest.mark.parametrize("form", ["atom", "rss"])
def test_descriptions_are_plain_text_in_both_variants(form: str) -> None:
    """What stands between < and > is words; a single escape is undone and no other."""
    abstract = "For $a<b$ words in between $c>d$, <think> and <b>, n<m<k, AT&amp;T & co."
    item = an_atom_entry(abstract=abstract) if form == "atom" else an_rss_item(abstract=abstract)
    entry = only(parsed(an_atom_feed(item) if form == "atom" else an_rss_feed(item)))

    assert (entry.raw_abstract or entry.abstract) == abstract


def test_the_rss_variant_says_the_same_as_the_atom_feed() -> None:
    """Ids, versions, types, dates, categories, names and journals."""
    told = {"version": 3, "doi": "10.1234/x.1", "journal": "J. Ex. 1", "categories": ("cs.CL", "math.OC", "68T50")}

    atom = parsed(an_atom_feed(an_atom_entry(5, "cross", **told)))
    rss = parsed(an_rss_feed(an_rss_item(5, "cross", **told)))

    assert rss == atom
    assert only(rss).categories == ("cs.CL", "math.OC")
    assert (only(rss).version, only(rss).published) == (3, DAY)


def test_old_ids_are_read() -> None:
    """Papers before April 2007 are replaced now and then."""
    everything = Arxiv(categories=("math.GT",), announce_types=tuple(AnnounceType))
    entry = only(parsed(an_atom_feed(an_atom_entry(id="math/0309136", version=4)), source=everything))

    assert (entry.arxiv_id, entry.version, entry.url) == ("math/0309136", 4, "https://arxiv.org/abs/math/0309136")


def test_two_thousand_authors_are_all_there() -> None:
    """Large collaborations exist."""
    names = tuple(f"Author Number{number}" for number in range(2000))

    assert only(parsed(an_atom_feed(an_atom_entry(creator=", ".join(names))))).authors == names


def test_affiliations_and_suffixes_are_no_names() -> None:
    """They hold commas, and a suffix belongs to the name before."""
    creator = "A One (X, Y (Z, W), V), Martin Muster, Jr, The Example Collaboration"

    assert only(parsed(an_atom_feed(an_atom_entry(creator=creator)))).authors == (
        "A One",
        "Martin Muster Jr",
        "The Example Collaboration",
    )


def test_an_entry_without_title_is_left_out_with_a_warning() -> None:
    """The others are kept."""
    page = parsed(an_atom_feed(an_atom_entry(1, title=" "), an_atom_entry(2)))

    assert only(page).arxiv_id == "2611.00002"
    assert page.warnings == (f"{ADDRESS}#1: no title, so the entry is left out",)


def test_an_unreadable_date_is_told_once() -> None:
    """The papers are kept without it."""
    body = an_atom_feed(an_atom_entry(1), an_atom_entry(2)).replace(b"<published>2026", b"<published>x026")
    page = parsed(body)

    assert [entry.published for entry in page.entries] == [None, None]
    assert page.warnings == (f"{ADDRESS}: 2 of 2 papers have no readable date",)


def test_an_empty_list_has_no_entries_and_no_warnings() -> None:
    """Weekends and holidays look like this, in both variants."""
    assert parsed(an_atom_feed()) == parsed(an_rss_feed()) == Parsed()


# ------------------------------------------------------------------ damage


def test_a_refused_query_is_an_error_with_arxivs_own_words() -> None:
    """One bad category fails the whole request, and arXiv lists the good ones."""
    with pytest.raises(SourceError, match=r"Feed error for query: cs.zz. Bad subject class.*correct the categories"):
        parsed(a_feed_error())
    with pytest.raises(SourceError, match="No such class; correct the categories"):
        parsed(an_rss_feed(title="Feed error for query: cs.zz", description="No such class"))


def test_an_error_of_the_api_is_an_error() -> None:
    """It comes as a feed of one entry."""
    with pytest.raises(SourceError, match=r"arXiv answers an error: start must be non-negative; the next run"):
        parsed(an_api_error(), request=PAST)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is empty"),
        (b" \n", "the body is empty"),
        (b"Rate exceeded.", r'neither RSS nor Atom \("Rate exceeded."\), not a feed of arXiv'),
        (b"<!doctype html><html><body><feed/></body></html>", "an HTML page"),
        (b"<!-- <feed> --><html lang='en'></html>", "an HTML page"),
        (b'{"feed": 1}', "neither RSS nor Atom"),
        (b"\x00\x01\x02<feed", "breaks off before its first paper ends"),
        (BODY[:600], "breaks off before its first paper ends"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_feed_is_an_error_that_says_what_it_is(body: bytes, message: str) -> None:
    """With the way out."""
    with pytest.raises(SourceError, match=f"{message}.*; the next run tries again$"):
        parsed(body)


@pytest.mark.parametrize("form", ["atom", "rss"])
def test_a_body_that_breaks_off_keeps_its_complete_papers(form: str) -> None:
    """With a warning, wherever in the next paper it breaks off."""
    whole = (
        an_atom_feed(*(an_atom_entry(number) for number in (1, 2, 3)))
        if form == "atom"
        else an_rss_feed(*(an_rss_item(number) for number in (1, 2, 3)))
    )
    end = whole.rindex(b"</entry>" if form == "atom" else b"</item>")
    for cut in range(1, 400, 7):
        page = parsed(whole[: end - cut])

        assert [entry.arxiv_id for entry in page.entries] == [the_id(1), the_id(2)]
        assert page.warnings == (f"{ADDRESS}: the body breaks off; the papers before that are kept",)


def test_the_encoding_is_what_the_bytes_are_and_not_what_they_say() -> None:
    """Wrongly declared, missing, and in Windows-1252 although UTF-8 is declared."""
    body = an_atom_feed(an_atom_entry(title="Čapek and Gödel")).replace(b'encoding="UTF-8"', b'encoding="iso-8859-1"')
    bare = body.partition(b"\n")[2]
    western = an_atom_feed(an_atom_entry(title="Gödel")).decode().encode("cp1252")

    assert only(parsed(body)).title == only(parsed(bare)).title == "Čapek and Gödel"
    assert only(parsed(western)).title == "Gödel"
    assert only(parsed(an_atom_feed(an_atom_entry(title="Gödel")).decode().encode("utf-16"))).title == "Gödel"


def test_control_characters_and_bare_ampersands_cost_no_paper() -> None:
    """What XML forbids goes, with a warning."""
    body = an_atom_feed(an_atom_entry(1, title="Before X after"), an_atom_entry(2))
    page = parsed(body.replace(b"Before X", b"Bef\x00ore\x1b &"))

    assert [entry.arxiv_id for entry in page.entries] == [the_id(1), the_id(2)]
    assert page.entries[0].title.startswith("Before")
    assert "not well-formed, read as far as possible" in page.warnings[0]


def test_papers_that_damage_costs_are_counted() -> None:
    """Nothing is lost silently: the parser gives up where elements nest too deeply."""
    page = parsed(an_atom_feed(an_atom_entry(1), "<a>" * 300, *(an_atom_entry(number) for number in (2, 3))))

    assert [entry.arxiv_id for entry in page.entries] == [the_id(1)]
    assert page.warnings[1] == f"{ADDRESS}: 2 papers are lost by that"


def test_entities_are_never_resolved() -> None:
    """Neither a bomb nor a file: the document type is dropped, and what it declared is missing."""
    bomb = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    doctype = f'<!DOCTYPE feed [<!ENTITY l0 "lol">{bomb}<!ENTITY file SYSTEM "file:///etc/passwd">]>'
    body = an_atom_feed(an_atom_entry(1, title="Before X"), an_atom_entry(2, title="Before Y")).decode()
    body = body.replace("<feed", f"{doctype}<feed", 1).replace("Before X", "Before &l11;").replace("Y", "&file;")
    page = parsed(body)

    assert [entry.title for entry in page.entries] == ["Before", "Before"]
    assert len(page.warnings) == 1


def test_deep_nesting_and_huge_bodies_end() -> None:
    """A damaged body is read in bounded time, or is an error."""
    deep = an_atom_feed(an_atom_entry(1), "<a>" * 100_000)
    many = an_atom_feed("<entry><title>x</title></entry>" * (MOST_ITEMS + 5))

    assert len(parsed(deep).entries) <= 1
    assert len(parsed(many).entries) == MOST_ITEMS
    assert f"{ADDRESS}: more than {MOST_ITEMS} papers; only those are read" in parsed(many).warnings


_BODIES = (
    BODY,
    an_atom_feed(*(an_atom_entry(number, journal="J. Ex. 1") for number in range(3))),
    an_rss_feed(*(an_rss_item(number, "cross") for number in range(3))),
    an_api_page(*(an_api_entry(number, comment="Accepted at ICML 2026") for number in range(3)), total=9),
)
_SPLINTERS = (
    *b"< > & ]]> <!-- <![CDATA[ <entry> </entry> <item> </feed> &#xD800; &#55555 &nope; <title/> <?x -9 '".split(),
    *(b"", b" ", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"9" * 5000),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    body=st.sampled_from(_BODIES),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 300), st.sampled_from(_SPLINTERS)), min_size=1, max_size=6),
    request=st.sampled_from([TODAY, PAST, Request("saved/arxiv.xml"), Request("https://[::1/atom/cs.LG+cs.CL")]),
)
@example(body=BODY, cuts=[(0.0, 10_000, b"<rdf/>")], request=TODAY)
def test_damaged_bodies_raise_source_errors_only(
    body: bytes, cuts: list[tuple[float, int, bytes]], request: Request
) -> None:
    """Whatever is cut out and put in; every entry has a title, and every place is there once."""
    for where, length, splinter in cuts:
        at = int(where * len(body))
        body = body[:at] + splinter + body[at + length :]
    is_arxiv(body)
    try:
        page = parsed(body, request=request)
    except SourceError as error:
        page = Parsed(warnings=(str(error),))
    assert all(entry.title for entry in page.entries)
    assert len({entry.place for entry in page.entries}) == len(page.entries)
    assert all("\n" not in warning for warning in page.warnings)


# ------------------------------------------------------------------ whose body it is


@pytest.mark.parametrize(
    ("body", "ours"),
    [
        (an_atom_feed(), True),
        (an_rss_feed(an_rss_item()), True),
        (an_api_page(an_api_entry()), True),
        (a_feed_error(), True),
        (an_rss_feed().replace(b"http://arxiv.org/schemas/atom", b"http://example.org/x"), True),
        (b"<rss><channel><title>A journal</title><link>https://journal.example.org</link></channel></rss>", False),
        (b"<rss><channel><item><link>https://rss.arxiv.org/rss/cs.LG</link></item></channel></rss>", False),
        (b"<html><body>http://arxiv.org/schemas/atom</body></html>", False),
        (b"", False),
        (b"\xff\xfe\x00", False),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_arxivs_own_bodies_are_known_by_what_stands_before_the_first_item(body: bytes, *, ours: bool) -> None:
    """A feed that only links to arXiv is not one of arXiv's."""
    assert is_arxiv(body) is ours


def test_a_body_of_arxiv_that_came_through_a_feed_is_read_whole() -> None:
    """Under the feed's label, of every announce type."""
    body = an_rss_feed(an_rss_item(1), an_rss_item(2, "replace-cross", abstract="n<m<k"))
    page = read_announcement(body, Request("https://rss.arxiv.org/rss/cs.LG"), source="feed Mine", now=NOW)

    assert [(entry.source, entry.announce_type) for entry in page.entries] == [
        ("feed Mine", AnnounceType.NEW),
        ("feed Mine", AnnounceType.REPLACE_CROSS),
    ]
    assert page.entries[1].abstract == "n<m<k"


# ------------------------------------------------------------------ the limit of 2000


def a_full_feed(count: int = 1_900) -> bytes:
    """Return a feed that nears arXiv's limit."""
    return an_atom_feed(*(an_atom_entry(number) for number in range(1, count + 1)))


def asked_in_halves(request: Request, *, source: Arxiv) -> list[Request]:
    """Return everything that is read when every feed is full."""
    more = source.parse(a_full_feed(), request, now=NOW).more
    return [request, *(asked for half in more for asked in asked_in_halves(half, source=source))]


def test_a_feed_near_the_limit_is_asked_for_again_in_halves() -> None:
    """What it holds is kept; a feed with a little room is whole."""
    source = Arxiv(categories=("cs.LG", "cs.CL", "stat.ML"))
    [request] = source.requests(DAY, now=NOW)
    page = source.parse(a_full_feed(), request, now=NOW)

    assert len(page.entries) == 1_900
    assert [(one.address, one.gate, one.pause_seconds) for one in page.more] == [
        ("https://rss.arxiv.org/atom/cs.LG", "arxiv.org", 3.0),
        ("https://rss.arxiv.org/atom/cs.CL+stat.ML", "arxiv.org", 3.0),
    ]
    assert page.warnings == ()
    assert source.parse(a_full_feed(1_899), request, now=NOW).more == ()


def test_no_paper_of_a_large_day_is_lost() -> None:
    """The feed cuts at 2000 and new papers first, as arXiv's does; the halves bring them."""
    day = [(number, ("cs.LG", "cs.CL", "stat.ML")[number % 3]) for number in range(1, 2_301)]

    def serve(request: Request) -> bytes:
        asked = request.address.rpartition("/")[2].split("+")
        return an_atom_feed(*[an_atom_entry(number, categories=(one,)) for number, one in day if one in asked][-2_000:])

    source = Arxiv(categories=("cs.LG", "cs.CL", "stat.ML"))
    waiting, found = list(source.requests(DAY, now=NOW)), set[str]()
    while waiting:
        request = waiting.pop()
        page = source.parse(serve(request), request, now=NOW)
        waiting += page.more
        found |= {entry.arxiv_id for entry in page.entries}

    assert found == {the_id(number) for number, _ in day}


def test_halving_ends_at_single_categories_with_a_warning() -> None:
    """Every category is asked for once alone."""
    source = Arxiv(categories=("cs.LG", "hep-th"), site="http://mirror.example.org/arxiv/")
    [request] = source.requests(DAY, now=NOW)

    assert [one.address.rpartition("/")[2] for one in asked_in_halves(request, source=source)] == [
        "cs.LG+hep-th",
        "cs.LG",
        "hep-th",
    ]
    [warning] = source.parse(a_full_feed(), Request("http://mirror.example.org/arxiv/atom/hep-th"), now=NOW).warnings
    assert warning.endswith(
        "1900 papers, and arXiv cuts at 2000, so some may be missing; there is no smaller list to ask for"
    )


def test_an_archive_is_divided_into_its_classes() -> None:
    """So that a whole archive can be read on its largest day."""
    source = Arxiv(categories=("stat",))
    [request] = source.requests(DAY, now=NOW)

    assert [one.address.rpartition("/")[2] for one in source.parse(a_full_feed(), request, now=NOW).more] == [
        "stat.AP+stat.CO+stat.ME",
        "stat.ML+stat.OT+stat.TH",
    ]


def test_a_saved_feed_cannot_be_asked_for_in_halves() -> None:
    """A warning says that papers may be missing."""
    page = parsed(a_full_feed(), source=Arxiv(path="saved.xml"), request=Request("saved.xml"))

    assert page.more == ()
    assert "arXiv cuts at 2000" in page.warnings[0]


# ------------------------------------------------------------------ what is asked


def test_all_categories_are_asked_for_in_one_request() -> None:
    """In arXiv's spelling, each once, three seconds apart from any other request to arXiv."""
    source = Arxiv(categories=("cs.lg", "CS.CL", "cs.LG", "hep-th"))

    assert source.requests(DAY, now=NOW) == (
        Request("https://rss.arxiv.org/atom/cs.LG+cs.CL+hep-th", gate="arxiv.org", pause_seconds=3.0),
    )
    assert source.label == "arxiv cs.LG+cs.CL+hep-th"


def test_a_mirror_is_asked_instead() -> None:
    """For lists and for past days."""
    source = Arxiv(categories=("cs.LG",), site="http://127.0.0.1:8/", api_site="http://127.0.0.1:9")

    assert source.requests(DAY, now=NOW)[0].address == "http://127.0.0.1:8/atom/cs.LG"
    assert source.requests(date(2026, 11, 19), now=NOW)[0].address.startswith("http://127.0.0.1:9/api/query?")


def test_a_saved_feed_is_read_from_its_path_today_only() -> None:
    """It rests on no weekend, is never late, and knows no past day."""
    source = Arxiv(path="saved/arxiv.xml")

    assert source.requests(DAY, now=NOW) == (Request("saved/arxiv.xml"),)
    assert source.requests(date(2026, 11, 19), now=NOW) == ()
    assert source.label == "arxiv arxiv.xml"
    assert source.silence(date(2026, 11, 21), now=NOW) == Silence("the saved feed lists nothing")
    old = an_atom_feed(an_atom_entry(day=date(2026, 11, 2)), day=date(2026, 11, 2))
    assert parsed(old, source=source, request=Request("saved/arxiv.xml")).late == ""


def test_a_past_day_asks_the_api_for_what_was_submitted_for_it() -> None:
    """The window is that of the announcement of the evening before, in GMT; its end belongs to the next day."""
    source = Arxiv(categories=("cs.LG", "stat", "hep-th"))
    [request] = source.requests(date(2026, 11, 19), now=NOW)

    assert request.address.startswith("https://export.arxiv.org/api/query?search_query=%28cat%3Acs.LG+OR+")
    assert (request.gate, request.pause_seconds) == ("arxiv.org", 3.0)
    assert terms(request) == {
        "search_query": "(cat:cs.LG OR cat:stat.* OR cat:hep-th) AND submittedDate:[202611171900 TO 202611181859]",
        "start": "0",
        "max_results": "500",
        "sortBy": "submittedDate",
        "sortOrder": "ascending",
    }


def test_a_past_day_in_summer_is_asked_for_an_hour_earlier() -> None:
    """Two in the afternoon in New York is 18:00 GMT then; over the change of clocks it is both."""
    windows = [
        terms(SOURCE.requests(day, now=NOW)[0])["search_query"].partition("submittedDate:")[2]
        for day in (date(2026, 7, 22), date(2026, 11, 3))
    ]

    assert windows == ["[202607201800 TO 202607211759]", "[202610301800 TO 202611021859]"]


@pytest.mark.parametrize("day", [date(2026, 11, 14), date(2026, 11, 15), date(2026, 9, 8)])
def test_a_past_day_without_announcement_asks_nothing(day: date) -> None:
    """Weekends and the day after a holiday; the silence says which."""
    assert SOURCE.requests(day, now=NOW) == ()
    assert SOURCE.silence(day, now=NOW).reason.endswith(f", so there is no list of {day}")
    assert not SOURCE.silence(day, now=NOW).late


# ------------------------------------------------------------------ the API


def test_an_entry_of_the_api_is_read_with_comment_venue_code_and_submission_date() -> None:
    """The names stand one by one; affiliations are none of them; hard line breaks go."""
    body = an_api_page(
        an_api_entry(
            9,
            version=2,
            title="A title\n  on two lines",
            comment=r"12 pages. Accepted at ICML 2026. Code: \url{https://github.com/ada/tree\_draft}.",
            categories=("cs.CL", "cs.AI"),
            doi="10.1234/x.9",
            abstract="An abstract\n over lines.",
        )
    )
    entry = only(parsed(body, request=PAST))

    assert (entry.title, entry.abstract) == ("A title on two lines", "An abstract over lines.")
    assert (entry.arxiv_id, entry.version, entry.doi) == ("2611.00009", 2, "10.1234/x.9")
    assert entry.place == "https://export.arxiv.org/api/query#1"
    assert (entry.published, entry.categories) == (date(2026, 11, 18), ("cs.CL", "cs.AI"))
    assert entry.authors == ("Ada Lovelace", "Grace Hopper")
    assert entry.signals.venue == "ICML 2026"
    assert entry.signals.code_url == "https://github.com/ada/tree_draft"
    assert entry.signals.comment.startswith("12 pages. Accepted at ICML 2026.")


def test_a_journal_reference_counts_for_more_than_the_comment() -> None:
    """It is where the paper was published."""
    body = an_api_page(an_api_entry(journal=r"J. \'Etudes 5", comment="Accepted at ICML 2026"))

    assert only(parsed(body, request=PAST)).signals.venue == "J. Études 5"


def test_the_code_may_stand_in_the_abstract() -> None:
    """That is where most authors write it, and all that the feeds hold."""
    entry = only(parsed(an_atom_feed(an_atom_entry(abstract="Code is at https://github.com/ada/x."))))

    assert entry.signals.code_url == "https://github.com/ada/x"


def test_a_paper_of_the_api_is_new_where_its_primary_category_was_asked_for() -> None:
    """An archive stands for its classes; any other paper is a cross-list; of a saved answer nobody knows."""
    body = an_api_page(
        an_api_entry(1, categories=("cs.LG", "stat.ML")),
        an_api_entry(2, categories=("stat.ML", "cs.LG")),
        an_api_entry(3, categories=("cs.LG", "math.OC"), primary="math.OC"),
    )

    def types(source: Arxiv) -> list[str | None]:
        return [entry.announce_type for entry in parsed(body, source=source, request=PAST).entries]

    assert types(Arxiv(categories=("cs.LG",))) == ["new", "cross", "cross"]
    assert types(Arxiv(categories=("stat",))) == ["cross", "new", "cross"]
    assert types(Arxiv(categories=("cs.LG",), announce_types=(AnnounceType.NEW,))) == ["new"]
    assert types(Arxiv(path="saved.xml")) == [None, None, None]


@pytest.mark.parametrize("size", [500, 2, 3])
def test_the_api_is_paged_by_what_came(size: int) -> None:
    """However many papers it puts on a page, every one is read once, and nothing is asked beyond the last."""
    entries = [an_api_entry(number) for number in range(1, 8)]
    waiting, found, asked = [PAST], list[Entry](), 0
    while waiting:
        request = waiting.pop()
        asked += 1
        page = parsed(an_api_slice(entries, start=int(terms(request)["start"]), max_results=size), request=request)
        waiting += page.more
        found += page.entries
        assert page.warnings == ()

    assert [entry.arxiv_id for entry in found] == [the_id(number) for number in range(1, 8)]
    assert len({entry.place for entry in found}) == 7
    assert asked == -(-7 // size)


def test_the_next_page_asks_the_same_otherwise() -> None:
    """Politeness included."""
    [following] = parsed(an_api_page(an_api_entry(), total=3), request=PAST).more

    assert terms(following) == {**terms(PAST), "start": "1"}
    assert (following.gate, following.pause_seconds) == (PAST.gate, PAST.pause_seconds)


def test_a_page_that_breaks_off_is_continued_where_it_broke_off() -> None:
    """No paper is lost."""
    whole = an_api_page(an_api_entry(1), an_api_entry(2), an_api_entry(3))
    page = parsed(whole[: whole.rindex(b"</summary>")], request=PAST)

    assert len(page.entries) == 2
    assert [terms(one)["start"] for one in page.more] == ["2"]


def test_an_empty_page_that_counts_papers_is_an_error() -> None:
    """The API is known to answer so; asking again helps."""
    with pytest.raises(SourceError, match="answered an empty page though it counts 7 papers; try again"):
        parsed(an_api_page(total=7), request=PAST)


def test_an_empty_page_in_the_middle_is_an_error_as_well() -> None:
    """What came before was already handed over, and the error says how much that is."""
    [second] = parsed(an_api_page(an_api_entry(), total=7), request=PAST).more

    with pytest.raises(SourceError, match="though it counts 7 papers, of which 1 came before; try again"):
        parsed(an_api_page(total=7, start=1), request=second)


@pytest.mark.parametrize(
    ("body", "warning"),
    [
        (
            an_api_page(an_api_entry(), total=9, start=4),
            "answered from paper 4 on instead of 0; ask again for the rest",
        ),
        (
            an_api_page(an_api_entry(), total=9).replace(b"totalResults>9<", b"totalResults>many<"),
            "does not say how many papers there are; some may be missing",
        ),
    ],
)
def test_a_page_that_contradicts_what_was_asked_ends_the_search(body: bytes, warning: str) -> None:
    """So that no server is asked in circles; its papers are kept."""
    page = parsed(body, request=PAST)

    assert (len(page.entries), page.more) == (1, ())
    assert warning in page.warnings[0]


def test_more_papers_than_the_api_gives_are_told() -> None:
    """It refuses what is beyond 30 000."""
    request = Request(PAST.address.replace("start=0", "start=29999"))
    page = parsed(an_api_page(an_api_entry(), total=40_000, start=29_999), request=request)

    assert page.more == ()
    assert "40000 papers, of which arXiv's API gives 30000" in page.warnings[0]


def test_a_past_day_without_papers_is_asked_for_again() -> None:
    """A small category may have none, but the API errs at times."""
    page = parsed(an_api_page(total=0), request=PAST)

    assert page == Parsed()
    assert SOURCE.silence(date(2026, 11, 19), now=NOW) == Silence(
        "arXiv's API finds no paper announced on 2026-11-19; it misses some at times", late=True
    )


@pytest.mark.parametrize(
    ("zone", "day", "first", "last"),
    [
        ("America/New_York", 18, "202611161900", "202611171859"),  # the feed of the 18th
        ("Asia/Tokyo", 18, "202611131900", "202611171859"),  # those of the 17th and the 18th
        ("Europe/Berlin", 18, "202611131900", "202611171859"),  # until six in the morning it is the 17th
        ("America/Los_Angeles", 18, "202611161900", "202611181859"),  # from nine in the evening it is the 19th
        ("Asia/Tokyo", 14, "202611111900", "202611121859"),  # Saturday morning: still Friday's
        ("Pacific/Kiritimati", 16, "202611121900", "202611131859"),
    ],
)
def test_a_past_day_is_every_list_that_stood_in_the_feed_on_it(zone: str, day: int, first: str, last: str) -> None:
    """What a run on that day would have read, wherever the newsletter is at home."""
    now = datetime(2026, 11, 20, 12, tzinfo=UTC).astimezone(ZoneInfo(zone))
    [request] = SOURCE.requests(date(2026, 11, day), now=now)
    query = parse_qs(urlsplit(request.address).query)["search_query"][0]

    assert f"submittedDate:[{first} TO {last}]" in query


@pytest.mark.parametrize(("zone", "day"), [("America/New_York", 14), ("Asia/Tokyo", 15), ("Europe/Berlin", 15)])
def test_nothing_is_asked_for_a_day_on_which_no_list_stood_in_the_feed(zone: str, day: int) -> None:
    """A weekend is a weekend of New York."""
    now = datetime(2026, 11, 20, 12, tzinfo=UTC).astimezone(ZoneInfo(zone))
    silence = SOURCE.silence(date(2026, 11, day), now=now)

    assert SOURCE.requests(date(2026, 11, day), now=now) == ()
    assert (silence.late, "Saturday and Sunday" in silence.reason) == (False, True)


# ------------------------------------------------------------------ silence


def at(month: int, day: int, hour: int = 8, *, year: int = 2026) -> datetime:
    """Return a time in New York."""
    return datetime(year, month, day, hour, tzinfo=EASTERN)


WEEKEND = "arXiv announces nothing on Saturday and Sunday"


@pytest.mark.parametrize(
    ("now", "reason", "following"),
    [
        (at(11, 28), f"{WEEKEND}; next announcement Sunday 29 November", at(11, 29, 20)),
        (at(11, 29, 19), f"{WEEKEND}; next announcement Sunday 29 November", at(11, 29, 20)),
        (at(11, 26), "Thanksgiving, Thursday 26 November; next announcement Sunday 29 November", at(11, 29, 20)),
        (at(9, 8), "Labor Day, Monday 7 September; next announcement Tuesday 8 September", at(9, 8, 20)),
        (
            at(1, 1, year=2027),
            "New Year's Eve, Thursday 31 December; next announcement Sunday 3 January",
            at(1, 3, 20, year=2027),
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_weekends_and_holidays_are_silent_until_the_next_announcement(
    now: datetime, reason: str, following: datetime
) -> None:
    """An empty feed is then no failure."""
    silence = SOURCE.silence(now.date(), now=now)

    assert silence.reason.startswith("arXiv announces nothing on ")
    assert silence.reason.endswith(f"{reason} 20:00 Eastern time")
    assert (silence.late, silence.next_at) == (False, following)


def test_on_sunday_night_the_papers_are_announced_and_not_yet_listed() -> None:
    """The feed changes at midnight."""
    assert SOURCE.silence(date(2026, 11, 29), now=at(11, 29, 21)) == Silence(
        f"{WEEKEND}; what it announced tonight is listed from midnight Eastern time",
        next_at=at(11, 30, 0) + timedelta(minutes=15),
    )


def test_an_empty_list_on_an_ordinary_day_is_late() -> None:
    """Nobody knows until when."""
    assert SOURCE.silence(DAY, now=NOW) == Silence(
        "today's list is not there yet; arXiv announces on this day", late=True
    )


def test_where_the_holidays_are_unknown_the_silence_says_so() -> None:
    """It may be one of them."""
    said = SOURCE.silence(date(2027, 1, 18), now=at(1, 18, year=2027))

    assert said.late
    assert said.reason.endswith("unless it is one of the holidays of 2027, which this version cannot know")


def test_the_silence_is_that_of_the_day_in_new_york() -> None:
    """Monday morning in Tokyo asks on a Sunday in New York."""
    monday = datetime(2026, 11, 23, 8, tzinfo=ZoneInfo("Asia/Tokyo"))

    assert SOURCE.silence(monday.date(), now=monday) == Silence(
        "arXiv announces nothing on Saturday and Sunday; next announcement Sunday 22 November 20:00 Eastern time",
        next_at=at(11, 22, 20),
    )


@pytest.mark.parametrize("form", ["atom", "rss", "empty"])
def test_a_list_of_an_earlier_day_is_late(form: str) -> None:
    """By the date of its papers, or of itself where it has none, in the time of New York."""
    yesterday = date(2026, 11, 19)
    body = {
        "atom": an_atom_feed(an_atom_entry(day=yesterday), day=DAY),
        "rss": an_rss_feed(an_rss_item(day=yesterday), day=yesterday),
        "empty": an_atom_feed(day=yesterday),
    }[form]

    assert parsed(body).late == "the list is still that of 2026-11-19"
    assert parsed(body, now=datetime(2026, 11, 20, 4, 30, tzinfo=UTC)).late == ""  # still the 19th in New York
    assert parsed(body, now=at(11, 21)).late  # a Saturday: Friday's list should stand there
    assert parsed(an_atom_feed(an_atom_entry()), now=at(11, 21)).late == ""  # as this one does
    assert parsed(an_atom_feed(an_atom_entry()), now=at(11, 26)).late  # Thanksgiving: so should Wednesday's


def test_a_source_is_asked_again_when_the_feed_changes() -> None:
    """Not before midnight in New York."""
    assert SOURCE.again_at(NOW) == at(11, 21, 0) + timedelta(minutes=15)


# ------------------------------------------------------------------ comments


@pytest.mark.parametrize(
    ("comment", "venue"),
    [
        ("Accepted at ICML 2026", "ICML 2026"),
        ("12 pages, 3 figures. Accepted to NeurIPS 2026 (spotlight)", "NeurIPS 2026"),
        ("to appear in NeurIPS 2026", "NeurIPS 2026"),
        ("Published in Nature Examples. Code: https://github.com/a/b", "Nature Examples"),
        ("Published as a conference paper at ICLR 2026", "ICLR 2026"),
        ("accepted for publication in Phys. Rev. D", "Phys. Rev. D"),
        ("Accepted, to appear in Phys. Rev. Lett. This version has an appendix", "Phys. Rev. Lett."),
        ("Accepted by A&A. 12 pages", "A&A"),
        ("Accepted at the 40th AAAI Conference on Examples (AAAI-26)", "40th AAAI Conference on Examples"),
        ("Accepted as an oral at ICLR 2026 and code available at https://github.com/x/y", "ICLR 2026"),
        (
            "Accepted by\nIEEE Transactions on Examples and Samples, 9 pages",
            "IEEE Transactions on Examples and Samples",
        ),
        ("CVPR 2026 (oral), 9 pages", "CVPR 2026"),
        ("20 pages; Findings of ACL 2026", "Findings of ACL 2026"),
        ("Submitted to ICML 2026", ""),
        ("Under review at ICLR 2027", ""),
        ("Not yet accepted at ICML 2026", ""),
        ("Extended version of the CVPR 2025 paper", ""),
        ("1st place at the CVPR 2026 challenge", ""),
        ("uses the NeurIPS 2026 style", ""),
        ("Accepted", ""),
        ("Accepted in March 2026", ""),
        ("published by the authors", ""),
        ("10 pages, 4 figures", ""),
        ("Accepted at A" + "b" * 200, ""),
        ("", ""),
    ],
)
def test_a_venue_is_what_a_comment_says_outright(comment: str, venue: str) -> None:
    """In its words and no further; what is only hoped for is none."""
    assert venue_in(comment) == venue


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Code: https://github.com/ada/x.", "https://github.com/ada/x"),
        ("(see github.com/ada/x)", "https://github.com/ada/x"),
        (r"\url{https://github.com/ada/tree\_draft}", "https://github.com/ada/tree_draft"),
        (r"https://github.com/ada/x\footnote{y}", "https://github.com/ada/x"),
        ("https://gitlab.com/g/s/p/-/tree/main, https://github.com/b/c", "https://gitlab.com/g/s/p/-/tree/main"),
        ("https://huggingface.co/papers/2611.00001 or https://hf.co/ada/model", "https://hf.co/ada/model"),
        ("https://github.com/a/b_(c) and", "https://github.com/a/b_(c)"),
        ("https://github.com/", ""),
        ("https://github.com", ""),
        ("https://evilgithub.com/a/b", ""),
        ("https://evil.github.com/a/b", ""),
        ("https://example.org/github.com/x", ""),
        ("ada@github.com/x", ""),
        ("https://github.com/" + "a" * 1000, ""),
        ("https://github.com/" + ")" * 100, ""),
        ("no code", ""),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_code_is_the_first_address_of_a_repository(text: str, address: str) -> None:
    """Without the punctuation around it; a host that only looks like one is none."""
    assert code_in("", text) == address


# ------------------------------------------------------------------ settings


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"categories": ["cs.ML"]}, '"cs.ML" is not an arXiv category; did you mean'),
        ({"categories": ["machine learning"]}, "see https://arxiv.org/category_taxonomy"),
        ({"categories": ["cs.LG&x=1"]}, "is not an arXiv category; did you mean cs.LG"),
        ({}, "arxiv needs categories:"),
        ({"categories": ["cs.LG"], "path": "x.xml"}, "one of the two"),
        ({"categories": ["cs.LG"], "announce_types": []}, "at least 1 item"),
        ({"categories": ["cs.LG"], "announce_types": ["old"]}, "'new', 'cross', 'replace' or 'replace-cross'"),
        ({"categories": ["cs.LG"], "category": "x"}, "Extra inputs"),
        ({"categories": ["cs.LG"], "site": "rss.arxiv.org"}, "is not a web address"),
    ],
)
def test_a_mistake_in_the_settings_says_the_way_out(fields: dict[str, object], message: str) -> None:
    """Before any request is made."""
    with pytest.raises(ValidationError, match=message.replace("(", r"\(")):
        Arxiv.model_validate(fields)
