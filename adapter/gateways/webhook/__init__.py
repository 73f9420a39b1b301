"""Posts a JSON document to a program of the operator's: bounded in time, never redirected."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from adapter.gateways.time_bound import within
from adapter.model.errors import Misconfigured, Unavailable

_TAKEN = range(200, 300)


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where it is. `token` is shown as a bearer token; `ca`: authorities for TLS, else the system's."""

    url: str = field(repr=False)
    """The host alone: the rest of the address may hold a secret."""
    token: str | None = field(default=None, repr=False)
    ca: Path | None = None
    timeout_s: float = 10.0

    def post(self, document: Mapping[str, Any]) -> None:
        """Hand the document over.

        Raises:
            Misconfigured: the file of authorities cannot be read.
            Unavailable: it cannot be reached, does not answer in time, or answers with anything but 2xx.
        """
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        connection = self._connection(parts.scheme, host, parts.port)
        headers = {"Content-Type": "application/json", "User-Agent": "nsw-adapter"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            with within(self.timeout_s, connection):
                connection.request("POST", target, body=orjson.dumps(document), headers=headers)
                status = connection.getresponse().status
        except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: a token that no header holds
            raise Unavailable(f"the webhook at {host}: {type(error).__name__}") from None
        finally:
            connection.close()
        if status not in _TAKEN:
            raise Unavailable(f"the webhook at {host} answers {status}")

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        if scheme != "https":
            return http.client.HTTPConnection(host, port, timeout=self.timeout_s)
        try:
            context = ssl.create_default_context(cafile=self.ca)
        except OSError as error:
            raise Misconfigured(f"cannot use {self.ca}: {error.strerror or error}") from None
        return http.client.HTTPSConnection(host, port, timeout=self.timeout_s, context=context)
