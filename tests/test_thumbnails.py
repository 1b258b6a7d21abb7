"""Thumbnails: asked for once, politely and only where it is safe; small, alike, and never a reason to stop."""

from __future__ import annotations

import logging
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
import tenacity.nap
from hypothesis import given, settings
from hypothesis import strategies as st
from makers import NOW, a_paper, an_email
from sites import Asked, Reply, Site

from newsletter.collect import Fetch
from newsletter.deliver.message import as_bytes
from newsletter.errors import NewsletterError, SourceError, SourceUnreachable
from newsletter.models import Paper, Signals
from newsletter.sources.source import Request
from newsletter.store import Store
from newsletter.thumbnails import HEIGHT, WIDTH, PublicPictures, Thumbnails, check_pillow
from newsletter.thumbnails.shrink import NoPicture, shrunk
from newsletter.thumbnails.web import is_public

Image = pytest.importorskip("PIL.Image", reason="needs the extra `gallery`")

CDN = "https://cdn.example.org"


def drawn(kind: str = "PNG", size: tuple[int, int] = (1200, 630), mode: str = "RGB", **options: Any) -> bytes:
    """Return a picture with something on it: colours that run, and a dark bar across."""
    wide, high = size
    ramp = Image.linear_gradient("L")
    colours = Image.merge("RGB", (ramp, ramp.rotate(90), ramp.rotate(180))).resize(size)
    colours.paste((20, 20, 60), (0, high // 3, wide, high // 2))
    out = BytesIO()
    colours.convert(mode).save(out, kind, **options)
    return out.getvalue()


def opened(data: bytes) -> Any:
    """Return a picture, unpacked."""
    picture = Image.open(BytesIO(data))
    picture.load()
    return picture


def a_bomb(width: int, height: int) -> bytes:
    """Return a PNG of few bytes that says it has very many pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


def pictured(number: int = 1, address: str = "", **fields: Any) -> Paper:
    """Return a paper that has a thumbnail."""
    signals = Signals(thumbnail_url=address or f"{CDN}/{number}.png")
    return a_paper(id=f"arxiv:2611.{number:05}", signals=signals, **fields)


@pytest.fixture
def site() -> Iterator[Site]:
    """Return a site that runs during the test."""
    with Site() as running:
        yield running


@pytest.fixture(autouse=True)
def unproxied(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of this machine out, and nobody waiting between two tries."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setattr(tenacity.nap, "time", SimpleNamespace(sleep=lambda _: None))


@pytest.fixture
def fetch(site: Site) -> Iterator[Fetch]:
    """Return the real fetch, for which `CDN` is the site and nothing else may be asked."""
    port = int(site.address.rpartition(":")[2])
    with PublicPictures(timeout_seconds=5, allowed=lambda _scheme, _host, asked: asked == port) as public:
        yield lambda request: public(replace(request, address=request.address.replace(CDN, site.address)))


@pytest.fixture
def thumbnails(store: Store, fetch: Fetch) -> Callable[..., Thumbnails]:
    """Return a maker of the thumbnails of one run."""

    def make(**options: Any) -> Thumbnails:
        return Thumbnails(store, **{"fetch": fetch, "now": NOW, **options})

    return make


Making = Callable[..., Thumbnails]

# ------------------------------------------------------------------ what it becomes


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_becomes_a_small_jpeg_of_one_size(kind: str) -> None:
    """Twice as many pixels as are shown, and few bytes, since many go into one email."""
    made = shrunk(drawn(kind))

    assert (opened(made).format, opened(made).mode, opened(made).size) == ("JPEG", "RGB", (2 * WIDTH, 2 * HEIGHT))
    assert len(made) < 20_000
    assert shrunk(drawn(kind)) == made


@pytest.mark.parametrize("size", [(1200, 630), (600, 1200), (2000, 2000), (64, 64), (2000, 64)])
def test_any_shape_is_cropped_in_its_middle(size: tuple[int, int]) -> None:
    """What is in the middle stays, and nothing is squeezed."""
    picture = Image.new("RGB", size, "red")
    wide, high = size
    picture.paste("blue", (wide // 2 - 20, high // 2 - 20, wide // 2 + 20, high // 2 + 20))
    out = BytesIO()
    picture.save(out, "PNG")

    made = opened(shrunk(out.getvalue()))

    assert made.size == (352, 220)
    red, _, blue = made.getpixel((176, 110))
    assert blue > 200
    assert red < 60


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_white(mode: str) -> None:
    """Mail programs would show it black, or the card behind it."""
    clear = Image.new("RGBA", (400, 250), (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), (0, 0, 100, 250))
    out = BytesIO()
    clear.convert(mode).save(out, "PNG")

    made = opened(shrunk(out.getvalue()))

    assert min(made.getpixel((300, 110))) > 245
    assert max(made.getpixel((20, 110))) < 10


@pytest.mark.parametrize(("mode", "kind"), [("1", "PNG"), ("L", "PNG"), ("P", "GIF"), ("CMYK", "JPEG"), ("L", "JPEG")])
def test_every_way_to_write_colours_is_read(mode: str, kind: str) -> None:
    """Black and white, grey, a palette, and the colours of printers."""
    assert opened(shrunk(drawn(kind, mode=mode))).mode == "RGB"


def test_sixteen_bits_of_grey_are_not_cut_off() -> None:
    """Half of the brightest is grey, not white."""
    out = BytesIO()
    Image.new("I;16", (400, 250), 0x8000).save(out, "PNG")

    assert opened(shrunk(out.getvalue())).getpixel((9, 9)) == pytest.approx((128, 128, 128), abs=2)


def test_nothing_that_was_written_into_a_picture_travels_on() -> None:
    """Neither the place of a camera nor a comment or a colour profile."""
    exif = Image.Exif()
    exif[0x010E] = "a secret of Ada Lovelace"
    noted = drawn("JPEG", exif=exif, comment=b"a secret comment", icc_profile=b"a secret profile")

    made = shrunk(noted)

    assert b"secret" in noted
    assert b"secret" not in made
    assert not {"exif", "comment", "icc_profile"} & opened(made).info.keys()


def test_a_photograph_stands_upright() -> None:
    """A camera notes how it was held, and the note is dropped."""
    picture = Image.new("RGB", (500, 800), "red")
    picture.paste("blue", (0, 0, 500, 400))
    exif = Image.Exif()
    exif[0x0112] = 8  # turn it by 90° to the left
    out = BytesIO()
    picture.save(out, "JPEG", exif=exif)

    made = opened(shrunk(out.getvalue()))

    assert made.getpixel((20, 110))[2] > 200  # what was above is on the left
    assert made.getpixel((330, 110))[0] > 200


def test_of_a_film_the_first_picture_is_taken() -> None:
    """A GIF may have a thousand, and mail programs play what is sent."""
    frames = [Image.new("RGB", (400, 250), colour) for colour in ("blue", "red", "red")]
    out = BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])

    assert opened(shrunk(out.getvalue())).getpixel((9, 9))[2] > 200


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "no picture in a format that is read"),
        (b"<!doctype html><title>Not found</title>", "no picture in a format that is read"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "no picture in a format that is read"),
        (drawn("TIFF"), "no picture in a format that is read"),
        (drawn("BMP"), "no picture in a format that is read"),
        (drawn("PNG")[:2000], "a damaged picture"),
        (drawn("JPEG")[:2000], "a damaged picture"),
        (drawn("WEBP")[:2000], "a damaged picture"),
        (drawn("GIF")[:3000], "a damaged picture"),
        (a_bomb(60_000, 60_000), "too many pixels"),
        (a_bomb(10_000, 10_000), r"too many pixels \(10000 × 10000\)"),
        (a_bomb(5_000, 5_000), r"too many pixels \(5000 × 5000\)"),
        (a_bomb(1_000, 1_000), "a damaged picture"),
        (drawn(size=(1, 1)), r"too small a picture \(1 × 1\)"),
        (drawn(size=(3000, 40)), "too small a picture"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",
)
def test_what_is_no_picture_says_why(body: bytes, reason: str) -> None:
    """One line for each, and nothing is unpacked before its size is known."""
    with pytest.raises(NoPicture, match=reason):
        shrunk(body)


@given(st.sampled_from(["PNG", "JPEG", "WEBP", "GIF"]), st.integers(0, 2**32), st.binary(min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_damage_of_any_kind_is_a_picture_or_none(kind: str, place: int, noise: bytes) -> None:
    """No decoder's own error comes through."""
    body = bytearray(drawn(kind, size=(200, 130)))
    start = place % len(body)
    body[start : start + len(noise)] = noise

    try:
        made = shrunk(bytes(body))
    except NoPicture:
        return

    assert opened(made).size == (352, 220)


# ------------------------------------------------------------------ asked for once


def test_a_thumbnail_is_asked_for_once_and_kept(store: Store, site: Site, thumbnails: Making) -> None:
    """By the first run; the next ones ask nobody, not even one that has nobody to ask."""
    site.on("/1.png", drawn())

    first = thumbnails().of([pictured(1), a_paper("Without one")])

    assert first == thumbnails().of([pictured(1)]) == thumbnails(fetch=None).of([pictured(1)])
    [picture] = first.values()
    assert (picture.media_type, picture.width, picture.height) == ("image/jpeg", 176, 110)
    assert opened(picture.data).size == (352, 220)
    [asked] = site.asked
    assert asked.headers["accept"].startswith("image/png")
    assert asked.headers["user-agent"].startswith("paper-newsletter/")


def test_the_name_of_a_picture_follows_from_its_paper(site: Site, thumbnails: Making) -> None:
    """It is plain, and the same in every email; whatever the id is written in."""
    site.on("/*", drawn())
    papers = [pictured(1), replace(pictured(2), id='title:é"\ud800<>')]

    made = thumbnails().of(papers)

    assert [picture.name for picture in made.values()] == ["5d92fe777adad191.jpg", "125005742e3c56bf.jpg"]
    assert as_bytes(an_email(pictures=tuple(made.values()))).isascii()


def test_readers_who_share_a_paper_share_its_picture(site: Site, thumbnails: Making) -> None:
    """A run asks about a paper once, found or not."""
    site.on("/1.png", drawn())
    run = thumbnails()

    for papers in ([pictured(1)], [pictured(1), pictured(2)], [pictured(2), pictured(1)]):
        assert list(run.of(papers)) == [pictured(1).id]

    assert sorted(asked.path for asked in site.asked) == ["/1.png", "/2.png"]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(status=404), "the server answered 404"),
        (Reply(b"<!doctype html>", headers={"Content-Type": "image/png"}), "no picture in a format that is read"),
        (Reply(drawn()[:3000]), "a damaged picture"),
        (Reply(a_bomb(50_000, 50_000)), "too many pixels"),
        (Reply(b"\x89PNG\r\n\x1a\n" + b"\0" * 20_000_000), "larger than 8 MB"),
        (
            Reply(status=302, headers={"Location": "http://other.example.org/1.png"}),
            "fetched by https, and from public",
        ),
        (Reply(status=302, headers={"Location": "https://10.0.0.1/1.png"}), "fetched by https, and from public"),
        (Reply(status=302, headers={"Location": "file:///etc/hostname"}), "fetched by https, and from public"),
        (Reply(status=302, headers={"Location": "/1.png"}), "more than 5 redirects"),
        (Reply(drawn(), cut=100), "the connection broke off"),
        (Reply(status=503), "the server answered 503"),
        (Reply(status=429, headers={"Retry-After": "7200"}), "asks to wait 2 hours"),
    ],
)
def test_a_failure_is_told_once_and_remembered_for_a_day(
    reply: Reply, reason: str, site: Site, thumbnails: Making, caplog: pytest.LogCaptureFixture
) -> None:
    """The paper has no picture meanwhile, and the next day may bring one."""
    site.on("/1.png", reply)
    caplog.set_level(logging.INFO, "newsletter.thumbnails")

    assert thumbnails().of([pictured(1)]) == {}
    asked = len(site.asked)
    assert thumbnails(now=NOW + timedelta(hours=19)).of([pictured(1)]) == {}

    assert len(site.asked) == asked
    [line] = [record.getMessage() for record in caplog.records if record.name == "newsletter.thumbnails"]
    assert line.startswith("arxiv:2611.00001 has no thumbnail: ")
    assert reason in line
    assert "under sources" not in line
    site.on("/1.png", drawn())
    assert len(thumbnails(now=NOW + timedelta(hours=21)).of([pictured(1)])) == 1


