"""Writes docs/reference/ and docs/procedures/ from data and code, so that no page says what the program no longer does.

`python -m docs.generate` writes the pages; `--check` says which differ from what stands there. A page may hold words
for people, but never a fact that could be read from its source; tests/architecture/test_docs.py compares them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from docs.generate import configuration, dossier, findings, http, mappings, procedures, queues, rights, schemas

FOLDER = Path(__file__).resolve().parents[1]

PAGES: dict[str, Callable[[], str]] = {
    "reference/configuration.md": configuration.page,
    "reference/dossier.md": dossier.page,
    "reference/findings.md": findings.page,
    "reference/http.md": http.page,
    "reference/mappings.md": mappings.page,
    "reference/queues.md": queues.page,
    "reference/rights.md": rights.page,
    "reference/schemas.md": schemas.page,
    **procedures.PAGES,
}
"""Each page by its place below docs/."""


def outdated() -> Iterator[tuple[Path, str]]:
    """Pages that differ from what would be written now, with the new text."""
    for name, make in PAGES.items():
        file, text = FOLDER / name, make()
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            yield file, text
