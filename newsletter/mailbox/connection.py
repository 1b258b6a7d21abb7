"""A connection to an IMAP server: encrypted as the settings say, and logged in.

Encryption is never opportunistic (RFC 8314): without it no password is sent, except to this machine.
"""

from __future__ import annotations

import base64
import imaplib
import ipaddress
import re
import socket
import ssl
import subprocess

from newsletter.errors import NewsletterError
from newsletter.models import Encryption, ImapSettings

_LONGEST_TEXT = 300
_TOKEN_SECONDS = 60.0


def connect(settings: ImapSettings, *, tls: ssl.SSLContext | None) -> imaplib.IMAP4:
    """Return a connection that is logged in; NewsletterError with the way out for what stands against it."""
    where = f"{settings.host}:{settings.port}"
    if settings.encryption is Encryption.NONE and not _is_loopback(settings.host):
        raise NewsletterError(
            f"{where}: no password goes out unencrypted; set inbox.imap.encryption to tls or starttls"
        )
    try:
        client = _open(settings, tls)
    except ssl.SSLCertVerificationError as error:
        reason = error.verify_message or said(error)
        raise NewsletterError(
            f"{where}: its certificate is not trusted: {reason}; inbox.imap.host must be the name it is made for"
        ) from error
    except ssl.SSLError as error:
        raise NewsletterError(
            f"{where}: TLS failed: {said(error)}; check inbox.imap.port and inbox.imap.encryption"
        ) from error
    except (TimeoutError, imaplib.IMAP4.abort) as error:
        raise NewsletterError(
            f"{where}: no answer as of an IMAP server: {said(error)}; check inbox.imap.port and inbox.imap.encryption"
        ) from error
    except imaplib.IMAP4.error as error:
        raise NewsletterError(f"{where}: {said(error)}") from error
    except OSError as error:
        told = error.strerror if isinstance(error, socket.gaierror) else said(error)
        raise NewsletterError(f"{where}: {told}; check inbox.imap.host and inbox.imap.port") from error
    try:
        _log_in(client, settings)
    except BaseException:
        client.shutdown()
        raise
    return client


def quoted(text: str) -> str:
    """Return a name as a quoted string, letters beyond ASCII in modified UTF-7 (RFC 3501 §5.1.3)."""
    coded = re.sub(r"[^\x20-\x7e]+|&", lambda found: _utf7(found[0]), text)
    return '"' + re.sub(r'(["\\])', r"\\\1", coded) + '"'


def said(told: object) -> str:
    """Return what a server or an error said, on one line, not longer than a person reads."""
    if isinstance(told, (list, tuple)):
        return " ".join(filter(None, map(said, told)))[:_LONGEST_TEXT]
    if isinstance(told, Exception):
        return said(told.args[-1] if told.args else "") or type(told).__name__
    text = told.decode("utf-8", "replace") if isinstance(told, bytes) else "" if told is None else str(told)
    return " ".join(text.split())[:_LONGEST_TEXT]


def _open(settings: ImapSettings, tls: ssl.SSLContext | None) -> imaplib.IMAP4:
    host, port, timeout = settings.host, settings.port, settings.timeout_seconds
    trust = tls or ssl.create_default_context()
    if settings.encryption is Encryption.TLS:
        return imaplib.IMAP4_SSL(host, port, ssl_context=trust, timeout=timeout)
    client = imaplib.IMAP4(host, port, timeout=timeout)
    if settings.encryption is Encryption.STARTTLS:
        try:
            _encrypt(client, trust, where=f"{host}:{port}")
        except BaseException:
            client.shutdown()
            raise
    return client


def _encrypt(client: imaplib.IMAP4, trust: ssl.SSLContext, *, where: str) -> None:
    """Begin TLS, which drops what was received before the handshake with its buffer."""
    if "STARTTLS" not in client.capabilities:
        told = "the server offers no STARTTLS, so no password was sent"
        raise NewsletterError(f"{where}: {told}; check inbox.imap.port and inbox.imap.encryption")
    client.starttls(trust)


def _log_in(client: imaplib.IMAP4, settings: ImapSettings) -> None:
    where = f"{settings.host}:{settings.port}"
    secret = "inbox.imap.token_command" if settings.token_command else "inbox.imap.password"
    try:
        if settings.token_command:
            token = _access_token(settings.token_command)
            once = iter((f"user={settings.username}\1auth=Bearer {token}\1\1".encode(),))
            # Why it was refused comes as a second question, to be answered with nothing.
            client.authenticate("XOAUTH2", lambda _: next(once, b""))
        elif "AUTH=PLAIN" in client.capabilities:
            client.authenticate("PLAIN", lambda _: f"\0{settings.username}\0{settings.password}".encode())
        elif "LOGINDISABLED" in client.capabilities:
            raise NewsletterError(f"{where}: the server takes no login by password here; use token_command")
        else:
            client.login(_argument(settings.username), settings.password)
    except imaplib.IMAP4.abort as error:
        raise NewsletterError(f"{where}: the connection was lost at the login: {said(error)}") from error
    except imaplib.IMAP4.error as error:
        raise NewsletterError(
            f"{where}: login failed: {said(error)}; check inbox.imap.username and {secret} "
            "(many providers want a password made for this app)"
        ) from error
    except UnicodeError:
        raise NewsletterError(f"{where}: login failed: the server takes only ASCII; check {secret}") from None
    except OSError as error:
        raise NewsletterError(f"{where}: the connection was lost at the login: {said(error)}") from error


def _access_token(command: tuple[str, ...]) -> str:
    """Return the OAuth 2.0 token that a command prints."""
    told = f"login failed: inbox.imap.token_command ({command[0]})"
    try:
        ended = subprocess.run(  # noqa: S603 - the operator's own command, without a shell
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TOKEN_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise NewsletterError(f"{told} did not end in {_TOKEN_SECONDS:g} seconds") from None
    except OSError as error:
        raise NewsletterError(f"{told} cannot be run: {error.strerror}") from None
    token = ended.stdout.decode("ascii", "ignore").strip()
    if ended.returncode or not token:
        raise NewsletterError(f"{told} ended with {ended.returncode}: {said(ended.stderr) or 'it printed nothing'}")
    return token


def _argument(text: str) -> str:
    """Return a user name as a quoted string; imaplib quotes the password itself, and nothing else."""
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def _utf7(text: str) -> str:
    if text == "&":
        return "&-"
    return "&" + base64.b64encode(text.encode("utf-16-be")).decode("ascii").rstrip("=").replace("/", ",") + "-"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