def test_a_failure_of_one_paper_leaves_the_others_theirs(site: Site, thumbnails: Making) -> None:
    """In the order of the papers, and told as it goes on."""
    for number in (1, 3):
        site.on(f"/{number}.png", drawn())
    told: list[tuple[str, int, int]] = []

    made = thumbnails(progress=lambda *step: told.append(step)).of(map(pictured, (3, 2, 1)))

    assert list(made) == [pictured(3).id, pictured(1).id]
    assert told == [("thumbnails", done, 3) for done in range(4)]


def test_a_redirect_on_the_way_is_followed(site: Site, thumbnails: Making) -> None:
    """A server may keep its pictures elsewhere."""
    site.on("/1.png", Reply(status=302, headers={"Location": "/elsewhere.png"}))
    site.on("/elsewhere.png", drawn())

    assert len(thumbnails().of([pictured(1)])) == 1


@pytest.mark.parametrize(
    "address", ["http://cdn.example.org/1.png", "ftp://cdn.example.org/1.png", "/etc/hostname", ""]
)
def test_what_is_no_https_address_is_never_asked(address: str, store: Store) -> None:
    """A pattern of files least of all."""

    def fetch(request: Request) -> Iterator[tuple[Request, bytes]]:
        raise AssertionError(f"asked for {request.address}")

    signals = Signals(thumbnail_url=address)

    assert Thumbnails(store, fetch, now=NOW).of([a_paper(signals=signals)]) == {}


