"""What is told when the portal itself fails (QĐ 15/2019/QĐ-TTg Article 10(4)): the words of `portal_failure.yaml`.

The words are data. Only `FILLED` is filled into them, so that no name and no number of a paper can come into one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from adapter.model.procedure import Label

FILLED = frozenset({"number", "since", "end", "over", "reason", "portal", "authority", "manager", "telephone", "email"})
"""What may be filled in: times, the notice's number and reason, and how the authority is reached."""


class FailureStage(StrEnum):
    """What a notice page says."""

    UNANNOUNCED = "unannounced"
    """Nobody has said anything yet: what a web server shows where the portal does not answer."""
    FAILED = "failed"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class TitledWords:
    """A title and its paragraphs."""

    title: Label
    paragraphs: tuple[Label, ...]

    def filled(self, values: Mapping[str, str]) -> TitledWords:
        """The words with their values; a value that is not known is a dash."""
        known = {name: values.get(name) or "–" for name in FILLED}
        return TitledWords(_with(self.title, known), tuple(_with(each, known) for each in self.paragraphs))


@dataclass(frozen=True, slots=True)
class ContactFields:
    """The fields of forms by which a declarant is reached, by name."""

    name: tuple[str, ...]
    telephone: tuple[str, ...]
    email: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FailureWords:
    """Everything that is told, and by which fields of the forms declarants are reached."""

    contacts: ContactFields
    unknown_end: Label
    """Stands for the expected end where nobody knows it."""
    pages: Mapping[FailureStage, TitledWords]
    mail: TitledWords
    letter: TitledWords
    ministry: TitledWords


def _with(label: Label, known: Mapping[str, str]) -> Label:
    return Label(label.vi.format_map(known), label.en.format_map(known))
