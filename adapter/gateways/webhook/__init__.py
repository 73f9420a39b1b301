"""Posts a JSON document to a program of the operator's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from adapter.gateways.http_client import TAKEN, Endpoint, ask
from adapter.model.errors import Unavailable


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
        endpoint = Endpoint(self.url, self.ca, self.timeout_s)
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            status = ask(endpoint, "POST", headers=headers, body=orjson.dumps(document)).status
        except Unavailable as error:
            raise Unavailable(f"the webhook at {endpoint.host}: {error}") from None
        if status not in TAKEN:
            raise Unavailable(f"the webhook at {endpoint.host} answers {status}")
