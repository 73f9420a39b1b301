"""The world of `make run` has work for everybody who can log in there."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from sqlalchemy import select

from adapter.bootstrap import assemble
from adapter.gateways.store import tables
from adapter.model.actor import Role
from tests.harness.demonstration import FRESH, fill
from tests.harness.pki import shared_pki
from tests.harness.stores import ensure_tables
from tests.harness.website import configure


def test_the_world_has_every_role_and_a_dossier_in_each_state_that_needs_one(tmp_path: Path, sqlite_url: str) -> None:
    whole = assemble(configure(tmp_path, sqlite_url))
    ensure_tables(whole.database)
    fill(whole, shared_pki())
    with whole.database.reading() as connection:
        states = Counter(str(state) for state in connection.execute(select(tables.dossier.c.state)).scalars())
    assert states == {"accepted": 4, "received": 1, "amendment_requested": 2, "completed": 1}
    assert states.total() == len(FRESH)
    roles = {role for person in whole.people.list() for role in person.roles}
    unit, office = {Role.OFFICER, Role.COMMANDER}, {Role.CUSTOMS_OFFICER}
    assert roles >= unit | office | {Role.OPERATOR, Role.AUDITOR, Role.ADMINISTRATOR}
