"""Settings of the lookup for customs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from adapter.settings.values import Section, Word, text_in
from adapter.settings.web import WordsSettings


class PurposeSettings(WordsSettings):
    code: Annotated[Word, Field(description="How interface and journal name the purpose")]


class SupportSettings(Section):
    name: WordsSettings
    telephone: Annotated[str, text_in(50, least=0)]
    email: Annotated[str, text_in(254, least=0)]


class CustomsSettings(Section):
    procedures: tuple[Word, ...]
    names_an_hour: int = Field(ge=1, le=10_000)
    purposes: tuple[PurposeSettings, ...]
    office_tokens: bool
    audience: Annotated[str, text_in(500)] | None = None
    support: SupportSettings
