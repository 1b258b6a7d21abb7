"""A connection to an SMTP server, ready for mail: encrypted as the settings say and logged in.

Encryption is never opportunistic: a server, or somebody before it, that takes STARTTLS away gets no mail and no
password (RFC 8314, RFC 3207). Certificates and host names are verified, TLS is 1.2 or newer.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from newsletter.deliver.login import log_in
from newsletter.deliver.mailer import Reply
from newsletter.deliver.wire import Wire, on_one_line
from newsletter.errors import ServerRefused, ServerUnavailable
from newsletter.models import Encryption, SmtpSettings

_CUT_OFF = (ssl.SSLEOFError, ssl.SSLZeroReturnError)  # the network's doing, not the certificate's

Heard = Callable[[str, str], None]
"""Hears of each step of a connection: its name, and what came of it."""


@dataclass(frozen=True, slots=True)
class Times:
    """How long each answer is waited for, in seconds: RFC 5321 §4.5.3.2, and a minute for what it leaves open."""

    connect: float = 60.0
    greeting: float = 300.0
    command: float = 300.0
    data: float = 120.0
    block: float = 180.0

    @classmethod
    def of(cls, settings: SmtpSettings) -> Times:
        """Return those of the settings."""
        usual, most = cls(), settings.timeout_seconds
        if most is None:
            return usual
        return cls(
            *(min(most, each) for each in (usual.connect, usual.greeting, usual.command, usual.data, usual.block))
        )


@dataclass(frozen=True, slots=True)
class Connection:
    """A server that takes mail, what it can (`EHLO`, in capitals, with the parameters), and its patience."""

    wire: Wire
    times: Times
    extensions: Mapping[str, str] = field(default_factory=dict)

    async def ask(self, line: str) -> Reply:
        """Send a command and return the reply; OSError where the connection is lost."""
        self.wire.write(line.encode() + b"\r\n")
        return on_one_line(await self.wire.reply(self.times.command))


def _unheard(_step: str, _result: str) -> None:
    """Tell nobody."""


async def connect(settings: SmtpSettings, *, tls: ssl.SSLContext | None, heard: Heard = _unheard) -> Connection:
    """Return a connection that takes mail. ServerUnavailable for now, ServerRefused for good; both say where."""
    if settings.encryption is Encryption.NONE and not is_loopback(settings.host):
        raise ServerRefused(f"{settings.host}: `encryption: none` is for this machine only; use starttls or tls")
    where = f"{settings.host}:{settings.port}"
    try:
        return await _opened(settings, tls, heard)
    except ServerRefused as error:
        raise ServerRefused(f"{where}: {error}", code=error.code) from error
    except ServerUnavailable as error:
        raise ServerUnavailable(f"{where}: {error}", code=error.code) from error
    except ssl.SSLError as error:
        if isinstance(error, _CUT_OFF):
            raise ServerUnavailable(f"{where}: the connection was cut while TLS began") from error
        raise ServerRefused(f"{where}: TLS failed: {error}; check smtp.host, smtp.port and smtp.encryption") from error
    except (OSError, UnicodeError) as error:  # a name that is none is told as the second
        raise ServerUnavailable(f"{where}: {error or type(error).__name__}") from error


def is_loopback(host: str) -> bool:
    """Say whether `host` is this machine, by name or number; no name is looked up."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def refusal(reply: Reply, text: str = "") -> ServerRefused | ServerUnavailable:
    """Return the error for a reply that concerns every message: for good if it is 5yz, else for now."""
    kind = ServerRefused if reply.code // 100 == 5 else ServerUnavailable
    return kind(text or str(reply), code=max(reply.code, 0))


async def _opened(settings: SmtpSettings, tls: ssl.SSLContext | None, heard: Heard) -> Connection:
    times = Times.of(settings)
    encrypted = settings.encryption is Encryption.TLS
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(times.connect):
            _, wire = await loop.create_connection(
                Wire,
                settings.host,
                settings.port,
                ssl=_trust(tls) if encrypted else None,
                server_hostname=settings.host if encrypted else None,
            )
    except TimeoutError:
        raise ServerUnavailable(f"no connection within {times.connect:g} seconds") from None
    heard("connect", f"{wire.own_address()} to {settings.host}:{settings.port}")
    try:
        return await _ready(settings, Connection(wire, times), tls, heard)
    except BaseException:
        wire.abort()
        raise


async def _ready(settings: SmtpSettings, plain: Connection, tls: ssl.SSLContext | None, heard: Heard) -> Connection:
    greeting = on_one_line(await plain.wire.reply(plain.times.greeting))
    if greeting.code // 100 != 2:
        raise refusal(greeting)
    heard("greeting", str(greeting))
    name = _own_name(plain.wire)
    connection = await _greeted(plain, name)
    heard("ehlo", " ".join(sorted(connection.extensions)))
    if settings.encryption is Encryption.STARTTLS:
        if "STARTTLS" not in connection.extensions:
            raise ServerRefused("it offers no STARTTLS, so nothing was sent; check smtp.port and smtp.encryption")
        reply = await connection.ask("STARTTLS")
        if reply.code // 100 != 2:
            raise refusal(reply, f"STARTTLS failed, so nothing was sent: {reply}")
        await connection.wire.start_tls(_trust(tls), settings.host, connection.times.command)
        connection = await _greeted(connection, name)
    if settings.encryption is not Encryption.NONE:
        heard("tls", str(connection.wire.peer_certificate().get("notAfter", "")))
    if settings.username:
        await log_in(settings, connection.extensions.get("AUTH", "").split(), connection.ask)
        heard("auth", settings.username)
    return connection


async def _greeted(connection: Connection, name: str) -> Connection:
    """Say EHLO, or HELO to a server of before 1995, and return the connection with what the server can."""
    connection.wire.write(f"EHLO {name}\r\n".encode())
    reply = await connection.wire.reply(connection.times.command)
    if reply.code // 100 == 2:
        return Connection(connection.wire, connection.times, _extensions(reply.text))
    if reply.code == 421 or (hello := await connection.ask(f"HELO {name}")).code // 100 != 2:
        raise refusal(on_one_line(reply if reply.code == 421 else hello))
    return Connection(connection.wire, connection.times)


def _extensions(text: str) -> dict[str, str]:
    """Return what a server offers, `AUTH=PLAIN` of old servers read as `AUTH PLAIN`."""
    found: dict[str, str] = {}
    for line in text.split("\n")[1:]:
        name, _, parameters = line.strip().upper().replace("AUTH=", "AUTH ").partition(" ")
        if name:
            found[name] = f"{found.get(name, '')} {parameters}".strip()
    return found


def _trust(tls: ssl.SSLContext | None) -> ssl.SSLContext:
    """Return what certificates are verified with; asked late, since reading the system's authorities takes 30 ms."""
    if tls is not None:
        return tls
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _own_name(wire: Wire) -> str:
    """Return what we greet with: this machine's full name, or its address where it has none (RFC 5321 §4.1.3)."""
    name = socket.gethostname()
    if "." in name and name.isascii():
        return name
    address = wire.own_address()
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
