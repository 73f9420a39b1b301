"""Files that pages load: style, fonts, scripts, from memory. An address holds its file's digest, so it may be kept."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

_FOLDER = Path(__file__).parent
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
_AS_NAMED, _AS_IS = "public, max-age=31536000, immutable", "public, max-age=86400"


@cache
def _files() -> dict[str, tuple[bytes, str, str]]:
    """Content, type and digest of each file by its name."""
    found = ((file, file.read_bytes()) for file in sorted(_FOLDER.iterdir()) if file.suffix in _TYPES)
    return {file.name: (body, _TYPES[file.suffix], hashlib.sha256(body).hexdigest()[:12]) for file, body in found}


def address(name: str) -> str:
    """Where a page finds a file.

    Raises:
        KeyError: there is no such file.
    """
    return f"/static/{name}?v={_files()[name][2]}"


def routes() -> APIRouter:
    """GET /static/<name>."""
    router = APIRouter(include_in_schema=False)

    @router.get("/static/{name}")
    async def static(name: str, request: Request) -> Response:
        if name not in _files():
            raise HTTPException(404)
        body, kind, digest = _files()[name]
        kept = _AS_NAMED if request.query_params.get("v") == digest else _AS_IS
        return Response(body, media_type=kind, headers={"Cache-Control": kept, "ETag": f'"{digest}"'})

    return router
