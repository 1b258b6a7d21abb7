"""Text from outside, made safe to show: one line, no control characters, no markup, one spelling of each character.

    bytes ── decode ──► text ── plain (HTML) or clean (plain text) ──► one line
                                 └─ mend: repairs of what a source is known to damage

HTML is unescaped in `plain` and nowhere else, so that nothing is ever unescaped twice.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from html import unescape

# ------------------------------------------------------------------ characters

# What no title needs and what harms a mail or a reader: controls (a NUL, an ESC, the C1 range that makes Gmail clip),
# soft hyphens and zero widths (they hide words from matching), bidirectional overrides (they reorder a line), tags,
# surrogates and noncharacters (no encoding carries them).
_UNSAFE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufdd0-\ufdef"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f"
    + "".join(chr(plane << 16 | last) for plane in range(1, 17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
# Joiners belong between letters of scripts that join (and in emoji); beside Latin text they are only a disguise.
_IDLE_JOINERS = re.compile("(?<![\u0300-\U0010ffff])[\u200c\u200d]+|[\u200c\u200d]+(?![\u0300-\U0010ffff])")

LONGEST = 100_000
"""Characters of a text from outside that are read, whatever stands behind them: ten times the longest abstract."""

_MOST_MARKS = 8  # combining marks on one letter: no orthography needs as many
_POSSIBLE_MARKS = re.compile(f"[\u0300-\U0010ffff]{{{_MOST_MARKS + 1},}}")


def clean(text: str) -> str:
    """Return `text` as one line in NFC without harmful characters; white space of any kind becomes one space."""
    line = " ".join(text.split())
    if line.isprintable() and (line.isascii() or _is_composed(line)):  # as nearly every text is
        return line
    text = unicodedata.normalize("NFC", _few_marks(_IDLE_JOINERS.sub("", _UNSAFE.sub("", text))))
    return " ".join(_UNSAFE.sub("", _few_marks(text)).split())  # NFC takes a few letters apart


def _is_composed(text: str) -> bool:
    return not _POSSIBLE_MARKS.search(text) and unicodedata.is_normalized("NFC", text)


def _few_marks(text: str) -> str:
    # Also because normalising takes quadratic time on a run of marks: 80,000 of them cost 5 seconds.
    return _POSSIBLE_MARKS.sub(_without_excess, text)


def _without_excess(run: re.Match[str]) -> str:
    kept: list[str] = []
    marks = 0
    for character in run[0]:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def shorten(text: str, *, limit: int) -> str:
    """Return `text` if it has at most `limit` characters, or else its first whole words and an ellipsis."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    return (head.rpartition(" ")[0] or head).rstrip() + "…"


# ------------------------------------------------------------------ HTML

_BLOCKS = frozenset(
    """address article aside blockquote body br caption center dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6
    header hr html iframe li ol p pre section table tbody td tfoot th thead tr ul""".split()
)
_INLINE = frozenset(
    """a abbr acronym b bdi bdo big cite code del dfn em font i img ins kbd mark math q s samp small span strike strong
    sub sup tt u var wbr""".split()
)
_INLINE_JATS = frozenset({"jats:bold", "jats:ext-link", "jats:italic", "jats:monospace", "jats:sub", "jats:sup"})
# Only the names above are tags, and only with attributes that have values: `a<b and c>d`, `<think>`, `n<m<k` are text.
_TAG = re.compile(
    rf"""</?(?P<name>{"|".join(sorted(_BLOCKS | _INLINE, key=len, reverse=True))}|(?:jats|mml|m):[a-z-]+)
    (?:\s+[a-z_:][\w:.-]*\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>=`]+))*\s*/?>""",
    re.IGNORECASE | re.VERBOSE,
)
# Once a hidden part has begun it ends somewhere, so no text is read twice; `<script ` that never closes hides nothing.
_HIDDEN = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style)\b[^<>]*>.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_UNFINISHED = re.compile(r"</?[a-z][\w:.-]*(?:\s[^<>]*)?\Z", re.IGNORECASE)
_SUPERSCRIPT = re.compile(r"<sup>\s*([-+0-9]{1,9})\s*</sup>", re.IGNORECASE)  # 10<sup>5</sup> is not 105
_RAISED = str.maketrans("-+0123456789", "⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹")
_CHARACTER_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def plain(html: str) -> str:
    """Return the text of an HTML fragment as one clean line: tags, scripts and comments gone, unescaped once.

    Made for feeds, where nobody knows whether a body is HTML: what is no known tag stays as it was written. Only the
    first `LONGEST` characters are read.
    """
    if len(html) > LONGEST:
        html = _UNFINISHED.sub("", html[:LONGEST])  # an image in an attribute is longer than any abstract
    if "<" in html:
        html = _SUPERSCRIPT.sub(lambda match: match[1].translate(_RAISED), _HIDDEN.sub(" ", html))
        html = _TAG.sub(lambda match: " " if _breaks(match["name"].lower()) else "", html)
    if "&" in html:
        html = _CHARACTER_REFERENCE.sub(lambda match: unescape(match[0]), html)
    return clean(html)


