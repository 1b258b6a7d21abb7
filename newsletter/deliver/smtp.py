"""One kept SMTP connection that says exactly what became of each message (RFC 5321).

Every way a conversation can end falls on one side of a line, the final dot. Before it nothing was delivered, so trying
again is safe; between it and its reply nobody knows (RFC 1047). `send` returns only for a message the server took.

    RecipientRefused    5yz to this address or message, or an address no server could be given
    ServerUnavailable   4yz, 421, no connection, or a connection lost before the dot
    ServerRefused       TLS, login or sender refused: the same would happen to every message
    OutcomeUnknown      the connection ended after the dot

Built on the low level of smtplib, because its `sendmail` writes the dot without asking, loses a reply that came before
the connection broke, and cuts a hostile address where it should refuse it.
"""

from __future__ import annotations

import re
import select
import smtplib
import socket
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Self

from newsletter.deliver.address import safe_address
from newsletter.deliver.connection import connect, is_loopback, refusal, said
from newsletter.errors import DeliveryError, OutcomeUnknown, RecipientRefused, ServerRefused, ServerUnavailable
from newsletter.models import Encryption, SmtpSettings

Reply = tuple[int, str]

_DOT_TIMEOUT_SECONDS = 600.0  # RFC 5321 §4.5.3.2.6: a short one makes unknowns
_MESSAGES_PER_CONNECTION = 100

_CLOSING = 421  # the server is about to close the connection
_TOO_BIG = 552
_NO_LOGIN = (530, 535, 538)  # RFC 4954 §6
_LOST = (0, _CLOSING)  # no reply at all, or the last one

_LINE_END = re.compile(rb"\r\n|\r|\n")
_FIRST_DOT = re.compile(rb"^\.", re.MULTILINE)


class SmtpMailer:
    """A connection to the server in `settings`, made when the first message needs it and kept for the next ones.

    `tls` is what certificates are verified with, the system's authorities unless given. ServerRefused for settings
    that would send mail, or a password, in the clear to another machine.
    """

    def __init__(
        self,
        settings: SmtpSettings,
        *,
        tls: ssl.SSLContext | None = None,
        dot_timeout_seconds: float = _DOT_TIMEOUT_SECONDS,
        messages_per_connection: int = _MESSAGES_PER_CONNECTION,
    ) -> None:
        if settings.encryption is Encryption.NONE and not is_loopback(settings.host):
            raise ServerRefused(f"{settings.host}: `encryption: none` is for this machine only; use starttls or tls")
        self._settings = settings
        self._tls = tls
        self._dot_timeout_seconds = dot_timeout_seconds
        self._messages_per_connection = messages_per_connection
        self._client: smtplib.SMTP | None = None
        self._messages = 0

    def send(self, message: bytes, *, sender: str, recipient: str, before_dot: Callable[[], None]) -> Reply:
        """Hand `message` over and return the server's reply.

        `before_dot` is called when everything but the final dot is written; what it raises abandons the message,
        undelivered.
        """
        client = self._ready(message, *_envelope(sender, recipient))
        self._messages += 1
        try:
            _write(client, message)
            before_dot()
        except BaseException:
            self._drop()  # a server throws away a message whose final dot does not come
            raise
        return self._finish(client)

    def close(self) -> None:
        """Take leave of the server; the next message makes a new connection."""
        client = self._client
        self._client, self._messages = None, 0
        if client is None:
            return
        try:
            client.quit()
        except OSError:
            client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # ------------------------------------------------------------------ before the dot

    def _ready(self, message: bytes, sender: str, recipient: str) -> smtplib.SMTP:
        """Return a connection whose server waits for the message; ready for another message after an error."""
        try:
            client = self._begun(message, sender, recipient)
            _ask(client, f"RCPT TO:<{recipient}>", refused=RecipientRefused)
            _ask(client, "DATA", refused=RecipientRefused, wanted=3)
        except DeliveryError as error:
            self._drop() if isinstance(error, ServerUnavailable) and error.code in _LOST else self._reset()
            raise
        except OSError as error:
            self._drop()
            raise ServerUnavailable(f"the connection was lost before the message: {error}") from error
        except BaseException:
            self._drop()
            raise
        return client

    def _begun(self, message: bytes, sender: str, recipient: str) -> smtplib.SMTP:
        """Return a connection that took MAIL: the kept one, or a new one if it grew old or is gone."""
        if self._messages >= self._messages_per_connection:
            self.close()
        if self._client is not None:
            try:
                return _mail(self._client, message, sender, recipient)
            except DeliveryError as error:
                if error.code != _CLOSING:
                    raise
            except OSError:
                pass
            self._drop()
        self._client = connect(self._settings, tls=self._tls)
        return _mail(self._client, message, sender, recipient)

    def _reset(self) -> None:
        """Make the connection ready for another message."""
        try:
            if self._client is None or self._client.rset()[0] // 100 != 2:
                self._drop()
        except OSError:
            self._drop()

    def _drop(self) -> None:
        """Close the connection without a word."""
        client = self._client
        self._client, self._messages = None, 0
        if client is not None:
            client.close()

    # ------------------------------------------------------------------ the dot and after

    def _finish(self, client: smtplib.SMTP) -> Reply:
        """Write the final dot and return the reply that takes the message."""
        try:
            socket_ = _socket(client)
            socket_.settimeout(self._dot_timeout_seconds)
            socket_.sendall(b".\r\n")
            code, text = _reply(client)
            socket_.settimeout(self._settings.timeout_seconds)
        except OSError as error:  # every error of smtplib is one
            self._drop()
            raise OutcomeUnknown(f"no answer to the final dot: {error}; it may have arrived") from error
        except BaseException:
            self._drop()
            raise
        if code == _CLOSING or code // 100 not in (2, 4, 5):
            self._drop()
        match code // 100:
            case 2:
                return code, text
            case 4:
                raise ServerUnavailable(f"{code} {text}", code=code)
            case 5:
                raise RecipientRefused(f"{code} {text}", code=code)
        raise OutcomeUnknown(f"the answer to the final dot makes no sense: {text}; it may have arrived")


