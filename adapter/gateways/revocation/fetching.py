"""Fetching over HTTP what a certification authority publishes: bounded in time and size, never redirected.

A URL that fails is left alone for a while, longer each time, so that one that is down costs one message its wait and no
other. Which URLs may be asked at all is decided by the caller, before.
"""

from __future__ import annotations

import http.client
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from adapter.model.errors import Unavailable

_CHUNK = 65_536
_FIRST_PAUSE_S = 5.0
_LONGEST_PAUSE_S = 900.0
_AT_ONCE = 4


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would lead to a host that nobody has allowed."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        del args, kwargs


@dataclass(frozen=True, slots=True)
class Bounds:
    """`timeout_s` from first to last byte; `wait_s` that a message waits for it; `max_bytes` of an answer."""

    timeout_s: float
    wait_s: float
    max_bytes: int
    refresh_s: float


@dataclass
class Fetcher:
    """Fetches in threads of its own, a few at a time. `monotonic` gives seconds."""

    bounds: Bounds
    monotonic: Callable[[], float] = time.monotonic
    _pauses: dict[str, tuple[int, float]] = field(default_factory=dict)
    _running: dict[str, threading.Event] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _places: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(_AT_ONCE))

    def is_paused(self, url: str) -> bool:
        """Whether it failed recently and is not asked now."""
        with self._lock:
            _, until = self._pauses.get(url, (0, 0.0))
        return self.monotonic() < until

    def start(self, name: str, work: Callable[[], None]) -> threading.Event:
        """Begin `work` in a thread unless it is under way; the event says when it is over."""
        with self._lock:
            if name in self._running:
                return self._running[name]
            done = self._running[name] = threading.Event()
        threading.Thread(target=self._work, args=(name, work, done), name="revocation", daemon=True).start()
        return done

    def _work(self, name: str, work: Callable[[], None], done: threading.Event) -> None:
        try:
            with self._places:
                work()
        finally:
            with self._lock:
                del self._running[name]
            done.set()

    def fetch(self, url: str, *, question: bytes | None = None) -> bytes:
        """The answer of one URL; with a question, an OCSP request is posted.

        Raises:
            Unavailable: no answer within the bounds; the URL is left alone for a while.
        """
        headers = {"Content-Type": "application/ocsp-request"} if question is not None else {}
        try:
            answer = _download(url, question, headers, self.bounds)
        except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
            raise Unavailable(f"{url}: {_told(error)}; asked again in {self.failed(url):.0f} s") from None
        with self._lock:
            self._pauses.pop(url, None)
        return answer

    def failed(self, url: str) -> float:
        """Leave a URL alone; gives the seconds: twice as long each time, up to a quarter of an hour."""
        with self._lock:
            times, _ = self._pauses.get(url, (0, 0.0))
            pause: float = min(_FIRST_PAUSE_S * 2**times, _LONGEST_PAUSE_S)
            self._pauses[url] = (times + 1, self.monotonic() + pause)
        return pause


def _download(url: str, question: bytes | None, headers: Mapping[str, str], bounds: Bounds) -> bytes:
    request = urllib.request.Request(url, data=question, headers=dict(headers))  # noqa: S310  http(s) only: see Hosts
    end = time.monotonic() + bounds.timeout_s
    opener = urllib.request.build_opener(_NoRedirect)
    body = bytearray()
    with opener.open(request, timeout=bounds.timeout_s) as response:
        # A socket's timeout starts anew with each byte: a responder that drips would hold the thread for ever.
        while chunk := response.read1(_CHUNK):
            body += chunk
            if len(body) > bounds.max_bytes:
                raise ValueError(f"the answer is larger than {bounds.max_bytes} bytes")
            if time.monotonic() > end:
                raise ValueError(f"the answer takes longer than {bounds.timeout_s:g} s")
        length = response.headers.get("Content-Length")
        if length is not None and length.isdigit() and int(length) != len(body):
            raise ValueError("the answer was cut off")
    return bytes(body)


def _told(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code}"
    reason = getattr(error, "reason", None) or error
    return str(reason) or type(error).__name__


def is_allowed(url: str, hosts: frozenset[str]) -> bool:
    """Whether a URL may be asked: http or https, no credentials in it, and a host that somebody trusted has named."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and "@" not in parts.netloc and parts.hostname in hosts
    except ValueError:
        return False
