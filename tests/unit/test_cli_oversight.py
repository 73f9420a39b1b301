"""Masking: what an officer's screen shows without --personal."""

from __future__ import annotations

from adapter.model.procedure import FieldSpec, Label
from adapter.services.dossiers.life import masked
from adapter.services.dossiers.naming import MASK

LABEL = Label("tên", "name")
FIELDS = (
    FieldSpec("fullName", "FullName", "text", LABEL, personal=True),
    FieldSpec("gate", "Gate", "text", LABEL),
)


def test_a_personal_value_is_masked_and_another_is_not() -> None:
    assert masked({"fullName": "NGUYEN VAN A", "gate": "HUUNGHI"}, FIELDS) == {"fullName": MASK, "gate": "HUUNGHI"}


def test_a_value_that_no_field_states_is_masked() -> None:
    assert masked({"someday": "x"}, FIELDS) == {"someday": MASK}
    assert masked({"gate": "HUUNGHI"}, ()) == {"gate": MASK}
