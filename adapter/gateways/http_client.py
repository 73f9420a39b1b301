"""One request to a program of the inner network: bounded in time and bytes, never redirected."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from adapter.gateways.time_bound import within
from adapter.model.errors import Misconfigured, Unavailable

_MOST_BYTES = 8 * 1024 * 1024
TAKEN = range(200, 300)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to ask. `ca`: authorities for TLS, else the system's; `timeout_s`: for all of it, in seconds."""

    url: str = field(repr=False)
    """Told is the host alone: the rest may hold a secret."""
    ca: Path | None = None
    timeout_s: float = 10.0

    @property
    def host(self) -> str:
        """The name or address of the machine."""
        return urlsplit(self.url).hostname or ""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """The status, and the body up to a bound."""

    status: int
    body: bytes


def ask(endpoint: Endpoint, method: str, *, headers: Mapping[str, str], body: bytes | None = None) -> HttpAnswer:
    """One request.

    Raises:
        Misconfigured: the file of authorities cannot be read.
        Unavailable: it cannot be reached, does not answer in time, or answers with more than 8 MiB; in words without
            the address.
    """
    parts = urlsplit(endpoint.url)
    connection = _connection(parts.scheme, endpoint, parts.port)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        with within(endpoint.timeout_s, connection):
            connection.request(method, target, body=body, headers={"User-Agent": "nsw-adapter", **headers})
            answer = connection.getresponse()
            told = HttpAnswer(answer.status, answer.read(_MOST_BYTES + 1))
    except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: a token that no header holds
        raise Unavailable(type(error).__name__) from None
    finally:
        connection.close()
    if len(told.body) > _MOST_BYTES:
        raise Unavailable("its answer is too long")
    return told


def _connection(scheme: str, endpoint: Endpoint, port: int | None) -> http.client.HTTPConnection:
    if scheme != "https":
        return http.client.HTTPConnection(endpoint.host, port, timeout=endpoint.timeout_s)
    try:
        context = ssl.create_default_context(cafile=endpoint.ca)
    except OSError as error:
        raise Misconfigured(f"cannot use {endpoint.ca}: {error.strerror or error}") from None
    return http.client.HTTPSConnection(endpoint.host, port, timeout=endpoint.timeout_s, context=context)