def test_a_run_asks_for_thirty_at_most(site: Site, thumbnails: Making) -> None:
    """In all its issues; the next run goes on."""
    site.on("/*", drawn(size=(80, 80)))
    papers = [pictured(number) for number in range(40)]
    run = thumbnails()

    assert len(run.of(papers[:20])) == 20
    assert len(run.of(papers)) == 30
    assert len(run.of(papers)) == len(site.asked) == 30
    assert len(thumbnails().of(papers)) == 40


def test_a_host_that_does_not_answer_is_left_alone_for_the_run(store: Store) -> None:
    """Thirty pictures of a dead server would keep every reader waiting; those of others come."""
    asked: list[str] = []

    def fetch(request: Request) -> Iterator[tuple[Request, bytes]]:
        asked.append(request.address)
        if "dead" in request.address:
            raise SourceUnreachable("dead.example.org: no answer within 10 s; the next run tries again")
        return iter([(request, drawn())])

    run = Thumbnails(store, fetch, now=NOW)
    dead = [pictured(number, f"https://dead.example.org/{number}.png") for number in (1, 2, 3)]

    made = run.of([*dead, pictured(4)])

    assert list(made) == [pictured(4).id]
    assert run.of(dead) == {}
    assert asked == ["https://dead.example.org/1.png", f"{CDN}/4.png"]


