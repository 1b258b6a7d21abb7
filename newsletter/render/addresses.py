"""Web and mail addresses an email carries that are the newsletter's own: the way out, and where issues can be read."""

from __future__ import annotations

from datetime import date
from email.utils import parseaddr
from urllib.parse import quote

from newsletter.models import Newsletter
from newsletter.render.filters import harmless, safe_url
from newsletter.tokens import canonical, leave_address, leave_token


def unsubscribe_mailto(newsletter: Newsletter, address: str) -> str:
    """Return the mailto address (RFC 6068) by which a reader unsubscribes, whichever mailbox they write from.

    A program reads the newsletter's inbox, so mail there carries a token that only its reader has; a person reads
    other mail, so that names the address.
    """
    if not newsletter.inbox:
        to = parseaddr(newsletter.reply_to)[1] or newsletter.sender_email
        return f"mailto:{_quoted(to)}?subject=unsubscribe%20{_quoted(address)}"
    if not newsletter.secret:  # a preview, before anything was sent
        return f"mailto:{_inbox(newsletter.inbox)}?subject=unsubscribe%20{_quoted(address)}"
    token = leave_token(newsletter.secret, address)
    if newsletter.plus and (tagged := leave_address(newsletter.inbox, token)):
        return f"mailto:{_inbox(tagged)}?subject=unsubscribe"
    return f"mailto:{_inbox(newsletter.inbox)}?subject=unsubscribe%20{token}"


def answers_to(newsletter: Newsletter) -> str:
    """Return where answers go (Reply-To), "" where the sender's address is the place.

    Where the inbox is another address than the sender's, and nobody asked for a third one, they go to the inbox.
    """
    inbox = harmless(newsletter.inbox)
    if newsletter.reply_to or canonical(inbox) == canonical(newsletter.sender_email):
        return harmless(newsletter.reply_to)
    return inbox


def more_url(newsletter: Newsletter, paper_id: str) -> str:
    """Return the mailto address by which a reader votes for a paper, "" where no inbox is read.

    The same for every reader: who votes is told by the address it comes from.
    """
    return _vote_url(newsletter, "more", paper_id)


def less_url(newsletter: Newsletter, paper_id: str) -> str:
    """Return the mailto address by which a reader votes against a paper, "" where no inbox is read."""
    return _vote_url(newsletter, "less", paper_id)


def unsubscribe_page(newsletter: Newsletter, address: str) -> str:
    """Return the operator's own https address for one reader's unsubscribing (RFC 8058), "" where there is none."""
    return newsletter.unsubscribe.replace("{email}", quote(harmless(address), safe=""))


def leave_url(newsletter: Newsletter, address: str) -> str:
    """Return what the link in the email opens: the page if there is one, else an email to send."""
    return safe_url(unsubscribe_page(newsletter, address) or unsubscribe_mailto(newsletter, address))


def archive_url(newsletter: Newsletter, day: date) -> str:
    """Return where the issue of a day can be read by web, "" where nobody said."""
    return newsletter.archive.replace("{date}", day.isoformat())


def _vote_url(newsletter: Newsletter, word: str, paper_id: str) -> str:
    if not newsletter.inbox:
        return ""
    return f"mailto:{_inbox(newsletter.inbox)}?subject={word}%20{quote(harmless(paper_id), safe=':')}"


def _inbox(address: str) -> str:
    return quote(harmless(address), safe="@+")  # some programs do not decode %2B


def _quoted(address: str) -> str:
    return quote(harmless(address), safe="@")
