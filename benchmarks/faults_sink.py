"""A mail server on this machine that is as rude as it is told, and logs each message before it answers the final dot.

The log holds a line for each message that was taken, `Message-ID recipient`, written by one `write` to a file opened
with O_APPEND, so that it is true whatever becomes of the server or of its client afterwards.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from faults_answers import MODERN, POLITE, Act, Answer, Moment

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.MULTILINE | re.IGNORECASE)
_END = b"\r\n.\r\n"
_RECEIVED = 2**16  # octets that wait for a server that does not read: else the kernel takes megabytes


class Sink:
    """A server in a thread of its own, polite but for `answers`, keyed by command, CONNECT, BODY or "." (the dot).

    BODY is asked for when the first part of a message has come. `acted` counts answers that were not polite, `kept` are
    the messages with their recipients where `keep` is set, `commands` those that came, `clear` the unencrypted ones.
    `slow` is the most seconds between log and reply.
    """

    def __init__(
        self,
        log: Path,
        *,
        seed: int = 0,
        host: str = "127.0.0.1",
        extensions: tuple[str, ...] = MODERN,
        tls: ssl.SSLContext | None = None,
        encrypted: bool = False,
        slow: float = 0.0,
        keep: bool = False,
    ) -> None:
        self.log, self.host, self.extensions, self.tls, self.encrypted = log, host, extensions, tls, encrypted
        self.slow, self.keep = slow, keep
        self.answers: dict[str, Answer] = {}
        self.acted: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()
        self.commands: list[str] = []
        self.clear: list[str] = []
        self.kept: list[tuple[str, bytes]] = []
        self.port = 0
        self._random = random.Random(seed)
        self._log = os.open(log, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o644)
        self._loop: asyncio.AbstractEventLoop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sink", daemon=True)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Listen, at the port of before if there was one."""
        self._wait(self._listen())

    def stop(self) -> None:
        """Stop listening and hang up on everybody, as a process does that is killed."""
        self._wait(self._close())

    def __enter__(self) -> Self:
        self._thread.start()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        os.close(self._log)

    async def serve(self) -> None:
        """Serve in this thread, until the task is cancelled."""
        await self._listen()
        print(self.port, flush=True)
        await asyncio.Event().wait()

    # ------------------------------------------------------------------ what conversations ask

    def answer(self, moment: Moment) -> Act:
        """Return what is done at a moment."""
        given = self.answers.get(moment.verb)
        act = given(moment) if callable(given) else given
        if act is None:
            polite = POLITE.get(moment.verb, "" if moment.verb == "BODY" else "500 5.5.1 what?")
            return Act(polite)
        self.acted[moment.verb] += 1
        return Act(act) if isinstance(act, str) else act

    def take(self, message_id: str, recipient: str, message: bytes) -> None:
        """Log a message, and keep it if that is wanted."""
        os.write(self._log, f"{message_id} {recipient}\n".encode("utf-8", "replace"))
        if self.keep:
            self.kept.append((recipient, message))

    async def pause(self) -> None:
        """Wait between log and reply."""
        if self.slow:
            await asyncio.sleep(self._random.uniform(0, self.slow))

    # ------------------------------------------------------------------ inside

    def _wait(self, coroutine: Any) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    async def _listen(self) -> None:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        # asyncio only lets small replies go at once where the protocol is named.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVED)
        listening.bind((self.host, self.port))
        self.port = listening.getsockname()[1]
        tls = self.tls if self.encrypted else None
        self._server = await asyncio.start_server(self._converse, sock=listening, limit=2**16, backlog=512, ssl=tls)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in tuple(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, ValueError, asyncio.CancelledError):
                await Talk(self, reader, writer).run()
        finally:
            self._open.discard(task)
            writer.transport.abort() if task.cancelled() or task.cancelling() else writer.close()


