"""/healthz, /readyz, /parts and /metrics of the daemon: whether it is alive, whether every part has what it needs, the
parts with their memory and age, and its metrics.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from adapter.entrypoints.metrics import exposition
from adapter.model.errors import Misconfigured

NEEDS = {
    "supervisor": ("database",),  # before it has parts
    "worker": ("alive", "broker", "database", "keys"),
    "dispatcher": ("alive", "broker", "database"),
    "clock": ("alive", "database", "units"),  # units: at least one has a key that signs
    "decisions": ("alive", "database", "keys"),
    "portal": ("alive", "database", "keys", "decisions"),
    "staff": ("alive", "database", "decisions"),
}
"""What a part needs to be ready."""
_REFUSED = {"new_keys": "a changed key is not taken, the one before signs: see key.not_taken in the log, or check"}
NOTES = {
    "worker": _REFUSED,
    "decisions": _REFUSED,
    "portal": _REFUSED,
    "dispatcher": {
        "room": "the broker takes nothing: its memory or disk is in alarm (broker.blocked); replies wait and leave "
        "when it has room again",
    },
    "clock": {
        **_REFUSED,  # the keys of units: only the clock checks them
        "evidence": "the revocation status is unknown, or soon will be: see revocation.* in the log",
        "queues": "the broker lacks a queue or an exchange of ours: nsw-adapter check tells which",
        "quarantine": "messages lie in the broker's quarantine: nsw-adapter quarantine list",
        "certificates": "a certificate of ours runs out: certificate.expires in the log says which and when, and "
        "certificate report --at that day what stops then",
    },
}
"""What a ready part may still lack, and what the operator is told about it."""

_SEEN = ("name", "ready", "resident_bytes", "age_s")
_CONNECTIONS = 32
_IDLE_S = 5.0
_WHOLE_S = 10.0
"""The longest time of one connection, in seconds; a page needs much less."""


class _Server(ThreadingHTTPServer):
    """A bounded number of connections, each for a bounded time; if there are too many, the oldest is closed."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._since: dict[socket.socket, float] = {}
        self._lock = threading.Lock()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._since[request] = time.monotonic()
            surplus = list(self._since)[:-_CONNECTIONS]
        self._end(surplus)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._since.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Called twice a second; also closes a client that sends a byte now and then."""
        before = time.monotonic() - _WHOLE_S
        with self._lock:
            late = [request for request, since in self._since.items() if since < before]
        self._end(late)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that closes the connection is no fault and is not logged."""

    def _end(self, requests: list[socket.socket]) -> None:
        for request in requests:
            with suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)  # its thread wakes up and closes it


class Health:
    """A small HTTP server in a thread; `parts` is set by the supervisor each round."""

    def __init__(self, host: str, port: int) -> None:
        self.parts: dict[str, dict[str, bool]] = {}
        self.unanswered = 0
        self.seen: list[tuple[str, bool, int, float]] = []
        """Each part's name, whether it is ready, its resident bytes and its age in seconds."""
        self.told: dict[str, str] = {}
        """Texts of the clock, by the names of `pulse.TEXTS`."""
        try:
            self._server = _Server((host, port), _handler(self))
        except OSError as error:
            raise Misconfigured(f"web.health_port {host}:{port}: {error.strerror}") from None
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)

    @property
    def port(self) -> int:
        """The port that is listened on; another than asked for where 0 was."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._server.shutdown()
        self._server.server_close()

    def missing(self) -> list[str]:
        """What is missing, as `part: thing`; empty when ready."""
        if not self.parts:
            return ["supervisor: parts"]
        return [f"{name}: {need}" for name, has in self.parts.items() for need in _lacks(name, has)]

    def notes(self) -> list[str]:
        """What needs attention although everything is ready."""
        many = self.unanswered
        waits = [f"{many} message(s) were taken and are not answered: nsw-adapter quarantine list"] if many else []
        if units := self.told.get("units_without_key"):
            waits.append(f"the key of {units} cannot sign, so confirmations and form 13 wait: nsw-adapter check")
        if window := self.told.get("window"):
            waits.append(window)
        told: dict[str, list[str]] = {}
        for name, has in self.parts.items():
            for thing, note in NOTES.get(name.rpartition("-")[0], {}).items():
                if has.get("alive") and not has.get(thing, True):
                    told.setdefault(note, []).append(name)
        return waits + [f"{', '.join(names)}: {note}" for note, names in told.items()]


def is_ready(part: str, has: dict[str, bool]) -> bool:
    """Whether a part, by its name without a number, has what it needs."""
    return not _lacks(f"{part}-0", has)


def _lacks(name: str, has: dict[str, bool]) -> list[str]:
    """Of a part that is not alive only this is reported: the rest is unknown."""
    needs = NEEDS.get(name.rpartition("-")[0], ("alive",))
    lacking = [need for need in needs if not has.get(need)]
    if "alive" not in lacking:
        return lacking
    return [next((state for state in ("starting", "killed", "configuration") if has.get(state)), "alive")]


def _handler(health: Health) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _IDLE_S

        def do_GET(self) -> None:
            if self.path == "/healthz":
                self._answer(HTTPStatus.OK, {"status": "alive"})
            elif self.path == "/metrics":
                self._give(exposition(health.seen), "text/plain; version=0.0.4; charset=utf-8")
            elif self.path == "/parts":
                parts = [dict(zip(_SEEN, each, strict=True)) for each in health.seen]
                self._answer(HTTPStatus.OK, {"parts": parts, "missing": health.missing(), "notes": health.notes()})
            elif self.path == "/readyz":
                missing = health.missing()
                status = HTTPStatus.SERVICE_UNAVAILABLE if missing else HTTPStatus.OK
                told = {"status": "not ready" if missing else "ready", "missing": missing, "notes": health.notes()}
                self._answer(status, told)
            else:
                self._answer(HTTPStatus.NOT_FOUND, {"status": "no such page"})

        def _answer(self, status: HTTPStatus, body: dict[str, Any]) -> None:
            self._give(json.dumps(body).encode(), "application/json", status)

        def _give(self, payload: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, format: str, *args: Any) -> None:
            """Probes are not logged."""

    return Handler
