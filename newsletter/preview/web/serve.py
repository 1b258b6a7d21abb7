"""The server, on this machine alone, until it is stopped."""

from __future__ import annotations

import gc
import secrets
import socket
from collections.abc import Callable
from datetime import datetime

import uvicorn

from newsletter.errors import UsageError
from newsletter.preview.desk import Desk
from newsletter.preview.web.app import studio

_LOOPBACK = "127.0.0.1"


def serve(desk: Desk, *, port: int, clock: Callable[[], datetime], ready: Callable[[str], None]) -> None:
    """Show `desk` on `port` of this machine, any free one for 0, until SIGINT or SIGTERM; `ready` gets the address.

    UsageError where the port is taken.
    """
    with _listening(port) as listening:
        port = listening.getsockname()[1]
        settings = uvicorn.Config(
            studio(desk, port=port, token=secrets.token_urlsafe(24), clock=clock),
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,  # streams of events would be waited for
        )
        _Server(settings, lambda: ready(f"http://{_LOOPBACK}:{port}/")).run(sockets=[listening])


class _Server(uvicorn.Server):
    """A server that says when it answers."""

    def __init__(self, settings: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(settings)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say so."""
        await super().startup(sockets)
        # What is there by now stays: looking through it again and again would hold up answers.
        gc.collect()
        gc.freeze()
        if self.started:
            self._ready()


def _listening(port: int) -> socket.socket:
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((_LOOPBACK, port))
    except OSError as error:
        found.close()
        way_out = "name another with --port, or 0 for any that is free"
        raise UsageError(f"port {port} cannot be used ({error.strerror}); {way_out}") from None
    return found