def test_a_run_waits_a_minute_for_all_its_pictures(store: Store) -> None:
    """What is slow costs the next issues nothing more; the next run goes on."""
    seconds = [0.0]

    def fetch(request: Request) -> Iterator[tuple[Request, bytes]]:
        seconds[0] += 25
        return iter([(request, drawn(size=(80, 80)))])

    run = Thumbnails(store, fetch, now=NOW, monotonic=lambda: seconds[0])
    papers = [pictured(number) for number in range(9)]

    assert len(run.of(papers[:2])) == 2
    assert len(run.of(papers)) == len(run.of(papers)) == 3


def test_a_mistake_of_ours_stops_nothing(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """It is told with its traceback, and the paper has no picture."""

    def fetch(request: Request) -> Iterator[tuple[Request, bytes]]:
        raise ZeroDivisionError if request.address.endswith("/1.png") else SourceError("no")

    assert Thumbnails(store, fetch, now=NOW).of([pictured(1), pictured(2)]) == {}
    assert [record.getMessage() for record in caplog.records if record.exc_info] == [
        "the thumbnail of arxiv:2611.00001"
    ]


def test_without_pillow_it_is_told_once_and_kept_pictures_are_shown(
    site: Site, thumbnails: Making, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody is asked for what could not be read, and no paper is blamed for it."""
    site.on("/*", drawn())
    kept = thumbnails().of([pictured(1)])
    monkeypatch.setitem(sys.modules, "PIL", None)
    run = thumbnails()

    assert run.of([pictured(1), pictured(2)]) == run.of([pictured(1), pictured(2)]) == kept

    assert [record.getMessage() for record in caplog.records] == [
        "thumbnails need Pillow, which is not installed; pip install 'paper-newsletter[gallery]'"
    ]
    with pytest.raises(NewsletterError, match="pip install"):
        check_pillow()
    monkeypatch.undo()
    check_pillow()
    assert len(site.asked) == 1


def test_old_pictures_are_forgotten(store: Store, site: Site, thumbnails: Making) -> None:
    """An email that was sent has its own copy; the store does not grow for ever."""
    site.on("/*", drawn(size=(80, 80)))
    thumbnails().of([pictured(1)])
    thumbnails(now=NOW + timedelta(days=29)).of([pictured(2)])

    thumbnails(now=NOW + timedelta(days=31)).of([pictured(3)])

    assert store.thumbnails.of([pictured(number).id for number in (1, 2, 3)]).keys() == {
        pictured(2).id,
        pictured(3).id,
    }


# ------------------------------------------------------------------ who may be asked


@pytest.mark.parametrize(
    ("scheme", "host", "port"),
    [
        ("https", "cdn-thumbnails.huggingface.co", None),
        ("https", "CDN.example.org.", 443),
        ("https", "xn--bcher-kva.example", None),
        ("https", "a_b.s3.amazonaws.com", None),
    ],
)
def test_public_hosts_are_asked(scheme: str, host: str, port: int | None) -> None:
    """Every name that the world knows."""
    assert is_public(scheme, host, port)


@pytest.mark.parametrize(
    ("scheme", "host", "port"),
    [
        ("http", "cdn.example.org", None),
        ("https", "cdn.example.org", 8443),
        ("https", "cdn.example.org", 22),
        ("https", "localhost", None),
        ("https", "a.localhost", None),
        ("https", "printer.local", None),
        ("https", "metadata.google.internal", None),
        ("https", "router", None),
        ("https", "", None),
        ("https", "127.0.0.1", None),
        ("https", "127.1", None),
        ("https", "2130706433", None),
        ("https", "0x7f.0x1", None),
        ("https", "169.254.169.254", None),
        ("https", "169.254.169.254.", None),
        ("https", "::1", None),
        ("https", "[::ffff:10.0.0.1]", None),
        ("https", "fe80::1%eth0", None),
        ("https", "a..example.org", None),
        ("https", "a.example.org\n", None),
    ],
)
def test_private_hosts_are_not_asked(scheme: str, host: str, port: int | None) -> None:
    """No address written by a stranger makes this machine talk to its neighbours."""
    assert not is_public(scheme, host, port)


@pytest.mark.parametrize("address", ["http://cdn.example.org/1.png", "https://127.0.0.1/1.png", "https://[::1]/1.png"])
def test_the_rule_holds_before_a_connection_is_opened(address: str) -> None:
    """The real fetch, with nothing replaced: not a byte goes out."""
    with PublicPictures(timeout_seconds=1) as fetch, pytest.raises(SourceError, match="from public hosts only"):
        list(fetch(Request(address)))


def test_a_server_on_this_machine_is_not_reached_by_its_address(site: Site, store: Store) -> None:
    """Not even where it would answer."""
    site.on("/1.png", drawn())

    with PublicPictures(timeout_seconds=1) as fetch:
        papers = [pictured(1, site.address.replace("http://", "https://") + "/1.png")]
        assert Thumbnails(store, fetch, now=NOW).of(papers) == {}

    assert site.asked == []


def test_a_key_of_a_redirect_is_not_logged(site: Site, thumbnails: Making, caplog: pytest.LogCaptureFixture) -> None:
    """Storage services write keys into addresses."""
    caplog.set_level(logging.INFO)

    def answer(asked: Asked) -> Reply:
        return Reply(status=302, headers={"Location": "https://10.0.0.1/a.png?X-Amz-Signature=7f3kQ9zLw2Xb8Rt5"})

    site.on("/1.png", answer)
    thumbnails().of([pictured(1)])

    assert "10.0.0.1" in caplog.text
    assert "7f3kQ9zLw2Xb8Rt5" not in caplog.text
