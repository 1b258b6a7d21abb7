"""How a message is built: which parts in which order, encoded so that any server carries them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks.finding import Finding, Part, error, warning
from newsletter.checks.reading import Leaf, Reading

_SHAPES = re.compile(
    r"text/plain|multipart/alternative\(text/plain, (?:text/html|multipart/related\(text/html(?:, image/[\w.+-]+)+\))\)"
)
_PICTURES = frozenset({"image/jpeg", "image/png", "image/gif"})
_SIGNATURES = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n", "image/gif": b"GIF8"}
_LINE = 998  # octets, RFC 5322 §2.1.1
_ENCODED_LINE = 76  # RFC 2045 §6.7 and §6.8


def check_structure(reading: Reading) -> Iterator[Finding]:
    """Yield what is wrong with the parts of a message, and with line ends anywhere in it."""
    for what in reading.broken:
        yield error("mime-broken", f"the message cannot be taken apart: {what}; write it anew", Part.MESSAGE)
    if not reading.broken and not _SHAPES.fullmatch(reading.shape):
        yield error("mime-shape", _shape_wanted(reading.shape), Part.MESSAGE, excerpt=reading.shape)
    message = reading.message
    if not message.count(b"\r") == message.count(b"\n") == message.count(b"\r\n"):
        line = _line(message, rb"\r(?!\n)|(?<!\r)\n")
        what = "a CR or LF stands alone: servers take it for different things (SMTP smuggling); end lines by CRLF"
        yield error("mime-line-end", what, Part.MESSAGE, line)
    if not message.isascii():
        line = _line(message, rb"[\x80-\xff]")
        what = "a byte beyond ASCII: a relay that cannot carry it breaks signatures; encode it"
        yield error("mime-8bit", what, Part.MESSAGE, line)
    for leaf in reading.leaves:
        yield from _check_leaf(leaf)


def _line(message: bytes, pattern: bytes) -> int:
    found = re.search(pattern, message)
    return message.count(b"\n", 0, found.start()) + 1 if found else 0


def _shape_wanted(shape: str) -> str:
    wanted = (
        "text/plain, or multipart/alternative of text/plain, then text/html (or multipart/related of that and images)"
    )
    return f"the parts are {shape[:120] or 'none'}: programs show the last they can, so make them {wanted}"


def _check_leaf(leaf: Leaf) -> Iterator[Finding]:
    part = {"text/html": Part.HTML, "text/plain": Part.TEXT}.get(leaf.media_type, Part.MESSAGE)
    about = leaf.content_id or leaf.media_type
    if leaf.media_type.startswith("text/") and leaf.parameters.get("charset", "").lower() != "utf-8":
        what = "the part does not say charset=utf-8: programs guess, and letters come out wrong; say so"
        yield error("mime-charset", what, part, excerpt=about)
    allowed = {"base64"} if leaf.media_type not in {"text/html", "text/plain"} else {"base64", "quoted-printable"}
    if leaf.encoding == "7bit" and leaf.media_type.startswith("text/") and _travels_as_it_is(leaf.body):
        return
    if leaf.encoding not in allowed:
        what = f"the part travels as {leaf.encoding or '7bit'}: use {' or '.join(sorted(allowed))}, for any server"
        yield error("mime-encoding", what, part, excerpt=about)
    elif leaf.wrong:
        what = f"the part does not decode: {leaf.wrong}; a program shows rubbish there, so encode it anew"
        yield error("mime-encoding", what, part, excerpt=about)
    elif any(len(line) > _ENCODED_LINE for line in leaf.body.splitlines()):
        what = f"a line of {leaf.encoding} is over {_ENCODED_LINE} characters, against RFC 2045; break it"
        yield warning("mime-encoding", what, part, excerpt=about)
    if leaf.media_type.startswith("image/"):
        yield from _check_picture(leaf)


def _check_picture(leaf: Leaf) -> Iterator[Finding]:
    about = leaf.content_id or leaf.media_type
    if leaf.media_type not in _PICTURES:
        what = f"{leaf.media_type} is not shown by Gmail or Outlook: use JPEG or PNG"
        yield error("image-format", what, Part.MESSAGE, excerpt=about)
    elif not leaf.data.startswith(_SIGNATURES[leaf.media_type]):
        what = f"the picture says {leaf.media_type} and is none: programs show nothing; send what it says"
        yield error("image-format", what, Part.MESSAGE, excerpt=about)
    if not leaf.content_id:
        what = "a picture without Content-ID can be shown nowhere: give it one and use cid:"
        yield error("picture-unused", what, Part.MESSAGE, excerpt=about)


def _travels_as_it_is(body: bytes) -> bool:
    """Return whether any server takes lines as they are."""
    return body.isascii() and b"\0" not in body and max(map(len, body.splitlines()), default=0) <= _LINE
