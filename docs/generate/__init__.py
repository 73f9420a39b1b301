"""Writes docs/reference/ from the data and the code, so that no page can say what the program no longer does.

`python -m docs.generate` writes the pages; `--check` says which differ from what stands there. A page may hold words
for people, but never a fact that could be read from its source; tests/architecture/test_docs.py compares them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from docs.generate import configuration, dossier, findings, http, mappings, queues, schemas

FOLDER = Path(__file__).resolve().parents[1] / "reference"

PAGES: dict[str, Callable[[], str]] = {
    "configuration.md": configuration.page,
    "dossier.md": dossier.page,
    "findings.md": findings.page,
    "http.md": http.page,
    "mappings.md": mappings.page,
    "queues.md": queues.page,
    "schemas.md": schemas.page,
}
"""Each page by its file name."""


def outdated() -> Iterator[tuple[Path, str]]:
    """Pages that differ from what would be written now, with the new text."""
    for name, make in PAGES.items():
        file, text = FOLDER / name, make()
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            yield file, text
