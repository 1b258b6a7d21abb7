"""Files of one's own: BibTeX, RIS, JSON, and saved pages of Hugging Face."""

from __future__ import annotations

import json
import logging
from datetime import UTC, date, datetime, timedelta
from html import escape
from typing import Any

import pytest
from damage import check_reading, damaged, twisted
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import SourceError
from newsletter.models import Entry, Signals
from newsletter.sources.file.bibliography import without_braces
from newsletter.sources.file.kind import MOST_RECORDS, File
from newsletter.sources.source import Parsed, Request

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
SOURCE = File(path="library/*")


def parsed(body: bytes | str, name: str = "library/papers") -> Parsed:
    """Return what a file gives."""
    return SOURCE.parse(body if isinstance(body, bytes) else body.encode(), Request(name), now=NOW)


def only(body: bytes | str) -> Entry:
    """Return the one entry of a file that has no damage."""
    page = parsed(body)
    assert page.warnings == ()
    [entry] = page.entries
    return entry


def test_files_are_news_of_today_only() -> None:
    """They tell nothing of the days before."""
    yesterday = NOW.date() - timedelta(days=1)

    assert SOURCE.requests(NOW.date(), now=NOW) == (Request("library/*"),)
    assert SOURCE.requests(yesterday, now=NOW) == ()
    assert SOURCE.silence(yesterday, now=NOW).reason == "a file tells nothing of past days"
    assert File(path="/home/ada/library/*.bib").label == "file *.bib"


# ------------------------------------------------------------------ BibTeX

BIBTEX = r"""% A library.
@string{letters = "Letters on Programs"}
@comment{ignored, title = {Nothing}}
@Article{lovelace2026,
  author   = {Lovelace, Ada and Hopper, Jr, Grace and {The Tape and Drum Consortium}
              and Erd{\H o}s, P{\'a}l and others},
  title    = {{BERT} on {T}apes: {Schr{\"o}dinger}'s $\mathcal{O}(n^{2})$ \emph{differentiation}},
  abstract = {We keep {no} tape, 50\% of the time.},
  journal  = letters # { {B}},
  year     = 2026, month = nov, day = 18,
  doi      = {10.1234/Tapes.7},
  eprint   = {2611.04321v2}, archivePrefix = {arXiv}, primaryClass = {cs.PL},
  keywords = {tapes; drums, {AD}},
  pmid     = {31452104},
}
@inproceedings(noether, title = "Rings without {Units}", author = "Emmy Noether", booktitle = "Proc. Examples",
  date = {2026-11-19}, url = {https://example.org/rings\_1})
"""


def test_bibtex_is_read() -> None:
    """Braces that keep capitals go, TeX becomes characters, names are turned, strings are put in."""
    page = parsed(BIBTEX)
    first, second = page.entries

    assert page.warnings == ()
    assert first == Entry(
        source="file *",
        place="library/papers:4",
        title=first.title,
        raw_title=first.raw_title,
        abstract="We keep no tape, 50% of the time.",
        raw_abstract=first.raw_abstract,
        authors=("Ada Lovelace", "Grace Hopper Jr", "The Tape and Drum Consortium", "Pál Erdős"),
        url="https://arxiv.org/abs/2611.04321",
        arxiv_id="2611.04321",
        version=2,
        doi="10.1234/tapes.7",
        categories=("cs.PL",),
        published=date(2026, 11, 18),
        also=("pmid:31452104",),
        signals=Signals(keywords=("tapes", "drums", "AD"), venue="Letters on Programs B"),
    )
    assert first.title.startswith("BERT on Tapes: Schrödinger's ")
    assert (second.title, second.authors, second.published, second.url, second.signals.venue, second.place) == (
        "Rings without Units",
        ("Emmy Noether",),
        date(2026, 11, 19),
        "https://example.org/rings_1",
        "Proc. Examples",
        "library/papers:16",
    )


