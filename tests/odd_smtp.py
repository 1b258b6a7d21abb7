"""An SMTP server on loopback that answers as a test tells it: late, rudely, or not at all.

It notes a message before it answers the final dot, so `taken` holds what a real server would have delivered.
"""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from newsletter.models import Encryption, SmtpSettings

CERTIFICATE = Path(__file__).parent / "data" / "smtp" / "loopback.pem"
DROP = ""  # in place of an answer: hang up

Said = str | bytes
Answer = Said | Callable[[str], Said]  # a reply, or what makes one of the command; bytes are written as they are

POLITE: dict[str, Answer] = {
    "CONNECT": "220 odd ESMTP",
    "EHLO": "250-odd\r\n250-SIZE 1000000\r\n250 8BITMIME",
    "HELO": "250 odd",
    "MAIL": "250 2.1.0 OK",
    "RCPT": "250 2.1.5 OK",
    "DATA": "354 go on",
    "NOBODY": "554 5.5.1 no valid recipients",
    ".": "250 2.0.0 taken",
    "RSET": "250 2.0.0 OK",
    "QUIT": "221 2.0.0 bye",
    "AUTH": "235 2.7.0 welcome",
    "STARTTLS": "220 2.0.0 ready",
}
PIPELINING = "250-odd\r\n250-PIPELINING\r\n250-SIZE 1000000\r\n250 8BITMIME"


def trusting(certificate: Path = CERTIFICATE) -> ssl.SSLContext:
    """Return a context that trusts the certificate of this server and no other."""
    return ssl.create_default_context(cafile=certificate)


