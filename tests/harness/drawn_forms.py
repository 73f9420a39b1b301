"""The forms of the shipped data as they are drawn, each once a process."""

from __future__ import annotations

from datetime import date
from functools import cache

from adapter.catalogue.load import load
from adapter.model.catalogue import Catalogue
from adapter.pipeline.forms.layout import FormLayout, layout
from tests.harness.data import SHIPPED, compiled

DAY = date(2026, 3, 2)
TOUR, CITIZEN, AMENDMENT, SHIP = (f"BQP010000{n}" for n in (1, 2, 3, 7))


@cache
def catalogue() -> Catalogue:
    """The shipped catalogue."""
    return load(SHIPPED)


@cache
def drawn(code: str, pair: str = "10/01") -> FormLayout:
    """The form of a message of the procedure in force on DAY."""
    procedure = catalogue().find(code, DAY)
    assert procedure is not None
    spec = procedure.messages[pair]
    return layout(procedure, spec, compiled(SHIPPED.schemas)(spec.schema_name))
