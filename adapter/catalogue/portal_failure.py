"""The file of words for a failure of the portal: read, and proved to fill in nothing that may not stand there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter
from typing import Any

from adapter.catalogue.make import make_label
from adapter.catalogue.strict_yaml import NoYaml, read_yaml
from adapter.model.errors import Misconfigured
from adapter.model.portal_failure import FILLED, ContactFields, FailureStage, FailureWords, TitledWords

PORTAL_FAILURE_FILE = "portal_failure.yaml"


def failure_words(mappings: Path) -> FailureWords:
    """The words of a folder of mappings.

    Raises:
        Misconfigured: the file is not there, cannot be read, or something in it cannot be meant.
    """
    file = mappings / PORTAL_FAILURE_FILE
    try:
        return read_failure_words(read_yaml(file.read_bytes()))
    except (OSError, NoYaml, ValueError, TypeError, AttributeError, LookupError) as error:
        raise Misconfigured(f"{file}: {error}") from error


def read_failure_words(stated: Mapping[str, Any]) -> FailureWords:
    """The words of a file's content.

    Raises:
        KeyError: a part is missing.
        ValueError: with everything that cannot be meant.
    """
    fields = stated["contacts"]
    words = FailureWords(
        contacts=ContactFields(*(tuple(fields[name]) for name in ("name", "telephone", "email"))),
        unknown_end=make_label(stated["unknown_end"]),
        pages={stage: _words(stated["pages"][stage.value]) for stage in FailureStage},
        mail=_words(stated["mail"]),
        letter=_words(stated["letter"]),
        ministry=_words(stated["ministry"]),
    )
    named = {**{f"pages.{stage}": each for stage, each in words.pages.items()}, "mail": words.mail}
    named |= {"letter": words.letter, "ministry": words.ministry}
    faults = [fault for where, each in named.items() for fault in _faults(where, each)]
    if faults:
        raise ValueError("; ".join(faults))
    return words


def _words(stated: Mapping[str, Any]) -> TitledWords:
    paragraphs = stated["paragraphs"] if "paragraphs" in stated else [stated["text"]]
    return TitledWords(make_label(stated["title"]), tuple(make_label(each) for each in paragraphs))


def _faults(where: str, words: TitledWords) -> Iterator[str]:
    for text in (text for label in (words.title, *words.paragraphs) for text in (label.vi, label.en)):
        for _, name, form, turned in Formatter().parse(text):
            if name is not None and (name not in FILLED or form or turned):
                yield f"{where}: {{{name}}} may not stand there; there are: {', '.join(sorted(FILLED))}"
