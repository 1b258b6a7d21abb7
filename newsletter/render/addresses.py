"""Web and mail addresses an email carries that are the newsletter's own: the way out, and where issues can be read."""

from __future__ import annotations

from datetime import date
from email.utils import parseaddr
from urllib.parse import quote

from newsletter.models import Newsletter
from newsletter.render.filters import harmless, safe_url


def unsubscribe_mailto(newsletter: Newsletter, address: str) -> str:
    """Return the mailto address (RFC 6068) by which a reader unsubscribes, whichever mailbox they write from."""
    to = parseaddr(newsletter.reply_to)[1] or newsletter.sender_email
    return f"mailto:{_quoted(to)}?subject=unsubscribe%20{_quoted(address)}"


def unsubscribe_page(newsletter: Newsletter, address: str) -> str:
    """Return the operator's own https address for one reader's unsubscribing (RFC 8058), "" where there is none."""
    return newsletter.unsubscribe.replace("{email}", quote(harmless(address), safe=""))


def leave_url(newsletter: Newsletter, address: str) -> str:
    """Return what the link in the email opens: the page if there is one, else an email to send."""
    return safe_url(unsubscribe_page(newsletter, address) or unsubscribe_mailto(newsletter, address))


def archive_url(newsletter: Newsletter, day: date) -> str:
    """Return where the issue of a day can be read by web, "" where nobody said."""
    return newsletter.archive.replace("{date}", day.isoformat())


def _quoted(address: str) -> str:
    return quote(harmless(address), safe="@")