@pytest.mark.parametrize(
    ("fields", "arxiv", "venue"),
    [
        ("journal = {arXiv preprint arXiv:2611.04321}", "2611.04321", ""),
        ("journal = {CoRR}, volume = {abs/2611.04321}, eprint = {2611.04321}", "2611.04321", ""),
        ("note = {To appear. arXiv:math/0309136.}", "math/0309136", ""),
        ("url = {https://arxiv.org/abs/2611.04321}", "2611.04321", ""),
        ("doi = {10.48550/arXiv.2611.04321}", "2611.04321", ""),
        ("journal = {Archives of Salt}", "", "Archives of Salt"),
    ],
)
def test_an_arxiv_id_is_found_wherever_managers_put_it(fields: str, arxiv: str, venue: str) -> None:
    """And the archive is not taken for a journal."""
    entry = only(f"@article{{a, title = {{Tapes}}, {fields}}}")

    assert (entry.arxiv_id, entry.signals.venue) == (arxiv, venue)


@pytest.mark.parametrize(
    ("fields", "day"),
    [
        ("year = 2026, month = 11, day = 3", date(2026, 11, 3)),
        ("year = {2026}, month = {November}, day = {03}", date(2026, 11, 3)),
        ("date = {2026-11}", None),
        ("year = 2026", None),
        ("year = 2026, month = 2, day = 30", None),
        ("year = 9999, month = 1, day = 1", None),
        ("date = {2026-11-03/2026-11-05}", date(2026, 11, 3)),
    ],
)
def test_a_day_is_known_only_where_all_of_it_is_told(fields: str, day: date | None) -> None:
    """None is made up of a year."""
    assert only(f"@misc{{a, title = {{Tapes}}, {fields}}}").published == day


def test_a_damaged_record_is_told_and_the_rest_is_kept() -> None:
    """With its line; a record without title and one that breaks off as well."""
    page = parsed(
        "@article{a, title = {First}}\n"
        "@article{b, title = {Second, year = 2026}\n"
        "@article{c, author = {Ada Lovelace}}\n"
        "@article{a, title = {Same key}}\n"
        "@article{d, title = {Twice}, title = {Again}}\n"
        "@article{e, title = {Breaks of"
    )

    assert [entry.title for entry in page.entries] == ["First", "Same key", "Twice"]
    assert page.warnings == (
        "library/papers:2: this record breaks off or is damaged, so it is left out",
        "library/papers:3: no title, so the record is left out",
        "library/papers:6: this record breaks off or is damaged, so it is left out",
    )
    assert page.left_out == 3


def test_damage_is_told_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The library would print each on the screen."""
    with caplog.at_level(logging.DEBUG):
        parsed("@article{a, title = {First}}\n@article{b, title = {Sec")

    assert caplog.records == []


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("{BERT}: {P}re-{{T}}raining", "BERT: Pre-Training"),
        (r"{\"o} and \emph{x {Y}} and \'{e}", r"{\"o} and \emph{x Y} and \'{e}"),
        ("$x_{1}^{2}$ of {A}", "$x_{1}^{2}$ of A"),
        ("$5 for {A}", "$5 for A"),
        (r"\{ {A} \}", r"\{ A \}"),
        ("} A {", " A "),
        ("none", "none"),
    ],
)
def test_braces_that_only_keep_capitals_go(written: str, left: str) -> None:
    """Those of commands and formulas stay: without them they mean something else."""
    assert without_braces(written) == left


@given(st.text(alphabet=st.sampled_from('{}\\$ab"o'), max_size=40))
@settings(max_examples=300)
def test_taking_braces_away_takes_nothing_else(written: str) -> None:
    """Whatever is unbalanced."""
    assert [one for one in without_braces(written) if one not in "{}"] == [one for one in written if one not in "{}"]


# ------------------------------------------------------------------ RIS

RIS = """TY  - JOUR
AU  - Lovelace, Ada
AU  - The Tape Consortium
TI  - Gradients without tapes
AB  - We keep no tape,
  for $a<b$.
JO  - Letters on Programs
DA  - 2026/11/18/
PY  - 2026
DO  - 10.1234/Tapes.7
UR  - https://example.org/tapes
KW  - tapes
KW  - drums
ER  - 

