"""Header fields of an issue: subject, Message-ID and what lets mail programs group it and unsubscribe from it."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from email.header import Header
from email.utils import parseaddr
from urllib.parse import quote

from newsletter.models import Issue, Newsletter
from newsletter.render.filters import harmless, plural, shorten

_SUBJECT_LENGTH = 78
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def subject(issue: Issue) -> str:
    """Return what is in the issue and its date, which keeps mail programs from threading issues together.

    As many topics are named as fit into 78 characters: `9 papers · Speculative decoding, Dark matter · 20 Nov`.
    """
    count = len(issue.chosen)
    start = plural(count, "paper") if count else "No new papers for you"
    end = f" · {issue.day.day} {_MONTHS[issue.day.month - 1]}"
    topics = _topics(issue, _SUBJECT_LENGTH - len(start) - len(end) - len(" · "))
    # "=?" would let a title be taken for an encoded word, and decoded: CVE-2024-6923.
    return f"{start} · {topics}{end}".replace("=?", "= ?") if topics else start + end


def message_id(issue: Issue, newsletter: Newsletter) -> str:
    """Return the Message-ID (RFC 5322 3.6.4) of an issue: the same whenever the same papers go to the same reader."""
    address = hashlib.sha256(issue.subscriber.email.encode(errors="replace")).hexdigest()[:12]
    papers = "\n".join(matched.paper.id for matched in issue.papers)
    content = hashlib.sha256(papers.encode(errors="replace")).hexdigest()[:8]
    return f"<i{issue.day:%Y%m%d}.s{address}.{content}@{_ascii_domain(newsletter)}>"


def headers(issue: Issue, newsletter: Newsletter) -> tuple[tuple[str, str], ...]:
    """Return the further header fields in order, values unfolded and ASCII."""
    fields = [
        ("List-Id", _list_id(newsletter)),
        ("List-Unsubscribe", f"<{unsubscribe_url(newsletter, issue.subscriber.email)}>"),  # RFC 2369
        ("Auto-Submitted", "auto-generated"),  # RFC 3834
        ("Precedence", "bulk"),  # no standard, RFC 2076; it silences old vacation robots
        ("Reply-To", harmless(newsletter.reply_to)),
        ("Content-Language", "en"),
    ]
    return tuple((name, value) for name, value in fields if value)


def unsubscribe_url(newsletter: Newsletter, address: str) -> str:
    """Return the mailto address (RFC 6068) by which a reader unsubscribes, whichever mailbox they write from."""
    to = parseaddr(newsletter.reply_to)[1] or newsletter.sender_email
    return f"mailto:{_quoted(to)}?subject=unsubscribe%20{_quoted(address)}"


def _topics(issue: Issue, room: int) -> str:
    """Return the labels of the issue's topics, best first, as far as they fit."""
    labels = [harmless(section.label) for section in issue.sections]
    if not any(labels) and issue.lead:
        labels = [harmless(issue.lead.paper.title)]
    named = ""
    for label in filter(None, labels):
        longer = f"{named}, {label}" if named else shorten(label, room)
        if len(longer) > room:
            break
        named = longer
    return named


def _list_id(newsletter: Newsletter) -> str:
    """Return the identifier of RFC 2919, its phrase in quotes or an encoded word where it must be."""
    name = harmless(newsletter.name)
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:60] or "newsletter"
    if not name.isascii():
        name = Header(name, "utf-8", maxlinelen=76).encode(linesep="")
    elif re.search(r"[^A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]", name) or "=?" in name:
        name = '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
    return f"{name} <{slug}.{_ascii_domain(newsletter)}>".lstrip()


def _ascii_domain(newsletter: Newsletter) -> str:
    try:
        return newsletter.domain.encode("idna").decode("ascii")
    except UnicodeError:
        return "localhost"


def _quoted(address: str) -> str:
    return quote(harmless(address), safe="@")
