"""What is answered over HTTP: the exposition, a landing page, and the usual handles under `/-/`."""

import base64
import hashlib
import html
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from offkey import __version__
from offkey.adapters.sinks.exposition import Page
from offkey.app.prefixes import NONE, Prefixes
from offkey.app.receiving import receiving
from offkey.app.webconfig.access import Guard
from offkey.app.webconfig.file import WebConfig

MAX_REQUESTS = 40
# Bytes of an answer that are handed over at once.
PIECE = 1 << 20

_STYLE = "body{font-family:sans-serif;margin:3rem;line-height:1.6}code{background:#eee;padding:.1rem .3rem}"
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_HEADERS = {"content-security-policy": _POLICY, "x-content-type-options": "nosniff"}

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Handles:
    """What the pages call; each may be called from any thread.

    Attributes:
        render: the exposition for an Accept and an Accept-Encoding header.
        ready: whether there is something to show.
        reload: reads the configuration anew; returns what is wrong with it, or None.
        quit: asks the process to end.
        receive: takes the block of a WriteRequest; None when remote write is not received. It raises ValueError,
            OverflowError or `streaming.Busy`.
    """

    render: Callable[[str, str], Page]
    ready: Callable[[], bool]
    reload: Callable[[], str | None]
    quit: Callable[[], None]
    receive: Callable[[bytes], None] | None = None


def application(
    handles: Handles,
    telemetry_path: str = "/metrics",
    *,
    enable_lifecycle: bool = False,
    max_requests: int = MAX_REQUESTS,
    prefixes: Prefixes = NONE,
    access: Callable[[], WebConfig] = WebConfig,
) -> ASGIApp:
    """Return the ASGI application.

    Args:
        handles: what the pages call.
        telemetry_path: where the exposition is; `/` takes the place of the landing page.
        enable_lifecycle: whether `/-/reload` and `/-/quit` do something.
        max_requests: scrapes answered at once; more get 503.
        prefixes: what every path begins with.
        access: the web configuration in force.
    """
    routes: list[BaseRoute] = [
        Route(telemetry_path, _metrics(handles, max_requests)),
        Route("/api/v1/write", receiving(handles.receive), methods=["POST"]),
        Route("/-/healthy", _healthy),
        Route("/-/ready", _ready(handles)),
        Route("/-/reload", _guarded(_reload(handles), is_enabled=enable_lifecycle), methods=["POST", "PUT"]),
        Route("/-/quit", _guarded(_quit(handles), is_enabled=enable_lifecycle), methods=["POST", "PUT"]),
    ]
    if telemetry_path != "/":
        routes.append(Route("/", _landing(prefixes.links + telemetry_path, prefixes.links)))
    if prefixes.routes:
        top = RedirectResponse(f"{prefixes.links}/")
        routes = [Route(prefixes.routes, lambda _: top), Mount(prefixes.routes, routes=routes)]
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    return _hardened(Guard(app, access), lambda: access().headers)


def _metrics(handles: Handles, max_requests: int) -> Endpoint:
    under_way = 0

    async def metrics(request: Request) -> Response:
        nonlocal under_way
        if under_way >= max_requests:
            return PlainTextResponse(f"{max_requests} scrapes are being answered; try again later\n", 503)
        under_way += 1
        try:
            headers = request.headers
            accept, encoding = ",".join(headers.getlist("accept")), ",".join(headers.getlist("accept-encoding"))
            page = await run_in_threadpool(handles.render, accept, encoding)
        finally:
            under_way -= 1
        return _Paged(page)

    return metrics


class _Paged(Response):
    """Sends a page piece by piece, as fast as the client takes it, without a copy for each client."""

    def __init__(self, page: Page) -> None:
        super().__init__(None, headers=_described(page))
        self._page = page

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for part in self._page.parts if scope["method"] != "HEAD" else ():
            for first in range(0, len(part), PIECE):
                await send({"type": "http.response.body", "body": part[first : first + PIECE], "more_body": True})
        await send({"type": "http.response.body"})


def _described(page: Page) -> dict[str, str]:
    encoded = {"content-encoding": page.encoding} if page.encoding else {}
    size = str(sum(map(len, page.parts)))
    return {"content-type": page.content_type, "content-length": size, "vary": "Accept-Encoding", **encoded}


async def _healthy(_: Request) -> Response:
    return PlainTextResponse("offkey is healthy\n")


def _ready(handles: Handles) -> Endpoint:
    async def ready(_: Request) -> Response:
        if handles.ready():
            return PlainTextResponse("offkey is ready\n")
        return PlainTextResponse("offkey is not ready: no cycle has ended yet\n", 503)

    return ready


def _reload(handles: Handles) -> Endpoint:
    async def reload(_: Request) -> Response:
        wrong = await run_in_threadpool(handles.reload)
        if wrong is None:
            return PlainTextResponse("the configuration was read anew\n")
        return PlainTextResponse(f"the configuration in force was kept: {wrong}\n", 500)

    return reload


def _quit(handles: Handles) -> Endpoint:
    async def leave(_: Request) -> Response:
        handles.quit()
        return PlainTextResponse("offkey ends\n")

    return leave


def _guarded(endpoint: Endpoint, *, is_enabled: bool) -> Endpoint:
    """Return an endpoint that acts only when that is enabled, and never for a web page (which sends its origin)."""

    async def guarded(request: Request) -> Response:
        if not is_enabled:
            return PlainTextResponse("not enabled; start offkey with --web.enable-lifecycle\n", 403)
        if "origin" in request.headers:
            return PlainTextResponse("not for web pages; use a command such as curl -X POST\n", 403)
        return await endpoint(request)

    return guarded


def _landing(metrics: str, prefix: str) -> Endpoint:
    links = {
        metrics: "metrics",
        f"{prefix}/-/healthy": "health",
        f"{prefix}/-/ready": "readiness",
    }
    items = "".join(f'<li><a href="{html.escape(path)}">{html.escape(text)}</a></li>' for path, text in links.items())
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>offkey</title><style>{_STYLE}</style>'
        "</head><body><h1>offkey</h1><p>Anomaly scores, forecasts and alerting rules for Prometheus.</p>"
        f"<p>Version <code>{html.escape(__version__)}</code></p><ul>{items}</ul></body></html>"
    )

    async def landing(_: Request) -> Response:
        return HTMLResponse(page)

    return landing


def _hardened(app: ASGIApp, chosen: Callable[[], Mapping[str, str]]) -> ASGIApp:
    """Return the application with headers that keep a browser from running or framing any answer of it.

    Chosen headers take the place of ours. A request that states its length twice, by number and in chunks, is
    refused: proxies disagree about where it ends.
    """
    ambiguous = PlainTextResponse(
        "content-length and transfer-encoding exclude each other\n", 400, {"connection": "close"}
    )

    async def hardened(scope: Scope, receive: Receive, send: Send) -> None:
        extra = [(name.encode(), value.encode()) for name, value in {**_HEADERS, **chosen()}.items()]

        async def send_hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *extra]}
            await send(message)

        names = {name for name, _ in scope["headers"]}
        answer = ambiguous if {b"content-length", b"transfer-encoding"} <= names else app
        await answer(scope, receive, send_hardened)

    return hardened
