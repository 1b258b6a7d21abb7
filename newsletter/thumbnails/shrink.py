"""Any picture as a small JPEG of one size: cropped in the middle, on white, without anything written into it.

What comes in is anybody's: only four formats are read, and nothing is unpacked before its size is known.
"""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import TYPE_CHECKING

from newsletter.errors import NewsletterError

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTH, HEIGHT = 176, 110  # CSS pixels, as shown

_SHARP = 2  # pixels in each, as screens have
_SIZE = (WIDTH * _SHARP, HEIGHT * _SHARP)
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_MOST_PIXELS = 16_000_000  # 64 MB unpacked; while a WebP of these shrinks, 250 MB
_LEAST = 64  # pixels of the shorter side: less is an icon, or counts readers
_QUALITY = 78


class NoPicture(NewsletterError):
    """These bytes give no thumbnail; the text says why."""


def check_pillow() -> None:
    """Raise NewsletterError, with the way out, where the library that reads pictures is missing."""
    try:
        import PIL  # noqa: F401, PLC0415 - an extra
    except ImportError:
        raise NewsletterError(
            "thumbnails need Pillow, which is not installed; pip install 'paper-newsletter[gallery]'"
        ) from None


def shrunk(body: bytes) -> bytes:
    """Return a picture (PNG, JPEG, WebP, the first frame of a GIF) as a JPEG of 352 × 220 pixels.

    The same bytes for the same ones with the same Pillow. NoPicture for what is none, is damaged, or is too large.
    """
    from PIL import Image  # noqa: PLC0415 - an extra, and 50 ms

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # we are stricter
            with _opened(body) as picture:
                return _written(_flat(_fitted(picture)))
    except NoPicture:
        raise
    except Image.DecompressionBombError:
        raise NoPicture("a picture of too many pixels") from None
    except Exception as error:  # noqa: BLE001 - decoders meet damage with whatever comes to them
        raise NoPicture(f"a damaged picture ({type(error).__name__})") from None


def _opened(body: bytes) -> Image:
    """Return a picture of which only the header was read."""
    # With formats named, Pillow looks among those that are loaded, and WebP is not by itself.
    from PIL import Image, UnidentifiedImageError, WebPImagePlugin  # noqa: F401, PLC0415

    try:
        picture = Image.open(BytesIO(body), formats=_FORMATS)
    except UnidentifiedImageError:
        raise NoPicture("no picture in a format that is read (PNG, JPEG, WebP, GIF)") from None
    width, height = picture.size
    if width * height > _MOST_PIXELS:
        raise NoPicture(f"a picture of too many pixels ({width} × {height})")
    if min(width, height) < _LEAST:
        raise NoPicture(f"too small a picture ({width} × {height})")
    return picture


def _fitted(picture: Image) -> Image:
    """Return the middle of a picture in the size of a thumbnail, upright, its transparency kept."""
    from PIL import ImageOps  # noqa: PLC0415
    from PIL.Image import Resampling  # noqa: PLC0415

    picture.draft("RGB", (2 * _SIZE[0], 2 * _SIZE[1]))  # a JPEG is unpacked no larger than needed
    picture = _in_colour(picture)
    ImageOps.exif_transpose(picture, in_place=True)
    return ImageOps.fit(picture, _SIZE, Resampling.LANCZOS)


def _in_colour(picture: Image) -> Image:
    if picture.mode.startswith("I"):  # 16 bits of grey, of which a conversion would keep the darkest
        return picture.convert("I").point(lambda grey: grey / 256).convert("L").convert("RGB")
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    return picture if picture.mode == mode else picture.convert(mode)  # which copies in any case


def _flat(picture: Image) -> Image:
    """Return a picture on white that knows nothing but its pixels."""
    from PIL import Image  # noqa: PLC0415

    page = Image.new("RGB", picture.size, "white")
    page.paste(picture, mask=picture.getchannel("A") if picture.mode == "RGBA" else None)
    return page


def _written(picture: Image) -> bytes:
    out = BytesIO()
    picture.save(out, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    return out.getvalue()
