"""A request's body, within limits, as it streams in. Nothing is decompressed and nothing is decoded here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from email.message import Message

from fastapi import Request

from adapter.entrypoints.web.problems import NotServed

_XML = ("application/xml", "text/xml")
_PATIENCE_S = 30.0
"""Seconds for a body: a slower one uses a place that others need."""


def reader(most: int, kinds: Sequence[str] = _XML) -> Callable[[Request], Awaitable[bytes]]:
    """A dependency that reads a body of at most so many bytes, of one of these media types."""

    async def body(request: Request) -> bytes:
        _check_type(request, kinds)
        if (stated := request.headers.get("content-length", "")).isdigit() and int(stated) > most:
            raise _too_large(most)
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await _read(request, most)
        except TimeoutError:
            raise NotServed(408, "The body came too slowly.", {"Connection": "close"}) from None

    return body


async def _read(request: Request, most: int) -> bytes:
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > most:
            raise _too_large(most)
    return bytes(received)


def _too_large(most: int) -> NotServed:
    return NotServed(413, f"The body has more than {most} bytes.", {"Connection": "close"})


def _check_type(request: Request, kinds: Sequence[str]) -> None:
    header = Message()
    header["Content-Type"] = request.headers.get("content-type", "")
    charset = header.get_param("charset")
    if header.get_content_type() not in kinds or (charset is not None and str(charset).lower() != "utf-8"):
        said = "Send application/xml or text/xml, in UTF-8." if kinds == _XML else f"Send one of {', '.join(kinds)}."
        vi = None if kinds == _XML else f"Chỉ nhận {', '.join(kinds)}, không nén."
        raise NotServed(415, said, {"Accept": ", ".join(kinds)}, vi=vi)
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise NotServed(415, "Send the body as it is, not compressed.", {"Accept-Encoding": "identity"})
