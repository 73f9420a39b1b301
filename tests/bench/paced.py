"""Requests at a stated rate, in the order in which they are given, over connections that stay."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.bench.clicks import Clicks

_CALLERS = 16


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: what kind of page or search it is for, and how it is made."""

    kind: str
    port: int
    path: str
    body: str | None = None
    """JSON that is posted; None: the address is read."""
    headers: Mapping[str, str] = field(default_factory=dict)


def paced(given: Sequence[Asked], rate: float) -> Clicks:
    """Make them all, `rate` a second; a request whose turn has come while all callers wait is late, and timed so."""
    clicks, lock, supply = Clicks(), threading.Lock(), iter(enumerate(given))
    began, spent = time.perf_counter(), time.process_time()

    def caller() -> None:
        connections: dict[int, http.client.HTTPConnection] = {}
        while True:
            with lock:
                place, asked = next(supply, (0, None))
            if asked is None:
                break
            due = began + place / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            status = _ask(connections, asked)
            with lock:
                clicks.note(asked.kind, time.perf_counter() - due, status)
        for each in connections.values():
            each.close()

    threads = [threading.Thread(target=caller) for _ in range(_CALLERS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    clicks.cpu = time.process_time() - spent
    return clicks


def _ask(connections: dict[int, http.client.HTTPConnection], asked: Asked) -> int:
    """Once more where the server has ended a connection that nobody used for long."""
    for _ in range(2):
        connection = connections.setdefault(
            asked.port, http.client.HTTPConnection("127.0.0.1", asked.port, timeout=120)
        )
        headers = dict(asked.headers) | ({"Content-Type": "application/json"} if asked.body else {})
        try:
            connection.request("POST" if asked.body else "GET", asked.path, asked.body, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except (http.client.HTTPException, OSError):
            connection.close()
            del connections[asked.port]
    return 599
