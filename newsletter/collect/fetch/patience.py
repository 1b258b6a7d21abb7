"""The time one answer may take in all: a server that sends a byte now and then keeps every timeout and never ends."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    import httpx2


class Patience:
    """Ends the connections of clients that take too long; `seconds` is for one request and its whole answer."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        # A kept connection opens once and serves many requests; a client has one at a time.
        self._sockets: WeakKeyDictionary[httpx2.Client, socket.socket] = WeakKeyDictionary()

    @contextmanager
    def limit(self, client: httpx2.Client, asked: httpx2.Request) -> Iterator[threading.Event]:
        """Give an event that is set when the time for `asked` is over and its connection was ended."""
        over = threading.Event()

        def opened(event: str, info: Mapping[str, Any]) -> None:
            if event.endswith(("connect_tcp.complete", "start_tls.complete")):
                self._sockets[client] = info["return_value"].get_extra_info("socket")

        def end() -> None:
            over.set()
            found = self._sockets.get(client)
            if found is not None:
                with suppress(OSError):  # closed in this moment
                    # Past ssl.SSLSocket's own, which would take the reader's state away under it.
                    socket.socket.shutdown(found, socket.SHUT_RDWR)

        asked.extensions = {**asked.extensions, "trace": opened}
        timer = threading.Timer(self._seconds, end)
        timer.daemon = True
        timer.start()
        try:
            yield over
        finally:
            timer.cancel()
