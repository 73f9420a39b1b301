"""The world of `make run` has work for everybody who can log in there."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from sqlalchemy import select

from adapter.bootstrap import assemble
from adapter.gateways.store import tables
from adapter.model.actor import Role
from adapter.model.dossier import DossierState
from tests.harness.demonstration import FRESH, NUMBERS, PLAYED, fill, fill_states
from tests.harness.pki import shared_pki
from tests.harness.stores import ensure_tables
from tests.harness.website import configure


def test_the_world_has_every_role_and_a_dossier_in_each_state_that_needs_one(tmp_path: Path, sqlite_url: str) -> None:
    whole = assemble(configure(tmp_path, sqlite_url))
    ensure_tables(whole.database)
    fill(whole, shared_pki())
    fill_states(whole, shared_pki())
    with whole.database.reading() as connection:
        states = Counter(str(state) for state in connection.execute(select(tables.dossier.c.state)).scalars())
        undecided = connection.execute(select(tables.amendment.c.state)).scalars().all().count("waiting")
    assert set(states) == {str(state) for state in DossierState}
    assert states.total() == len(FRESH) + len(PLAYED) + len(NUMBERS) + 1
    assert undecided == 1
    roles = {role for person in whole.people.list() for role in person.roles}
    unit, office = {Role.OFFICER, Role.COMMANDER}, {Role.CUSTOMS_OFFICER, Role.CUSTOMS_ADMINISTRATOR}
    assert roles >= unit | office | {Role.OPERATOR, Role.AUDITOR, Role.ADMINISTRATOR}
