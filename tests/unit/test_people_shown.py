"""How many persons customs are told of, where a page shows none of them: by the number of rows alone."""

from __future__ import annotations

import pytest

from adapter.model.procedure import Meaning, Procedure
from adapter.pipeline.forms.layout import layout
from adapter.services.customs.people_shown import shown_count, shown_rows
from tests.harness.data import SHIPPED, compiled
from tests.harness.drawn_forms import CITIZEN, DAY, TOUR, catalogue

EACH = [each for versions in catalogue().procedures.values() for each in versions]


@pytest.mark.parametrize("procedure", EACH, ids=lambda each: each.name)
def test_each_row_of_a_form_states_something_that_is_shown(procedure: Procedure) -> None:
    wanted = catalogue().customs.persons
    names = {name for column in wanted.columns for name in column.fields}
    for spec in procedure.messages.values():
        if spec.meaning is not Meaning.DECLARATION:
            continue
        sketch = layout(procedure, spec, compiled(SHIPPED.schemas)(spec.schema_name))
        for group in sketch.groups:
            if group.name in wanted.groups:
                assert names & {field.name for field in group.asked if field.required}, group.name


@pytest.mark.parametrize("code", [TOUR, CITIZEN])
def test_rows_are_counted_as_they_would_be_shown(code: str) -> None:
    procedure = catalogue().find(code, DAY)
    assert procedure is not None
    wanted = catalogue().customs.persons
    outside = {} if code == TOUR else {"fullName": "NGUYEN VAN AN"}
    rows = {group.name: [{"fullName": "LI WEI"}] * 3 for group in procedure.groups}
    counts = {name: len(each) for name, each in rows.items()} | {"papers that nobody has": 7}
    told = shown_count(wanted, procedure, outside, counts, catalogue())
    assert told == len(shown_rows(wanted, procedure, outside, rows, catalogue())) > 0
