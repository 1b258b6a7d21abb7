"""Takes the pictures of the README, Ada's issue of the demo in the system's Chromium: `python docs/pictures.py`.

Needs what the tests need: `pip install -e '.[test]'` and Chromium.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from newsletter.config import load
from newsletter.demo import example_path, sample_edition
from newsletter.preview import draw

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


def main() -> None:
    """Take every picture and say how large each is."""
    path = executable()
    if path is None:
        sys.exit(f"no {NAMES[0]} on the PATH; apt-get install chromium")
    html = _first_issue()
    with chromium(path) as browser:
        for name, width, height, scale, dark in PICTURES:
            _save(_taken(browser, html, width, height, scale=scale, dark=dark), DOCS / name)
            print(f"docs/{name}: {(DOCS / name).stat().st_size // 1000} KB")


def _first_issue() -> str:
    config = load(example_path(), environment={}, sending=False)
    (drawn,) = draw(config, sample_edition(), config.subscribers[:1])
    return drawn.email.html


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
