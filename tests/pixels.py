"""Pictures of emails that are the same on every machine, and what differs between two of them.

Letters come from fonts that are installed with the tests, whatever the system has. Pictures that are kept have fewer
colours, which makes them a third as large; a picture that was just made has all.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page

_FACES = [
    (family, name, weight, style)
    for family, package in (("Serif", "SourceSerifPro"), ("Sans", "SourceSansPro"))
    for name, weight, style in (
        (f"{package}-Regular", "400", "normal"),
        (f"{package}-Semibold", "600", "normal"),
        (f"{package}-Bold", "700", "normal"),
        (f"{package}-It", "400", "italic"),
    )
]
_PACKAGES = {"Serif": "font_source_serif_pro", "Sans": "font_source_sans_pro"}
_STEP = 16  # colours of which each channel is in the same sixteenth are alike
_PACKED = np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)
_THRESHOLD = 24  # of 255 in one channel: more than alike colours, and edges of letters in two Chromiums, differ
_TILE = 32  # pixels
_MOST_OF_A_TILE = 0.03
_MOST_OF_ALL = 0.0005


def with_fonts(page: Page) -> None:
    """Show the page in the fonts of the tests."""
    faces = [
        (family, weight, style, base64.b64encode((files(_PACKAGES[family]) / "files" / f"{name}.otf").read_bytes()))
        for family, name, weight, style in _FACES
    ]
    page.evaluate(_SET, [[family, weight, style, data.decode()] for family, weight, style, data in faces])


def picture(page: Page, *, height: int | None = None) -> Image.Image:
    """Return a picture of the whole page, or of its upper `height` pixels."""
    data = page.screenshot(full_page=True, animations="disabled", caret="hide")
    made = Image.open(io.BytesIO(data)).convert("RGB")
    return made.crop((0, 0, made.width, min(made.height, height or made.height)))


def keep(made: Image.Image, path: Path) -> None:
    """Write a picture with a palette: of colours that are alike the most frequent stands for all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.asarray(made, dtype=np.uint32)
    found, counts = np.unique(pixels @ _PACKED, return_counts=True)
    found = found[np.argsort(-counts, kind="stable")]
    _, first = np.unique(_rounded(_unpacked(found)) @ _PACKED, return_index=True)
    palette = _unpacked(found[first])
    bins = _rounded(palette) @ _PACKED
    if len(bins) > 256:
        raise ValueError(f"{path.name} has {len(bins)} colours that are not alike; a palette holds 256")
    sheet = Image.fromarray(np.searchsorted(bins, _rounded(pixels) @ _PACKED).astype(np.uint8))
    sheet.putpalette(palette.astype(np.uint8).tobytes())
    sheet.save(path, optimize=True)


def _unpacked(colours: NDArray[np.uint32]) -> NDArray[np.uint32]:
    return np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=-1)


def _rounded(pixels: NDArray[np.uint32]) -> NDArray[np.uint32]:
    return pixels // _STEP


@dataclass(frozen=True, slots=True)
class Difference:
    """How two pictures differ: the share of all pixels, of the worst square of 32 × 32, and where that stands.

    A letter drawn a little otherwise by another Chromium touches few pixels of a square, and most of them little;
    another colour, size or place of a line touches many.
    """

    share: float
    worst: float
    at: tuple[int, int]
    sizes: tuple[tuple[int, int], tuple[int, int]]
    marked: Image.Image

    @property
    def seen(self) -> bool:
        """Return whether somebody would see it."""
        return self.sizes[0] != self.sizes[1] or self.share > _MOST_OF_ALL or self.worst > _MOST_OF_A_TILE

    def __str__(self) -> str:
        """Return it in a line."""
        (width, height), (other_width, other_height) = self.sizes
        return (
            f"{width}×{height} against {other_width}×{other_height}: {self.share:.3%} of all pixels differ, "
            f"{self.worst:.1%} of the square at {self.at}"
        )


def difference(kept: Image.Image, made: Image.Image) -> Difference:
    """Return how `made` differs from `kept`: what one of them lacks differs; `marked` shows it in red."""
    width, height = max(kept.width, made.width), max(kept.height, made.height)
    first, second = _pixels(kept, width, height), _pixels(made, width, height)
    differs = np.abs(first - second).max(axis=2) > _THRESHOLD
    tall, wide = -(-height // _TILE), -(-width // _TILE)
    padded = np.zeros((tall * _TILE, wide * _TILE), dtype=bool)
    padded[:height, :width] = differs
    tiles = padded.reshape(tall, _TILE, wide, _TILE).mean(axis=(1, 3))
    row, column = np.unravel_index(int(tiles.argmax()), tiles.shape)
    marked = (255 - (255 - second) // 4).astype(np.uint8)
    marked[differs] = (220, 0, 0)
    return Difference(
        share=float(differs.mean()),
        worst=float(tiles.max()),
        at=(int(column) * _TILE, int(row) * _TILE),
        sizes=(kept.size, made.size),
        marked=Image.fromarray(marked),
    )


def _pixels(some: Image.Image, width: int, height: int) -> NDArray[np.int16]:
    sheet = Image.new("RGB", (width, height), (255, 0, 255))
    sheet.paste(some.convert("RGB"))
    return np.asarray(sheet, dtype=np.int16)


def foreign(page: Page) -> list[str]:
    """Return the elements with letters that the fonts of the tests lack: another system shows these otherwise."""
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    document = session.send("DOM.getDocument")["root"]["nodeId"]
    nodes = session.send("DOM.querySelectorAll", {"nodeId": document, "selector": "body *"})["nodeIds"]
    found = []
    for node in nodes:
        fonts = session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
        if any(not font["isCustomFont"] and font["glyphCount"] for font in fonts):
            html = session.send("DOM.getOuterHTML", {"nodeId": node})["outerHTML"]
            found.append(html[:120])
    session.detach()
    return found


_SET = """async faces => {
  for (const [family, weight, style, data] of faces) {
    const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
    const face = new FontFace('Picture ' + family, bytes, {weight, style});
    document.fonts.add(await face.load());
  }
  const families = [...document.querySelectorAll('body, body *')]
    .map(element => [element, /georgia|times|(^|,)\\s*serif\\s*$/i.test(getComputedStyle(element).fontFamily)]);
  for (const [element, serif] of families) {
    const order = serif ? '"Picture Serif", "Picture Sans"' : '"Picture Sans", "Picture Serif"';
    element.style.setProperty('font-family', order, 'important');
  }
  await document.fonts.ready;
}"""
