"""Header fields of an email: Message-ID and what lets mail programs group it, answer it and unsubscribe from it."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from email.header import Header
from functools import lru_cache

from newsletter.models import Newsletter
from newsletter.render.addresses import answers_to, archive_url, unsubscribe_mailto, unsubscribe_page
from newsletter.render.filters import harmless
from newsletter.tokens import content_mark, reader_key


def message_id(address: str, day: date, content: Iterable[str], newsletter: Newsletter) -> str:
    """Return the Message-ID (RFC 5322 3.6.4) of an email: the same whenever the same goes to the same reader.

    `content` is what it holds: the ids of its papers, or what kind of letter it is. Where the newsletter has a secret
    nobody else can make it, so that a bounce which names it has seen the email.
    """
    mark = content_mark(newsletter.secret, day=day, address=address, content=content)
    return f"<i{day:%Y%m%d}.s{reader_key(address)}.{mark}@{_ascii_domain(newsletter)}>"


def headers(
    newsletter: Newsletter, address: str, day: date, *, kind: str, language: str
) -> tuple[tuple[str, str], ...]:
    """Return the further header fields in order, values unfolded and ASCII.

    `kind` (`issue`, `welcome`) is what the email is, for who counts complaints by it.
    """
    page = unsubscribe_page(newsletter, address)
    ways_out = [f"<{page}>"] if page else []
    fields = [
        ("List-Id", _list_id(newsletter)),
        ("List-Unsubscribe", ", ".join([*ways_out, f"<{unsubscribe_mailto(newsletter, address)}>"])),  # RFC 2369
        # RFC 8058 allows it only beside an https address.
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click" if page else ""),
        ("List-Archive", f"<{archive_url(newsletter, day)}>" if newsletter.archive else ""),
        ("Feedback-ID", _feedback_id(newsletter, day, kind)),
        ("Auto-Submitted", "auto-generated"),  # RFC 3834
        ("Precedence", "bulk"),  # no standard, RFC 2076; it silences old vacation robots
        ("Reply-To", answers_to(newsletter)),
        ("Content-Language", language),
    ]
    return tuple((name, value) for name, value in fields if value)


@lru_cache(maxsize=16)  # one newsletter, many emails
def _feedback_id(newsletter: Newsletter, day: date, kind: str) -> str:
    """Return what Gmail's complaints are counted by: https://support.google.com/a/answer/6254652

    Fields from the most particular to the sender, who is one for all emails, in 5 to 15 characters.
    """
    sender = hashlib.sha256(newsletter.sender_email.casefold().encode(errors="replace")).hexdigest()[:12]
    return f"i{day:%Y%m%d}:{kind}:{_slug(newsletter)[:30]}:{sender}"


@lru_cache(maxsize=16)
def _list_id(newsletter: Newsletter) -> str:
    """Return the identifier of RFC 2919, its phrase in quotes or an encoded word where it must be."""
    name = harmless(newsletter.name)
    slug = _slug(newsletter)
    if not name.isascii():
        name = Header(name, "utf-8", maxlinelen=75).encode(linesep="")
    elif re.search(r"[^A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]", name) or "=?" in name:
        name = '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
    return f"{name} <{slug}.{_ascii_domain(newsletter)}>".lstrip()


def _slug(newsletter: Newsletter) -> str:
    plain = unicodedata.normalize("NFKD", harmless(newsletter.name)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:60] or "newsletter"


@lru_cache(maxsize=16)
def _ascii_domain(newsletter: Newsletter) -> str:
    try:
        return newsletter.domain.encode("idna").decode("ascii")
    except UnicodeError:
        return "localhost"
