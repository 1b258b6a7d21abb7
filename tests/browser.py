"""A real browser for tests: Chromium of the system shows emails as mail programs do, and is asked what a reader sees.

Reader      opens one email at a time, fetches nothing, remembers what was asked for
texts       every text that is seen: its colour, what is behind it, its size
no_styles   as Gmail shows mail of other accounts: without <style>
outlook     as Outlook for Windows reads it: what its conditional comments hold is shown
INVERT      as Gmail's app does in the dark: every colour turned over, as the studio shows it
axe         the findings of axe-core
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page, Route, sync_playwright

ADDRESS = "http://mail.test/"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# The same pixels on every machine: no hinting, no coloured edges of letters, no profile of a screen, whatever the
# settings of the system and its user say.
SWITCHES = ("--font-render-hinting=none", "--disable-lcd-text", "--force-color-profile=srgb", "--disable-gpu")
_FONT_SETTINGS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<include ignore_missing="yes">{system}</include>
{rules}</fontconfig>"""
_FONT_RULE = """<match target="{target}">
<edit name="antialias" mode="assign"><bool>true</bool></edit>
<edit name="hinting" mode="assign"><bool>false</bool></edit>
<edit name="autohint" mode="assign"><bool>false</bool></edit>
<edit name="hintstyle" mode="assign"><const>hintnone</const></edit>
<edit name="rgba" mode="assign"><const>none</const></edit></match>
"""
# How far a wide picture or a long word reaches to the right; a mail program shows a bar, or cuts.
WIDTH_OF_CONTENT = "document.scrollingElement.scrollWidth"


def executable() -> str | None:
    """Return where the system's Chromium is, None where there is none. No browser is downloaded."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    """Start the browser; while it is open Playwright's event loop runs in this thread, and no other can."""
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        fonts = Path(folder) / "fonts.conf"
        system = escape(os.environ.get("FONTCONFIG_FILE", "/etc/fonts/fonts.conf"))
        rules = "".join(_FONT_RULE.format(target=target) for target in ("pattern", "font"))
        fonts.write_text(_FONT_SETTINGS.format(system=system, rules=rules), encoding="utf-8")
        browser = playwright.chromium.launch(
            executable_path=path, args=list(SWITCHES), env={**os.environ, "FONTCONFIG_FILE": str(fonts)}
        )
        yield browser
        browser.close()


