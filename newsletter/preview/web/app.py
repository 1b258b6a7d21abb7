"""The addresses of the studio, and what answers them.

Everything that is asked of the desk is asked in one thread, one question after the other (`lane`): it holds a database
and caches, and is made for one person.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from newsletter.errors import NewsletterError, TemplateError, UsageError
from newsletter.preview import answers
from newsletter.preview.desk import Desk
from newsletter.preview.setup import Look, Setup
from newsletter.preview.trial import send_test
from newsletter.preview.trouble import What
from newsletter.preview.wanted import wanted
from newsletter.preview.web.guard import EMAIL_POLICY, Guard
from newsletter.preview.web.lane import Lane, aside
from newsletter.preview.web.live import Live

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
_LARGEST_BODY = 10_000
_LAST_SECONDS = 2.0
_LONGEST_SECONDS = 20.0  # of a question: a first issue of thousands of papers takes a few


class Json(JSONResponse):
    """JSON of ASCII alone: titles may hold half a surrogate, which no UTF-8 does; dates as they are written."""

    def render(self, content: Any) -> bytes:
        """Return the body."""
        return json.dumps(content, default=date.isoformat).encode("ascii")


def studio(desk: Desk, *, port: int, token: str, clock: Callable[[], datetime]) -> Starlette:
    """Return the application that shows what is on `desk` to the browser of this machine.

    Its `state.end_streams` ends the streams of events, which a server waits for.
    """
    return _Studio(desk, token, clock).application(port)


class _Studio:
    def __init__(self, desk: Desk, token: str, clock: Callable[[], datetime]) -> None:
        self._desk, self._token, self._clock = desk, token, clock
        self._lane = Lane(longest_seconds=_LONGEST_SECONDS)
        self._live = Live(
            watched=desk.watched,
            kind_of=desk.kind_of,
            reload=self._reload,
        )

    def application(self, port: int) -> Starlette:
        looks: dict[str, Callable[[Setup, Look], object]] = {
            "issue": answers.issue,
            "text": lambda _, look: {"text": look.email.text},
            "source": answers.source,
            "message": lambda _, look: answers.message(look),
            "checks": answers.checks,
            "why": lambda _, look: answers.why(look),
        }
        routes = [
            Route("/", self._page),
            Route("/favicon.ico", self._icon),
            Mount("/static", StaticFiles(directory=STATIC)),
            Route("/events", self._events),
            Route("/email", self._email),
            Route("/message.eml", self._eml),
            Route("/api/desk", self._of_desk(self._told_desk)),
            Route("/api/everyone", self._of_desk(self._everyone)),
            Route("/api/compare", self._of_desk(lambda query: answers.compare(self._desk, query))),
            Route("/api/paper", self._of_desk(lambda query: answers.paper(self._desk, query))),
            Route("/api/test", self._test, methods=["POST"]),
            *(Route(f"/api/{name}", self._of_look(answer)) for name, answer in looks.items()),
        ]
        middleware = [Middleware(Guard, port=port, token=self._token)]
        made = Starlette(routes=routes, middleware=middleware, lifespan=self._lifespan)
        made.state.end_streams = self._live.stop
        return made

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        watching = asyncio.create_task(self._live.watch())
        try:
            yield
        finally:
            self._live.stop()
            await asyncio.wait({watching}, timeout=_LAST_SECONDS)
            watching.cancel()  # it may wait for a template that never ends

    # ------------------------------------------------------------------ pages

    async def _page(self, _request: Request) -> Response:
        return FileResponse(STATIC / "page.html", media_type="text/html")

    async def _icon(self, _request: Request) -> Response:
        return FileResponse(STATIC / "favicon.svg", media_type="image/svg+xml")

    async def _events(self, _request: Request) -> Response:
        hello = await self._asked(partial(self._state, frozenset()))
        return StreamingResponse(self._live.events(hello), media_type="text/event-stream")

    async def _email(self, request: Request) -> Response:
        def answer() -> Response:
            return HTMLResponse(answers.html(self._desk.look(wanted(request.query_params))))

        response = await self._answered(answer)
        response.headers["Content-Security-Policy"] = EMAIL_POLICY  # of a mistake too: it stands in the same frame
        return response

    async def _eml(self, request: Request) -> Response:
        def answer() -> Response:
            look = self._desk.look(wanted(request.query_params))
            headers = {"Content-Disposition": 'attachment; filename="issue.eml"'}
            return Response(look.message, media_type="message/rfc822", headers=headers)

        return await self._answered(answer)

    # ------------------------------------------------------------------ questions

    def _of_desk(self, answer: Callable[[Mapping[str, str]], object]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            return await self._answered(lambda: Json(answer(request.query_params)))

        return endpoint

    def _of_look(self, answer: Callable[[Setup, Look], object]) -> Callable[[Request], Any]:
        def of_query(query: Mapping[str, str]) -> object:
            place = wanted(query)
            return answer(self._desk.setup_of(place), self._desk.look(place))

        return self._of_desk(of_query)

    def _told_desk(self, _query: Mapping[str, str]) -> object:
        return answers.desk(self._desk, token=self._token)

    def _everyone(self, query: Mapping[str, str]) -> object:
        place, first = wanted(query), query.get("from", "0")
        if not (first.isascii() and first.isdigit() and len(first) < 8):
            raise UsageError(f"from={first} is no number")
        return answers.everyone(self._desk.setup_of(place), place, first=int(first))

    async def _test(self, request: Request) -> Response:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > _LARGEST_BODY:
                return Json({"error": "this is no test that somebody asks for: it is too long"}, status_code=413)
        try:
            asked = json.loads(body)
            to, place = str(asked["to"]), wanted({str(name): str(value) for name, value in asked["place"].items()})
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return Json({"error": 'a test is asked for by {"to": …, "place": {…}}'}, status_code=400)
        except UsageError as error:
            return _refused(error)
        config = self._desk.setup.config

        def sent(look: Look) -> Response:
            detail = send_test(config, look.email, to, now=self._clock(), issue=look.issue)
            return Json({"sent": True, "detail": detail})

        # Handing over takes as long as the mail server takes: the desk is free meanwhile.
        return await self._answered(lambda: self._desk.look(place), then=sent)

    # ------------------------------------------------------------------ the one thread

    async def _asked(self, question: Callable[[], Any]) -> Any:
        return await self._lane.ask(question)

    async def _answered(self, answer: Callable[[], Any], *, then: Callable[[Any], Response] | None = None) -> Response:
        """Return the answer; a mistake is one line, and where a template fails, what is told of it."""
        try:
            found = await self._asked(answer)
            if then is not None:
                found = await aside(partial(then, found))
        except TemplateError as error:
            told = answers.trouble(await self._asked(partial(self._desk.trouble_with, error)))
            return Json({"error": str(error), "trouble": told}, status_code=422)
        except NewsletterError as error:
            return _refused(error)
        except asyncio.CancelledError:
            return Json({"error": "the studio is ending"}, status_code=503)
        except Exception as error:
            log.exception("a question could not be answered")
            return Json({"error": f"unexpected {type(error).__name__}: {error}"}, status_code=500)
        response: Response = found
        return response

    async def _reload(self, what: frozenset[What]) -> dict[str, Any]:
        await self._asked(partial(self._desk.reload, what))
        told: dict[str, Any] = await self._asked(partial(self._state, what))
        return told

    def _state(self, what: frozenset[What]) -> dict[str, Any]:
        told = answers.trouble(self._desk.trouble)
        return {"revision": self._desk.revision, "what": sorted(what), "trouble": told}


def _refused(error: NewsletterError) -> Response:
    return Json({"error": str(error)}, status_code=404 if isinstance(error, UsageError) else 400)
