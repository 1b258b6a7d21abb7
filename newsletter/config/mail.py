"""The grammar of how mail leaves and comes back: `smtp`, `deliver`, `dkim`, `inbox`."""

from __future__ import annotations

import re
import shlex
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from newsletter.config.fields import Address, Count, Line, Port, Seconds, check_domain, check_line, wrong
from newsletter.config.section import Section
from newsletter.models import Encryption, OnUnknown

_SELECTOR = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")


def _command(value: Any) -> tuple[str, ...]:
    """Return the words of a command: those of a list as they are, those of a text as a shell parts them."""
    try:
        words = shlex.split(value) if isinstance(value, str) else value
    except ValueError:
        raise wrong("has a quote that is never closed") from None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise wrong('must be a command, as text or as a list of texts such as ["/usr/sbin/sendmail", "-oi"]')
    if not words or not words[0].strip():
        raise wrong("is empty")
    return tuple(words)


def _selector(text: str) -> str:
    if not all(_SELECTOR.fullmatch(label) for label in text.split(".")):
        raise wrong("is no name of DNS: letters, digits and hyphens, such as 'papers'")
    return text.lower()


Command = Annotated[tuple[str, ...], BeforeValidator(_command)]
Domain = Annotated[str, AfterValidator(check_line), AfterValidator(check_domain)]


class SmtpSection(Section):
    """The server that takes the mail."""

    host: Line
    """Its name."""
    port: Port | None = None
    """Its port; 587, or 465 with `encryption: tls`, or 25 with `none`, unless given."""
    encryption: Encryption = Encryption.STARTTLS
    """`starttls`, `tls` (from the first byte), or `none` (on this machine only)."""
    username: Line | None = None
    """The login."""
    password: SecretStr | None = None
    """The password; best as `${SMTP_PASSWORD}`."""
    password_file: Line | None = None
    """A file that holds nothing but the password."""
    token_command: Command | None = None
    """A command that prints an OAuth 2.0 access token, in place of a password (XOAUTH2)."""
    timeout_seconds: Seconds | None = None
    """How long to wait for an answer; the times of RFC 5321 unless given. A message's own answer has ten minutes."""
    connections: Annotated[Count, Field(ge=1, le=64)] = 4
    """The most connections at once."""
    max_per_minute: Annotated[Count, Field(ge=1, le=1_000_000)] | None = None
    """The most messages handed over in a minute; as many as it takes unless given."""


class DeliverSection(Section):
    """How emails leave, and what becomes of those of which nobody knows whether they arrived."""

    on_unknown: OnUnknown = OnUnknown.HOLD
    """`hold` (they are shown, and a person decides) or `resend` (once more, with the same Message-ID)."""
    maildir: Line | None = None
    """In place of `smtp`: a folder in Maildir format that emails are written into, for testing."""
    file: Line | None = None
    """In place of `smtp`: a folder with a file for each email, for testing."""
    sendmail: Command | None = None
    """In place of `smtp`: the command of a host that has one, such as /usr/sbin/sendmail."""


class DkimSection(Section):
    """A key that emails are signed with (RFC 6376); `newsletter dkim key` makes one."""

    domain: Domain
    """The domain that signs, that of the sender or one above it."""
    selector: Annotated[Line, AfterValidator(_selector)]
    """The name of the key: its public half stands in the DNS at SELECTOR._domainkey.DOMAIN."""
    private_key: SecretStr | None = None
    """The private key in PEM; only ever as `${DKIM_KEY}`."""
    private_key_file: Line | None = None
    """A file that holds it, which nobody else can read."""


class ImapSection(Section):
    """The IMAP server of the mailbox."""

    host: Line
    """Its name."""
    port: Port | None = None
    """Its port; 993, or 143 without `encryption: tls`, unless given."""
    encryption: Encryption = Encryption.TLS
    """`tls` (from the first byte), `starttls`, or `none` (on this machine only)."""
    username: Line
    """The login."""
    password: SecretStr | None = None
    """The password; best as `${IMAP_PASSWORD}`."""
    password_file: Line | None = None
    """A file that holds nothing but the password."""
    token_command: Command | None = None
    """A command that prints an OAuth 2.0 access token, in place of a password (XOAUTH2)."""
    folder: Line = "INBOX"
    """The folder that is read."""
    timeout_seconds: Seconds = 60.0
    """How long to wait for an answer."""


class InboxSection(Section):
    """The mailbox that answers, bounces and complaints come to; `newsletter inbox` reads it."""

    address: Address | None = None
    """What reaches it; where answers go (`reply_to`, else `from`) unless given."""
    plus: bool = False
    """Whether mail to name+anything@domain comes there too."""
    maildir: Line | None = None
    """A folder in Maildir format."""
    imap: ImapSection | None = None
    """Or a folder on a server."""
    secret: SecretStr | None = None
    """What tokens in addresses are made with; only ever as `${NEWSLETTER_SECRET}`."""
    secret_file: Line | None = None
    """A file that holds it, which nobody else can read; newsletter.key beside this one, made once, unless given."""