class Reader:
    """Shows one email at a time; `asked` are the addresses it wanted besides, `dialogs` what popped up."""

    def __init__(self, browser: Browser, *, scale: float = 1) -> None:
        self._html = ""
        self.asked: list[str] = []
        self.dialogs: list[str] = []
        self.context = browser.new_context(device_scale_factor=scale)
        self.context.route("**/*", self._answer)
        self.page = self.context.new_page()
        self.page.on("dialog", self._dismiss)

    def show(self, html: str, *, width: int = 640, height: int = 900, dark: bool = False) -> Page:
        """Open `html` as a document of its own and return its page."""
        self._html, self.asked, self.dialogs = html, [], []
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(color_scheme="dark" if dark else "light")
        self.page.goto(ADDRESS)
        return self.page

    def close(self) -> None:
        """Forget everything."""
        self.context.close()

    def _answer(self, route: Route) -> None:
        if route.request.url == ADDRESS and route.request.is_navigation_request():
            route.fulfill(body=self._html, content_type="text/html; charset=utf-8")
        else:
            self.asked.append(route.request.url)
            route.abort()

    def _dismiss(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is seen: contrast by WCAG 2.2, 1.4.3; sizes and edges in CSS pixels."""

    text: str
    contrast: float
    colours: str
    size: float
    left: float
    right: float


def texts(page: Page) -> list[Text]:
    """Return every text of the page that is seen, in the order of the document."""
    return [Text(**one) for one in page.evaluate(_TEXTS)]


def words(page: Page) -> str:
    """Return all text that is seen, without blanks, which tables and lists put differently."""
    return re.sub(r"\s", "", "".join(one.text for one in texts(page)))


def rules(page: Page) -> int:
    """Return how many lines between things are seen."""
    return int(page.evaluate(_RULES))


def outline(page: Page) -> list[tuple[int, str]]:
    """Return level and name of every heading that the accessibility tree holds, in its order."""
    session = page.context.new_cdp_session(page)
    nodes = {node["nodeId"]: node for node in session.send("Accessibility.getFullAXTree")["nodes"]}
    session.detach()
    found, waiting = [], [next(iter(nodes))]
    while waiting:
        node = nodes[waiting.pop()]
        if not node.get("ignored") and node["role"]["value"] == "heading":
            levels = [each["value"]["value"] for each in node["properties"] if each["name"] == "level"]
            found.append((int(levels[0]), str(node["name"]["value"])))
        waiting += [child for child in reversed(node.get("childIds", [])) if child in nodes]
    return found


def axe(page: Page, **options: Any) -> list[str]:
    """Return what axe-core finds serious or critical: https://github.com/dequelabs/axe-core"""
    if not page.evaluate("'axe' in window"):
        page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("options => axe.run(document, options)", {"resultTypes": ["violations"], **options})
    return [
        f"{violation['id']}: {node['html'][:120]}"
        for violation in found["violations"]
        for node in violation["nodes"]
        if node["impact"] in ("serious", "critical")
    ]


def no_styles(html: str) -> str:
    """Return an email as Gmail shows it to accounts of other providers."""
    return re.sub(r"<style\b.*?</style>", "", html, flags=re.DOTALL)


def outlook(html: str) -> str:
    """Return an email as Word's engine reads it: what is meant for it alone shown, what is not for it taken away."""
    html = re.sub(r"<!--\[if !mso[^\]]*\]><!-->.*?<!--<!\[endif\]-->", "", html, flags=re.DOTALL)
    return re.sub(r"<!--\[if [^\]]*mso[^\]]*\]>(.*?)<!\[endif\]-->", r"\1", html, flags=re.DOTALL)


# ------------------------------------------------------------------ what runs in the page

_COLOURS = """
const channels = colour => { const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number); return [r, g, b, a]; };
const over = (top, under) => [0, 1, 2].map(at => top[at] * top[3] + under[at] * (1 - top[3])).concat(1);
const canvas = document.createElement('i');
canvas.style.color = 'Canvas';
document.body.append(canvas);
const paper = channels(getComputedStyle(canvas).color);
canvas.remove();
const behind = element => {
  const layers = [];
  for (let at = element; at; at = at.parentElement) {
    const layer = channels(getComputedStyle(at).backgroundColor);
    if (layer[3] > 0) layers.push(layer);
    if (layer[3] === 1) break;
  }
  return layers.reduceRight((under, top) => over(top, under), paper);
};
const linear = value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
const luminance = ([r, g, b]) => [r, g, b].map(one => linear(one / 255))
  .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0);
const contrast = (one, other) => {
  const [dim, bright] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (bright + 0.05) / (dim + 0.05);
};
const hex = colour => '#' + colour.slice(0, 3).map(one => Math.round(one).toString(16).padStart(2, '0')).join('');
const folded = element => {
  for (let at = element; at; at = at.parentElement) {
    const box = at.getBoundingClientRect(), style = getComputedStyle(at);
    if (style.overflow === 'hidden' && style.display !== 'inline' && (box.height < 2 || box.width < 2)) return true;
  }
  return false;
};
"""

_TEXTS = f"""() => {{ {_COLOURS}
const found = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {{
  const node = walker.currentNode, element = node.parentElement, style = getComputedStyle(element);
  if (!/[^\\s\\u00a0\\u034f\\u200b-\\u200f\\ufeff]/u.test(node.data)) continue;
  if (['STYLE', 'SCRIPT', 'TITLE', 'NOSCRIPT'].includes(element.tagName)) continue;
  if (!element.checkVisibility({{opacityProperty: true, visibilityProperty: true}}) || folded(element)) continue;
  const range = document.createRange();
  range.selectNodeContents(node);
  const box = range.getBoundingClientRect();
  const under = behind(element), colour = over(channels(style.color), under);
  found.push({{
    text: node.data.trim(), contrast: contrast(colour, under), colours: `${{hex(colour)}} on ${{hex(under)}}`,
    size: parseFloat(style.fontSize), left: box.left, right: box.right,
  }});
}}
return found; }}"""

_RULES = f"""() => {{ {_COLOURS}
let found = 0;
for (const element of document.body.querySelectorAll('*')) {{
  if (!element.checkVisibility() || element.getBoundingClientRect().width < 40) continue;
  const style = getComputedStyle(element);
  for (const side of ['Top', 'Bottom']) {{
    const [width, colour] = [parseFloat(style[`border${{side}}Width`]), channels(style[`border${{side}}Color`])];
    if (width < 1 || style[`border${{side}}Style`] === 'none') continue;
    const under = behind(element);
    if (contrast(over(colour, under), under) > 1.1) found++;
  }}
}}
return found; }}"""

_OF_STUDIO = files("newsletter") / "preview" / "web" / "static" / "invert.js"
INVERT = f"() => {{ {_OF_STUDIO.read_text(encoding='utf-8').replace('export ', '')}\ninvert(document); }}"
