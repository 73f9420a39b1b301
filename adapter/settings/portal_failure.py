"""Settings of what stands ready for a failure of the portal itself."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from adapter.settings.values import FilePath, Section


class PortalFailureSettings(Section):
    enabled: bool | None
    folder: FilePath | None
    pages: FilePath | None
    carried: tuple[FilePath, ...]
    write_minutes: float = Field(gt=0, le=60)
    keep_hours: float = Field(gt=0, le=720)

    @model_validator(mode="after")
    def _nobody_carries_telephone_numbers(self) -> Self:
        if self.folder is not None and (place := carried_by(self.folder, (*self.carried, *_stated(self.pages)))):
            raise ValueError(f"folder: it lies in {place}, which a web server carries; choose another")
        return self


def carried_by(folder: Path, carried: tuple[Path, ...]) -> Path | None:
    """The folder of a web server that the folder lies in, also by a link; None: it lies in none."""
    real = folder.resolve()
    return next((each for each in carried if real.is_relative_to(each.resolve())), None)


def _stated(path: Path | None) -> tuple[Path, ...]:
    return () if path is None else (path,)
