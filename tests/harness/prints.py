"""Printed answers as pictures: how they look is kept, and compared picture by picture."""

from __future__ import annotations

from pathlib import Path

from adapter.gateways.typesetting.layouts import Layouts
from adapter.model.procedure import Label
from adapter.services.dossiers.own_records import OpenedAnswer
from adapter.services.dossiers.printing import layouts_of, printed
from tests.harness.pki import ROOT

PRINTS = ROOT / "prints"
AUTHORITY = Label("Bộ đội Biên phòng", "Vietnam Border Guard")


def assert_looks_as_kept(name: str, of: OpenedAnswer, kept_in: Path, folder: Path) -> None:
    """Each page is the picture that is kept as `name-1.png` and so on. One that differs is written into `folder`: look
    at it, and keep it if it is good.
    """
    data = printed(of, site="https://portal.example", authority=AUTHORITY)
    made = Layouts(PRINTS).pictures(layouts_of(of), data, of.answer.created_at)
    for place, picture in enumerate(made, 1):
        kept = kept_in / f"{name}-{place}.png"
        new = folder / kept.name
        new.write_bytes(picture)
        assert kept.exists(), f"look at {new}"
        assert picture == kept.read_bytes(), f"it looks otherwise: compare {new} with {kept}"
    assert len(made) == len(list(kept_in.glob(f"{name}-*.png")))
