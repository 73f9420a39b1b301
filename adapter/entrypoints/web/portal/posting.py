"""A form that a declarant sends: who he is, what he typed, the file that he chose."""

# Annotations are not postponed here: FastAPI reads those of dependencies.
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from adapter.model.actor import Actor

Dependency = Callable[..., Any]
"""What FastAPI calls before a route."""
FILE = "file"
"""The name of the input with a file."""


@dataclass(frozen=True, slots=True)
class Posting:
    """What came. `file` is empty where none was chosen."""

    actor: Actor
    fields: Mapping[str, str]
    file: bytes
    file_name: str

    def __getitem__(self, name: str) -> str:
        """The text of a field; empty where there is none."""
        return self.fields.get(name, "")


def posting(declarant: Dependency) -> Dependency:
    """The dependency that reads a form once the guard has let it in, and bounded it."""

    async def posted(request: Request, actor: Annotated[Actor, Depends(declarant)]) -> Posting:
        form = await request.form()
        fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        file = form.get(FILE)
        if not isinstance(file, UploadFile):
            return Posting(actor, fields, b"", "")
        raw = await file.read()
        await form.close()  # a large one lies in a temporary file
        return Posting(actor, fields, raw, file.filename or "")

    return posted
