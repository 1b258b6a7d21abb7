"""The server, on this machine alone, until it is stopped."""

from __future__ import annotations

import gc
import secrets
import socket
from collections.abc import Callable
from datetime import datetime
from types import FrameType

import uvicorn

from newsletter.errors import UsageError
from newsletter.preview.desk import Desk
from newsletter.preview.web.app import studio

_LOOPBACK = "127.0.0.1"
_LAST_ANSWERS_SECONDS = 5


def serve(desk: Desk, *, port: int, clock: Callable[[], datetime], ready: Callable[[str], None]) -> None:
    """Show `desk` on `port` of this machine, any free one for 0, until SIGINT or SIGTERM; `ready` gets the address.

    UsageError where the port is taken.
    """
    with _listening(port) as listening:
        port = listening.getsockname()[1]
        app = studio(desk, port=port, token=secrets.token_urlsafe(24), clock=clock)
        settings = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=_LAST_ANSWERS_SECONDS
        )
        server = _Server(settings, lambda: ready(f"http://{_LOOPBACK}:{port}/"), app.state.end_streams)
        server.run(sockets=[listening])


class _Server(uvicorn.Server):
    """A server that says when it answers, and ends its streams when it is told to end."""

    def __init__(self, settings: uvicorn.Config, ready: Callable[[], None], end_streams: Callable[[], None]) -> None:
        super().__init__(settings)
        self._ready, self._end_streams = ready, end_streams

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end."""
        self._end_streams()
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say so."""
        await super().startup(sockets)
        # What is there by now stays: looking through it again and again would hold up answers.
        gc.collect()
        gc.freeze()
        if self.started:
            self._ready()


def _listening(port: int) -> socket.socket:
    # asyncio turns Nagle's algorithm off for what says that it is TCP; each answer would wait 40 ms otherwise.
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((_LOOPBACK, port))
    except OSError as error:
        found.close()
        way_out = "name another with --port, or 0 for any that is free"
        raise UsageError(f"port {port} cannot be used ({error.strerror}); {way_out}") from None
    return found
