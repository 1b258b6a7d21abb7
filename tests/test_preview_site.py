"""`newsletter preview --once`: issues as files, the page that lists them, and pictures."""

from __future__ import annotations

import json
import re
import sys
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from struct import unpack
from typing import Any

import pytest
from browser import Reader, axe, chromium, executable
from commands import Command
from makers import DAY, DECODING, NOW, a_newsletter, a_subscriber, an_edition, an_issue
from settings_files import HEAD, saved
from stores import a_store

from newsletter.checks import HTML_LIMIT
from newsletter.errors import NewsletterError, UsageError
from newsletter.models import Subscriber
from newsletter.preview import pictures as taking
from newsletter.preview.listing import listing
from newsletter.preview.setup import Look
from newsletter.preview.site import write
from newsletter.preview.wanted import Wanted
from newsletter.render import compile_templates, render

BROWSER = executable()
needs_chromium = pytest.mark.skipif(BROWSER is None, reason="Chromium is not installed")
READERS = """\
subscribers:
  - {email: ada@example.org, name: Ada Lovelace, interests: [diffusion models, cs.CL]}
  - {email: grace@example.org, interests: [robot learning], format: text}
  - {email: emmy@example.org, name: Emmy, status: paused, interests: [knitting patterns]}
"""


def drawn(*readers: Subscriber) -> list[Look]:
    """Return the same issue for each of some readers, by the templates that ship."""
    made, templates = [], compile_templates()
    for reader in readers or (a_subscriber(),):
        issue = an_issue(subscriber=reader)
        email = render(issue, a_newsletter(), templates, date=NOW)
        made.append(Look(Wanted(), reader.email, reader, email, issue))
    return made


def index(folder: Path) -> dict[str, Any]:
    """Return what the index of a folder says."""
    return dict(json.loads((folder / "index.json").read_text(encoding="utf-8")))


def names(folder: Path) -> set[str]:
    """Return what lies in a folder."""
    return {path.name for path in folder.iterdir()}


# ------------------------------------------------------------------ the files


def test_every_issue_is_there_in_every_form(newsletter: Command, tmp_path: Path) -> None:
    """HTML, text, message, checks and why; who reads text alone has no HTML."""
    saved(tmp_path, HEAD + READERS)
    ran = newsletter("preview", "--once", "--out", "look")
    ada, grace, emmy = index(tmp_path / "look")["readers"]
    forms = {"html": ".html", "text": ".txt", "message": ".eml", "checks": ".checks.json", "why": ".why.json"}

    assert ran.code == 0, ran.err
    assert ada["files"] == {kind: f"001-ada@example.org{end}" for kind, end in forms.items()}
    assert grace["files"] == {kind: f"002-grace@example.org{end}" for kind, end in forms.items() if kind != "html"}
    assert names(tmp_path / "look") == {"index.html", "index.json"}.union(
        *(each["files"].values() for each in (ada, grace, emmy))
    )


def test_the_index_says_what_the_page_says(newsletter: Command, tmp_path: Path) -> None:
    """For other programs; its shape has a number."""
    saved(tmp_path, HEAD + READERS)
    newsletter("preview", "--once", "--out", "look")
    told = index(tmp_path / "look")
    ada, _, emmy = told["readers"]

    assert (told["version"], told["newsletter"], told["label"]) == (1, "Daily Papers", "Papers that ship")
    assert told["limits"] == {"html": HTML_LIMIT}
    assert (ada["as"], ada["name"], ada["status"]) == ("ada@example.org", "Ada Lovelace", "active")
    assert (ada["verdict"], ada["errors"], ada["warnings"]) == ("no findings", 0, 0)
    assert ada["papers"] > 0
    assert ada["sizes"]["html"] > 10_000
    assert emmy["status"] == "paused"
    assert any("paused" in note for note in emmy["notes"])


def test_json_prints_the_index(newsletter: Command, tmp_path: Path) -> None:
    """And nothing else on stdout."""
    saved(tmp_path, HEAD + READERS)

    assert json.loads(newsletter("preview", "--once", "--json").out) == index(tmp_path / "preview")


