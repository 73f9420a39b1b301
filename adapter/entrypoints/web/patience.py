"""Time limits of connections: idle and slow ones end after seconds, and do not block others."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

WAITING = 100
"""Most connections that have not sent a whole request yet, in each process: the oldest ends."""
_HEADERS_S = 10.0
_WHOLE_S = 120.0
"""Seconds from the headers to the last byte of the answer: a caller who does not read it uses a place."""


class PatientProtocol(H11Protocol):
    """uvicorn's own, with a time for the headers and one for the whole request."""

    waiting: dict[PatientProtocol, None]
    """Shared by the connections of one server, the oldest first."""
    _timer: asyncio.TimerHandle | None = None
    _asked: bool = False

    def connection_made(self, transport: Any) -> None:
        """As uvicorn does; the longest waiting of too many makes room."""
        super().connection_made(transport)
        self._wait()
        if len(self.waiting) > WAITING:
            longest = next(iter(self.waiting))
            longest._leave()
            longest.transport.close()

    def data_received(self, data: bytes) -> None:
        """As uvicorn does; whole headers end the wait for them."""
        super().data_received(data)
        self._note()

    def on_response_complete(self) -> None:
        """As uvicorn does; the next request, which may have come already, has its own time."""
        super().on_response_complete()
        self._asked = False
        self._wait()
        self._note()

    def connection_lost(self, exc: Exception | None) -> None:
        """As uvicorn does."""
        self._leave()
        super().connection_lost(exc)

    def _note(self) -> None:
        """A request that has begun does not wait any more."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete and not self._asked:
            self._leave()
            self._asked = True
            self._timer = self.loop.call_later(_WHOLE_S, self.transport.abort)

    def _wait(self) -> None:
        self._leave()
        self.waiting[self] = None
        self._timer = self.loop.call_later(_HEADERS_S, self.transport.close)

    def _leave(self) -> None:
        self.waiting.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def patient_protocol() -> type[PatientProtocol]:
    """The protocol of one server."""
    return type("ServersProtocol", (PatientProtocol,), {"waiting": {}})
