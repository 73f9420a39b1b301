"""A finding: one fault or warning, its place in the message, and its meaning in two languages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypedDict

_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document can hold, escaped or not (XML 1.0, 2.2)."""
ENGLISH = "_en"
"""Suffix of the name of a word that is used in the English text instead of the one without it."""


class Severity(StrEnum):
    """The effect of a finding on its message."""

    REJECT = "reject"
    """t/00: the message cannot be processed."""
    REFUSE = "refuse"
    """20/22: a lawful ground."""
    WAIT = "wait"
    """Not known yet: receipted, kept, judged again later, for a bounded time."""
    REQUEST = "request"
    """Accepted, and the border guard asks at once for an amendment (form 13, Article 11(3)(a))."""
    WARN = "warn"
    """Accepted and flagged."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding of the pipeline: a name of the catalogue, an XPath, the words for its text.

    `line` counts from 1 in the received, unwrapped bytes; 0 where there is none.
    `words` fill the catalogue's text; they never hold the value of a personal field.
    """

    name: str
    pointer: str
    severity: Severity = Severity.REJECT
    line: int = 0
    words: Mapping[str, str] = field(default_factory=dict)
    basis: str = ""
    """The article that is the basis of the rule; a refusal names it."""


@dataclass(frozen=True, slots=True)
class FindingText:
    """The public face of a finding's name: its number and its text in Vietnamese and English."""

    code: str
    vi: str
    en: str
    basis: str = ""
    """The article, where it is the same in all rules."""


@dataclass(frozen=True, slots=True)
class StatedFinding:
    """A finding as it is answered and stored: code, pointer, line, Vietnamese, English."""

    code: str
    name: str
    pointer: str
    line: int
    severity: Severity
    vi: str
    en: str


class StoredFinding(TypedDict):
    """A finding that was stated, as it is stored with its message."""

    code: str
    pointer: str
    line: int
    severity: str
    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class FindingCatalogue:
    """The published error catalogue (wire profile 4): names to numbers and texts."""

    texts: Mapping[str, FindingText]

    def state(self, finding: Finding) -> StatedFinding:
        """Put a finding into words.

        Raises:
            KeyError: the name is in no catalogue; the check at start makes that impossible for our own names.
        """
        text = self.texts[finding.name]
        words = _Words(finding.words)
        return StatedFinding(
            code=text.code,
            name=finding.name,
            pointer=finding.pointer,
            line=finding.line,
            severity=finding.severity,
            vi=_writable(text.vi.format_map(words)),
            en=_writable(text.en.format_map(words.in_english())),
        )

    def bases(self, findings: Iterable[Finding]) -> tuple[str, ...]:
        """The articles that findings rest on, each once."""
        stated = (finding.basis or self.texts[finding.name].basis for finding in findings)
        return tuple(dict.fromkeys(filter(None, stated)))

    def restate(self, kept: StoredFinding) -> StatedFinding:
        """A finding that was stated and stored before, in the words of that time."""
        return StatedFinding(
            code=kept["code"],
            name=next((name for name, text in self.texts.items() if text.code == kept["code"]), ""),
            pointer=kept["pointer"],
            line=kept["line"],
            severity=Severity(kept["severity"]),
            vi=kept["vi"],
            en=kept["en"],
        )


def _writable(text: str) -> str:
    """A text that XML can hold: its words may come from users or certificates, and the answer must be valid."""
    return _UNWRITABLE.sub("\ufffd", text)


class _Words(dict[str, str]):
    """Words for a text; a missing one is shown as a dash and never breaks an answer."""

    def __missing__(self, key: str) -> str:
        return "–"

    def in_english(self) -> _Words:
        english = {key.removesuffix(ENGLISH): value for key, value in self.items() if key.endswith(ENGLISH)}
        return _Words({**self, **english})
