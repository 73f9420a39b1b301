"""Kinds of values in a configuration: texts, files, addresses, times, seconds, each with its bounds."""

from __future__ import annotations

import os
import unicodedata
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
)

from adapter.model.text import text_fault, time_fault

P = TypeVar("P")


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def text_in(most: int, *, least: int = 1) -> AfterValidator:
    """A text of `least` to `most` characters that XML can hold, in NFC."""

    def checked(text: str) -> str:
        if fault := text_fault(text, most=most, least=least):
            raise ValueError(fault)
        return unicodedata.normalize("NFC", text)

    return AfterValidator(checked)


def file_in(path: Path) -> Path:
    if fault := text_fault(str(path), most=_PATH):
        raise ValueError(fault)
    if any(len(os.fsencode(part)) > _NAME for part in path.parts):
        raise ValueError(f"a name in it is longer than {_NAME} bytes, which no folder holds")
    return path


def moment_in(stated: datetime) -> datetime:
    if fault := time_fault(stated):
        raise ValueError(fault)
    return stated


_PATH, _NAME = 4096, 255
"""Characters of a path, and bytes of one name in it: Linux takes no longer ones."""

FilePath = Annotated[Path, AfterValidator(file_in)]


Word = Annotated[str, text_in(100)]


Address = Annotated[str, text_in(2000)]


Time = Annotated[AwareDatetime, AfterValidator(moment_in)]


Seconds = Annotated[float, Field(gt=0, le=86400)]
"""An interval of more than a day is a typing error."""


Bits = Annotated[int, Field(ge=2048, le=16384)]


Digest = Literal["sha256", "sha384", "sha512"]


RoleName = Literal["window", "portal", "declarant", "border"]
