"""Sentences that officers choose instead of typing them: data of the installation (`mappings/codelists`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adapter.model.catalogue import Code
from adapter.model.procedure import Label

_LIST, _ACT = "officer_phrases", "act"


@dataclass(frozen=True)
class Phrases:
    """The code lists of an installation; one of them holds the phrases, or there are none."""

    codelists: Mapping[str, Mapping[str, Code]]

    def of(self, act: str) -> tuple[Label, ...]:
        """The phrases for this act."""
        stated = self.codelists.get(_LIST, {}).values()
        return tuple(
            Label(code.vi, code.en) for code in stated if any(fact.value == act for fact in code.facts.get(_ACT, ()))
        )
