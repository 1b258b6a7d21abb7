"""An issue sent as a test, to who is named for it: marked, inert, and written down nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from html import escape
from textwrap import fill

from newsletter.config import Config
from newsletter.deliver import Mailer, hand_over
from newsletter.deliver.dkim import Signer
from newsletter.deliver.message import as_bytes
from newsletter.deliver.ways_out import mailer_for
from newsletter.errors import UsageError
from newsletter.models import DeliverSettings, Email, Issue, MatchedPaper, Newsletter, Unconfirmed
from newsletter.preview.inert import Links, inert_html, inert_text, pieces
from newsletter.preview.setup import long_day
from newsletter.render.addresses import archive_url

MARK = "[TEST]"
"""What the subject of a test begins with."""

# A program acts on none of these. List-Unsubscribe and its Post would let one button remove the reader, Feedback-ID
# would count a press of Spam against the issue, and of what comes later nobody knows: only what is named here stays.
# List-Id stays, since whether one's filter finds it is worth a test.
_HARMLESS = frozenset({"list-id", "auto-submitted", "precedence", "reply-to", "content-language"})
_URI = re.compile(r"<\s*([^<>\s]+)\s*>")
_WIDTH = 72


def why_no_test(config: Config) -> str:
    """Return why no test can be sent by these settings, and the way out; "" where one can."""
    if not config.test_recipients:
        example = "`preview: {test_recipients: [you@example.org]}`"
        return f"no test can be sent: {config.path} does not say who may get one; add {example}"
    if config.smtp is None and config.deliver == DeliverSettings():
        way_out = "add its host, username and password, and set the variables they name"
        return f"no test can be sent: {config.path} has no smtp section that can be used here; {way_out}"
    return ""


def send_test(
    config: Config,
    email: Email,
    to: str,
    *,
    now: datetime,
    issue: Issue | None = None,
    mailer: Mailer | None = None,
) -> str:
    """Hand `email` over as a test to one of `config.test_recipients`, and return the server's reply, `250 OK`.

    By the user's own mail server, unless another `mailer` is given; no store is asked or told. UsageError, with the way
    out, for anybody else and for settings without a server; DeliveryError where the server refuses. See `test_email`.
    """
    if told := why_no_test(config):
        raise UsageError(told)
    known = {address.casefold(): address for address in config.test_recipients}
    recipient = known.get(to.strip().casefold())
    if recipient is None:
        way_out = "add the address to preview.test_recipients, or choose one of " + ", ".join(config.test_recipients)
        raise UsageError(f"{to[:254]!a} may not be sent a test: {config.path} does not name it; {way_out}")
    message = as_bytes(test_email(email, config.newsletter, to=recipient, now=now, issue=issue))
    signed = Signer(config.dkim).sign(message, at=now)
    return str(
        hand_over(
            mailer or mailer_for(config.smtp, config.deliver), signed, sender=email.sender[1], recipient=recipient
        )
    )


def test_email(email: Email, newsletter: Newsletter, *, to: str, now: datetime, issue: Issue | None) -> Email:
    """Return an email as a test for `to`: `[TEST]` in its subject, a line at the top of both parts, nothing that acts.

    `issue` is what the email was made from, None for a letter: its papers and the archive are all that it still links
    to. The test is of `now`, and so is its Message-ID: mail programs show a second message of one Message-ID never.
    What it is about is untouched, so that it is as the reader would see it; it lacks a way out, which checks report.
    """
    reader = email.recipient[1]
    earlier = issue.unconfirmed if issue else None
    links = Links(
        reader=reader,
        ways_out=_ways_out(email),
        papers=(*issue.papers, *_of(earlier)) if issue else (),
        archive=[archive_url(newsletter, each.day) for each in (issue, earlier) if each],
    )
    told = _told(reader, issue)
    return replace(
        email,
        recipient=("", to),
        subject=f"{MARK} {email.subject}",
        html=_marked(inert_html(email.html, links), told) if email.html else "",
        text=f"{fill(told, _WIDTH, break_long_words=False, break_on_hyphens=False)}\n\n{inert_text(email.text, links)}",
        message_id=_message_id(email, to, now),
        date=now,
        headers=tuple((name, value) for name, value in email.headers if name.lower() in _HARMLESS),
    )


def _of(earlier: Unconfirmed | None) -> tuple[MatchedPaper, ...]:
    """Return the papers of the issue before, which the email names where that may not have arrived."""
    return tuple(MatchedPaper(paper, 0.0, ()) for paper in earlier.papers) if earlier else ()


def _told(reader: str, issue: Issue | None) -> str:
    what = f"the issue of {long_day(issue.day)}" if issue else "a letter"
    return f"This is a test: {what}, as {reader} would get it. Only links to papers work, and nothing is recorded."


def _ways_out(email: Email) -> Iterator[str]:
    """Yield the addresses of List-Unsubscribe, which the parts show too."""
    for name, value in email.headers:
        if name.lower() == "list-unsubscribe":
            yield from (found[1] for found in _URI.finditer(value))


def _message_id(email: Email, to: str, now: datetime) -> str:
    made = sha256(f"{email.message_id}\n{to}\n{now.isoformat()}".encode(errors="replace")).hexdigest()[:24]
    return f"<test.{made}@{email.message_id.rpartition('@')[2] or 'localhost>'}"


# ------------------------------------------------------------------ the line at the top

_LINE = (
    '<table role="presentation" lang="en" dir="ltr" width="100%" cellpadding="0" cellspacing="0" border="0"><tbody><tr>'
    '<td bgcolor="#5b21b6" style="background-color:#5b21b6;color:#ffffff;padding:12px 20px;'
    "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"
    'font-size:14px;line-height:20px;text-align:center">{told}</td></tr></tbody></table>'
)


def _marked(html: str, told: str) -> str:
    """Return HTML with the line at its top, behind the words that a list of mails shows: a test shows those as well."""
    at = _start(html)
    return html[:at] + _LINE.format(told=escape(told)) + html[at:]


def _start(html: str) -> int:
    """Return where the email begins: behind `<body>` and what is hidden directly behind it."""
    start, depth = 0, 0
    for tag, rest, end in pieces(html):
        if tag == "body":
            start = end
        elif not start:
            continue
        elif tag == "div":
            if not depth and not re.search(r"display\s*:\s*none", rest, re.IGNORECASE):
                break
            depth += 1
        elif tag == "/div":
            depth -= 1
            if depth <= 0:
                return end
        elif not depth:
            break
    return start
