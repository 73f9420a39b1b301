"""Markdown in small pieces: a page's head, headings, tables. Knows nothing of what the pages say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from adapter.catalogue.strict_yaml import read_yaml

ROOT = Path(__file__).resolve().parents[2]


def document(file: Path) -> Any:
    """What a YAML file of the repository says."""
    return read_yaml(file.read_bytes())


def head(title: str, source: str, *paragraphs: str) -> list[str]:
    """Title, where the page comes from, and what to know before reading it."""
    made = f"_Generated from {source} by `python -m docs.generate`. Change the source, not this page._"
    return [f"# {title}", made, *paragraphs]


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """One table; an empty cell is an absent value."""
    lines = [_row(columns), _row(["---"] * len(columns)), *(_row(row) for row in rows)]
    return "\n".join(lines)


def code(value: object) -> str:
    """A value as it is written, in a cell or a sentence; nothing for none."""
    text = "" if value is None else str(value)
    return f"`{text}`" if text else ""


def listed(values: Iterable[object]) -> str:
    """Values as they are written, with commas."""
    return ", ".join(code(value) for value in values)


def plain(text: str) -> str:
    """Words of a source as words of a page: `<name>` would vanish as a tag."""
    return text.replace("<", "&lt;")


def sentence(text: str) -> str:
    """Words with a capital and a full stop; nothing for none."""
    return text[:1].upper() + text[1:].rstrip(".") + "." if text else ""


def first(text: str | None) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join((text or "").strip().partition("\n\n")[0].split())


def join(blocks: Iterable[str]) -> str:
    """Blocks to a page, one empty line between two."""
    return "\n\n".join(block.strip("\n") for block in blocks if block) + "\n"


def _row(cells: Sequence[object]) -> str:
    texts = (str(cell if cell is not None else "").replace("|", "\\|").replace("\n", " ").strip() for cell in cells)
    return "| " + " | ".join(texts) + " |"