def test_the_same_issues_give_the_same_files(newsletter: Command, tmp_path: Path) -> None:
    """Byte for byte, so that two artifacts can be compared."""
    saved(tmp_path, HEAD + READERS)
    for folder in ("one", "other"):
        newsletter("preview", "--once", "--out", folder)

    assert names(tmp_path / "one") == names(tmp_path / "other")
    for name in names(tmp_path / "one"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes(), name


def test_why_tells_of_every_paper(newsletter: Command, tmp_path: Path) -> None:
    """Those in the issue come first; what is not matched comes too."""
    saved(tmp_path, HEAD + READERS)
    newsletter("preview", "--once")
    told = json.loads((tmp_path / "preview" / "001-ada@example.org.why.json").read_text(encoding="utf-8"))
    [ada, *_] = index(tmp_path / "preview")["readers"]

    assert [each["number"] for each in told["candidates"][: ada["papers"]]] == list(range(1, ada["papers"] + 1))
    assert len(told["candidates"]) >= ada["considered"]


def test_an_address_is_a_safe_name_of_a_file(tmp_path: Path) -> None:
    """Numbers tell apart what no file's name can hold; nothing leaves the folder."""
    readers = ("/etc/a@example.org", "a'b@example.org", "a" * 60 + "@" + "b" * 60 + ".org")
    write(drawn(*map(a_subscriber, readers)), tmp_path / "out")

    assert {name.rpartition(".")[0] for name in names(tmp_path / "out") if name.endswith(".eml")} == {
        "001-_etc_a@example.org",
        "002-a_b@example.org",
        "003-" + "a" * 60 + "@" + "b" * 39,
    }
    assert names(tmp_path) == {"out"}


# ------------------------------------------------------------------ again


def test_what_an_earlier_run_made_goes_when_it_is_no_longer_wanted(tmp_path: Path) -> None:
    """But nothing that somebody put there or changed."""
    write(drawn(a_subscriber(), a_subscriber("grace@example.org")), tmp_path)
    (tmp_path / "mine.html").write_text("mine", encoding="utf-8")
    (tmp_path / "002-grace@example.org.txt").write_text("with my notes", encoding="utf-8")
    write(drawn(), tmp_path)

    assert names(tmp_path) == {
        "001-ada@example.org.checks.json",
        "001-ada@example.org.eml",
        "001-ada@example.org.html",
        "001-ada@example.org.txt",
        "001-ada@example.org.why.json",
        "002-grace@example.org.txt",
        "index.html",
        "index.json",
        "mine.html",
    }


@pytest.mark.parametrize("name", ["index.html", "index.json"])
def test_somebody_else_s_index_is_not_overwritten(name: str, tmp_path: Path) -> None:
    """A folder with a site in it is named by mistake: nothing is written."""
    (tmp_path / name).write_text("[]", encoding="utf-8")

    with pytest.raises(UsageError, match=rf"{name} is not from a preview; delete it, or name another folder"):
        write(drawn(), tmp_path)

    assert names(tmp_path) == {name}


def test_an_index_that_was_tampered_with_deletes_nothing_elsewhere(tmp_path: Path) -> None:
    """Names with a path are none that a run wrote."""
    (tmp_path / "precious").write_text("x", encoding="utf-8")
    digest = sha256(b"x").hexdigest()
    out = tmp_path / "out"
    write(drawn(), out)
    told = index(out)
    told["made"] |= {"../precious": digest, str(tmp_path / "precious"): digest, "..": digest}
    (out / "index.json").write_text(json.dumps(told), encoding="utf-8")
    write(drawn(), out)

    assert (tmp_path / "precious").exists()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """The way out is told."""
    (tmp_path / "out").write_text("x", encoding="utf-8")

    with pytest.raises(UsageError, match="out is a file; name a folder with --out"):
        write(drawn(), tmp_path / "out")


# ------------------------------------------------------------------ the page


class _Parsed(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data


def a_site(**fields: Any) -> dict[str, Any]:
    """Return what an index says of one reader."""
    reader = {
        "as": "ada@example.org",
        "name": "Ada Lovelace",
        "status": "active",
        "subject": "12 papers",
        "papers": 12,
        "cut": 9,
        "considered": 1_280,
        "sizes": {"html": 48_000},
        "verdict": "no findings",
        "errors": 0,
        "warnings": 0,
        "notes": [],
        "files": {
            "html": "1.html",
            "text": "1.txt",
            "message": "1.eml",
            "checks": "1.checks.json",
            "why": "1.why.json",
        },
        "pictures": {},
        **fields,
    }
    return {"newsletter": "Daily Papers", "label": "Today", "limits": {"html": 100_000}, "readers": [reader]}


def test_the_page_tells_each_issue_and_leads_to_its_files() -> None:
    """Name, address, papers, size, what the checks found."""
    page = _Parsed(listing(a_site()))
    links = {attributes["href"] for tag, attributes in page.tags if tag == "a"}

    for told in ("Ada Lovelace", "ada@example.org", "12 papers of 1,280 new, 9 left out", "48,000 of 100,000 bytes"):
        assert told in page.text
    assert links == {"./1.html", "./1.txt", "./1.eml", "./1.checks.json", "./1.why.json", "./index.json"}
    assert ("rect", {"class": "fits", "width": "48.0", "height": "4"}) in page.tags


@pytest.mark.parametrize(
    ("fields", "told", "kind"),
    [
        ({"status": "paused", "notes": ["paused, and receives nothing"]}, "and receives nothing", "chip held"),
        ({"verdict": "1 error", "errors": 1}, "1 error", "chip bad"),
        ({"verdict": "2 warnings", "warnings": 2}, "The checks found 2 warnings.", "chip fair"),
        ({"sizes": {"html": 120_000}}, "120,000 of 100,000 bytes", "over"),
        ({"sizes": {"html": 95_000}}, "95,000 of 100,000 bytes", "near"),
        ({"files": {"text": "1.txt", "message": "1.eml", "checks": "c"}}, "Text alone", "chip good"),
    ],
    ids=["paused", "errors", "warnings", "too large", "nearly", "text"],
)  # fmt: skip
def test_the_page_tells_what_is_not_as_usual(fields: dict[str, Any], told: str, kind: str) -> None:
    """In words, and in a colour beside them."""
    page = _Parsed(listing(a_site(**fields)))

    assert told in page.text
    assert kind in {attributes.get("class") for _, attributes in page.tags}


def test_what_people_are_called_writes_no_markup() -> None:
    """Names, subjects, notes and file names are data; a link stays in its folder."""
    hostile = '"><script>alert(1)</script><b a="'
    site = a_site(name=hostile, subject=hostile, notes=[hostile], verdict=hostile, **{"as": hostile})
    site["readers"][0]["files"] = {"html": "javascript:alert(1)", "text": "a b?.txt", "message": "e", "checks": "//x"}
    page = _Parsed(listing(site | {"newsletter": hostile, "label": hostile}))
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a"]

    assert not {"script", "b"} & {tag for tag, _ in page.tags}
    assert page.text.count(hostile) >= 6
    assert all(link.startswith("./") for link in links)
    assert {"./javascript%3Aalert%281%29", "./a%20b%3F.txt", ".///x"} <= set(links)


def test_the_page_s_policy_allows_its_own_style_and_no_script() -> None:
    """By its digest; nothing is asked of anybody."""
    page = listing(a_site())
    [style] = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    [policy] = [found["content"] for tag, found in _Parsed(page).tags if found.get("http-equiv")]

    assert f"style-src 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "http" not in page.replace("http-equiv", "")
    assert "style=" not in page


# ------------------------------------------------------------------ the command


def test_what_is_for_files_alone_says_so(newsletter: Command) -> None:
    """A slip is told, and not ignored."""
    for option in (("--out", "x"), ("--png",), ("--json",)):
        ran = newsletter("preview", *option)

        assert ran.code == 2
        assert f"{option[0]} goes with --once" in ran.err


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("grac", "grace@example.org"),
        ("adda", "ada@example.org"),
        ("ada@exampel.org", "ada@example.org"),
        ("GRACIE", "grace@example.org"),
    ],
)
def test_a_slip_in_a_reader_s_name_is_told(newsletter: Command, tmp_path: Path, wanted: str, meant: str) -> None:
    """With the address that is near, by whichever part."""
    saved(tmp_path, HEAD + READERS)
    ran = newsletter("preview", "--once", "--as", wanted)

    assert ran.code == 2
    assert ran.err.strip().endswith(f"{wanted} is no subscriber in subscribers.yaml; did you mean {meant}?")