TY  - CONF
T1  - Rings without units
A1  - Noether, Emmy
N2  - All of it.
UR  - https://arxiv.org/abs/2611.04321
ER  -"""  # noqa: W291 the format ends records so


def test_ris_is_read() -> None:
    """Both spellings of its tags, and text that goes on in the next line."""
    page = parsed(RIS.replace("\n", "\r\n"))
    first, second = page.entries

    assert page.warnings == ()
    assert first == Entry(
        source="file *",
        place="library/papers:1",
        title="Gradients without tapes",
        abstract=first.abstract,
        raw_abstract=first.raw_abstract,
        authors=("Ada Lovelace", "The Tape Consortium"),
        url="https://example.org/tapes",
        doi="10.1234/tapes.7",
        published=date(2026, 11, 18),
        signals=Signals(keywords=("tapes", "drums"), venue="Letters on Programs"),
    )
    assert "a<b" in first.abstract
    assert (second.title, second.authors, second.abstract, second.arxiv_id, second.place) == (
        "Rings without units",
        ("Emmy Noether",),
        "All of it.",
        "2611.04321",
        "library/papers:16",
    )


def test_a_ris_record_without_end_is_read_as_far_as_it_goes() -> None:
    """In the middle or at the end of the file, with a warning."""
    page = parsed("TY  - JOUR\nTI  - First\nTY  - JOUR\nTI  - Second\nER  - \nTY  - JOUR\n loose\nAU  - Ada Lovelace")

    assert [entry.title for entry in page.entries] == ["First", "Second"]
    assert page.warnings == (
        "library/papers:1: the record 'First' has no end (ER); read as far as it goes",
        "library/papers:6: the record '' has no end (ER); read as far as it goes",
    )


# ------------------------------------------------------------------ JSON

NAMES = "Ada Lovelace; Grace Hopper; Emmy Noether"
OBJECT: dict[str, Any] = {
    "id": "arxiv:2611.04321v2",
    "title": "Gradients without tapes",
    "abstract": "We keep no tape,\nfor $a<b$.",
    "authors": ["Ada Lovelace", {"name": "Grace Hopper"}, {"given": "Emmy", "family": "Noether"}],
    "categories": ["cs.PL", "cs.LG"],
    "published": "2026-11-18T05:00:00Z",
    "doi": "10.1234/Tapes.7",
    "upvotes": 12,
}


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(OBJECT),
        json.dumps([OBJECT]),
        json.dumps(OBJECT, indent=2),
        "\ufeff" + json.dumps([OBJECT], indent=2),
        json.dumps({**OBJECT, "id": None, "arxiv_id": "2611.04321v2", "authors": NAMES}),
        json.dumps({"paper": OBJECT, "title": "outer"}),
    ],
)  # fmt: skip
def test_json_is_read_in_every_shape(body: str) -> None:
    """One object a line, an array, over several lines; authors as a list or in one string."""
    entry = only(body)

    assert entry == Entry(
        source="file *",
        place=entry.place,
        title="Gradients without tapes",
        abstract=entry.abstract,
        raw_abstract=entry.raw_abstract,
        authors=("Ada Lovelace", "Grace Hopper", "Emmy Noether"),
        url="https://arxiv.org/abs/2611.04321",
        arxiv_id="2611.04321",
        version=2,
        doi="10.1234/tapes.7",
        categories=("cs.PL", "cs.LG"),
        published=date(2026, 11, 18),
        signals=Signals(upvotes=12),
    )


def test_a_damaged_line_is_told_and_the_rest_is_kept() -> None:
    """With its line."""
    lines = ['{"title": "First"}', '{"title": "Sec', '{"title": NaN}', "7", '{"title": "Fifth"}', '{"title": "Si']
    page = parsed("\n".join(lines))

    assert [entry.title for entry in page.entries] == ["First", "Fifth"]
    assert [entry.place for entry in page.entries] == ["library/papers:1", "library/papers:5"]
    assert page.warnings == (
        "library/papers:2: this record is not JSON, or breaks off, so it is left out",
        "library/papers:3: no title, so the record is left out",
        "library/papers:4: this is no object with a title, so it is left out",
        "library/papers:6: this record is not JSON, or breaks off, so it is left out",
    )
    assert page.left_out == 4


def test_an_array_that_breaks_off_keeps_what_came_before() -> None:
    """Half a download is still something."""
    page = parsed(json.dumps([OBJECT, OBJECT])[:-30])

    assert (len(page.entries), len(page.warnings)) == (1, 1)


def test_an_id_that_is_a_number_is_told() -> None:
    """2611.0432 may have been 2611.04320, so it is no id; the paper is kept."""
    page = parsed('{"title": "Tapes", "id": 2611.0432}')

    assert (page.entries[0].arxiv_id, len(page.entries)) == ("", 1)
    assert page.warnings == ("library/papers:1: its id is a number, which drops a zero at the end; write it in quotes",)


# ------------------------------------------------------------------ saved pages

ARTICLE = """<article class="relative"><a href="/papers/2611.04321" class="block"><img alt="x"></a>
<a href="/login?next=%2Fpapers%2F2611.04321"><div><svg></svg><div class="leading-none">1,204</div></div></a>
<h3><a href="/papers/2611.04321">Gradients &amp; tapes for a&lt;b, &lt;think&gt;</a></h3>
<a href="/papers/2611.04321#community">3</a></article>"""
OTHER = """<article><label><input type="checkbox"><div>-</div></label>
<h3><a href="https://huggingface.co/papers/2611.04999">Rings without units</a></h3></article>"""
PAGE = f"""<!DOCTYPE html><html><head><meta charset="utf-8"></head><body><main>
<h2><a href="/papers/trending">Trending</a></h2>{ARTICLE}{OTHER}{ARTICLE}</main></body></html>"""


def test_a_saved_page_gives_titles_ids_and_votes() -> None:
    """Each paper once; a dash is no vote count, and comments are no votes."""
    page = parsed(PAGE)

    assert page.warnings == ()
    assert [(entry.title, entry.arxiv_id, entry.signals.upvotes, entry.place) for entry in page.entries] == [
        ("Gradients & tapes for a<b, <think>", "2611.04321", 1204, "library/papers#1"),
        ("Rings without units", "2611.04999", None, "library/papers#2"),
    ]


def hydrated(*papers: Any) -> str:
    """Return a saved page with the data that it carries for its script."""
    props = escape(json.dumps({"dailyPapers": list(papers), "dateString": "2026-11-20"}))
    return PAGE.replace("<main>", f'<main><div class="SVELTE_HYDRATER" data-target="DailyPapers" data-props="{props}">')


LISTED: dict[str, Any] = {
    "paper": {
        "id": "2611.04321",
        "title": "Gradients & tapes",
        "summary": "We keep no\ntape.",
        "upvotes": 7,
        "authors": [{"name": "Ada Lovelace", "hidden": False}, {"name": "Nobody", "hidden": True}],
        "publishedAt": "2026-11-18T05:00:00.000Z",
        "ai_keywords": ["tapes"],
    },
    "numComments": 3,
}


def test_a_saved_page_may_carry_abstracts() -> None:
    """The data for its own script says more than what it shows; what is only shown comes after it."""
    first, second = parsed(hydrated(LISTED)).entries

    assert (first.abstract, first.authors, first.signals) == (
        "We keep no tape.",
        ("Ada Lovelace",),
        Signals(upvotes=7, keywords=("tapes",)),
    )
    assert second.arxiv_id == "2611.04999"


def test_data_that_cannot_be_read_leaves_the_links() -> None:
    """A browser may cut long attributes."""
    page = parsed(hydrated(LISTED).replace("&quot;numComments&quot;", ""))

    assert [entry.arxiv_id for entry in page.entries] == ["2611.04321", "2611.04999"]


# ------------------------------------------------------------------ what a file is


@pytest.mark.parametrize(
    ("body", "name", "title"),
    [
        (BIBTEX, "x.txt", "Rings without Units"),
        (RIS, "x.bib", "Rings without units"),
        (json.dumps(OBJECT), "x.html", "Gradients without tapes"),
        (PAGE, "x.json", "Rings without units"),
        ("No records yet\n" + json.dumps(OBJECT), "x.JSONL", "Gradients without tapes"),
        ("TY  - JOUR\nTI  - Quotes\nAB  - Write\n@article{a, title = {B}}\nER  - ", "x.bib", "Quotes"),
    ],
)
def test_content_comes_before_the_name(body: str, name: str, title: str) -> None:
    """Files are renamed; what stands in them is not."""
    assert title in {entry.title for entry in parsed(body, name).entries}


@pytest.mark.parametrize(
    ("body", "name", "said"),
    [
        (b"", "x.bib", "the file is empty"),
        (b" \n", "x.bib", "the file is empty"),
        (b"%PDF-1.7\n" + bytes(range(256)) * 40, "x.bib", "this is not text"),
        ("A title\n\nAn abstract.", "x.txt", "listings saved as text go under pages:"),
        ("% only a remark", "x.bib", "no paper could be read"),
        ("[]", "x.json", "no paper could be read"),
        ("[" * 5_000, "x.json", "not JSON, or breaks off"),
        ("<html><body>Nothing</body></html>", "x.html", "no paper could be read"),
        ("<!-- -->", "x.html", "cannot be read"),
        ('<?xml version="1.0"?><rss version="2.0"></rss>', "x.xml", "name it under feed:"),
        ('{"version": "https://jsonfeed.org/version/1.1", "items": []}', "x.json", "name it under feed:"),
        ("@article{a, title = {Breaks of", "x.bib", "x.bib:1: this record breaks off"),
    ],
)
def test_a_file_without_papers_is_refused(body: bytes | str, name: str, said: str) -> None:
    """With its name, what it looks like, and where it belongs."""
    with pytest.raises(SourceError, match=f"^{name}: ") as caught:
        parsed(body, name)

    assert said in str(caught.value)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
def test_other_encodings_are_read(encoding: str) -> None:
    """Old managers write their own."""
    body = "@article{a, title = {Tapes}, author = {du Châtelet, Émilie}}".encode(encoding)

    assert only(body).authors == ("Émilie du Châtelet",)


def test_more_records_than_a_day_can_have_are_not_read() -> None:
    """With a warning."""
    page = parsed("\n".join(['{"title": "Tapes"}'] * (MOST_RECORDS + 1)))

    assert len(page.entries) == MOST_RECORDS
    assert page.warnings == (f"library/papers: more than {MOST_RECORDS} records; only those are read",)


@pytest.mark.parametrize(
    "body",
    [
        "@article{a, title = {" + "{" * 100_000,
        "@article{a, title = {T}, author = {" + "A and {" * 30_000 + "}" * 30_000 + "}}",
        "@article{a, title = " + "{x} # " * 50_000 + "{y}}",
        "@article{a, title = {T}, keywords = {" + "\\emph{$" * 30_000,
        "TY  - JOUR\nTI  - T\n" + "x\n" * 100_000,
        '{"title": "T"}\n' * 100 + '{"title": "' * 30_000,
        "<html>" + "<article><h3><a href=/papers/2611.04321>T</a>" * 5_000,
        "<html><article>" + "<label>-</label><h3><a href=/papers/2611.04321>T</a></h3>" * 5_000,
        "<html>" + "<div>" * 100_000,
        " " * 1_000_000 + "@",
    ],
)
def test_endless_files_end(body: str) -> None:
    """Work grows with the length of a file, not with its square."""
    try:
        page = parsed(body)
    except SourceError:
        return
    assert page.entries or page.warnings


BODIES = (BIBTEX.encode(), RIS.encode(), json.dumps([OBJECT, OBJECT]).encode(), hydrated(LISTED).encode())


@given(st.one_of(*map(damaged, BODIES)) | twisted([OBJECT, LISTED]))
@settings(max_examples=400, deadline=None)
def test_damage_raises_nothing_but_a_source_error(body: bytes) -> None:
    """Whatever stands where something else should."""
    check_reading(parsed, body)