def _breaks(name: str) -> bool:
    return name in _BLOCKS or (name.startswith("jats:") and name not in _INLINE_JATS)


# ------------------------------------------------------------------ repairs

# `&#x2013;` that lost all but its middle. Codes that look like a year are mended only where none can stand: glued to a
# letter on both sides, or alone after a word (`Matrix2020`, `16x2013` and `0x201d` stay).
_LOST_REFERENCE = re.compile(
    r"""(?<![0-9&\#])(?:
        x(?P<code>20(?:1[a-f]|3[9a])) |
        (?<=[A-Za-z)\]"'.,;:!?])x(?P<glued>20(?:1[0-9]|2[0-26]|3[023]))(?=[A-Za-z(\["']) |
        (?<=[^\s0-9][ ])x(?P<alone>20(?:1[0-5]|2[26]))(?=[ ]) |
        (?<![^\s(\[])x(?P<opening>2018)(?=[A-Za-z])
    )""",
    re.IGNORECASE | re.VERBOSE,
)


def mend(text: str) -> str:
    """Return `text` with dashes and quotes restored that a saved page shows as `x2013`, `x2019`, `x201c`."""
    if "x20" not in text.lower():
        return text
    return _LOST_REFERENCE.sub(lambda match: chr(int(next(filter(None, match.groups())), 16)), text)


# ------------------------------------------------------------------ bytes

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LEGACY = re.compile(r"(?:x-)?(?:iso[-_]?8859|windows-|cp\d|koi8|gb|big5|euc|shift|latin|mac)", re.IGNORECASE)


def decode(body: bytes, *, declared: str = "") -> str:
    """Return the text of `body` whatever it says of itself: by its mark, as UTF-8, as `declared`, as Windows-1252.

    UTF-8 comes before the declaration because text in another encoding is almost never valid UTF-8 by chance, while
    wrong declarations are common. A few damaged bytes become U+FFFD and do not change the verdict.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    if body[:2] in {b"<\0", b"\0<"}:
        return body.decode("utf-16-le" if body[1] == 0 else "utf-16-be", "replace")
    if declared.lower().startswith("iso-2022"):  # all ASCII bytes, so it would pass for UTF-8
        return body.decode("iso2022_jp_2", "replace")
    return _utf8(body) or _legacy(body, declared) or body.decode("cp1252", "replace")


def _utf8(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    if not damaged:
        return text
    intact = sum(not character.isascii() for character in text) - damaged
    return text if intact >= damaged else ""


def _legacy(body: bytes, declared: str) -> str:
    # latin-1 never fails but means Windows-1252 wherever it is declared: https://encoding.spec.whatwg.org/#names-and-labels
    if not _LEGACY.match(declared) or re.fullmatch(r"(?i)iso[-_]?8859-1|latin-?1", declared):
        return ""
    try:
        return body.decode(declared)
    except (LookupError, ValueError):
        return ""
