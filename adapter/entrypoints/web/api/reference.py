"""The OpenAPI document as a page for people: no script, nothing from other hosts."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from adapter.entrypoints.web.guard import anybody
from adapter.entrypoints.web.page import Page, Pages

DOCUMENT = "/api/openapi.json"
_REFERENCE = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class ApiValue:
    """A parameter, or a field of a shape: its name, what kind it is, whether it must be given, what it says."""

    name: str
    kind: str
    required: bool
    told: str


@dataclass(frozen=True, slots=True)
class ApiOperation:
    """One route. `answers`: each status with what it means and its kind of body."""

    method: str
    path: str
    summary: str
    told: str
    needs_token: bool
    parameters: tuple[ApiValue, ...]
    takes: str
    answers: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class ApiShape:
    """A shape of JSON that answers have."""

    name: str
    told: str
    fields: tuple[ApiValue, ...]


@dataclass(frozen=True, slots=True)
class ApiPage(Page):
    """The whole interface for programs."""

    template: ClassVar[str] = "api.html"
    public: ClassVar[bool] = True
    title: str
    told: tuple[str, ...]
    operations: tuple[ApiOperation, ...]
    shapes: tuple[ApiShape, ...]
    document: str = DOCUMENT


def routes(pages: Pages, document: Callable[[], Mapping[str, Any]]) -> APIRouter:
    """GET /api/docs."""
    router = APIRouter(include_in_schema=False)

    @router.get("/api/docs", dependencies=[Depends(anybody)])
    def show(request: Request) -> Response:
        return pages.respond(request, page_of(document()))

    return router


def page_of(document: Mapping[str, Any]) -> ApiPage:
    """The page of an OpenAPI document."""
    paragraphs = document["info"].get("description", "").split("\n\n")
    schemas = document.get("components", {}).get("schemas", {})
    return ApiPage(
        title=document["info"]["title"],
        told=tuple(" ".join(each.replace("**", "").replace("`", "").split()) for each in paragraphs),
        operations=tuple(_operations(document)),
        shapes=tuple(
            ApiShape(name, stated.get("description", ""), tuple(_fields(stated)))
            for name, stated in sorted(schemas.items())
            if stated.get("properties")
        ),
    )


def _operations(document: Mapping[str, Any]) -> Iterator[ApiOperation]:
    for path, methods in document["paths"].items():
        for method, stated in methods.items():
            yield ApiOperation(
                method=method.upper(),
                path=path,
                summary=stated.get("summary", ""),
                told=" ".join(stated.get("description", "").split()),
                needs_token=bool(stated.get("security")),
                parameters=tuple(_parameters(stated)),
                takes=", ".join(stated.get("requestBody", {}).get("content", {})),
                answers=tuple(
                    (status, answer.get("description", ""), _body(answer))
                    for status, answer in stated["responses"].items()
                ),
            )


def _parameters(stated: Mapping[str, Any]) -> Iterator[ApiValue]:
    for each in stated.get("parameters", ()):
        kind = f"{each['in']}: {_kind(each.get('schema', {}))}"
        yield ApiValue(each["name"], kind, bool(each.get("required")), each.get("description", ""))


def _fields(stated: Mapping[str, Any]) -> Iterator[ApiValue]:
    needed = set(stated.get("required", ()))
    for name, schema in stated["properties"].items():
        yield ApiValue(name, _kind(schema), name in needed, " ".join(schema.get("description", "").split()))


def _body(answer: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{media} {_kind(content.get('schema', {}))}".strip() for media, content in answer.get("content", {}).items()
    )


def _kind(schema: Mapping[str, Any]) -> str:
    """A schema in few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_REFERENCE)
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "")
