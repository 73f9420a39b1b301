"""The proof of the code lists: each code once, no period backwards, no two facts for one day, and every fact known.

A list that says more of its codes than names states in `facts` what: `facts: {unit: border_units, class: [main]}`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

from adapter.catalogue.strict_yaml import NoYaml, read_yaml
from adapter.model.catalogue import Code, Fact
from adapter.pipeline.rules.codes import CASE_WORDS
from adapter.pipeline.rules.view import text

_FIRST, _LAST = date.min, date.max


@dataclass(frozen=True, slots=True)
class CodeLists:
    """All code lists, as they were loaded."""

    codelists: Mapping[str, Mapping[str, Code]]

    def faults(self, files: Iterable[Path]) -> Iterator[str]:
        """Every fault of these files."""
        for file in files:
            try:
                stated = read_yaml(file.read_bytes())
            except NoYaml:
                continue  # reported where it is loaded
            for fault in self._list(stated):
                yield f"{file}: {fault}"

    def _list(self, stated: Mapping[str, Any]) -> Iterator[str]:
        codes = [str(item["code"]) for item in stated["codes"]]
        for twice, times in Counter(codes).items():
            if times > 1:
                yield f"the code {twice} is there twice; give its facts periods, or rename one"
        known = stated.get("facts") or {}
        for code in self.codelists.get(str(stated["name"]), {}).values():
            if (code.valid_from or _FIRST) > (code.valid_to or _LAST):
                yield f"{code.code}: ends on {code.valid_to}, before it begins on {code.valid_from}; exchange them"
            for name, facts in code.facts.items():
                yield from self._facts(f"{code.code}: {name}", facts, known.get(name))

    def _facts(self, at: str, facts: tuple[Fact, ...], known: object) -> Iterator[str]:
        for one, other in combinations(facts, 2):
            if (one.valid_from or _FIRST) <= (other.valid_to or _LAST) and (other.valid_from or _FIRST) <= (
                one.valid_to or _LAST
            ):
                yield f"{at}: {one.value} and {other.value} hold on one day; end one before the other begins"
        if known is None:
            yield f"{at}: facts at the head of the list does not name it; add it there, or correct the word"
            return
        for fact in facts:
            yield from self._known(at, fact.value, known)
            yield from self._ended(at, fact, known)

    def _ended(self, at: str, fact: Fact, known: object) -> Iterator[str]:
        """A fact whose code has ended: a gate left in a province that does not exist any more."""
        code = self.codelists.get(known, {}).get(text(fact.value)) if isinstance(known, str) else None
        if code is not None and (code.valid_to or _LAST) < (fact.valid_to or _LAST):
            yield f"{at}: {fact.value} ended on {code.valid_to}; write [{{is: {fact.value}, to: {code.valid_to}}}, ...]"

    def _known(self, at: str, value: object, known: object) -> Iterator[str]:
        """A fact is a code of another list, one of some values, or a list of cases whose words are such facts."""
        if isinstance(known, Mapping):
            for case in value if isinstance(value, list) else [value]:
                yield from self._case(at, case, known)
            return
        values = known if isinstance(known, list) else []
        allowed = self.codelists.get(known, {}) if isinstance(known, str) else {text(item) for item in values}
        for each in value if isinstance(value, list) else [value]:
            if text(each) not in allowed:
                yield f"{at}: {each} is not in {known}; correct one of them"

    def _case(self, at: str, case: object, known: Mapping[str, object]) -> Iterator[str]:
        if not isinstance(case, Mapping):
            yield f"{at}: {case} is no case; write {{nationality: [VNM], neighbour: [LAO]}}"
            return
        for word, values in case.items():
            if word not in CASE_WORDS or word not in known:
                yield f"{at}: {word} is not known; write one of {', '.join(sorted(CASE_WORDS))}"
            elif not isinstance(values, list):
                yield f"{at}: {word}: {values} is no list; write [{values}]"
            else:
                yield from self._known(f"{at}: {word}", values, known[word])
