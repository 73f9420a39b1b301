"""Layouts of what is printed (`folders.prints`), and the only use of typst: with data they become a PDF.

A layout is typst markup of the installation, which can be replaced without code. Data come to it as one JSON text
(`sys.inputs.data`), so that no value is ever read as markup. Nothing is fetched: a layout that names a package, which
typst would load from elsewhere, is refused; it can read files beside itself only; fonts come with the program.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from adapter.model.errors import Misconfigured

SUFFIX = ".typ"
_PACKAGE = re.compile(r"""["']\s*@|@preview|@local""")
"""How typst names what it would load from elsewhere; data are no part of the source, so they cannot name any."""
_FONTS = "fontpkg_source_sans_3"
_STANDARD: Literal["ua-1"] = "ua-1"
"""PDF/UA-1 (ISO 14289-1): what a screen reader needs; typst checks it while it writes."""


@dataclass(frozen=True, slots=True)
class Layouts:
    """The layouts in one folder."""

    folder: Path

    def first(self, names: Sequence[str]) -> Path:
        """The first of these layouts (without suffix) that exists.

        Raises:
            Misconfigured: none is.
        """
        for name in names:
            if (file := self.folder / f"{name}{SUFFIX}").is_file():
                return file
        raise Misconfigured(f"folders.prints: {self.folder} holds no {names[-1]}{SUFFIX}")

    def pdf(self, names: Sequence[str], data: Mapping[str, object], at: datetime) -> bytes:
        """A PDF by the first of these layouts. `at` (aware) is the time it bears: the same data give the same bytes.

        Raises:
            Misconfigured: there is no such layout, or it cannot be typeset with these data.
        """
        return self._made(names, data, at, "pdf")[0]

    def pictures(self, names: Sequence[str], data: Mapping[str, object], at: datetime) -> list[bytes]:
        """The same pages as PNG files, for inspection.

        Raises:
            Misconfigured: as `pdf`.
        """
        return self._made(names, data, at, "png")

    def _made(
        self, names: Sequence[str], data: Mapping[str, object], at: datetime, form: Literal["pdf", "png"]
    ) -> list[bytes]:
        import typst  # 34 MB, for the process that prints alone

        layout = self.first(names)
        for file in sorted(self.folder.glob(f"*{SUFFIX}")):
            if _PACKAGE.search(file.read_text(encoding="utf-8")):
                raise Misconfigured(
                    f"folders.prints: {file} names a package of typst; nothing is loaded from elsewhere"
                )
        try:
            made: Any = typst.compile(
                str(layout),
                root=str(self.folder),
                font_paths=[str(files(_FONTS))],
                ignore_system_fonts=True,
                format=form,
                ppi=_PPI if form == "png" else None,
                sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
                pdf_standards=[_STANDARD] if form == "pdf" else None,
                timestamp=int(at.timestamp()),
            )
        except typst.TypstError as error:
            raise Misconfigured(f"folders.prints: {layout}: {error}") from None
        return [made] if isinstance(made, bytes) else list(made)


_PPI = 72.0
