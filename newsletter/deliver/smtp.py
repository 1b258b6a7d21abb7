"""SMTP that says exactly what became of each message (RFC 5321), with its commands in one breath (RFC 2920).

    MAIL RCPT DATA ──► three replies ──► the message ──► `before_dot` ──► the final dot ──► its reply

Two round trips a message; to a server without PIPELINING the commands go one by one, which makes four. `send` returns
only for a message the server took; see `mailer` for what its errors say:

    RecipientRefused    5yz to this address or message, or an address no server could be given
    ServerUnavailable   4yz, 421, no connection, or a connection lost before the dot
    ServerRefused       TLS, login or sender refused: the same would happen to every message
    OutcomeUnknown      the connection ended after the dot

Neither smtplib nor aiosmtplib leaves room between the message and its dot, or hears a reply that came before the
connection broke.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from contextlib import suppress

from newsletter.deliver.address import envelope
from newsletter.deliver.connection import Connection, connect, is_loopback, refusal
from newsletter.deliver.lines import dot_stuffed
from newsletter.deliver.mailer import BeforeDot, Reply
from newsletter.deliver.status import CONNECTION_LOST, NO_LOGIN
from newsletter.deliver.wire import on_one_line
from newsletter.errors import DeliveryError, OutcomeUnknown, RecipientRefused, ServerRefused, ServerUnavailable
from newsletter.models import Encryption, SmtpSettings

_DOT_SECONDS = 600.0  # RFC 5321 §4.5.3.2.6: a short one makes unknowns
_MESSAGES_PER_CONNECTION = 100
_FAREWELL_SECONDS = 5.0  # nothing depends on it, and who stops the program waits

_CLOSING = 421  # the server is about to close the connection
_GO_ON = 354
_TOO_BIG = (552, 523)  # RFC 1870 §6.1; the second is of older servers


class SmtpMailer:
    """The server in `settings`.

    `tls` is what certificates are verified with, the system's authorities unless given. ServerRefused for settings
    that would send mail, or a password, in the clear to another machine.
    """

    def __init__(
        self,
        settings: SmtpSettings,
        *,
        tls: ssl.SSLContext | None = None,
        dot_seconds: float = _DOT_SECONDS,
        messages_per_connection: int = _MESSAGES_PER_CONNECTION,
    ) -> None:
        if settings.encryption is Encryption.NONE and not is_loopback(settings.host):
            raise ServerRefused(f"{settings.host}: `encryption: none` is for this machine only; use starttls or tls")
        self.settings = settings
        self.tls = tls
        self.dot_seconds = dot_seconds
        self.messages_per_connection = messages_per_connection

    @property
    def connections(self) -> int:
        """Return how many connections may be open at once."""
        return self.settings.connections

    @property
    def max_per_minute(self) -> int:
        """Return how many messages may be handed over in a minute, 0 for as many as it takes."""
        return self.settings.max_per_minute

    def session(self) -> SmtpSession:
        """Return a session with a connection of its own, made when the first message needs it."""
        return SmtpSession(self)


class SmtpSession:
    """One kept connection. Made by `SmtpMailer.session`; see `mailer.Session`."""

    def __init__(self, mailer: SmtpMailer) -> None:
        self._mailer = mailer
        self._connection: Connection | None = None
        self._messages = 0

    async def send(self, message: bytes, *, sender: str, recipient: str, before_dot: BeforeDot) -> Reply:
        """Hand `message` over and return the server's reply.

        `before_dot` is awaited when everything but the final dot is written; what it raises abandons the message,
        undelivered.
        """
        sender, recipient = envelope(sender, recipient)
        body = dot_stuffed(message)
        connection = await self._begun(len(body), sender, recipient, seven_bit=message.isascii())
        self._messages += 1
        try:
            await _write(connection, body)
            await before_dot()
            await _stop_if_spoken(connection)
        except BaseException:
            self._drop()  # a server throws away a message whose final dot does not come
            raise
        return await self._finish(connection)

    async def close(self) -> None:
        """Take leave of the server; the next message makes a new connection."""
        connection, self._connection, self._messages = self._connection, None, 0
        if connection is None:
            return
        try:
            connection.wire.write(b"QUIT\r\n")
            await connection.wire.reply(min(_FAREWELL_SECONDS, connection.times.command))
        except OSError:
            pass
        finally:
            connection.wire.close()

    # ------------------------------------------------------------------ before the dot

    async def _begun(self, size: int, sender: str, recipient: str, *, seven_bit: bool) -> Connection:
        """Return a connection whose server waits for the message: the kept one, or a new one if it is gone or old."""
        if self._messages >= self._mailer.messages_per_connection:
            await self.close()
        kept = self._connection
        if kept is not None and not kept.wire.has_spoken:
            try:
                return await self._accepted(kept, _commands(kept, size, sender, recipient, seven_bit=seven_bit))
            except ServerUnavailable as error:
                if error.code not in CONNECTION_LOST:
                    raise
        self._drop()
        settings = self._mailer.settings
        self._connection = connection = await connect(settings, tls=self._mailer.tls)
        return await self._accepted(connection, _commands(connection, size, sender, recipient, seven_bit=seven_bit))

    async def _accepted(self, connection: Connection, commands: Sequence[str]) -> Connection:
        """Return the connection when the server waits for the message; ready for another message after an error."""
        try:
            if "PIPELINING" in connection.extensions:
                error = await _in_one_breath(connection, commands)
            else:
                error = await _one_by_one(connection, commands)
            if error is None:
                return connection
            lost = isinstance(error, ServerUnavailable) and error.code in CONNECTION_LOST
            if lost or not await _ready_again(connection):
                self._drop()
        except OSError as error_:
            self._drop()
            raise ServerUnavailable(f"the connection was lost before the message: {error_}") from error_
        except BaseException:
            self._drop()
            raise
        raise error

    def _drop(self) -> None:
        """Close the connection without a word."""
        connection, self._connection, self._messages = self._connection, None, 0
        if connection is not None:
            connection.wire.abort()

    # ------------------------------------------------------------------ the dot and after

    async def _finish(self, connection: Connection) -> Reply:
        """Write the final dot and return the reply that takes the message."""
        try:
            connection.wire.write(b".\r\n")
            reply = on_one_line(await connection.wire.reply(self._mailer.dot_seconds))
        except OSError as error:
            self._drop()
            raise OutcomeUnknown(f"no answer to the final dot: {error}; it may have arrived") from error
        except BaseException:
            self._drop()
            raise
        if reply.code == _CLOSING or reply.code // 100 not in (2, 4, 5):
            self._drop()
        match reply.code // 100:
            case 2:
                return reply
            case 4:
                raise ServerUnavailable(str(reply), code=reply.code)
            case 5:
                raise RecipientRefused(str(reply), code=reply.code)
        raise OutcomeUnknown(f"the answer to the final dot makes no sense: {reply.text}; it may have arrived")


# ------------------------------------------------------------------ the envelope


def _commands(connection: Connection, size: int, sender: str, recipient: str, *, seven_bit: bool) -> tuple[str, ...]:
    """Return MAIL, RCPT and DATA with the extensions the message needs; RecipientRefused if the server lacks one."""
    can = connection.extensions
    options = f" SIZE={size}" if "SIZE" in can else ""
    notify = ""
    if not (sender + recipient).isascii():
        if "SMTPUTF8" not in can:
            raise RecipientRefused("5.6.7 the server takes no address with letters beyond ASCII")
        options += " SMTPUTF8"
    if not seven_bit:
        if "8BITMIME" not in can:
            raise RecipientRefused("5.6.3 the server takes no message with 8-bit characters")
        options += " BODY=8BITMIME"
    if "DSN" in can:  # RFC 3461: what comes back names the message, and is not the whole of it
        options += " RET=HDRS"
        notify = " NOTIFY=FAILURE"
    return f"MAIL FROM:<{sender}>{options}", f"RCPT TO:<{recipient}>{notify}", "DATA"


async def _in_one_breath(connection: Connection, commands: Sequence[str]) -> DeliveryError | None:
    """Say all commands at once; return the error of the first that was refused, None where all were taken."""
    connection.wire.write("".join(f"{command}\r\n" for command in commands).encode())
    first: DeliveryError | None = None
    reply = Reply(0, "")
    for number in range(len(commands)):
        try:
            reply = await connection.wire.reply(_patience(connection, number))
        except OSError:
            if first is None:
                raise
            return first  # what was refused stays so, whatever broke afterwards
        first = first or _refused(number, reply)
        if isinstance(first, ServerUnavailable) and first.code in CONNECTION_LOST:
            return first
    if first is not None and reply.code == _GO_ON:
        # DATA was taken although nobody is there to get it: nothing must follow but the dot (RFC 2920 §3.1).
        with suppress(OSError):
            connection.wire.write(b".\r\n")
            await connection.wire.reply(connection.times.command)
    return first


async def _one_by_one(connection: Connection, commands: Sequence[str]) -> DeliveryError | None:
    """Say one command after the other; return the error of the one that was refused, None where all were taken."""
    for number, command in enumerate(commands):
        connection.wire.write(f"{command}\r\n".encode())
        error = _refused(number, await connection.wire.reply(_patience(connection, number)))
        if error is not None:
            return error
    return None


async def _ready_again(connection: Connection) -> bool:
    """Say RSET after a refusal; return whether the server takes another message."""
    try:
        return (await connection.ask("RSET")).code // 100 == 2
    except OSError:
        return False


def _patience(connection: Connection, number: int) -> float:
    return connection.times.data if number == 2 else connection.times.command


def _refused(number: int, reply: Reply) -> DeliveryError | None:
    """Return what a reply to MAIL (0), RCPT (1) or DATA (2) means, None where it is taken."""
    if reply.code // 100 == (3 if number == 2 else 2):
        return None
    reply = on_one_line(reply)
    if reply.code in NO_LOGIN:
        return refusal(reply, f"{reply}; check smtp.username and smtp.password")
    if reply.code // 100 == 5:
        kind = ServerRefused if number == 0 and reply.code not in _TOO_BIG else RecipientRefused
        return kind(str(reply), code=reply.code)
    # Whatever is neither yes nor no leaves the conversation where nobody can say: as good as lost.
    return ServerUnavailable(str(reply), code=reply.code if reply.code // 100 == 4 else 0)


# ------------------------------------------------------------------ the message


async def _write(connection: Connection, body: bytes) -> None:
    """Write all but the final dot; the reply of a server that would not wait for it decides."""
    try:
        connection.wire.write(body)
        await connection.wire.written(connection.times.block)
    except OSError as error:
        if not connection.wire.has_spoken:
            raise ServerUnavailable(f"the connection was lost within the message: {error}") from error
    await _stop_if_spoken(connection)


async def _stop_if_spoken(connection: Connection) -> None:
    """Raise what a server said out of turn, or that it hung up: then the dot must not be written."""
    if not connection.wire.has_spoken:
        return
    try:
        reply = on_one_line(await connection.wire.reply(connection.times.block))
    except OSError as error:
        raise ServerUnavailable(f"the connection was lost within the message: {error}") from error
    if reply.code // 100 == 5:
        raise RecipientRefused(str(reply), code=reply.code)
    raise ServerUnavailable(str(reply), code=reply.code if reply.code // 100 == 4 else 0)
