"""The HTTP interfaces: that for programs from its OpenAPI document, the health pages from what they ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any
from unittest.mock import MagicMock

from adapter.entrypoints.health import NEEDS
from adapter.entrypoints.web.app import create_portal, create_staff
from adapter.entrypoints.web.problems import MEDIA_TYPE
from adapter.services.access.tokens import Machine
from adapter.services.door.submission import Why
from docs.generate.page import code, first, head, join, listed, sentence, table

_OF_THE_FRAMEWORK = ("HTTPValidationError", "ValidationError")
"""Described by FastAPI for every route; the app answers with problems instead."""
_OTHER_PROBLEMS = ("window-unknown", "window-suspected", "unavailable", "not-ready", "parameters")


LISTENERS = {"portal": create_portal, "staff": create_staff}


def document(listener: str) -> Mapping[str, Any]:
    """A listener's OpenAPI document. Its routes are made with empty components: no request is served."""
    document: Mapping[str, Any] = LISTENERS[listener](MagicMock()).openapi()
    return document


def page() -> str:
    """docs/reference/http.md."""
    documents = {name: document(name) for name in LISTENERS}
    blocks = head(
        "HTTP",
        "the OpenAPI documents of the two listeners",
        "Each listener is a process of its own that needs no broker. It gives its whole document at "
        "`/api/openapi.json`. It speaks HTTP: a proxy in front of it ends TLS.",
        f"Roles of tokens (`nsw-adapter token issue --role …`): {listed(Machine)}.",
    )
    for name, told in documents.items():
        blocks += [f"## On `web.{name}.host`:`web.{name}.port`", str(told["info"]["description"]).strip()]
        for path, methods in told["paths"].items():
            for method, route in methods.items():
                blocks += _route(f"{method.upper()} {path}", route)
    schemas = {shape: told for each in documents.values() for shape, told in each["components"]["schemas"].items()}
    blocks += [
        "## Problems",
        f"Every problem is `{MEDIA_TYPE}`; its `type` is `about:blank`, or `urn:nsw-adapter:problem:` and one of "
        f"{listed([*Why, *_OTHER_PROBLEMS])}. What never becomes a request "
        "the HTTP server answers itself, as plain text: 400 for malformed HTTP, 503 above the limit of requests at "
        "once.",
        "## Objects",
        *_shapes(schemas),
        "## Health of the daemon",
        "On `web.health_host`:`web.health_port`, answered by the supervisor: `GET /healthz` is 200 while it lives; "
        "`GET /readyz` is 200, or 503 with the list `missing`. What each part must have at hand:",
        table(("Part", "Needs"), ((name, ", ".join(needs)) for name, needs in NEEDS.items())),
    ]
    return join(blocks)


def _route(title: str, route: Mapping[str, Any]) -> Iterator[str]:
    yield f"### `{title}`"
    yield " ".join(filter(None, [sentence(route.get("summary", "")), first(route.get("description"))]))
    if content := route.get("requestBody", {}).get("content"):
        yield f"Body: {listed(content)}."
    if parameters := route.get("parameters"):
        columns = ("Parameter", "In", "Must be given", "What it is", "Form")
        yield table(columns, (_parameter(each) for each in parameters))
    answers = sorted(route["responses"].items())
    yield table(("Status", "What comes"), (_answer(status, told) for status, told in answers if status < "400"))
    if problems := [status for status, _ in answers if status >= "400"]:
        yield f"Problems: {listed(problems)}."


def _parameter(told: Mapping[str, Any]) -> tuple[str, ...]:
    schema = next((each for each in told["schema"].get("anyOf", []) if each.get("type") != "null"), told["schema"])
    form = schema.get("pattern") or schema.get("type")
    needed = "yes" if told.get("required") else ""
    return code(told["name"]), told["in"], needed, told.get("description", ""), code(form)


def _answer(status: str, told: Mapping[str, Any]) -> tuple[str, str]:
    names = [_schema(media, content.get("schema", {})) for media, content in told.get("content", {}).items()]
    headers = [f"header {code(name)}" for name in told.get("headers", {})]
    phrase = HTTPStatus(int(status)).phrase
    return code(status), "; ".join([phrase, *filter(None, names), *headers])


def _schema(media: str, schema: Mapping[str, Any]) -> str:
    name = schema.get("$ref", "").rpartition("/")[2].removesuffix("Shape")
    return " ".join(filter(None, [code(media), name]))


def _shapes(told: Mapping[str, Any]) -> Iterator[str]:
    """Every object that an answer may hold."""
    for name, schema in told.items():
        if "enum" in schema:
            yield f"**{name}**: one of {listed(schema['enum'])}."
        elif name not in _OF_THE_FRAMEWORK:
            yield f"### {name.removesuffix('Shape')}"
            yield sentence(first(schema.get("description")))
            rows = ((code(field), _kind(each), first(each.get("description"))) for field, each in _properties(schema))
            yield table(("Field", "Type", "What it is"), rows)


def _properties(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from schema.get("properties", {}).items()


def _kind(told: Mapping[str, Any]) -> str:
    """The type of a field in words, objects by their names."""
    if options := told.get("anyOf"):
        return " or ".join(_kind(option) for option in options)
    if "$ref" in told:
        return str(told["$ref"]).rpartition("/")[2].removesuffix("Shape")
    if told.get("type") == "array":
        return f"list of {_kind(told['items'])}"
    return str(told.get("format") or told.get("type") or told.get("const") or "any")
