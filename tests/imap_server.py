"""An IMAP server on loopback, as much of RFC 3501 as reading a mailbox takes, that can be as poor as some are.

One folder holds mails by UID with their flags; TLS by the certificate of the SMTP tests.
"""

from __future__ import annotations

import base64
import re
import socketserver
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from types import TracebackType
from typing import Self

from odd_smtp import CERTIFICATE

from newsletter.models import Encryption, ImapSettings

USER, PASSWORD = "papers@example.org", 'a "good" \\ password'
_ARGUMENT = re.compile(rb'"((?:[^"\\]|\\.)*)"|(\S+)')


@dataclass
class Kept:
    """A mail on the server."""

    message: bytes
    came: date
    flags: set[str] = field(default_factory=set)


class ImapServer:
    """A server with one account; `folders` holds what is in each.

    `keywords` says whether it keeps keywords, `moves` whether it offers MOVE, `plain`, `login` and `starttls` what
    else. `drop` ends the connection when a command begins so. `token` is what XOAUTH2 takes.
    """

    def __init__(
        self,
        *messages: bytes,
        came: date,
        tls: bool = False,
        starttls: bool = False,
        keywords: bool = True,
        moves: bool = False,
        plain: bool = True,
        login: bool = True,
        token: str = "",
        drop: str = "",
        banner: bytes = b"* OK ready",
    ) -> None:
        self.folders: dict[str, dict[int, Kept]] = {"INBOX": {}, "Sent": {}, "Entw&APw-rfe": {}}
        for message in messages:
            self.add(message, came)
        self.tls, self.starttls, self.keywords, self.moves = tls, starttls, keywords, moves
        self.plain, self.login, self.token, self.drop, self.banner = plain, login, token, drop, banner
        self.commands: list[str] = []
        self.fetched: list[int] = []
        server = self

        class Conversation(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True

            def handle(self) -> None:
                with suppress(OSError, ValueError):  # the other side is gone
                    _Session(self, server).run()
                for end in (self.rfile, self.wfile, self.connection):
                    with suppress(OSError):
                        end.close()

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def add(self, message: bytes, came: date, *flags: str, folder: str = "INBOX") -> int:
        """Put a mail into a folder and return its UID."""
        uid = 1 + sum(map(len, self.folders.values()))
        self.folders[folder][uid] = Kept(message, came, set(flags))
        return uid

    def flags(self, uid: int, folder: str = "INBOX") -> set[str]:
        """Return the flags of a mail."""
        return self.folders[folder][uid].flags

    def settings(self, **fields: object) -> ImapSettings:
        """Return how to reach this server with the right password."""
        encryption = Encryption.TLS if self.tls else Encryption.STARTTLS if self.starttls else Encryption.NONE
        defaults: dict[str, object] = {
            "host": "localhost",
            "port": self._server.server_address[1],
            "encryption": encryption,
            "username": USER,
            "password": PASSWORD,
            "timeout_seconds": 5.0,
        }
        return ImapSettings(**{**defaults, **fields})  # type: ignore[arg-type]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Session:
    def __init__(self, handler: socketserver.StreamRequestHandler, server: ImapServer) -> None:
        self.handler, self.server = handler, server
        self.encrypted = False
        self.folder: dict[int, Kept] = {}
        self.read_only = False

    def run(self) -> None:
        if self.server.tls:
            self._encrypt()
        self._say(self.server.banner)
        while line := self.handler.rfile.readline():
            tag, _, rest = line.rstrip(b"\r\n").partition(b" ")
            words = [quoted or plain for quoted, plain in _ARGUMENT.findall(rest)]
            command = words[0].decode().upper() if words else ""
            shown = command if command == "LOGIN" else rest.decode("utf-8", "replace")
            self.server.commands.append(shown)
            if self.server.drop and shown.upper().startswith(self.server.drop):
                return
            answer: Callable[[bytes, list[bytes]], bytes] = getattr(self, f"do_{command.lower()}", self._unknown)
            said = answer(rest, [re.sub(rb"\\(.)", rb"\1", word) for word in words[1:]])
            self._say(tag + b" " + said)
            if command == "STARTTLS" and said.startswith(b"OK"):
                self._encrypt()
            if command == "LOGOUT":
                return

    def do_capability(self, _rest: bytes, _words: list[bytes]) -> bytes:
        server = self.server
        offered = {
            "STARTTLS": server.starttls and not self.encrypted,
            "AUTH=PLAIN": server.plain,
            "AUTH=XOAUTH2": bool(server.token),
            "LOGINDISABLED": not server.login,
            "MOVE": server.moves,
        }
        self._say(b"* CAPABILITY IMAP4rev1 " + " ".join(name for name, on in offered.items() if on).encode())
        return b"OK done"

    def do_starttls(self, _rest: bytes, _words: list[bytes]) -> bytes:
        return b"OK begin"

    def do_logout(self, _rest: bytes, _words: list[bytes]) -> bytes:
        self._say(b"* BYE")
        return b"OK bye"

    def do_login(self, _rest: bytes, words: list[bytes]) -> bytes:
        return self._let_in(words == [USER.encode(), PASSWORD.encode()])

    def do_authenticate(self, _rest: bytes, words: list[bytes]) -> bytes:
        self._say(b"+ ")
        given = base64.b64decode(self.handler.rfile.readline())
        if words[0].upper() == b"PLAIN":
            return self._let_in(given == f"\0{USER}\0{PASSWORD}".encode())
        right = given == f"user={USER}\1auth=Bearer {self.server.token}\1\1".encode()
        if not right:
            self._say(b"+ " + base64.b64encode(b'{"status":"401"}'))
            self.handler.rfile.readline()
        return self._let_in(right)

    def do_list(self, _rest: bytes, _words: list[bytes]) -> bytes:
        for name in self.server.folders:
            self._say(b'* LIST (\\HasNoChildren) "/" "%s"' % name.encode())
        return b"OK done"

    def do_examine(self, rest: bytes, words: list[bytes]) -> bytes:
        return self._open(rest, words, read_only=True)

    def do_select(self, rest: bytes, words: list[bytes]) -> bytes:
        return self._open(rest, words, read_only=False)

    def do_create(self, _rest: bytes, words: list[bytes]) -> bytes:
        name = words[0].decode()
        if name in self.server.folders:
            return b"NO [ALREADYEXISTS] it is there"
        self.server.folders[name] = {}
        return b"OK made"

    def do_uid(self, rest: bytes, words: list[bytes]) -> bytes:
        method = getattr(self, f"uid_{words[0].decode().lower()}")
        said: bytes = method(rest, words[1:])
        return said

    def uid_search(self, _rest: bytes, words: list[bytes]) -> bytes:
        asked = b" ".join(words).decode()
        without = re.search(r"UNKEYWORD (\S+)", asked)
        found = [
            uid
            for uid, kept in sorted(self.folder.items())
            if not (without and without[1] in kept.flags) and kept.came >= _day(asked.rpartition(" ")[2])
        ]
        self._say(b"* SEARCH " + b" ".join(str(uid).encode() for uid in found))
        return b"OK done"

    def uid_fetch(self, rest: bytes, words: list[bytes]) -> bytes:
        uid = int(words[0])
        self.server.fetched.append(uid)
        limit = re.search(rb"BODY\.PEEK\[\]<0\.(\d+)>", rest)
        assert limit is not None, "what is only looked at must not become read"
        if uid in self.folder:
            data = self.folder[uid].message[: int(limit[1])]
            self._say(b"* 1 FETCH (FLAGS ())")  # of another client: nobody asked for it
            self._say(b"* 1 FETCH (UID %d BODY[]<0> {%d}\r\n%s)" % (uid, len(data), data))
        return b"OK done"

    def uid_store(self, rest: bytes, words: list[bytes]) -> bytes:
        if self.read_only:
            return b"NO it is read only"
        flags = re.search(rb"\(([^)]*)\)", rest)
        self.folder[int(words[0])].flags |= set(flags[1].decode().split()) if flags else set()
        return b"OK done"

    def uid_move(self, _rest: bytes, words: list[bytes]) -> bytes:
        if not self.server.moves:
            return b"BAD no such command"
        uid = int(words[0])
        self.server.folders[words[1].decode()][uid] = self.folder.pop(uid)
        return b"OK moved"

    def _open(self, _rest: bytes, words: list[bytes], *, read_only: bool) -> bytes:
        name = words[0].decode()
        if name not in self.server.folders:
            return b"NO there is no such folder"
        self.folder, self.read_only = self.server.folders[name], read_only
        self._say(b"* %d EXISTS" % len(self.folder))
        more = rb" \*" if self.server.keywords else b""
        self._say(rb"* OK [PERMANENTFLAGS (\Answered \Seen%s)] kept" % more)
        return b"OK [READ-ONLY] open" if read_only else b"OK [READ-WRITE] open"

    def _let_in(self, right: bool) -> bytes:  # noqa: FBT001 - what was found, not an option
        return b"OK welcome" if right else b"NO [AUTHENTICATIONFAILED] no such user or password"

    def _unknown(self, _rest: bytes, _words: list[bytes]) -> bytes:
        return b"BAD what?"

    def _say(self, line: bytes) -> None:
        self.handler.wfile.write(line + b"\r\n")
        self.handler.wfile.flush()

    def _encrypt(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE, CERTIFICATE.with_name("loopback-key.pem"))
        handler = self.handler
        handler.request = handler.connection = context.wrap_socket(handler.connection, server_side=True)
        handler.rfile, handler.wfile = handler.connection.makefile("rb"), handler.connection.makefile("wb")
        self.encrypted = True


def _day(written: str) -> date:
    day, month, year = written.split("-")
    return date(int(year), "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split().index(month) + 1, int(day))
