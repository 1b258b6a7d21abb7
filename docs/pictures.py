"""Takes the pictures of the README in the system's Chromium: `python docs/pictures.py`.

Ada's issue of the demo, and the studio that shows it. Needs Chromium and what the tests need:
`pip install -e '.[test]'`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Browser

from newsletter.config import load
from newsletter.demo import example_path
from newsletter.preview import looks, setup_of

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent / "tests"))

from browser import NAMES, Reader, chromium, executable  # noqa: E402 - its folder is on the path only now
from pixels import picture, with_fonts  # noqa: E402

MOST_BYTES = 250_000
# File, width and height in CSS pixels, pixels of the picture for each, dark.
PICTURES = (
    ("desktop.png", 720, 1300, 2, False),
    ("mobile.png", 375, 1100, 2, False),
    ("dark.png", 720, 1300, 2, True),
)
# File, what the studio is asked for, whether it is dark itself.
STUDIO = (
    ("studio.png", "panel=checks&w=600", False),
    ("studio-why.png", "view=why&find=DFlare&paper=arxiv:2606.02091", False),
    ("studio-dark.png", "w=375&scheme=dark&panel=why", True),
)
STUDIO_SIZE = (1280, 800)
_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
{folders}
<alias binding="strong"><family>system-ui</family><prefer><family>Source Sans Pro</family></prefer></alias>
<alias binding="strong"><family>sans-serif</family><prefer><family>Source Sans Pro</family></prefer></alias>
<alias binding="strong"><family>serif</family><prefer><family>Source Serif Pro</family></prefer></alias>
<alias binding="strong"><family>Georgia</family><prefer><family>Source Serif Pro</family></prefer></alias>
<include ignore_missing="yes">/etc/fonts/fonts.conf</include>
</fontconfig>
"""


def main() -> None:
    """Take every picture and say how large each is."""
    path = executable()
    if path is None:
        sys.exit(f"no {NAMES[0]} on the PATH; apt-get install chromium")
    html = _first_issue()
    with chromium(path) as browser:
        for name, width, height, scale, dark in PICTURES:
            _save(_taken(browser, html, width, height, scale=scale, dark=dark), DOCS / name)
    with _own_fonts(), chromium(path) as browser, _studio() as address:
        for name, query, dark in STUDIO:
            _save(_of_studio(browser, f"{address}?{query}", dark=dark), DOCS / name)
    for path_ in sorted(DOCS.glob("*.png")):
        print(f"docs/{path_.name}: {path_.stat().st_size // 1000} KB")


@contextmanager
def _own_fonts() -> Iterator[None]:
    """Let the browser's own families be those that are installed with the tests."""
    with TemporaryDirectory() as folder:
        packages = ("font_source_sans_pro", "font_source_serif_pro")
        folders = "".join(f"<dir>{files(package) / 'files'}</dir>" for package in packages)
        path = Path(folder) / "fonts.conf"
        path.write_text(_FONTS.format(folders=folders), encoding="utf-8")
        before = os.environ.get("FONTCONFIG_FILE")
        os.environ["FONTCONFIG_FILE"] = str(path)
        try:
            yield
        finally:
            os.environ.pop("FONTCONFIG_FILE")
            if before is not None:
                os.environ["FONTCONFIG_FILE"] = before


@contextmanager
def _studio() -> Iterator[str]:
    """Run the studio on the demo, and give its address."""
    with TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "newsletter", "demo"], cwd=folder, check=True, capture_output=True)
        command = [sys.executable, "-m", "newsletter", "preview", "--port", "0"]
        with subprocess.Popen(
            command, cwd=Path(folder) / "newsletter-demo", stdout=subprocess.PIPE, text=True
        ) as running:
            yield next(iter(running.stdout or ())).strip()
            running.send_signal(signal.SIGINT)


def _of_studio(browser: Browser, address: str, *, dark: bool) -> Image.Image:
    width, height = STUDIO_SIZE
    page = browser.new_page(
        viewport={"width": width, "height": height}, device_scale_factor=2, color_scheme="dark" if dark else "light"
    )
    page.goto(address)
    page.wait_for_selector("#status:not(:empty)")
    page.wait_for_timeout(1500)  # until everything beside the issue is there too
    taken = picture(page)
    page.close()
    return taken


def _first_issue() -> str:
    config = load(example_path(), environment={}, sending=False)
    (look,) = looks(setup_of(config), config.subscribers[:1])
    return look.email.html


def _taken(browser: Browser, html: str, width: int, height: int, *, scale: float, dark: bool) -> Image.Image:
    reader = Reader(browser, scale=scale)
    page = reader.show(html, width=width, height=height, dark=dark)
    with_fonts(page)
    taken = picture(page, height=round(height * scale))
    reader.close()
    return taken


def _save(made: Image.Image, path: Path) -> None:
    """Write a picture with as many colours as fit into `MOST_BYTES`."""
    for colours in (256, 128, 64, 32, 16):
        made.quantize(colours, method=Image.Quantize.MEDIANCUT, kmeans=3, dither=Image.Dither.NONE).save(
            path, optimize=True
        )
        if path.stat().st_size < MOST_BYTES:
            return
    raise ValueError(f"{path.name} is {path.stat().st_size} bytes with sixteen colours; make it smaller")


if __name__ == "__main__":
    main()