def _envelope(sender: str, recipient: str) -> tuple[str, str]:
    """Return both addresses as SMTP takes them."""
    try:
        sender = safe_address(sender)
    except RecipientRefused as error:
        raise ServerRefused(f"the sender: {error}") from None
    return sender, safe_address(recipient)


def _mail(client: smtplib.SMTP, message: bytes, sender: str, recipient: str) -> smtplib.SMTP:
    """Begin a message, with the extensions it needs; RecipientRefused if the server lacks one."""
    options = f" SIZE={len(message)}" if client.has_extn("size") else ""
    if not (sender + recipient).isascii():
        _need(client, "smtputf8", "5.6.7 the server takes no address with letters beyond ASCII")
        options += " SMTPUTF8"
    if not message.isascii():
        _need(client, "8bitmime", "5.6.3 the server takes no message with 8-bit characters")
        options += " BODY=8BITMIME"
    try:
        _ask(client, f"MAIL FROM:<{sender}>{options}", refused=ServerRefused)
    except ServerRefused as error:
        if error.code == _TOO_BIG:
            raise RecipientRefused(str(error), code=error.code) from None
        raise
    return client


def _need(client: smtplib.SMTP, extension: str, otherwise: str) -> None:
    if not client.has_extn(extension):
        raise RecipientRefused(otherwise)


def _ask(client: smtplib.SMTP, command: str, *, refused: type[DeliveryError], wanted: int = 2) -> None:
    """Say `command` and hear a reply of the class `wanted`; `refused` for 5yz, ServerUnavailable for any other."""
    client.putcmd(command)
    code, text = _reply(client)
    if code // 100 == wanted:
        return
    if code in _NO_LOGIN:
        raise refusal(code, f"{code} {text}; check smtp.username and smtp.password")
    if code // 100 == 5:
        raise refused(f"{code} {text}", code=code)
    # Whatever is neither yes nor no leaves the conversation where nobody can say: as good as lost.
    raise ServerUnavailable(f"{code} {text}", code=code if code // 100 == 4 else 0)


def _reply(client: smtplib.SMTP) -> Reply:
    code, text = client.getreply()
    return code, said(text)


def _write(client: smtplib.SMTP, message: bytes) -> None:
    """Write all but the final dot; the reply of a server that would not wait for it decides."""
    lines = _LINE_END.sub(b"\r\n", message)
    body = _FIRST_DOT.sub(b"..", lines if lines.endswith(b"\r\n") else lines + b"\r\n")
    try:
        _socket(client).sendall(body)
        broken = None
    except OSError as error:
        broken = error
    if broken is None and not _has_spoken(client):
        return
    try:
        code, text = _reply(client)
    except OSError as error:
        raise ServerUnavailable(f"the connection was lost within the message: {broken or error}") from error
    if code // 100 == 5:
        raise RecipientRefused(f"{code} {text}", code=code)
    raise ServerUnavailable(f"{code} {text}", code=code)


def _has_spoken(client: smtplib.SMTP) -> bool:
    """Say whether the server spoke out of turn, or hung up: then the dot must not be written."""
    waiting = _socket(client)
    decrypted = waiting.pending() if isinstance(waiting, ssl.SSLSocket) else 0
    return bool(decrypted or select.select([waiting], [], [], 0)[0])


def _socket(client: smtplib.SMTP) -> socket.socket:
    if client.sock is None:
        raise smtplib.SMTPServerDisconnected("not connected")
    return client.sock