def test_a_stranger_is_told_without_a_guess(newsletter: Command, tmp_path: Path) -> None:
    """Nobody is called so, nor nearly."""
    saved(tmp_path, HEAD + READERS)

    assert newsletter("preview", "--once", "--as", "katherine").err.strip().endswith("subscribers.yaml")


@pytest.fixture
def collected(tmp_path: Path) -> Path:
    """Return a folder of settings with an edition of `DAY`, and an empty one of the next day."""
    saved(tmp_path, HEAD + READERS.replace("diffusion models", "speculative decoding"))
    with a_store(tmp_path) as store:
        store.editions.save(an_edition(*DECODING), collected_at=NOW)
        store.editions.save(replace(an_edition(), day=DAY.replace(day=21)), collected_at=NOW)
    return tmp_path


def test_the_newest_edition_with_papers_is_shown(newsletter: Command, collected: Path) -> None:
    """An empty one, as a dry run leaves it, hides nothing; which one is shown is said."""
    ran = newsletter("preview", "--once")

    assert "showing the edition of 2026-11-20, 3 papers; that of 2026-11-21 has none" in ran.err
    assert index(collected / "preview")["label"] == "Friday 20 November 2026"
    assert index(collected / "preview")["readers"][0]["papers"] == 3


def test_an_edition_that_is_named_is_shown_even_if_empty(newsletter: Command, collected: Path) -> None:
    """Who asks for a day gets it."""
    newsletter("preview", "--once", "--issue", "2026-11-21", "--as", "grace")

    assert index(collected / "preview")["label"] == "Saturday 21 November 2026"


