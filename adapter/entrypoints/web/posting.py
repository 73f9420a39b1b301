"""A form that somebody who has logged in sends: who he is, what he typed, the file that he chose."""

# Annotations are not postponed here: FastAPI reads those of dependencies.
from collections.abc import Callable, Mapping, Sequence
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
    """What came. `fields`: of inputs that have one name, the last; `file` is empty where none was chosen."""

    actor: Actor
    fields: Mapping[str, str]
    pairs: Sequence[tuple[str, str]]
    """Every text with its input's name, in the order of the page."""
    file: bytes
    file_name: str

    def __getitem__(self, name: str) -> str:
        """The text of a field; empty where there is none."""
        return self.fields.get(name, "")

    def every(self, name: str) -> list[str]:
        """The texts of all inputs of that name."""
        return [text for each, text in self.pairs if each == name]


def posting(somebody: Dependency) -> Dependency:
    """The dependency that reads a form once the guard has let it in, and bounded it."""

    async def posted(request: Request, actor: Annotated[Actor, Depends(somebody)]) -> Posting:
        form = await request.form()
        pairs = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
        file = form.get(FILE)
        if not isinstance(file, UploadFile):
            return Posting(actor, dict(pairs), pairs, b"", "")
        raw = await file.read()
        await form.close()  # a large one lies in a temporary file
        return Posting(actor, dict(pairs), pairs, raw, file.filename or "")

    return posted