class OddSmtp:
    """A polite server except for `answers`, keyed by command, CONNECT, or "." for the final dot.

    An answer to BODY comes when the first line of a message has, and ends the connection. NOBODY is what DATA and its
    dot get while no recipient was taken; with `eager` DATA is taken even so, as RFC 2920 allows. After 421, and after
    what `ends` names, it hangs up. With `drip` it writes one byte after the other. `certificate` holds its certificate
    and its key. What a client says to a reply 334 is answered by 334.
    """

    def __init__(
        self,
        answers: Mapping[str, Answer] | None = None,
        *,
        tls: bool = False,
        pipelining: bool = False,
        eager: bool = False,
        ends: Collection[str] = (),
        drip: bool = False,
        certificate: Path = CERTIFICATE,
    ) -> None:
        self.answers = {**POLITE, **({"EHLO": PIPELINING} if pipelining else {}), **(answers or {})}
        self.tls, self.eager, self.ends, self.drip, self.certificate = tls, eager, ends, drip, certificate
        self.taken: list[bytes] = []
        self.commands: list[str] = []
        self.connections = 0
        self.to_nobody: list[bytes] = []  # what came after DATA although no recipient was taken
        odd = self

        class Conversation(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True

            def handle(self) -> None:
                with suppress(OSError, ValueError):  # the other side is gone
                    _Talk(self, odd).run()
                for end in (self.rfile, self.wfile, self.connection):
                    with suppress(OSError):
                        end.close()

        class Server(socketserver.ThreadingTCPServer):
            request_queue_size = 64
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Conversation)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def settings(self, **fields: object) -> SmtpSettings:
        """Return how to reach this server by one connection, in the clear unless told otherwise."""
        defaults: dict[str, object] = {
            "host": "localhost",
            "port": self._server.server_address[1],
            "encryption": Encryption.NONE,
            "timeout_seconds": 5.0,
            "connections": 1,
        }
        return SmtpSettings(**{**defaults, **fields})  # type: ignore[arg-type]

    def message_ids(self) -> list[str]:
        """Return the Message-ID of each message taken."""
        lines = (message.split(b"\r\n") for message in self.taken)
        found = [next(line for line in message if line.startswith(b"Message-ID: ")) for message in lines]
        return [line.decode().removeprefix("Message-ID: ") for line in found]

    @property
    def verbs(self) -> list[str]:
        """Return the commands without what follows their first word."""
        return [command.split(" ")[0] for command in self.commands]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Talk:
    """One conversation."""

    def __init__(self, handler: socketserver.StreamRequestHandler, odd: OddSmtp) -> None:
        self._handler, self._odd = handler, odd
        self._mail = False
        self._recipients = 0

    def run(self) -> None:
        self._odd.connections += 1
        if self._odd.tls:
            self._encrypt()
        alive = self._answer("CONNECT", "")[1]
        while alive and (line := self._handler.rfile.readline()):
            verb, blank, rest = line.decode("utf-8", "replace").strip().partition(" ")
            verb, command = verb.upper(), verb.upper() + blank + rest
            self._odd.commands.append(command)
            alive = self._command(verb, command)

    def _command(self, verb: str, command: str) -> bool:
        """Answer a command; False if the connection ends with it."""
        if verb == "DATA":
            return self._data(command)
        reply, alive = self._answer(verb, command)
        if verb in {"MAIL", "RSET", "EHLO", "HELO"}:
            self._mail, self._recipients = verb == "MAIL" and _kind(reply) == b"2", 0
        if verb == "RCPT" and _kind(reply) == b"2" and self._mail:
            self._recipients += 1
        while verb == "AUTH" and alive and reply[:1] == b"3":
            said = self._handler.rfile.readline().decode().strip()
            self._odd.commands.append(said)
            reply, alive = self._answer("334", said)
        if verb == "STARTTLS" and alive and reply[:1] == b"2":
            self._encrypt()
        return alive and verb != "QUIT"

    def _data(self, command: str) -> bool:
        wanted = self._recipients or self._odd.eager
        reply, alive = self._answer("DATA" if wanted else "NOBODY", command)
        if _kind(reply) != b"3" or not alive:
            return alive
        lines: list[bytes] = []
        while line := self._handler.rfile.readline():
            if "BODY" in self._odd.answers:
                self._answer("BODY", "")
                return False
            if line == b".\r\n":
                break
            lines.append(line.removeprefix(b"."))
        else:
            return False
        recipients, self._recipients = self._recipients, 0
        if not recipients:
            self._odd.to_nobody.append(b"".join(lines))
            return self._answer("NOBODY", "")[1]
        self._odd.taken.append(b"".join(lines))
        return self._answer(".", "")[1]

    def _answer(self, key: str, command: str) -> tuple[bytes, bool]:
        """Write the answer; return it, and whether the connection goes on."""
        answer = self._odd.answers.get(key, "500 5.5.1 what?")
        said = answer(command) if callable(answer) else answer
        reply = said if isinstance(said, bytes) or not said else said.encode() + b"\r\n"
        reply = reply or b""
        pieces = (reply[place : place + 1] for place in range(len(reply))) if self._odd.drip else iter([reply])
        for piece in pieces:
            self._handler.wfile.write(piece)
            self._handler.wfile.flush()
        return reply, bool(reply) and reply[:3] != b"421" and key not in self._odd.ends

    def _encrypt(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        key = self._odd.certificate.with_name(self._odd.certificate.stem + "-key.pem")
        context.load_cert_chain(self._odd.certificate, key)
        handler = self._handler
        handler.request = handler.connection = context.wrap_socket(handler.connection, server_side=True)
        handler.rfile = handler.connection.makefile("rb")
        handler.wfile = handler.connection.makefile("wb")


def _kind(reply: bytes) -> bytes:
    """Return the first digit of what was written last: one answer may hold the end of those before it."""
    return reply.strip().rpartition(b"\n")[2][:1]


class Once:
    """An answer that is given once, then another one."""

    def __init__(self, first: Said, then: Said) -> None:
        self._answers = iter([first])
        self._then = then

    def __call__(self, _: str) -> Said:
        """Return the next answer."""
        return next(self._answers, self._then)


class Held:
    """An answer that waits until it is let go."""

    def __init__(self, reply: Said = DROP) -> None:
        self.asked, self.let_go = threading.Event(), threading.Event()
        self._reply = reply

    def __call__(self, _: str) -> Said:
        """Wait, then return it."""
        self.asked.set()
        self.let_go.wait(60)
        return self._reply


def closed_port() -> int:
    """Return a port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