class Talk:
    """One conversation."""

    def __init__(self, sink: Sink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._sink, self._reader, self._writer = sink, reader, writer
        sink.asked["connection"] += 1
        self._number = sink.asked["connection"]
        self._buffer = bytearray()
        self._encrypted = sink.encrypted
        self._recipient = ""
        self._begun = False

    async def run(self) -> None:
        """Converse to the end."""
        if not (await self._say("CONNECT", ""))[0]:
            return
        while (line := await self._line()) is not None:
            verb = line.partition(" ")[0].upper()
            self._sink.commands.append(line)
            if not self._encrypted:
                self._sink.clear.append(line)
            alive, said = await self._say(verb, line)
            if not alive or verb == "QUIT":
                return
            if verb == "RCPT" and said[:1] == b"2":
                self._recipient = line.partition("<")[2].partition(">")[0]
            if verb in {"RSET", "MAIL"}:
                self._recipient, self._begun = "", verb == "MAIL" and said[:1] == b"2"
            if verb == "STARTTLS" and said[:1] == b"2" and self._sink.tls is not None:
                await self._writer.start_tls(self._sink.tls)
                self._encrypted = True
                self._buffer.clear()
            if verb == "DATA" and said[:1] == b"3" and not await self._message():
                return

    async def _message(self) -> bool:
        """Take a message; False if the conversation ends with it."""
        seen = 0
        self._buffer[:0] = b"\r\n"  # a message may begin with its end
        if not await self._more():
            return False
        if "BODY" in self._sink.answers and not (await self._say("BODY", ""))[0]:
            return False
        while (end := self._buffer.find(_END, max(0, seen - len(_END)))) < 0:
            seen = len(self._buffer)
            if not await self._more():
                return False
        message = bytes(self._buffer[2 : end + 2]).replace(b"\n..", b"\n.")
        message = message[1:] if message.startswith(b"..") else message
        del self._buffer[: end + len(_END)]
        if not self._recipient:
            return (await self._write(Act("554 5.5.1 no valid recipients")))[0]
        found = _MESSAGE_ID.search(message)
        recipient, self._recipient = self._recipient, ""
        message_id = found[1].decode("latin-1") if found else "none"
        act = self._sink.answer(self._moment(".", "", recipient, message_id))
        if act.takes:
            self._sink.take(message_id, recipient, message)
        await self._sink.pause()
        return (await self._write(act))[0]

    # ------------------------------------------------------------------ the wire

    def _moment(self, verb: str, line: str, recipient: str = "", message_id: str = "") -> Moment:
        self._sink.asked[verb] += 1
        return Moment(verb, line, self._sink.asked[verb], self._number, recipient, message_id)

    async def _say(self, verb: str, line: str) -> tuple[bool, bytes]:
        act = self._sink.answer(self._moment(verb, line, self._recipient))
        if verb == "EHLO" and act.say == "500 5.5.1 what?":
            act = replace(act, say=self._greeting())
        if verb == "RCPT" and act == Act(POLITE["RCPT"]) and not self._begun:
            act = Act("503 5.5.1 MAIL first")
        if verb == "DATA" and act == Act(POLITE["DATA"]) and not self._recipient:
            act = Act("554 5.5.1 no valid recipients")
        return await self._write(act)

    def _greeting(self) -> str:
        offers = [*self._sink.extensions]
        if self._sink.tls is not None and not self._encrypted:
            offers.append("STARTTLS")
        return "\r\n".join(["250-sink.example.org", *(f"250-{each}" for each in offers), "250 HELP"])

    async def _write(self, act: Act) -> tuple[bool, bytes]:
        """Do what is done; whether the conversation goes on, and what was said."""
        if act.after:
            await asyncio.sleep(act.after)
        said = act.say if isinstance(act.say, bytes) else f"{act.say}\r\n".encode() if act.say else b""
        for start in range(0, len(said), act.parts or max(1, len(said))):
            self._writer.write(said[start : start + (act.parts or len(said))])
            if act.parts:
                await self._writer.drain()
                await asyncio.sleep(0)
        await self._writer.drain()
        if act.silent:
            while await self._reader.read(2**16):
                pass
        if act.reset:
            raw = self._writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._writer.transport.abort()
        return not (act.hang_up or act.reset or act.silent or said[:3] == b"421"), said

    async def _more(self) -> bool:
        some = await self._reader.read(2**16)
        self._buffer += some
        return bool(some)

    async def _line(self) -> str | None:
        while (end := self._buffer.find(b"\n")) < 0:
            if not await self._more():
                return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line.rstrip(b"\r").decode("utf-8", "replace")


class SinkProcess:
    """A polite sink in a process of its own, which can be killed and started again at the same port."""

    def __init__(self, log: Path, *, slow: float = 0.008) -> None:
        self._log, self._slow, self.port = log, slow, 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it ends with this process at the latest."""
        code = f"import faults_sink; faults_sink.serve({str(self._log)!r}, {self.port}, {self._slow})"
        self._process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parent
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def kill(self) -> None:
        """End it by SIGKILL."""
        process = self._process
        assert process is not None
        process.kill()
        process.wait()
        for end in (process.stdin, process.stdout):
            if end is not None:
                end.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()


def serve(log: str, port: int, slow: float) -> None:
    """Run a polite sink until standard input ends."""
    sink = Sink(Path(log), slow=slow)
    sink.port = port
    threading.Thread(target=_end_with_input, daemon=True).start()
    asyncio.run(sink.serve())


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGKILL)
