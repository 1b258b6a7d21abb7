"""A connection to an SMTP server, ready for mail: encrypted as the settings say and logged in.

Encryption is never opportunistic: a server, or somebody before it, that takes STARTTLS away gets no mail and no
password (RFC 8314, RFC 3207). Certificates and host names are verified.
"""

from __future__ import annotations

import ipaddress
import smtplib
import socket
import ssl

from newsletter.errors import ServerRefused, ServerUnavailable
from newsletter.models import Encryption, SmtpSettings

_LONGEST_TEXT = 500
_CUT_OFF = (ssl.SSLEOFError, ssl.SSLZeroReturnError)  # the network's doing, not the certificate's


def connect(settings: SmtpSettings, *, tls: ssl.SSLContext | None) -> smtplib.SMTP:
    """Return a connection that takes mail. ServerUnavailable for now, ServerRefused for good."""
    where = f"{settings.host}:{settings.port}"
    try:
        client = _open(settings, tls)
    except (ServerRefused, ServerUnavailable):
        raise
    except smtplib.SMTPResponseException as error:
        raise refusal(error.smtp_code, f"{where}: {error.smtp_code} {said(error.smtp_error)}") from error
    except ssl.SSLError as error:
        if isinstance(error, _CUT_OFF):
            raise ServerUnavailable(f"{where}: the connection was cut while TLS began") from error
        raise ServerRefused(f"{where}: TLS failed: {error}; check smtp.host, smtp.port and smtp.encryption") from error
    except OSError as error:  # smtplib's other errors among them
        raise ServerUnavailable(f"{where}: {error}") from error
    return client


def is_loopback(host: str) -> bool:
    """Say whether `host` is this machine, by name or number; no name is looked up."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def said(text: bytes | str) -> str:
    """Return what a server said on one line, not longer than a person reads."""
    told = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return " ".join(told.split())[:_LONGEST_TEXT]


def refusal(code: int, text: str) -> ServerRefused | ServerUnavailable:
    """Return the error for a reply that concerns every message: for good if it is 5yz, else for now."""
    kind = ServerRefused if code // 100 == 5 else ServerUnavailable
    return kind(text, code=code)


def _open(settings: SmtpSettings, tls: ssl.SSLContext | None) -> smtplib.SMTP:
    timeout = settings.timeout_seconds
    name = "localhost"  # smtplib would ask the DNS for ours, which can take long
    client = (
        smtplib.SMTP_SSL(settings.host, settings.port, name, timeout=timeout, context=_trust(tls))
        if settings.encryption is Encryption.TLS
        else smtplib.SMTP(settings.host, settings.port, name, timeout=timeout)
    )
    try:
        if client.sock is not None:
            # The final dot is a small packet of its own, which Nagle's algorithm would hold back for 40 ms.
            client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.local_hostname = _own_name(client)
        client.command_encoding = "utf-8"  # for SMTPUTF8; all else is ASCII
        client.ehlo_or_helo_if_needed()
        if settings.encryption is Encryption.STARTTLS:
            _start_tls(client, _trust(tls))
        if settings.username:
            _log_in(client, settings)
    except BaseException:
        client.close()
        raise
    return client


def _trust(tls: ssl.SSLContext | None) -> ssl.SSLContext:
    """Return what certificates are verified with; asked late, since reading the system's authorities takes 30 ms."""
    return tls or ssl.create_default_context()


def _own_name(client: smtplib.SMTP) -> str:
    """Return what we greet with: this machine's full name, or its address where it has none (RFC 5321 §4.1.3)."""
    name = socket.gethostname()
    if ("." in name and name.isascii()) or client.sock is None:
        return name
    address = client.sock.getsockname()[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _start_tls(client: smtplib.SMTP, context: ssl.SSLContext) -> None:
    if not client.has_extn("starttls"):
        raise ServerRefused("the server offers no STARTTLS, so nothing was sent; check smtp.port and smtp.encryption")
    client.starttls(context=context)  # drops what was received before the handshake, CVE-2011-0411
    client.ehlo_or_helo_if_needed()


def _log_in(client: smtplib.SMTP, settings: SmtpSettings) -> None:
    try:
        client.login(settings.username, settings.password)
    except smtplib.SMTPResponseException as error:
        way_out = "check smtp.username and smtp.password"
        raise refusal(
            error.smtp_code, f"login failed: {error.smtp_code} {said(error.smtp_error)}; {way_out}"
        ) from error
    except smtplib.SMTPServerDisconnected:
        raise
    except smtplib.SMTPException as error:
        raise ServerRefused(f"login failed: {error}; remove smtp.username if the server needs none") from error
    except UnicodeError:
        raise ServerRefused("login failed: smtp.username and smtp.password can only have ASCII characters") from None
