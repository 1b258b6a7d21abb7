"""Issues as pictures, by the Chromium that is there: on a desktop, on a phone, in the dark. Nothing is downloaded."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from newsletter.errors import NewsletterError, UsageError
from newsletter.preview.site import Camera

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserType, Page, Route

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ADDRESS = "http://email.invalid/"  # answered here: no machine has this name (RFC 6761)
_HEIGHT = 800


class Shot(NamedTuple):
    """One picture of an issue: its width in CSS pixels, and the scheme that the reader's system asks for."""

    name: str
    width: int
    scheme: Literal["light", "dark"]


SHOTS = (Shot("desktop", 640, "light"), Shot("phone", 375, "light"), Shot("dark", 640, "dark"))


@contextmanager
def camera() -> Iterator[Camera]:
    """Give what takes the pictures of an issue, `STEM.desktop.png` and so on, while its browser is open.

    Scripts do not run and nothing is fetched. UsageError, with the way out, where Playwright or Chromium is missing;
    NewsletterError where the browser fails.
    """
    try:
        from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 - the extra `png`
    except ImportError:
        raise UsageError("--png needs Playwright: pip install 'paper-newsletter[png]'") from None
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=_executable(playwright.chromium))
            pages = {shot: _page(browser, shot) for shot in SHOTS}
            yield lambda html, stem: {shot.name: _taken(page, html, stem, shot) for shot, page in pages.items()}
            browser.close()
    except Error as error:
        raise NewsletterError(f"the browser took no picture: {error.message.strip().splitlines()[0]}") from error


def _executable(chromium: BrowserType) -> str:
    """Return where Chromium is: the system's, else one that Playwright installed."""
    for path in (*map(shutil.which, _NAMES), chromium.executable_path):
        if path and Path(path).exists():
            return path
    way_out = "install it with the system's packages (`apt install chromium`), or by `playwright install chromium`"
    raise UsageError(f"--png needs Chromium, which is not here: {way_out}")


def _page(browser: Browser, shot: Shot) -> Page:
    """Return a window for pictures of one kind, kept for all issues: opening one takes longer than a picture."""
    context = browser.new_context(
        viewport={"width": shot.width, "height": _HEIGHT}, color_scheme=shot.scheme, java_script_enabled=False
    )
    return context.new_page()


def _taken(page: Page, html: str, stem: Path, shot: Shot) -> Path:
    """Write one picture, and return its file."""

    def answer(route: Route) -> None:
        if route.request.url == _ADDRESS and route.request.is_navigation_request():
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        else:
            route.abort()

    page.unroute_all()
    page.route("**/*", answer)
    page.goto(_ADDRESS)
    path = stem.with_name(f"{stem.name}.{shot.name}.png")
    page.screenshot(path=path, full_page=True)
    return path
