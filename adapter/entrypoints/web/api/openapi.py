"""The OpenAPI document of the interface for programs, and the pieces that its routes describe themselves with."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from adapter.entrypoints.web.problems import MEDIA_TYPE, Problem

PORTAL = """\
The HTTP interface of the border guard's adapter.

**Declarations** take the same XML envelope as the national single window. The door is open while the window has an
incident, and always for procedures that the window does not carry. `SystemSignature` stays empty: the door seals the
message. Without a dossier number one is issued; sending the same message again gives the same number and answer.

Callers hold a bearer token. Every error is `application/problem+json` (RFC 9457), in English and Vietnamese.
"""
STAFF = """\
The lookup for customs, on the listener for the inner network.

**Lookup** is for customs: results of the Ministry of Defence's procedures, by the rights of an officer. A confirmation
says that the declaration is complete, never that one may cross. Every lookup is recorded. The interface of E-Customs
itself is not public: this one is ours, for it to call.

Callers hold a bearer token, or are programs that prove themselves with an assertion of their own and name the officer
with one of his issuer (`Officer-Assertion`). Every error is `application/problem+json` (RFC 9457), in English and
Vietnamese.
"""
TAGS = {
    "declarations": "For declarants: declare, and read what became of it.",
    "lookup": "For customs: dossiers of an office's own gates and units.",
    "service": "The window's state, and whether this service is alive and ready.",
}


def tags(*names: str) -> list[dict[str, str]]:
    """Groups of routes with their descriptions."""
    return [{"name": name, "description": TAGS[name]} for name in names]


XML: dict[str, Any] = {"application/xml": {"schema": {"type": "string", "format": "binary"}}}
PDF: dict[str, Any] = {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}
NUMBER = r"^[A-Za-z0-9]{1,35}$"
"""The form of a dossier's number in an address."""


def describe(app: FastAPI, *bodies: type[BaseModel]) -> None:
    """An OpenAPI document that is true: FastAPI adds its own media type to every error.

    `bodies` are what routes read by themselves, within their own limits.
    """
    schemas = app.openapi()["components"]["schemas"]
    for body in bodies:
        schema = body.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= {**schema.pop("$defs", {}), body.__name__: schema}
    for path in app.openapi()["paths"].values():
        for operation in path.values():
            for response in operation["responses"].values():
                if MEDIA_TYPE in response.get("content", {}):
                    response["content"].pop("application/json", None)


def may_fail(*statuses: int, with_token: bool = True) -> dict[int | str, dict[str, Any]]:
    """The problems a route may answer with, for the OpenAPI document."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    # `model` registers the schema; the media type is ours.
    every = [*([401, 429] if with_token else []), *statuses, 500, 503]
    return {status: {"model": Problem, "content": content} for status in every}
