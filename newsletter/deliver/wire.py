"""The bytes of an SMTP connection: commands out, replies in, in their order (RFC 5321 §4.2)."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from typing import cast

from newsletter.deliver.mailer import Reply

_LONGEST_TEXT = 500  # characters of a reply that are told
_LONGEST_REPLY = 100_000  # octets; RFC 5321 §4.5.3.1.5 asks for lines of 512, and nobody says how many of them
_CLOCK_SECONDS = 0.001  # timers ring that much too soon
_MOST_REPLIES = 100  # that nobody has read yet; a session waits for three at most

NONSENSE = -1
"""The code of a reply that is none."""


class Wire(asyncio.Protocol):
    """One connection. What the server said before it hung up can still be read."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._rest = b""  # of a line that has not come to its end
        self._lines: list[bytes] = []
        self._replies: deque[Reply] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._paused = False
        self._awaited: tuple[asyncio.Future[None], str] | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._ended: Exception | None = None
        self._size = 0

    # ------------------------------------------------------------------ what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport, anew where TLS has begun."""
        self._transport = cast("asyncio.Transport", transport)  # a stream, as was asked for

    def data_received(self, data: bytes) -> None:
        """Read the replies that are complete."""
        self._size += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._take(line.removesuffix(b"\r"))
        if self._size > _LONGEST_REPLY or len(self._replies) > _MOST_REPLIES:
            self._end(ConnectionError("the server talks without end"))
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake up who waits."""
        self._end(exc or ConnectionError("the server closed the connection"))

    def pause_writing(self) -> None:
        """Hold what is not written yet."""
        self._paused = True

    def resume_writing(self) -> None:
        """Go on writing."""
        self._paused = False
        _wake(self._writer)

    # ------------------------------------------------------------------ what a session calls

    @property
    def has_spoken(self) -> bool:
        """Return whether the server has said something that nobody read yet, or is gone."""
        return bool(self._replies or self._lines or self._rest) or self._ended is not None

    def write(self, data: bytes) -> None:
        """Send `data`; OSError on a connection that has ended."""
        if self._ended is not None or self._transport is None:
            raise ConnectionError(str(self._ended or "not connected"))
        self._transport.write(data)

    async def written(self, seconds: float) -> None:
        """Wait until little of what was sent is still here; OSError if the server does not read it in time."""
        if self._paused and self._ended is None:
            self._writer = self._loop.create_future()
            await self._within(seconds, self._writer, "the server did not read on")
        if self._ended is not None:
            raise self._ended

    async def reply(self, seconds: float) -> Reply:
        """Return the next reply; OSError where the server hung up, or said nothing in time."""
        if not self._replies and self._ended is None:
            self._reader = self._loop.create_future()
            await self._within(seconds, self._reader, "no answer in time")
        if self._replies:
            return self._replies.popleft()
        raise self._ended or ConnectionError("not connected")

    async def start_tls(self, context: ssl.SSLContext, host: str, seconds: float) -> None:
        """Go on encrypted; what came in the clear before is forgotten (CVE-2011-0411)."""
        assert self._transport is not None  # noqa: S101 - a reply was read from it
        transport = await self._loop.start_tls(
            self._transport, self, context, server_hostname=host, ssl_handshake_timeout=seconds
        )
        self._rest = b""
        self._lines.clear()
        self._replies.clear()
        self._size = 0
        if transport is None:
            raise ConnectionError("the connection was cut while TLS began")
        self._transport = transport

    def peer_certificate(self) -> dict[str, object]:
        """Return the server's certificate as `ssl` tells it, empty without TLS."""
        return (self._transport and self._transport.get_extra_info("peercert")) or {}

    def own_address(self) -> str:
        """Return the number of this machine as the server sees it."""
        return str(self._transport.get_extra_info("sockname")[0]) if self._transport else ""

    def close(self) -> None:
        """Take leave of TLS, and close the connection without waiting for the other side to do the same."""
        if self._transport is not None:
            self._transport.close()
            self._transport.abort()

    def abort(self) -> None:
        """Close the connection now."""
        if self._transport is not None:
            self._transport.abort()

    # ------------------------------------------------------------------ inside

    async def _within(self, seconds: float, future: asyncio.Future[None], otherwise: str) -> None:
        """Wait for `future`. A timer is left to ring in vain rather than cancelled for each reply."""
        self._due = self._loop.time() + seconds
        if self._alarm is None or self._alarm.when() > self._due:
            self._disarm()
            self._alarm = self._loop.call_at(self._due, self._ring)
        self._awaited = future, f"{otherwise} ({seconds:g} seconds)"
        try:
            await future
        finally:
            self._awaited = None

    def _ring(self) -> None:
        """Give up what is waited for, if its time has come."""
        self._alarm = None
        if self._awaited is None:
            return
        future, told = self._awaited
        if self._loop.time() + _CLOCK_SECONDS < self._due:
            self._alarm = self._loop.call_at(self._due, self._ring)
        elif not future.done():
            future.set_exception(TimeoutError(told))

    def _disarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _take(self, line: bytes) -> None:
        is_reply, mark = len(line) >= 3 and line[:3].isdigit(), line[3:4]
        text = line if not is_reply else line[4:] if mark in (b" ", b"-") else line[3:]
        if is_reply and mark == b"-":
            self._lines.append(text)
            return
        if self._lines:
            text = b"\n".join([*self._lines, text])
            self._lines = []
        self._size = len(self._rest)
        self._replies.append(Reply(int(line[:3]) if is_reply else NONSENSE, text.decode("utf-8", "replace")))
        _wake(self._reader)

    def _end(self, error: Exception) -> None:
        self._disarm()
        if self._ended is None:
            self._ended = error
        _wake(self._reader)
        _wake(self._writer)


def on_one_line(reply: Reply) -> Reply:
    """Return a reply with its text on one line, not longer than a person reads."""
    if reply.text.isprintable() and "  " not in reply.text and len(reply.text) <= _LONGEST_TEXT:
        return Reply(reply.code, reply.text.strip())
    return Reply(reply.code, " ".join(reply.text.split())[:_LONGEST_TEXT])


def _wake(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)
