"""Settings of attached files."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from adapter.settings.values import Section, text_in


class AttachmentSettings(Section):
    file_bytes: int = Field(ge=1024, le=52_428_800)
    dossier_bytes: int = Field(ge=1024, le=209_715_200)
    unsent_bytes: int = Field(ge=1024, le=2_147_483_647)
    keep_hours: float = Field(ge=1, le=8760)
    clamd: Annotated[str, text_in(255), Field(pattern=r"^(/\S+|\S+:[0-9]{1,5})$")] | None
    clamd_s: float = Field(gt=0, le=120)

    @model_validator(mode="after")
    def _one_fits_into_all(self) -> Self:
        if not self.file_bytes <= self.dossier_bytes <= self.unsent_bytes:
            raise ValueError("dossier_bytes: at least file_bytes, and at most unsent_bytes")
        return self
