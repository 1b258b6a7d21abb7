"""An SMTP server on loopback that answers as a test tells it: late, rudely, or not at all.

It notes a message before it answers the final dot, so `taken` holds what a real server would have delivered.
"""

from __future__ import annotations

import socketserver
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from newsletter.models import Encryption, SmtpSettings

CERTIFICATE = Path(__file__).parent / "data" / "smtp" / "loopback.pem"
DROP = ""  # in place of an answer: hang up

Answer = str | Callable[[str], str]  # a reply, or what makes one of the command

POLITE: dict[str, Answer] = {
    "CONNECT": "220 odd ESMTP",
    "EHLO": "250-odd\r\n250-SIZE 1000000\r\n250 8BITMIME",
    "HELO": "250 odd",
    "MAIL": "250 2.1.0 OK",
    "RCPT": "250 2.1.5 OK",
    "DATA": "354 go on",
    ".": "250 2.0.0 taken",
    "RSET": "250 2.0.0 OK",
    "QUIT": "221 2.0.0 bye",
    "AUTH": "235 2.7.0 welcome",
    "STARTTLS": "220 2.0.0 ready",
}


def trusting() -> ssl.SSLContext:
    """Return a context that trusts the certificate of this server and no other."""
    return ssl.create_default_context(cafile=CERTIFICATE)


class OddSmtp:
    """A polite server except for `answers`, keyed by command, CONNECT, or "." for the final dot.

    An answer to BODY comes when the first line of a message has, and ends the connection. After 421 it hangs up.
    """

    def __init__(self, answers: Mapping[str, Answer] | None = None, *, tls: bool = False) -> None:
        self.answers = {**POLITE, **(answers or {})}
        self.tls = tls
        self.taken: list[bytes] = []
        self.commands: list[str] = []
        self.connections = 0
        odd = self

        class Conversation(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with suppress(OSError, ValueError):  # the other side is gone
                    _converse(self, odd)
                for end in (self.rfile, self.wfile, self.connection):
                    with suppress(OSError):
                        end.close()

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def settings(self, **fields: object) -> SmtpSettings:
        """Return how to reach this server, in the clear unless told otherwise."""
        defaults: dict[str, object] = {
            "host": "localhost",
            "port": self._server.server_address[1],
            "encryption": Encryption.NONE,
            "timeout_seconds": 5.0,
        }
        return SmtpSettings(**{**defaults, **fields})  # type: ignore[arg-type]

    def message_ids(self) -> list[str]:
        """Return the Message-ID line of each message taken."""
        lines = (message.split(b"\r\n") for message in self.taken)
        return [next(line for line in message if line.startswith(b"Message-ID")).decode() for message in lines]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _converse(handler: socketserver.StreamRequestHandler, odd: OddSmtp) -> None:
    odd.connections += 1
    if odd.tls:
        _encrypt(handler)
    alive = _answer(handler, odd, "CONNECT", "")
    while alive and (line := handler.rfile.readline()):
        verb, blank, rest = line.decode("utf-8", "replace").strip().partition(" ")
        verb, command = verb.upper(), verb.upper() + blank + rest
        odd.commands.append(command)
        alive = _answer(handler, odd, verb, command) and verb != "QUIT"
        if verb == "STARTTLS" and alive:
            _encrypt(handler)
        if verb == "DATA" and alive:
            alive = _take(handler, odd)


def _take(handler: socketserver.StreamRequestHandler, odd: OddSmtp) -> bool:
    if str(odd.answers["DATA"])[:1] != "3" and isinstance(odd.answers["DATA"], str):
        return True
    lines: list[bytes] = []
    while line := handler.rfile.readline():
        if "BODY" in odd.answers:
            _answer(handler, odd, "BODY", "")
            return False
        if line == b".\r\n":
            odd.taken.append(b"".join(lines))
            return _answer(handler, odd, ".", "")
        lines.append(line.removeprefix(b"."))
    return False


def _answer(handler: socketserver.StreamRequestHandler, odd: OddSmtp, key: str, command: str) -> bool:
    """Write the answer; False if the connection ends with it."""
    answer = odd.answers.get(key, "500 5.5.1 what?")
    reply = answer(command) if callable(answer) else answer
    if reply:
        handler.wfile.write(reply.encode() + b"\r\n")
        handler.wfile.flush()
    return reply[:3] not in ("", "421")


def _encrypt(handler: socketserver.StreamRequestHandler) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, CERTIFICATE.with_name("loopback-key.pem"))
    handler.request = handler.connection = context.wrap_socket(handler.connection, server_side=True)
    handler.rfile = handler.connection.makefile("rb")
    handler.wfile = handler.connection.makefile("wb")