def test_an_edition_that_is_not_there_is_told(newsletter: Command, collected: Path) -> None:
    """With the newest."""
    ran = newsletter("preview", "--once", "--issue", "2020-01-01")

    assert (ran.code, ran.err) == (2, "error: there is no edition of 2020-01-01; the latest is of 2026-11-21\n")


def test_without_papers_those_that_ship_are_shown(newsletter: Command, tmp_path: Path) -> None:
    """And it is said why."""
    saved(tmp_path, HEAD + READERS)
    with a_store(tmp_path) as store:
        store.editions.save(an_edition(), collected_at=NOW)

    assert "no edition has papers yet: showing the papers that ship" in newsletter("preview", "--once").err


# ------------------------------------------------------------------ pictures


def test_png_without_playwright_names_the_extra(
    newsletter: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One line, with the command to type; nothing is written."""
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    ran = newsletter("preview", "--once", "--png")

    assert ran.code == 2
    assert "error: --png needs Playwright: pip install 'paper-newsletter[png]'" in ran.err
    assert not (tmp_path / "preview").exists()


def test_png_without_chromium_names_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the system's nor Playwright's own is here."""
    pytest.importorskip("playwright")
    monkeypatch.setattr(taking, "_NAMES", ("no-such-browser",))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))

    with (
        pytest.raises(UsageError, match=r"--png needs Chromium, which is not here: install it .*playwright install"),
        taking.camera(),
    ):
        pytest.fail("there is no browser")


def test_a_browser_that_does_not_start_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as one without the libraries it needs."""
    pytest.importorskip("playwright")
    monkeypatch.setattr(taking, "_NAMES", ("false",))

    with pytest.raises(NewsletterError, match=r"^the browser took no picture: [^\n]+$"), taking.camera():
        pytest.fail("it is no browser")


def width(picture: Path) -> int:
    """Return how wide a PNG is."""
    return int(unpack(">I", picture.read_bytes()[16:20])[0])


@needs_chromium
def test_pictures_are_taken_of_every_issue_and_stand_on_the_page(tmp_path: Path) -> None:
    """In three ways; of who reads text alone there is none; what is fetched or runs in a browser does no harm."""
    [ada, grace] = drawn(a_subscriber(), a_subscriber("grace@example.org", text_only=True))
    attack = '<img src="https://tracker.test/p.gif" width="1" alt=""><script>document.title = "run"</script>'
    ada = replace(ada, email=replace(ada.email, html=ada.email.html.replace("</body>", attack + "</body>")))
    with taking.camera() as camera:
        page = write([ada, grace], tmp_path, camera=camera)
    told = index(tmp_path)["readers"]

    assert told[0]["pictures"] == {kind: f"001-ada@example.org.{kind}.png" for kind in ("desktop", "phone", "dark")}
    assert [width(tmp_path / name) for name in told[0]["pictures"].values()] == [640, 375, 640]
    assert len({(tmp_path / name).read_bytes() for name in told[0]["pictures"].values()}) == 3
    assert told[1]["pictures"] == {}
    assert page.read_text(encoding="utf-8").count("<img") == 3
    write([ada, grace], tmp_path)
    assert not list(tmp_path.glob("*.png"))


@needs_chromium
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_is_good_for_everybody(dark: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a parameter of the test
    """Axe finds nothing serious; nothing is fetched; a phone needs no scrolling to the side."""
    site = a_site(status="paused", verdict="1 error", errors=1, name="A" * 200, notes=["paused"])
    site["readers"] += [*a_site(warnings=1)["readers"], *a_site(subject="x" * 300)["readers"]]
    with chromium(str(BROWSER)) as browser:
        reader = Reader(browser)
        page = reader.show(listing(site), width=320, dark=dark)

        assert page.evaluate("document.scrollingElement.scrollWidth") == 320
        assert axe(page) == []
        assert reader.asked == []
        reader.close()


@needs_chromium
def test_the_page_shows_its_pictures_from_a_disk(tmp_path: Path) -> None:
    """Its policy lets it: a folder is opened by a double click."""
    with taking.camera() as camera:
        page = write(drawn(), tmp_path, camera=camera)
    with chromium(str(BROWSER)) as browser:
        tab = browser.new_page()
        tab.goto(page.as_uri())
        shown = tab.evaluate(
            """Promise.all([...document.images].map(one => { one.loading = 'eager'; return one.decode(); }))
               .then(() => [...document.images].map(one => one.naturalWidth))"""
        )

        assert shown == [640, 375, 640]
        assert tab.evaluate("getComputedStyle(document.querySelector('main')).borderRadius") == "12px"
