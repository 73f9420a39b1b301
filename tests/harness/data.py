"""The data files of a few procedures, for tests that break them and prove them again: small, so that it takes little.

Reading the long lists of States, and compiling the XSDs of procedures that a test does not look at, would be most of
its time.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import xmlschema

from adapter.catalogue import check
from adapter.catalogue.load import DataFiles
from tests.harness.pki import ROOT

SHIPPED = DataFiles(schemas=ROOT / "schemas", mappings=ROOT / "mappings")
STATES = ("VNM", "CHN", "LAO", "KHM")
"""The States that other lists speak of."""
_OF_EVERY_STATE = ("distinguishing_signs", "states_two_letters")


@cache
def compiled(schemas: Path) -> Callable[[str], xmlschema.XMLSchema10]:
    """The XSDs of a folder that no test changes in the slow engine, each compiled once a process, for houses too."""
    return check.reporter(DataFiles(schemas=schemas, mappings=schemas))


def few(folder: Path, *procedures: str, states: bool = False) -> DataFiles:
    """Schemas and mappings of these procedures alone, in `folder`; `states`: with the long lists, if they need them."""

    def others(_: str, names: list[str]) -> list[str]:
        return [name for name in names if name.startswith("BQP") and "." not in name and name not in procedures]

    for name in ("schemas", "mappings"):
        shutil.copytree(ROOT / name, folder / name, ignore=others)
    (folder / "mappings" / "customs.yaml").unlink()  # it names fields of every procedure
    if not states:
        lists = folder / "mappings" / "codelists"
        short = "".join(f"  - {{code: {code}, vi: a, en: a}}\n" for code in STATES)
        (lists / "nationalities.yaml").write_text(f"name: nationalities\ncodes:\n{short}", encoding="utf-8")
        for name in _OF_EVERY_STATE:
            (lists / f"{name}.yaml").unlink()
    return DataFiles(schemas=folder / "schemas", mappings=folder / "mappings")


def copied(template: DataFiles, folder: Path) -> DataFiles:
    """Mappings that a test may break, over the template's schemas."""
    shutil.copytree(template.mappings, folder / "mappings")
    return DataFiles(schemas=template.schemas, mappings=folder / "mappings")


def change(source: DataFiles, file: str, old: str, new: str) -> None:
    """Break a mapping in one place."""
    target = source.mappings / file
    text = target.read_text(encoding="utf-8")
    assert old in text, f"{file} no longer holds {old!r}"
    target.write_text(text.replace(old, new, 1), encoding="utf-8")
