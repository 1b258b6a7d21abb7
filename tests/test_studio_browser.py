"""The studio as somebody uses it: the real command, a real browser, every view, width, scheme and key.

Skipped where there is no Chromium; in CI there is one.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from browser import axe, chromium, executable
from playwright.sync_api import Browser, Dialog, FrameLocator, Page, expect
from studio import SETTINGS, a_folder, swapped

from newsletter.inbox import Inbox

VIEWS = {
    "inbox": "i",
    "html": "h",
    "text": "t",
    "source": "s",
    "message": "m",
    "why": "y",
    "everyone": "e",
    "compare": "p",
}
HOSTILE = '<img src=x onerror="window.top.owned=1"><script>top.owned=1</script> {{ 7 }} \u202e evil'
# What the page owns once a picture asked for after the hostile ones has failed too.
FAILING_PICTURE = """() => new Promise(resolve => {
  const picture = new Image();
  picture.onerror = () => resolve(window.owned ?? null);
  picture.src = "x";
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return one browser for this module: closed at its end, so that other tests may run event loops."""
    path = executable()
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no chromium on the PATH: apt-get install chromium")
    with chromium(path) as opened:
        yield opened


@contextmanager
def serving(settings: Path | None, *options: str, folder: Path | None = None) -> Iterator[str]:
    """Run `newsletter preview` and give its address; it has to be alive at the end."""
    config = ["--config", str(settings)] if settings else []
    command = [sys.executable, "-m", "newsletter", "preview", "--port", "0", *config, *options]
    root = Path(__file__).parent.parent
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder or root, env=environment) as running:
        assert running.stdout is not None
        address = running.stdout.readline().strip()
        try:
            yield address
            assert running.poll() is None, "the server ended by itself"
        finally:
            running.send_signal(signal.SIGINT)
            assert running.wait(20) == 0


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inbox]:
    """Return the mail server of the settings."""
    with Inbox(tmp_path_factory.mktemp("inbox")) as opened:
        yield opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, inbox: Inbox) -> Path:
    """Return the folder whose issues are looked at."""
    smtp = f"smtp: {{host: {inbox.settings.host}, port: {inbox.settings.port}, encryption: none}}\n"
    path = a_folder(tmp_path_factory.mktemp("studio"), smtp + SETTINGS)
    path.with_name("other.yaml").write_text(SETTINGS.replace("max_papers: 8", "max_papers: 5"), encoding="utf-8")
    return path.parent


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """Return where the studio of that folder is."""
    with serving(folder / "subscribers.yaml", "--against", str(folder / "other.yaml")) as found:
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return an empty tab; whatever fails in its scripts fails the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda told: wrong.append(told.text) if "Content Security Policy" in told.text else None)
    yield opened
    context.close()
    assert wrong == []


def at(page: Page, address: str, query: str = "") -> Page:
    """Open the studio and wait until it shows what was asked for."""
    page.goto(f"{address}?{query}")
    expect(page.get_by_test_id("status")).to_contain_text("papers", timeout=20_000)
    return page


def email(page: Page) -> FrameLocator:
    """Return the email that is shown."""
    return page.frame_locator("iframe:visible").first


def seen(page: Page, name: str) -> None:
    """Wait for a view to be shown, and no other."""
    expect(page.locator(f"#view-{name}")).to_be_visible()
    expect(page.locator(".view > section:visible")).to_have_count(1)
    assert page.get_by_test_id(f"view-{name}").get_attribute("aria-selected") == "true"


def background(page: Page) -> str:
    """Return the colour behind the email."""
    return str(email(page).locator("body").evaluate("body => getComputedStyle(body).backgroundColor"))


def lightness(colour: str) -> float:
    """Return how bright a colour is, 0 to 255."""
    red, green, blue = map(int, re.findall(r"\d+", colour)[:3])
    return (red + green + blue) / 3


# ------------------------------------------------------------------ views


@pytest.mark.parametrize("name", VIEWS)
def test_a_tab_a_key_and_an_address_lead_to_every_view(page: Page, address: str, name: str) -> None:
    """And Back leads away again."""
    start = "text" if name == "html" else "html"
    at(page, address, f"view={start}")
    page.get_by_test_id(f"view-{name}").click()
    seen(page, name)
    assert f"view={name}" in page.url or name == "html"
    page.go_back()
    seen(page, start)
    page.locator("body").press(VIEWS[name])
    seen(page, name)
    page.reload()
    seen(page, name)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_any_view(browser: Browser, address: str, scheme: str) -> None:
    """In the studio's own light and dark; what it shows of the email has tests of its own."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme=scheme, bypass_csp=True)  # type: ignore[arg-type]
    opened = context.new_page()
    found = {}
    for name in VIEWS:
        at(opened, address, f"view={name}&panel=checks&with_as=grace")
        opened.wait_for_timeout(300)
        found[name] = axe(opened, iframes=False)
    context.close()

    assert found == {name: [] for name in VIEWS}


def test_the_text_is_that_of_the_email(page: Page, address: str) -> None:
    """As it is sent, line for line."""
    at(page, address, "view=text&as=grace")

    expect(page.locator("#view-text")).to_contain_text("matched to your 2 interests")


def test_the_source_has_three_parts(page: Page, address: str) -> None:
    """The finished HTML, the template, what it was given."""
    at(page, address, "view=source")
    expect(page.locator("#view-source")).to_contain_text("<!DOCTYPE html>")
    page.get_by_test_id("part-mjml").click()
    expect(page.locator("#view-source")).to_contain_text("mj-section")
    page.get_by_test_id("part-context").click()
    expect(page.locator("#view-source")).to_contain_text("interest_count")
    assert "part=context" in page.url


def test_the_message_is_told_and_can_be_kept(page: Page, address: str) -> None:
    """Headers, the tree of parts, and the file."""
    at(page, address, "view=message")
    expect(page.locator("#view-message")).to_contain_text("List-Unsubscribe")
    expect(page.locator("#view-message")).to_contain_text("multipart/alternative")
    with page.expect_download() as waiting:
        page.get_by_test_id("eml").click()

    assert b"To: Ada Lovelace <ada@example.org>" in Path(waiting.value.path()).read_bytes()


@pytest.mark.parametrize("width", [320, 600, 1000])
def test_the_inbox_row_is_cut_as_lists_cut_it(page: Page, address: str, width: int) -> None:
    """At three widths; the subject of the issue is in each."""
    at(page, address, "view=inbox")
    row = page.get_by_test_id(f"inbox-{width}").first

    expect(row).to_contain_text("8 papers")
    assert "Preheader" in page.locator("#view-inbox").inner_text()


def test_everyone_has_a_row_that_leads_to_their_issue(page: Page, address: str) -> None:
    """Paused readers too."""
    at(page, address, "view=everyone")
    expect(page.locator("#view-everyone tbody tr")).to_have_count(4)
    expect(page.locator("#view-everyone")).to_contain_text("paused")
    page.locator("#view-everyone a", has_text="Grace Hopper").click()
    seen(page, "html")

    expect(email(page).locator("body")).to_contain_text("matched to your 2 interests")


# ------------------------------------------------------------------ the email


@pytest.mark.parametrize(("number", "width"), list(enumerate((320, 375, 600), 1)))
def test_a_width_by_button_and_by_key(page: Page, address: str, number: int, width: int) -> None:
    """The email has that many pixels to be read in."""
    at(page, address)
    page.get_by_test_id(f"w-{width}").click()
    expect(page.get_by_test_id(f"w-{width}")).to_have_attribute("aria-pressed", "true")
    assert page.locator("iframe:visible").first.evaluate("frame => frame.clientWidth") == width
    page.locator("body").press("4")
    expect(page.get_by_test_id("w-full")).to_have_attribute("aria-pressed", "true")
    assert page.locator("iframe:visible").first.evaluate("frame => frame.clientWidth") > 600
    page.locator("body").press(str(number))
    assert page.locator("iframe:visible").first.evaluate("frame => frame.clientWidth") == width


def test_the_width_can_be_dragged_and_nudged(page: Page, address: str) -> None:
    """By the handle, with a mouse and with arrows."""
    at(page, address, "w=600")
    handle = page.get_by_test_id("handle")
    box = handle.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 150)
    page.mouse.down()
    page.mouse.move(box["x"] - 20, box["y"] + 160, steps=4)
    page.mouse.up()
    dragged = page.locator("iframe:visible").first.evaluate("frame => frame.clientWidth")
    handle.focus()
    handle.press("ArrowLeft")

    assert 480 < dragged < 590
    assert page.locator("iframe:visible").first.evaluate("frame => frame.clientWidth") == dragged - 10
    assert handle.get_attribute("aria-valuenow") == str(dragged - 10)


@pytest.mark.parametrize("own", ["light", "dark"])
def test_the_email_is_shown_in_three_schemes_whatever_ours_is(browser: Browser, address: str, own: str) -> None:
    """By buttons, and by one key that goes round."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme=own)  # type: ignore[arg-type]
    opened = at(context.new_page(), address)
    shades = {}
    for scheme in ("light", "dark", "inverted"):
        opened.get_by_test_id(f"scheme-{scheme}").click()
        expect(opened.get_by_test_id(f"scheme-{scheme}")).to_have_attribute("aria-pressed", "true")
        opened.wait_for_timeout(300)
        shades[scheme] = lightness(background(opened))
    opened.locator("body").press("d")
    expect(opened.get_by_test_id("scheme-light")).to_have_attribute("aria-pressed", "true")
    context.close()

    assert shades["light"] > 200
    assert shades["dark"] < 60
    assert shades["inverted"] < 90
    assert shades["dark"] != shades["inverted"]


def test_without_styles_it_is_as_gmail_shows_it_to_others(page: Page, address: str) -> None:
    """By button and key; with them again afterwards."""
    at(page, address)
    styles = email(page).locator("style")
    assert styles.count() > 0
    page.get_by_test_id("styles").click()
    expect(styles).to_have_count(0)
    assert "styles=off" in page.url
    page.locator("body").press("n")
    expect(styles.first).to_be_attached()


def test_without_images_their_words_are_read(page: Page, address: str, tmp_path: Path) -> None:
    """A look that shows pictures, and none of them is loaded."""
    at(page, address)
    page.get_by_test_id("images").click()
    assert "images=off" in page.url
    assert email(page).locator("img[src]").count() == 0
    page.locator("body").press("x")
    assert "images=off" not in page.url
    assert tmp_path.exists()


def test_an_email_that_gmail_cuts_has_a_line_where_it_is_cut(browser: Browser, tmp_path: Path) -> None:
    """And the bar says by how much."""
    path = a_folder(tmp_path)
    bloated = "".join(f'<p style="margin:0">{"padding " * 20}{number}</p>\n' for number in range(700))
    (tmp_path / "templates" / "issue" / "footer.mjml.j2").write_text(
        f"<mj-section><mj-column><mj-text>{bloated}</mj-text></mj-column></mj-section>", encoding="utf-8"
    )
    with serving(path) as found:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        opened = at(context.new_page(), found)
        clip = opened.locator("#view-html .clip")
        expect(clip).to_be_visible()
        expect(clip).to_contain_text("Gmail clips here")
        expect(opened.get_by_test_id("verdict-chip")).to_contain_text("error")
        context.close()


def test_links_open_elsewhere_or_only_tell_where_they_lead(page: Page, address: str) -> None:
    """The frame itself goes nowhere."""
    at(page, address)
    before = page.locator("iframe:visible").first.get_attribute("src")
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    with page.context.expect_page() as waiting:
        email(page).locator("a[href^=https]").first.click()
    waiting.value.wait_for_load_state()
    assert any(url.startswith("https://arxiv.org/") for url in asked)
    assert waiting.value.evaluate("window.opener") is None
    waiting.value.close()
    email(page).locator("a[href^=mailto]").first.click()

    assert page.locator("iframe:visible").first.get_attribute("src") == before
    expect(page.locator("#address")).to_contain_text("mailto:")


# ------------------------------------------------------------------ choosing


def test_issues_and_readers_are_walked_through_by_key(page: Page, address: str) -> None:
    """Next and previous; everything stands in the address."""
    at(page, address)
    page.locator("body").press("]")
    expect(page.get_by_test_id("status")).to_contain_text("Grace Hopper")
    page.locator("body").press("[")
    expect(page.get_by_test_id("status")).to_contain_text("Ada Lovelace")
    page.locator("body").press("j")
    expect(page.get_by_test_id("status")).to_contain_text("3 June 2026")
    assert "issue=2026-06-03" in page.url
    page.locator("body").press("k")
    expect(page.get_by_test_id("status")).to_contain_text("4 June 2026")


def test_a_reader_is_found_by_some_letters(page: Page, address: str) -> None:
    """Slash, letters, enter."""
    at(page, address)
    page.locator("body").press("/")
    expect(page.get_by_test_id("reader-search")).to_be_focused()
    page.keyboard.type("hopp")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("status")).to_contain_text("Grace Hopper")
    assert "as=grace" in page.url


def test_the_sample_reader_and_the_papers_that_ship_can_be_chosen(page: Page, address: str) -> None:
    """They need no data of one's own."""
    at(page, address, "as=sample&issue=sample")

    expect(page.get_by_test_id("status")).to_contain_text("Sample reader")
    expect(email(page).locator("h1")).to_contain_text("papers")


def test_the_gallery_shows_every_case_and_letter(page: Page, address: str) -> None:
    """By key and by click, and j walks on through it."""
    at(page, address)
    page.locator("body").press("g")
    page.get_by_test_id("case").get_by_text("Right to left").click()
    expect(email(page).locator("html")).to_have_attribute("dir", "ltr")
    assert "case=right" in page.url
    first = page.url
    page.locator("body").press("j")
    page.wait_for_function("before => location.href !== before", arg=first)
    page.goto(f"{address}?case=letter+welcome")
    expect(email(page).locator("h1")).to_contain_text("You are subscribed")


def test_the_keys_are_told(page: Page, address: str) -> None:
    """In a dialog that the keyboard opens and closes; while it is open they do nothing."""
    at(page, address)
    page.locator("body").press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    for key in (*VIEWS.values(), "j", "k", "[", "]", "/", "1", "2", "3", "4", "d", "x", "n", "c", "g", "?"):
        assert dialog.locator("kbd", has_text=re.compile(f"^{re.escape(key)}$")).count() == 1, key
    page.keyboard.press("t")
    assert "view=text" not in page.url
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()


def test_keys_work_inside_the_email_too(page: Page, address: str) -> None:
    """Whoever clicked into it need not click out."""
    at(page, address)
    email(page).locator("h1").click()
    page.keyboard.press("t")
    seen(page, "text")


# ------------------------------------------------------------------ checks and why


def test_the_verdict_opens_the_checks(page: Page, address: str) -> None:
    """By click and by key; one verdict, sizes beside it."""
    at(page, address)
    expect(page.get_by_test_id("verdict-chip")).to_contain_text("No findings")
    for _ in range(2):
        page.locator("body").press("c")
    page.get_by_test_id("verdict-chip").click()
    expect(page.get_by_test_id("verdict").first).to_be_attached()


def test_a_finding_leads_to_its_line_and_its_paper(browser: Browser, tmp_path: Path) -> None:
    """The file and line of the template stand beside it."""
    path = a_folder(tmp_path)
    (tmp_path / "templates" / "issue" / "authors.html.j2").write_text(
        '<p class="authors">{{ paper.facts.summary }}\n<a href="#">click</a></p>\n', encoding="utf-8"
    )
    with serving(path) as found:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        opened = at(context.new_page(), found, "panel=checks")
        row = opened.locator("li.finding", has_text="issue/authors.html.j2:").first
        expect(row.locator(".finding-paper")).not_to_be_empty()
        row.get_by_role("button", name=re.compile("^line ")).click()
        seen(opened, "source")
        expect(opened.locator("#view-source")).to_contain_text("click")
        opened.locator("li.finding .finding-main").first.click()
        seen(opened, "html")
        context.close()


def test_why_a_paper_is_missing_is_found_within_two_clicks(page: Page, address: str) -> None:
    """From the first page: Why, then a row; the letters of its title need no click."""
    at(page, address)
    page.get_by_test_id("view-why").click()
    page.keyboard.type("gaussian splatting")
    rows = page.locator("#view-why .candidate")
    expect(rows.first).to_contain_text("Not matched")
    rows.first.locator("button").first.click()

    expect(rows.first).to_contain_text("NOT MATCHED for ada@example.org")
    expect(rows.first).to_contain_text("subscribers.yaml:")
    assert "paper=" in page.url


def test_why_is_answered_to_the_keyboard_alone(page: Page, address: str) -> None:
    """One key, some letters, Enter."""
    at(page, address)
    page.locator("body").press("y")
    page.keyboard.type("gaussian splatting")
    page.keyboard.press("Enter")

    expect(page.locator("#view-why .candidate.open")).to_contain_text("NOT MATCHED for ada@example.org")
    expect(page.locator("#view-why .candidate.open .candidate-title")).to_be_focused()


def test_bars_hide_what_scrolls_below_them(page: Page, address: str) -> None:
    """Whatever the sliders say, and in a narrow window too."""
    page.set_viewport_size({"width": 420, "height": 800})
    at(page, address, "min_score=0.8")
    for name in (".top", ".strip", ".foot"):
        colour = page.locator(name).evaluate("bar => getComputedStyle(bar).backgroundColor")
        assert colour.startswith("rgb("), (name, colour)
    page.get_by_test_id("verdict-chip").click()
    expect(page.locator("#panel")).to_be_in_viewport()


def test_a_paper_of_no_edition_is_looked_for_among_all(page: Page, address: str) -> None:
    """The page says that nobody ever brought it."""
    at(page, address, "view=why")
    page.get_by_test_id("why-filter").fill("the moons of Uranus")
    page.get_by_test_id("look-up").click()

    expect(page.locator("#view-why")).to_contain_text("no source ever brought it")


def test_sliders_redraw_at_once_and_print_what_to_paste(page: Page, address: str) -> None:
    """Back to what is written by one key."""
    at(page, address, "view=why")
    page.get_by_test_id("max_papers").fill("3")
    expect(page.get_by_test_id("fate-in")).to_contain_text("3")
    expect(page.locator("#view-why .yaml")).to_contain_text("max_papers: 3")
    page.get_by_test_id("min_score").fill("0.9")
    expect(page.locator("#view-why .yaml")).to_contain_text("min_score: 0.90")
    page.get_by_test_id("copy-yaml").click()
    assert page.evaluate("navigator.clipboard.readText()").startswith("    max_papers: 3")
    page.get_by_test_id("view-html").click()
    expect(page.get_by_test_id("tried")).to_be_visible()
    page.locator("body").press("w")
    expect(page.get_by_test_id("tried")).to_be_hidden()
    assert "max_papers" not in page.url


# ------------------------------------------------------------------ comparing, sending


def test_two_issues_stand_side_by_side(page: Page, address: str) -> None:
    """With what is gained and lost, and two emails."""
    at(page, address, "view=compare&with_settings=other")
    expect(page.locator("#view-compare")).to_contain_text("max_papers is 5")
    expect(page.locator("#view-compare iframe:visible")).to_have_count(2)
    page.get_by_test_id("with-settings").select_option("written")
    expect(page.locator("#view-compare")).not_to_contain_text("max_papers is 5")


def test_a_test_is_sent_and_its_answer_told(page: Page, address: str, inbox: Inbox) -> None:
    """To who may get one, by the users' own server."""
    at(page, address, "as=grace")
    page.get_by_test_id("send-test").click()
    page.get_by_test_id("test-send").click()
    expect(page.locator("#trial-said")).to_contain_text("250")

    message = message_from_bytes(inbox.paths[-1].read_bytes(), policy=policy.default)
    assert message["Subject"].startswith("[TEST] ")
    assert message["To"] == "ada@example.org"


# ------------------------------------------------------------------ live


def test_what_is_saved_is_shown_and_the_reader_stays_at_their_paper(browser: Browser, tmp_path: Path) -> None:
    """A style, a setting; no click, no flash back to the top."""
    path = a_folder(tmp_path)
    style = tmp_path / "templates" / "issue" / "inline.css"
    with serving(path) as found:
        context = browser.new_context(viewport={"width": 1440, "height": 700})
        opened = at(context.new_page(), found)
        opened.locator("#view").evaluate("view => view.scrollTo(0, 900)")
        swapped(style, "color: #111827", "color: #a1b2c3")
        expect(email(opened).locator("h1")).to_have_css("color", "rgb(161, 178, 195)")
        scrolled = opened.locator("#view").evaluate("view => view.scrollTop")
        swapped(path, "max_papers: 8", "max_papers: 4")
        expect(opened.get_by_test_id("status")).to_contain_text("4 papers")
        context.close()

    assert 800 < scrolled < 1000


def test_mistakes_are_told_over_the_last_good_view_until_they_are_mended(browser: Browser, tmp_path: Path) -> None:
    """A template, the settings, a deleted file: file, line, excerpt and hint; the server stays."""
    path = a_folder(tmp_path)
    own = tmp_path / "templates" / "issue" / "byline.j2"
    with serving(path) as found:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        opened = at(context.new_page(), found)
        trouble = opened.get_by_test_id("trouble")

        own.write_text("by\n{% if issue.editor %}\n{{ issue.editor }\n{% endif %}\n", encoding="utf-8")
        expect(trouble).to_contain_text("byline.j2:3")
        expect(trouble.locator(".excerpt-line.here")).to_contain_text("{{ issue.editor }")
        expect(email(opened).locator("h1")).to_contain_text("papers")
        own.write_text("by {{ issue.editor }}\n", encoding="utf-8")
        expect(trouble).to_have_count(0)

        swapped(path, "max_papers: 8", "max_paper: 8")
        expect(trouble).to_contain_text("subscribers.yaml:10:5")
        expect(trouble).to_contain_text("did you mean")
        swapped(path, "max_paper: 8", "max_papers: 8")
        expect(trouble).to_have_count(0)

        text = path.read_text(encoding="utf-8")
        path.unlink()
        expect(trouble).to_contain_text("there is no such file")
        path.write_text(text, encoding="utf-8")
        expect(trouble).to_have_count(0)

        own.write_text("by {{ issue.edtor }}\n", encoding="utf-8")
        expect(trouble).to_contain_text('did you mean "editor"')
        own.unlink()
        expect(trouble).to_have_count(0)
        expect(email(opened).locator("h1")).to_contain_text("papers")
        context.close()


def test_a_server_that_ended_is_told_and_one_that_is_back_is_used(browser: Browser, tmp_path: Path) -> None:
    """The page stays where it is."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    opened = context.new_page()
    with serving(None, folder=tmp_path) as found:
        at(opened, found)
    expect(opened.locator("#lost")).to_be_visible()
    port = found.rstrip("/").rpartition(":")[2]
    with serving(None, "--port", port, folder=tmp_path):
        expect(opened.locator("#lost")).to_be_hidden(timeout=20_000)
    context.close()


def test_without_settings_and_network_the_papers_that_ship_are_shown(browser: Browser, tmp_path: Path) -> None:
    """In an empty folder, which stays empty."""
    with serving(None, folder=tmp_path) as found:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        opened = at(context.new_page(), found)
        expect(email(opened).locator("h1")).to_contain_text("papers")
        context.close()

    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------ safety


def test_a_hostile_paper_runs_nothing_in_any_view(browser: Browser, address: str) -> None:
    """Its title, abstract and authors are text, in the email and around it."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    opened = context.new_page()
    dialogs: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    opened.on("dialog", dismiss)
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    for case in ("hostile", "flood"):
        for view in VIEWS:
            opened.goto(f"{address}?case={case}&view={view}")
            expect(opened.locator(f"#view-{view}")).to_be_visible()
            opened.wait_for_timeout(100)
    owned = opened.evaluate("window.owned")
    context.close()

    assert owned is None
    assert dialogs == []
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []


def test_a_hostile_title_among_the_readers_own_papers_runs_nothing(browser: Browser, tmp_path: Path) -> None:
    """In the list of candidates, the trace of one, the settings and the pickers."""
    hostile = HOSTILE.replace('"', "'").replace("\u202e", "")  # which the settings refuse
    settings = SETTINGS.replace("name: Ada Lovelace", f'name: "{hostile}"').replace(
        "speculative decoding,", f'"{hostile} decoding", speculative decoding,'
    )
    path = a_folder(tmp_path, settings)
    with serving(path) as found:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        opened = context.new_page()
        owned = {}
        for view in VIEWS:
            opened.goto(f"{found}?view={view}&paper=arxiv:2606.02091")
            expect(opened.locator(f"#view-{view}")).to_be_visible()
            expect(opened.locator("#status")).to_contain_text("onerror", timeout=20_000)  # said when the view is there
            owned[view] = opened.evaluate(FAILING_PICTURE)
        context.close()

    assert owned == dict.fromkeys(VIEWS)


class _Elsewhere(BaseHTTPRequestHandler):
    """Another origin on this machine, as any web page is."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>elsewhere</title><body>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_page_of_another_origin_reads_and_does_nothing(browser: Browser, address: str, inbox: Inbox) -> None:
    """By fetch, frame, script, picture, form, events."""
    elsewhere = ThreadingHTTPServer(("127.0.0.1", 0), _Elsewhere)
    Thread(target=elsewhere.serve_forever, daemon=True).start()
    context = browser.new_context()
    opened = context.new_page()
    opened.goto(f"http://127.0.0.1:{elsewhere.server_address[1]}/")
    before = len(inbox.paths)
    found = opened.evaluate(
        """async studio => {
          const read = async (path, options) => {
            try { const answer = await fetch(studio + path, options); return answer.type + await answer.text(); }
            catch (error) { return 'refused'; }
          };
          const loads = (tag, attribute, path) => new Promise(done => {
            const element = document.createElement(tag);
            element.onload = () => done('loaded'); element.onerror = () => done('refused');
            element[attribute] = studio + path; document.body.append(element);
          });
          const events = new Promise(done => {
            const source = new EventSource(studio + 'events');
            source.onopen = () => done('open'); source.onerror = () => { source.close(); done('refused'); };
          });
          const body = JSON.stringify({to: 'ada@example.org', place: {}});
          return {
            desk: await read('api/desk'), blind: await read('api/desk', {mode: 'no-cors'}),
            post: await read('api/test', {method: 'POST', body, mode: 'no-cors'}),
            script: await loads('script', 'src', 'static/main.js'),
            picture: await loads('img', 'src', 'static/favicon.svg'), events: await events,
          };
        }""",
        address,
    )
    opened.evaluate(
        "studio => document.body.append(Object.assign(document.createElement('iframe'), { src: studio }))",
        address,
    )
    opened.wait_for_timeout(500)
    framed = [frame.url for frame in opened.frames if frame.url.startswith(address)]
    texts = [frame.locator("body").inner_text() for frame in opened.frames if frame.url.startswith(address)]
    context.close()
    elsewhere.shutdown()
    elsewhere.server_close()

    assert "ada@example.org" not in str(found)
    assert found["desk"] == "refused"
    assert found["blind"] in ("refused", "opaque")
    assert found["post"] in ("refused", "opaque")
    assert found["script"] == found["picture"] == found["events"] == "refused"
    assert not any("papers" in text for text in texts), framed
    assert len(inbox.paths) == before
