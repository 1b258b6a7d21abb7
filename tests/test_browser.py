"""What a person sees: every edge case and every issue of the demo, opened in Chromium as mail programs show them.

Skipped where no Chromium is on the PATH; on CI (the environment variable `CI`) that is a failure. After a wanted change
of the look, take the pictures anew and look at them: `UPDATE_GOLDEN=1 pytest tests/test_browser.py -k picture`
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from browser import (
    INVERT,
    WIDTH_OF_CONTENT,
    Reader,
    axe,
    chromium,
    executable,
    no_styles,
    outline,
    outlook,
    rules,
    texts,
    words,
)
from emails import NAMES, Emails
from makers import a_newsletter
from PIL import Image
from pixels import difference, foreign, keep, picture, with_fonts
from playwright.sync_api import Browser, Page

from newsletter.render import compile_templates, render
from newsletter.render.files import USUAL_LOOK
from newsletter.sample.cases import cases
from newsletter.sample.cases.hostile import MARK

VIEWS = ("640-light", "640-dark", "375-light", "375-dark", "640-plain")
PIXELS = Path(__file__).parent / "data" / "pixels"
PICTURED = {"everything": None, "demo: Ada": 1600}  # to which height
CHANGES = {
    "colour": "[...document.querySelectorAll('h3')].pop().querySelector('*').style.color = '#7f1d1d'",
    "padding": "[...document.querySelectorAll('h3')].pop().style.paddingTop = '3px'",
    "weight": "document.querySelector('h1').style.fontWeight = '400'",
    "place": "document.querySelector('h1').style.cssText += 'position: relative; left: 2px'",
    "line": "[...document.querySelectorAll('p')].pop().style.cssText += 'box-shadow: 0 1px #999'",
}
WIDTHS = (640, 375, 320)
# Cases where votes are taken by mail and the issue before can be read by web; in another look after a colon.
ANSWERED = ("everything", "hostile", "right to left", "unconfirmed", "unconfirmed: gallery", "unconfirmed: plain")
VOTED = tuple(f"answered: {name}" for name in ANSWERED)
every_email = pytest.mark.parametrize("name", [*NAMES, *VOTED])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return one browser for this module: closed at its end, so that other tests may run event loops."""
    path = executable()
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no chromium on the PATH: apt-get install chromium")
    with chromium(path) as opened:
        yield opened


@pytest.fixture(scope="module")
def reader(browser: Browser) -> Iterator[Reader]:
    """Return a mail program, one for all: a fresh one takes longer than most of these tests."""
    opened = Reader(browser)
    yield opened
    opened.close()


class AlsoAnswered(Emails):
    """The HTML of each of `NAMES` and `VOTED`."""

    def __getitem__(self, name: str) -> str:
        """Return an email's HTML."""
        if name not in VOTED:
            return super().__getitem__(name)
        case, _, look = name.removeprefix("answered: ").partition(": ")
        issue, templates = cases()[case], compile_templates(look=look or USUAL_LOOK)
        sender = a_newsletter(archive="https://example.org/{date}", inbox="answers@example.org")
        return render(issue, sender, templates, date=datetime.combine(issue.day, time(7), UTC)).html


@pytest.fixture(scope="module")
def emails() -> Emails:
    """Return the HTML of every email by its name."""
    return AlsoAnswered()


@dataclass(frozen=True)
class Usual:
    """What an email shows with everything that its author wrote."""

    words: str
    rules: int


@pytest.fixture(scope="module")
def usual(reader: Reader, emails: Emails) -> Callable[[str], Usual]:
    """Return what an email shows in a mail program that leaves it alone; looked at once."""

    @cache
    def look(name: str) -> Usual:
        page = reader.show(emails[name])
        return Usual(words(page), rules(page))

    return look


@every_email
def test_axe_finds_nothing_serious(reader: Reader, emails: Emails, name: str) -> None:
    """No violation of impact serious or critical, in light and dark; links are large enough or apart (WCAG 2.5.8)."""
    page = reader.show(emails[name], width=375)
    found = {"light": axe(page, rules=TARGETS)}
    page.emulate_media(color_scheme="dark")
    found["dark"] = axe(page, runOnly=["color-contrast"])

    assert found == {"light": [], "dark": []}


@every_email
def test_opening_an_email_asks_for_nothing(reader: Reader, emails: Emails, name: str) -> None:
    """Nobody learns that it was opened, and nothing in it runs: no request, no script, no dialog, no handler."""
    page = reader.show(emails[name])

    assert reader.asked == []
    assert reader.dialogs == []
    assert page.evaluate(f"window.{MARK}") is None
    assert page.evaluate(_ACTING) == []


@every_email
def test_no_email_is_wider_than_the_screen(reader: Reader, emails: Emails, name: str) -> None:
    """Nobody scrolls sideways to read a line, and none is cut off at a round corner, on the smallest phone too."""
    page = reader.show(emails[name])
    widths = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        widths[width] = page.evaluate(WIDTH_OF_CONTENT)
    seen = texts(page)

    assert widths == {width: width for width in WIDTHS}
    assert [one.text[:60] for one in seen if one.left < -1 or one.right > WIDTHS[-1] + 1] == []


