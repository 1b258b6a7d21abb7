"""Who may ask: only the studio's own page, and only on this machine.

Any web page that is open in the same browser can send requests to 127.0.0.1, and by DNS rebinding make them look like
its own. So the name it is asked by must be ours, what another origin asks for is refused, and what does something needs
a token that only our page was given. What is answered may be read, framed and run by nobody else.

Sources: https://developer.mozilla.org/en-US/docs/Web/HTTP/Headers/Sec-Fetch-Site, https://www.w3.org/TR/CSP3/
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN_HEADER = "X-Newsletter-Token"  # noqa: S105 - its name

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "frame-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
EMAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-same-origin"
)
"""An email is shown without scripts, and asks nobody for anything."""

_ALWAYS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_NAMES = ("127.0.0.1", "localhost", "[::1]")


class Guard:
    """Lets through what the page of the same server asks, and adds the headers that keep others out."""

    def __init__(self, app: ASGIApp, *, port: int, token: str) -> None:
        self._app, self._token = app, token
        self._hosts = frozenset(f"{name}:{port}" for name in _NAMES)
        self._origins = frozenset(f"http://{host}" for host in self._hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refused = self._refusal(scope["method"], Headers(scope=scope))
        if refused:
            await JSONResponse({"error": refused}, status_code=403, headers=_ALWAYS)(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {**_ALWAYS, "Content-Security-Policy": PAGE_POLICY}.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_guarded)

    def _refusal(self, method: str, headers: Mapping[str, str]) -> str:
        """Return why a request is not answered, "" for one that is."""
        if headers.get("host", "").lower() not in self._hosts:
            return "this page answers to 127.0.0.1 and localhost only"
        origin = headers.get("origin")
        if origin is not None and origin not in self._origins:
            return "another origin may not ask for this"
        opened = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none") and not opened:
            return "another site may not ask for this"
        if method not in ("GET", "HEAD"):
            if origin is None:
                return "what does something is asked for by the page alone"
            if not secrets.compare_digest(headers.get(TOKEN_HEADER.lower(), "").encode(), self._token.encode()):
                return "the token is not that of this server; reload the page"
        return ""
