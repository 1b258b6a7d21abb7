"""A real HTTP server on loopback that answers as it is told: what sources look like from outside."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request that reached the site."""

    method: str
    path: str
    query: Mapping[str, str]  # the last value of each parameter, decoded
    headers: Mapping[str, str]  # names in lower case
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What the site answers: `cut` bytes are kept back at the end though promised; `hangs` keeps it from answering."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int = 0
    hangs: bool = False


Answer = Callable[[Asked], Reply]


class Site:
    """A web site on loopback; `with Site() as site: site.on("/feed", Reply(b"…"))`.

    Replies of a path are given in turn, the last one again and again; a function decides by what was asked. A path that
    ends in * stands for every path that begins so; the longest one counts. What nobody described is a 404.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._answers: dict[str, list[Reply | Answer]] = {}
        self._given: dict[str, int] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def address(self) -> str:
        """Return the address of the site, without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def on(self, path: str, *answers: Reply | Answer | bytes) -> None:
        """Answer requests for `path` with these replies in turn."""
        self._answers[path] = [Reply(answer) if isinstance(answer, bytes) else answer for answer in answers]
        self._given[path] = 0

    def answer_of(self, path: str) -> Answer:
        """Return what answers a path as it does now, for putting something before it."""
        answers = list(self._answers[path])

        def answer(asked: Asked) -> Reply:
            first = answers.pop(0) if len(answers) > 1 else answers[0]
            return first if isinstance(first, Reply) else first(asked)

        return answer

    def asked_for(self, path: str) -> list[Asked]:
        """Return the requests for one path, in order."""
        return [asked for asked in self.asked if asked.path == path]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _reply(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            known = [p for p in self._answers if p == asked.path or (p[-1:] == "*" and asked.path.startswith(p[:-1]))]
            if not known:
                return Reply(b"not found", 404)
            path = max(known, key=len)
            answers = self._answers[path]
            answer = answers[min(self._given[path], len(answers) - 1)]
            self._given[path] += 1
        return answer if isinstance(answer, Reply) else answer(asked)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                parts = urlsplit(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
                headers = {name.lower(): value for name, value in self.headers.items()}
                reply = site._reply(Asked(self.command, parts.path, query, headers, self.rfile.read(length)))
                if reply.hangs:
                    site._closing.wait(60)
                    return
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body[: len(reply.body) - reply.cut])

            do_GET = do_POST = _serve  # noqa: N815 - the names http.server looks for

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler
