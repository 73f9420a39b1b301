"""One line a request in the log, and headers that keep answers out of caches and pages. Must never log a query."""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapter.model.events import Event, Observe

SECURE = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_PAIRS = [(name.lower().encode(), value.encode()) for name, value in SECURE.items()]
_PROBES = ("/healthz", "/readyz")


class Requests:
    """Middleware of every request: adds the headers, logs the route (never its values) and the result."""

    def __init__(self, app: ASGIApp, observe: Observe, refused: ASGIApp) -> None:
        """`refused` answers what two readers could take for two different requests; it must end the connection."""
        self.app = app
        self.observe = observe
        self.refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500  # the status of the outermost layer if there is no answer

        async def with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                there = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in _PAIRS if pair[0] not in there)]
            await send(message)

        started = time.monotonic()
        try:
            await (self.refused if _is_ambiguous(scope) else self.app)(scope, receive, with_headers)
        finally:
            route = getattr(scope.get("route"), "path", "-")
            if route not in _PROBES:
                ms = round((time.monotonic() - started) * 1000, 1)
                self.observe(Event.REQUEST, method=scope["method"], route=route, status=status, ms=ms)


def _is_ambiguous(scope: Scope) -> bool:
    """Two lengths of one body (RFC 9112, 6.3: an attempt at request smuggling), or two callers.

    A proxy in front may go by the other one; what it takes for the rest of a body would be the next caller's request.
    """
    names = [name for name, _ in scope["headers"]]
    lengths = b"content-length" in names and b"transfer-encoding" in names
    return lengths or names.count(b"authorization") > 1
