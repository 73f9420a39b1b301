"""The words of every page, in Vietnamese and English: flat keys, one file a language, with the same placeholders."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path

from adapter.catalogue.strict_yaml import read_yaml

_FOLDER = Path(__file__).parent


class Language(StrEnum):
    """A language of the pages; Vietnamese comes first."""

    VI = "vi"
    EN = "en"


@cache
def words(language: Language) -> Mapping[str, str]:
    """The texts of a language by their keys; `{name}` in a text is a placeholder."""
    stated = read_yaml((_FOLDER / f"{language}.yaml").read_bytes(), text_keys=True)
    return {str(key): str(text) for key, text in stated.items()}


def word(language: Language, key: str, **values: object) -> str:
    """The text of a key, filled in.

    Raises:
        KeyError: there is no such key, or a placeholder has no value.
    """
    return words(language)[key].format(**values)
