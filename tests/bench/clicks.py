"""People who click: each on his own, every few seconds, over pages that he has; in a process of its own.

A page's time is from opening a connection to the last byte, so it includes waiting for a free process. What the
generator spends itself is told, since it takes it from the machine that is measured.
"""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from urllib.parse import urlencode

from lxml import html

EVERY_S = 5.0
SAVE = "save a page of a form"
"""A click of this kind opens the page first, and what is timed is sending it back with the page that follows."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody with his session. `pages`: addresses by kind; `weights`: how often each kind is clicked."""

    port: int
    address: str
    """As whose connection the proxy in front states it."""
    cookie: str
    pages: Mapping[str, Sequence[str]]
    weights: Mapping[str, int]


@dataclass(slots=True)
class Clicks:
    """Seconds of each click by kind, how they ended, and the generator's own CPU seconds."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    ends: Counter[str] = field(default_factory=Counter)
    cpu: float = 0.0

    def note(self, kind: str, seconds: float, status: int) -> None:
        self.seconds[kind].append(seconds)
        self.ends[f"{status}" if status < 400 else f"{status} {kind}"] += 1


class Crowd:
    """A process of its own that clicks for all visitors; a context that ends it."""

    def __enter__(self) -> Crowd:
        self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        self._pool.submit(time.sleep, 0).result()
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def begin(self, visitors: Sequence[Visitor], seconds: float) -> Future[Clicks]:
        """Begin to click; the result comes when the time is over and the last answer is there."""
        return self._pool.submit(click, list(visitors), seconds)

    def click(self, visitors: Sequence[Visitor], seconds: float) -> Clicks:
        """The same, and wait for it."""
        return self.begin(visitors, seconds).result()


def click(visitors: Sequence[Visitor], seconds: float) -> Clicks:
    """Each visitor clicks every EVERY_S seconds for so long, each from a moment of his own on."""
    clicks, lock, began, spent = Clicks(), threading.Lock(), time.perf_counter(), time.process_time()

    def visit(place: int, visitor: Visitor) -> None:
        draw = random.Random(place)
        kinds, weights = list(visitor.weights), list(visitor.weights.values())
        at = began + EVERY_S * place / len(visitors)
        while at < began + seconds:
            time.sleep(max(0.0, at - time.perf_counter()))
            (kind,) = draw.choices(kinds, weights)
            path = draw.choice(visitor.pages[kind])
            took, status = (_save if kind == SAVE else _open)(visitor, path)
            with lock:
                clicks.note(kind, took, status)
            at = max(at + EVERY_S, time.perf_counter())

    threads = [threading.Thread(target=visit, args=each) for each in enumerate(visitors)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    clicks.cpu = time.process_time() - spent
    return clicks


def _open(visitor: Visitor, path: str) -> tuple[float, int]:
    begun = time.perf_counter()
    status, _, _ = request(visitor, "GET", path)
    return time.perf_counter() - begun, status


def _save(visitor: Visitor, path: str) -> tuple[float, int]:
    status, body, _ = request(visitor, "GET", path)
    if status != 200:
        return 0.0, status
    forms = html.document_fromstring(body).xpath("//main//form[@method='post']")
    fields = dict(forms[0].form_values()) | {"then": "next"}
    begun = time.perf_counter()
    status, _, location = request(visitor, "POST", forms[0].get("action") or path, urlencode(fields))
    if location:
        status, _, _ = request(visitor, "GET", location)
    return time.perf_counter() - begun, status


def request(visitor: Visitor, method: str, path: str, body: str | None = None) -> tuple[int, bytes, str]:
    """One request by a connection of its own, as of a browser that last asked long ago: status, body, location."""
    connection = http.client.HTTPConnection("127.0.0.1", visitor.port, timeout=120)
    headers = {"Cookie": visitor.cookie, "X-Forwarded-For": visitor.address, "Accept-Encoding": "gzip"}
    if body is not None:
        site = f"http://127.0.0.1:{visitor.port}"
        headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": site}
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.getheader("Location") or ""
    except OSError:
        return 599, b"", ""
    finally:
        connection.close()
