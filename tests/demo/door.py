"""The portal seen by its callers: HTTP with a bearer token, nothing else. It judges nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import httpx

TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Posted:
    """The answer to a POST."""

    status: int
    location: str
    told: dict[str, Any]
    milliseconds: float


class Door:
    """One caller's connection; `token` None for a caller without any."""

    def __init__(self, url: str, token: str | None = None) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._client = httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT_S, trust_env=False)

    def __enter__(self) -> Door:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    def declare(self, body: bytes) -> Posted:
        """POST an envelope."""
        began = time.monotonic()
        answer = self._client.post("/api/v1/declarations", content=body, headers={"Content-Type": "application/xml"})
        spent = (time.monotonic() - began) * 1000
        return Posted(answer.status_code, answer.headers.get("Location", ""), _json(answer), spent)

    def upload(self, name: str, raw: bytes) -> int:
        """POST a PDF that a declaration will name; the status."""
        pdf = {"Content-Type": "application/pdf"}
        return self._client.post("/api/v1/files", params={"name": name}, content=raw, headers=pdf).status_code

    def get(self, path: str, **query: str | int) -> tuple[int, Any]:
        """GET a JSON document: its status, and what it says."""
        answer = self._client.get(path, params=query)
        return answer.status_code, _json(answer)

    def bytes(self, path: str) -> tuple[int, bytes]:
        """GET a signed reply, as it is."""
        answer = self._client.get(path)
        return answer.status_code, answer.content


def _json(answer: httpx.Response) -> Any:
    return answer.json() if "json" in answer.headers.get("Content-Type", "") else {}
