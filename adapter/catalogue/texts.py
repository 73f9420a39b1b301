"""The catalogue of findings: read, and checked to have a text for every finding of the program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Any

from adapter.model.finding import FindingCatalogue, FindingText
from adapter.model.findings import NAMES


def read_findings(stated: Mapping[str, Any]) -> FindingCatalogue:
    """The catalogue of a file's content.

    Raises:
        KeyError: a number or a text is missing.
    """
    prefix = stated.get("prefix", "")
    texts = {}
    for name, item in stated.get("findings", {}).items():
        if absent := [key for key in ("number", "vi", "en") if key not in item]:
            raise ValueError(f"findings: {name}: {' and '.join(absent)} missing; state it")
        code = f"{prefix}{item['number']}"
        texts[name] = FindingText(code=code, vi=item["vi"], en=item["en"], basis=item.get("basis") or "")
    return FindingCatalogue(texts)


def finding_faults(catalogue: FindingCatalogue) -> Iterator[str]:
    """Faults that would break an answer with the finding: no text, no number of its own, an unknown
    placeholder."""
    for name in sorted(NAMES - catalogue.texts.keys()):
        yield f"findings: {name} is missing, and the program says it; state its number, vi and en"
    numbers = Counter(text.code for text in catalogue.texts.values())
    for name, text in catalogue.texts.items():
        if numbers[text.code] > 1:
            yield f"findings: {name}: the number of {text.code} is used twice; give it one of its own"
        for language, written in (("vi", text.vi), ("en", text.en)):
            if not _can_be_filled(written):
                yield f"findings: {name}: {language}: a brace that names no word; write {{word}}, or {{{{ for a brace"


def _can_be_filled(text: str) -> bool:
    try:
        parts = [part for part in Formatter().parse(text) if part[1] is not None]
    except ValueError:
        return False
    return all(str(name).isidentifier() and not form and not turned for _, name, form, turned in parts)
