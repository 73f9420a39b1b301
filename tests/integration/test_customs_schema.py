"""The interface for customs as its OpenAPI document says: whatever fits or does not fit it, nothing is our fault."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from adapter.gateways.store.offices import CustomsOffice
from adapter.model.actor import OFFICE_ROLES, STAFF_ROLES, UNIT_ROLES, Role
from adapter.services.access.people import Facts
from adapter.services.access.rights import TABLE, Right
from tests.harness.people import TESTER
from tests.harness.website import Website, configure, website

ROUTES = (
    ("/api/v1/lookup/searches", "POST"),
    ("/api/v1/lookup/dossiers", "GET"),
    ("/api/v1/lookup/dossiers/{number}/{year}/reply", "GET"),
    ("/api/v1/lookup/dossiers/{number}/{year}/reply.pdf", "GET"),
)
FULL = os.environ.get("NSW_PROVE") == "full"
ROLES = sorted(STAFF_ROLES) if FULL else [Role.CUSTOMS_OFFICER, Role.AUDITOR]
"""One that may look up and one that may not; the long proof asks as each role of the staff."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    folder = tmp_path_factory.mktemp("schema")
    with website(configure(folder, f"sqlite:///{folder / 'adapter.db'}", {"customs.names_an_hour": 10_000})) as served:
        components = served.components
        components.offices.add(CustomsOffice("HN", "Hữu Nghị", None, ("HUUNGHI",)), actor=TESTER)
        components.people.add("qt", Facts("QT", ("administrator",)), actor=TESTER)
        (unit,) = (each.code for each in components.installation.units.every)
        for role in ROLES:
            place = {"unit": unit} if role in UNIT_ROLES else {"office": "HN"} if role in OFFICE_ROLES else {}
            components.people.add(role.value, Facts(role.value, (role,), **place), actor=TESTER)
        yield served


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("path", "method"), ROUTES)
def test_no_request_is_answered_by_a_fault_of_ours(site: Website, path: str, method: str, role: Role) -> None:
    schema = schemathesis.openapi.from_url(f"{site.staff_url}/api/openapi.json")
    _, token = site.components.tokens.issue_to_person(role.value, f"{method} {path} {role}", actor=TESTER)
    operation = schema[path][method]

    @settings(
        max_examples=40 if FULL else 10,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def every(case: schemathesis.Case) -> None:
        answer = case.call(headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code < 500, answer.text
        if role not in TABLE[Right.LOOK_UP]:
            assert answer.status_code != 200

    every()