@every_email
def test_every_text_can_be_read(reader: Reader, emails: Emails, name: str) -> None:
    """Contrast is 4.5 at least (WCAG 1.4.3) and no letter smaller than 12 px, also with colours turned over."""
    page = reader.show(emails[name])
    seen = {"light": texts(page)}
    page.emulate_media(color_scheme="dark")
    seen["dark"] = texts(page)
    page.emulate_media(color_scheme="light")
    page.evaluate(INVERT)
    seen["inverted"] = texts(page)
    found = [(scheme, one) for scheme, all_texts in seen.items() for one in all_texts]

    assert len(seen["light"]) == len(seen["dark"]) == len(seen["inverted"]) > 0
    assert {
        f"{scheme}, {one.contrast:.2f} {one.colours}: {one.text[:40]}" for scheme, one in found if one.contrast < 4.5
    } == set()
    assert {f"{one.size} px: {one.text[:40]}" for _, one in found if one.size < 12} == set()


@every_email
def test_without_styles_an_email_says_the_same(
    reader: Reader, emails: Emails, usual: Callable[[str], Usual], name: str
) -> None:
    """Gmail drops <style> for accounts of other providers: text, lines between papers and the narrow page stay."""
    expected = usual(name)
    page = reader.show(no_styles(emails[name]), width=1000)
    seen = texts(page)

    assert Usual(words(page), rules(page)) == expected
    assert max(one.right for one in seen) - min(one.left for one in seen) <= 640
    page.set_viewport_size({"width": 640, "height": 900})
    assert page.evaluate(WIDTH_OF_CONTENT) == 640


@every_email
def test_outlook_says_the_same(reader: Reader, emails: Emails, usual: Callable[[str], Usual], name: str) -> None:
    """What stands in comments for Word's engine is tables around the same text."""
    expected = usual(name)
    page = reader.show(outlook(emails[name]))

    assert page.evaluate(_CONDITIONS) == []
    assert words(page) == expected.words


@every_email
def test_headings_are_an_outline(reader: Reader, emails: Emails, name: str) -> None:
    """A screen reader jumps from heading to heading: one of level 1 first, none skips a level, each has a name."""
    found = outline(reader.show(emails[name]))
    levels = [level for level, _ in found]

    assert levels[:1] == [1]
    assert levels.count(1) == 1
    assert max(levels) <= 3
    assert [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1] == []
    assert [name for _, name in found if not name.strip()] == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", VOTED)
def test_a_finger_tells_votes_apart(reader: Reader, emails: Emails, name: str, width: int) -> None:
    """Each is at least 24 px high and wide (WCAG 2.5.8); the two of a paper stand side by side."""
    boxes = reader.show(emails[name], width=width).evaluate(_VOTES)

    assert boxes
    assert len(boxes) % 2 == 0
    assert [box for box in boxes if box["height"] < 24 or box["width"] < 24] == []
    assert [box for box, less in zip(boxes[::2], boxes[1::2], strict=True) if box["top"] != less["top"]] == []


# ------------------------------------------------------------------ pictures


def in_fonts(reader: Reader, html: str, view: str) -> Page:
    """Show an email as `VIEWS` names it, in the fonts of the tests."""
    width, look = view.split("-")
    page = reader.show(no_styles(html) if look == "plain" else html, width=int(width), dark=look == "dark")
    with_fonts(page)
    return page


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", PICTURED)
def test_the_picture_is_the_golden_one(reader: Reader, emails: Emails, tmp_path: Path, name: str, view: str) -> None:
    """Every change of the look is seen in a picture; see the head of this file for how to accept one."""
    golden = PIXELS / f"{name.removeprefix('demo: ').lower()}-{view}.png"
    made = picture(in_fonts(reader, emails[name], view), height=PICTURED[name])
    if os.environ.get("UPDATE_GOLDEN"):
        keep(made, golden)
    with Image.open(golden) as kept:
        found = difference(kept, made)
    if found.seen:
        made.save(tmp_path / golden.name)
        found.marked.save(tmp_path / f"difference-{golden.name}")

    assert not found.seen, f"{golden.name}: {found}; the picture and what differs are in {tmp_path}"


@pytest.mark.parametrize("name", PICTURED)
def test_pictures_need_no_font_of_the_system(reader: Reader, emails: Emails, name: str) -> None:
    """A letter that the fonts of the tests lack would make another picture on another machine."""
    assert foreign(in_fonts(reader, emails[name], "640-light")) == []


@pytest.mark.parametrize("change", CHANGES)
def test_a_picture_tells_a_small_change(reader: Reader, emails: Emails, change: str) -> None:
    """The control: one title's colour, three pixels of padding, a weight, two pixels to the right, a line."""
    page = in_fonts(reader, emails["ten papers"], "375-light")
    before, again = picture(page), picture(page)
    page.evaluate(CHANGES[change])

    assert not difference(before, again).seen
    assert difference(before, picture(page)).seen


def test_a_kept_picture_is_the_one_it_was_made_of(reader: Reader, emails: Emails, tmp_path: Path) -> None:
    """Fewer colours make no difference that counts."""
    made = picture(in_fonts(reader, emails["everything"], "640-light"))
    keep(made, tmp_path / "kept.png")
    with Image.open(tmp_path / "kept.png") as kept:
        found = difference(kept, made)

    assert (found.share, found.worst) == (0.0, 0.0)


# ------------------------------------------------------------------ the measures themselves


def test_axe_would_find_what_is_wrong(reader: Reader) -> None:
    """The control: faint text, a picture without words, two links that no finger tells apart."""
    page = reader.show(
        '<!doctype html><html lang="en"><title>t</title><p style="color:#aaa">Faint</p><img src="data:,">'
        '<div style="font-size:9px;line-height:9px"><div><a href="/a">First</a></div><div><a href="/b">Next</a></div>'
    )

    found = {one.split(":")[0] for one in axe(page, rules=TARGETS)}
    assert found == {"color-contrast", "image-alt", "target-size"}
    assert {one.split(":")[0] for one in axe(page, runOnly=["color-contrast"])} == {"color-contrast"}


def test_the_reader_would_notice_scripts_and_requests(reader: Reader) -> None:
    """The control: what the emails must not do is seen when it is done."""
    page = reader.show(
        f"<!doctype html><body onload='window.{MARK}=1; alert(1)'><img src='https://example.org/pixel.gif'>"
        "<a href='javascript:0'>x</a><link rel=stylesheet href=/style.css>"
    )

    assert sorted(reader.asked) == ["http://mail.test/style.css", "https://example.org/pixel.gif"]
    assert reader.dialogs == ["1"]
    assert page.evaluate(f"window.{MARK}") == 1
    assert page.evaluate(_ACTING) == ["onload", "javascript:0"]


def test_widths_lines_and_headings_are_seen(reader: Reader) -> None:
    """The control: a table too wide, a line and none, headings without the hidden, what styles and Outlook hold."""
    page = reader.show(
        "<!doctype html><style>.a{border-top:1px solid #999}</style><body style='margin:0'>"
        "<h1>One</h1><h2 style='display:none'>No</h2><h3>Three: <i>here</i></h3>"
        "<table width='700'><tr><td class='a'>x</td></tr></table><p style='width:700px;text-align:right'>w</p>"
        "<p style='border-bottom:1px solid #fff'>y</p>"
        "<!--[if mso | IE]><b>Word</b><![endif]--><!--[if !mso]><!--><b>Web</b><!--<![endif]-->",
        width=375,
    )
    html = page.content()

    assert page.evaluate(WIDTH_OF_CONTENT) == 700
    assert [one.right for one in texts(page) if one.text == "w"] == [700]
    assert rules(page) == 1
    assert outline(page) == [(1, "One"), (3, "Three: here")]
    assert words(page) == "OneThree:herexwyWeb"
    assert rules(reader.show(no_styles(html))) == 0
    assert words(reader.show(outlook(html))) == "OneThree:herexwyWord"


def test_contrast_is_that_of_the_guideline(reader: Reader) -> None:
    """The control: known pairs, a see-through colour, text that nobody sees, and the same turned over."""
    page = reader.show(
        "<!doctype html><body style='background:#fff;margin:0'><p style='color:#767676'>grey</p><p>black</p>"
        "<p style='color:rgba(0,0,0,.5);background:rgba(255,255,255,.5)'>half</p>"
        "<div style='background:#5b21b6;color:#fff'>button</div><div style='display:none'>hidden</div>"
        "<div style='max-height:0;overflow:hidden'>folded</div>"
    )

    assert [(one.text, round(one.contrast, 2)) for one in texts(page)] == [
        ("grey", 4.54), ("black", 21.0), ("half", 3.98), ("button", 8.98),
    ]  # fmt: skip
    page.evaluate(INVERT)
    turned = {one.text: one.colours for one in texts(page)}
    assert turned["black"] == "#dbdbdb on #212121"
    assert turned["button"].split(" on ")[0] == "#ffffff"


TARGETS = {"target-size": {"enabled": True}}
_VOTES = "() => [...document.querySelectorAll('a.vote')].map(vote => vote.getBoundingClientRect().toJSON())"
_CONDITIONS = """() => {
  const walker = document.createTreeWalker(document, NodeFilter.SHOW_COMMENT), found = [];
  while (walker.nextNode()) if (/\\[(if|endif)/.test(walker.currentNode.data)) found.push(walker.currentNode.data);
  return found;
}"""
_ACTING = """() => [...document.querySelectorAll('*')].flatMap(element => [
  ...element.getAttributeNames().filter(name => name.startsWith('on')),
  ...['href', 'action', 'background', ...(element.tagName === 'IMG' ? [] : ['src'])].map(at => element.getAttribute(at))
    .filter(address => address && /^\\s*(javascript|vbscript|data|file):/i.test(address)),
])"""
