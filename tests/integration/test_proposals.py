"""An act of administration needs two, each of whom has shown lately who he is; nobody grants himself anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from adapter.bootstrap import Components, now
from adapter.gateways.store.offices import CustomsOffice
from adapter.gateways.store.proposals import Entered
from adapter.gateways.store.tables import journal
from adapter.model.actor import Actor
from adapter.model.errors import NoRight, NotAllowed
from adapter.services.access.administration import AdminAct
from adapter.services.access.people import Facts
from adapter.services.access.proposals import LASTS, RECENT, LogInTooOld, Proposals
from tests.harness.assertions import CLIENT, ISSUER, client, issuer
from tests.harness.people import TESTER
from tests.harness.registers import gate
from tests.harness.units import HUUNGHI, two_units

OFFICER: Entered = {"name": "NGUYEN VAN HAI", "rank": "Đại úy", "roles": ["officer"], "unit": HUUNGHI}


@dataclass
class Registry:
    """An installation with two administrators and an operator, each of whom has logged in just now."""

    components: Components

    @property
    def proposals(self) -> Proposals:
        return self.components.proposals

    def who(self, code: str, ago: timedelta = timedelta()) -> Actor:
        return replace(self.components.people.acting(code), proven_at=now() - ago)

    def asked(self, act: AdminAct, subject: str, by: str = "mai", **stated: Any) -> int:
        number = self.proposals.draft(act, subject, stated, "Theo QĐ 12", actor=self.who(by))
        self.proposals.ask(number, actor=self.who(by))
        return number

    def standing(self) -> list[str]:
        return [each.id for each in self.components.people.list()]

    def journalled(self) -> list[tuple[str, str]]:
        with self.components.database.reading() as connection:
            rows = connection.execute(select(journal.c.event, journal.c.actor).order_by(journal.c.at, journal.c.id))
            return [(row.event, row.actor) for row in rows]


@pytest.fixture
def registry(tmp_path: Path, sqlite_url: str) -> Iterator[Registry]:
    with gate(tmp_path, sqlite_url, two_units()) as components:
        for code in ("mai", "son"):
            components.people.add(code, Facts(code.upper(), ("administrator",)), actor=TESTER)
        components.people.add("lan", Facts("LAN", ("operator",)), actor=TESTER)
        yield Registry(components)


def test_an_act_is_done_once_another_administrator_has_confirmed_it(registry: Registry) -> None:
    number = registry.proposals.draft(AdminAct.PERSON_ADD, "hai", OFFICER, "Theo QĐ 12", actor=registry.who("mai"))
    assert "hai" not in registry.standing()
    with pytest.raises(NotAllowed, match="drafted"):
        registry.proposals.confirm(number, actor=registry.who("son"))
    registry.proposals.ask(number, actor=registry.who("mai"))
    assert "hai" not in registry.standing()
    with pytest.raises(NoRight, match="nobody confirms his own"):
        registry.proposals.confirm(number, actor=registry.who("mai"))
    assert "hai" not in registry.standing()
    registry.proposals.confirm(number, actor=registry.who("son"))
    assert "hai" in registry.standing()
    assert registry.components.people.show("hai")[-1].granted_by == "person:mai"
    acts = [each for each in registry.journalled() if each[0].startswith(("proposal", "person.add"))][-3:]
    assert sorted(acts) == [
        ("person.add", "person:mai"),
        ("proposal.ask", "person:mai"),
        ("proposal.confirm", "person:son"),
    ]
    with pytest.raises(NotAllowed, match="done"):
        registry.proposals.confirm(number, actor=registry.who("son"))


def test_nobody_grants_himself_as_proposer_or_as_the_one_who_confirms(registry: Registry) -> None:
    mai, son = registry.who("mai"), registry.who("son")
    more = {"name": "MAI", "rank": "", "roles": ["administrator", "operator"]}
    with pytest.raises(NoRight, match="grants himself nothing"):
        registry.proposals.draft(AdminAct.PERSON_CHANGE, "mai", more, "x", actor=mai)
    with pytest.raises(NoRight, match="grants himself nothing"):
        registry.proposals.draft(AdminAct.TOKEN_ISSUE, "may-1", {"role": "person", "person": "mai"}, "x", actor=mai)
    number = registry.asked(AdminAct.PERSON_CHANGE, "son", **{**more, "name": "SON"})
    with pytest.raises(NoRight, match="grants himself nothing"):
        registry.proposals.confirm(number, actor=son)
    assert registry.components.people.show("son")[-1].roles == ("administrator",)


def test_a_log_in_that_is_older_than_five_minutes_does_nothing(registry: Registry) -> None:
    number = registry.proposals.draft(AdminAct.PERSON_ADD, "hai", OFFICER, "x", actor=registry.who("mai"))
    old = RECENT + timedelta(seconds=1)
    with pytest.raises(LogInTooOld):
        registry.proposals.ask(number, actor=registry.who("mai", old))
    with pytest.raises(LogInTooOld):  # by a command, or a provider that does not state it
        registry.proposals.ask(number, actor=registry.components.people.acting("mai"))
    registry.proposals.ask(number, actor=registry.who("mai"))
    for act in (registry.proposals.confirm, lambda n, actor: registry.proposals.decline(n, "x", actor=actor)):
        with pytest.raises(LogInTooOld):
            act(number, actor=registry.who("son", old))
    assert "hai" not in registry.standing()


def test_what_cannot_be_done_is_told_to_its_proposer_and_nothing_of_the_trial_stays(registry: Registry) -> None:
    before = registry.journalled()
    with pytest.raises(NotAllowed, match="no unit"):
        registry.proposals.draft(AdminAct.PERSON_ADD, "hai", {**OFFICER, "unit": "X"}, "x", actor=registry.who("mai"))
    registry.proposals.draft(AdminAct.PERSON_ADD, "hai", OFFICER, "x", actor=registry.who("mai"))
    assert registry.journalled() == before
    assert registry.standing() == ["lan", "mai", "son"]


def test_what_was_changed_meanwhile_is_not_overwritten(registry: Registry) -> None:
    number = registry.asked(AdminAct.PERSON_CHANGE, "lan", name="LAN", rank="", roles=["auditor"])
    registry.components.people.change("lan", lambda _: Facts("LAN", ("operator", "auditor")), actor=TESTER)
    with pytest.raises(NotAllowed, match="changed since"):
        registry.proposals.confirm(number, actor=registry.who("son"))
    assert registry.proposals.show(number, actor=registry.who("son")).state == "waiting"
    assert len(registry.components.people.show("lan")[-1].roles) == 2


def test_a_proposal_is_declined_with_a_reason_withdrawn_or_over_after_a_week(registry: Registry) -> None:
    first, second, third = (registry.asked(AdminAct.PERSON_ADD, f"hai-{n}", **OFFICER) for n in range(3))
    with pytest.raises(NotAllowed):
        registry.proposals.decline(first, " ", actor=registry.who("son"))
    registry.proposals.decline(first, "Chưa có quyết định", actor=registry.who("son"))
    with pytest.raises(NoRight):
        registry.proposals.withdraw(second, actor=registry.who("son"))
    registry.proposals.withdraw(second, actor=registry.who("mai"))
    later = replace(registry.proposals, clock=lambda: now() + LASTS + timedelta(minutes=1))
    late = replace(registry.who("son"), proven_at=later.clock())
    assert [each.state for each in later.newest(actor=late, waiting=True)] == ["lapsed"]
    with pytest.raises(NotAllowed, match="7 days"):
        later.confirm(third, actor=late)
    for number in (first, second):
        with pytest.raises(NotAllowed):
            registry.proposals.confirm(number, actor=registry.who("son"))
    assert registry.standing() == ["lan", "mai", "son"]


@pytest.mark.parametrize("role", ["operator", "customs_administrator"])
def test_whoever_is_no_administrator_neither_proposes_nor_confirms_nor_sees(registry: Registry, role: str) -> None:
    """One of customs neither: he says who looks up what, and lets nobody in."""
    office = "HN" if role == "customs_administrator" else None
    registry.components.offices.add(CustomsOffice("HN", "Hữu Nghị", None, ("HUUNGHI",)), actor=TESTER)
    registry.components.people.add("thanh", Facts("THANH", (role,), office=office), actor=TESTER)
    customs = {"name": "X", "roles": ["customs_officer"], "office": "HN"}
    number, other = registry.asked(AdminAct.PERSON_ADD, "hai", **OFFICER), registry.who("thanh")
    for act in (
        lambda: registry.proposals.draft(AdminAct.PERSON_ADD, "x", customs, "x", actor=other),
        lambda: registry.proposals.ask(number, actor=other),
        lambda: registry.proposals.confirm(number, actor=other),
        lambda: registry.proposals.decline(number, "x", actor=other),
        lambda: registry.proposals.withdraw(number, actor=other),
        lambda: registry.proposals.show(number, actor=other),
        lambda: registry.proposals.newest(actor=other, waiting=True),
    ):
        with pytest.raises(NoRight):
            act()


def test_a_proposer_who_was_removed_meanwhile_grants_nothing_any_more(registry: Registry) -> None:
    number = registry.asked(AdminAct.PERSON_ADD, "hai", **OFFICER)
    registry.components.people.remove("mai", reason="x", actor=TESTER)
    with pytest.raises(NotAllowed, match="not registered any more"):
        registry.proposals.confirm(number, actor=registry.who("son"))
    assert "hai" not in registry.standing()


def test_whose_role_was_taken_between_proposing_and_confirming_grants_nothing_any_more(registry: Registry) -> None:
    proposed = registry.asked(AdminAct.PERSON_ADD, "hai", **OFFICER)
    son = registry.who("son")
    registry.components.people.change("mai", lambda _: Facts("MAI", ("operator",)), actor=TESTER)
    with pytest.raises(NoRight):
        registry.proposals.confirm(proposed, actor=son)
    registry.components.people.change("mai", lambda _: Facts("MAI", ("administrator",)), actor=TESTER)
    registry.components.people.change("son", lambda _: Facts("SON", ("operator",)), actor=TESTER)
    with pytest.raises(NoRight):
        registry.proposals.confirm(proposed, actor=registry.who("son"))
    assert "hai" not in registry.standing()
    assert registry.proposals.show(proposed, actor=registry.who("mai")).state == "waiting", "nothing of the try stays"


def test_two_roles_of_one_person_are_no_second_person(registry: Registry) -> None:
    registry.components.people.change("mai", lambda _: Facts("MAI", ("administrator", "operator")), actor=TESTER)
    number = registry.asked(AdminAct.PERSON_ADD, "hai", **OFFICER)
    for _ in range(2):  # in two tabs
        with pytest.raises(NoRight, match="nobody confirms his own"):
            registry.proposals.confirm(number, actor=registry.who("mai"))
    assert "hai" not in registry.standing()


OFFICE: Entered = {"name": "Chi cục Hữu Nghị", "parent": None, "places": ["HUUNGHI"]}
SSO: Entered = {"name": "SSO", "keys": issuer().public}
PROGRAM: Entered = {
    **{"name": "E-Customs", "keys": client().public},
    **{"offices": ["HQ-1"], "issuers": [ISSUER], "procedures": ["BQP0100001"]},
}
EVERY: list[tuple[AdminAct, str, Entered]] = [
    (AdminAct.OFFICE_ADD, "HQ-1", OFFICE),
    (AdminAct.OFFICE_CHANGE, "HQ-1", {**OFFICE, "name": "Chi cục khác"}),
    (AdminAct.PERSON_ADD, "thang", {"name": "THANG", "rank": "", "roles": ["customs_officer"], "office": "HQ-1"}),
    (AdminAct.LOOKUP_WITHDRAW, "thang", {"procedures": ["BQP0100001"]}),
    (AdminAct.LOOKUP_GIVE, "thang", {"procedures": ["BQP0100001"]}),
    (AdminAct.TOKEN_ISSUE, "may-1", {"role": "customs", "office": "HQ-1"}),
    (AdminAct.TOKEN_REVOKE, "may-1", {}),
    (AdminAct.ISSUER_ADD, ISSUER, SSO),
    (AdminAct.ISSUER_CHANGE, ISSUER, {**SSO, "keys": issuer().public}),
    (AdminAct.CLIENT_ADD, CLIENT, PROGRAM),
    (AdminAct.CLIENT_CHANGE, CLIENT, {**PROGRAM, "name": "E-Customs 2"}),
    (AdminAct.CLIENT_END, CLIENT, {}),
    (AdminAct.ISSUER_END, ISSUER, {}),
    (AdminAct.PERSON_CHANGE, "thang", {"name": "THANG 2", "rank": "", "roles": ["auditor"]}),
    (AdminAct.PERSON_REMOVE, "thang", {}),
    (AdminAct.PERSON_RESTORE, "thang", {}),
    (AdminAct.OFFICE_REMOVE, "HQ-1", {}),
]


def test_every_act_goes_this_way_and_shows_what_stood_before(registry: Registry) -> None:
    tokens, befores = [], {}
    for act, subject, stated in EVERY:
        number = registry.asked(act, subject, **stated)
        befores[act] = registry.proposals.show(number, actor=registry.who("son")).before
        tokens.append(registry.proposals.confirm(number, actor=registry.who("son")))
    assert [bool(each) for each in tokens] == [act is AdminAct.TOKEN_ISSUE for act, _, _ in EVERY]
    assert registry.components.tokens.authenticate(next(filter(None, tokens))) is None, "it was revoked"
    assert befores[AdminAct.PERSON_ADD] is None
    assert befores[AdminAct.OFFICE_CHANGE] == OFFICE
    assert (befores[AdminAct.PERSON_CHANGE] or {})["roles"] == ["customs_officer"]
    assert (befores[AdminAct.CLIENT_CHANGE] or {})["offices"] == ["HQ-1"]
    assert (befores[AdminAct.CLIENT_END] or {})["name"] == "E-Customs 2"
    assert registry.components.offices.list() == []
    assert [each for kind in ("client", "issuer") for each in registry.components.clients.list(kind)] == []
    assert {act for act, _, _ in EVERY} == set(AdminAct) - {AdminAct.LIST_CHANGE}, "that is in test_list_editions"


def test_an_office_for_which_a_program_speaks_is_not_removed(registry: Registry) -> None:
    for act, subject, stated in (
        (AdminAct.OFFICE_ADD, "HQ-1", OFFICE),
        (AdminAct.ISSUER_ADD, ISSUER, SSO),
        (AdminAct.CLIENT_ADD, CLIENT, PROGRAM),
    ):
        registry.proposals.confirm(registry.asked(act, subject, **stated), actor=registry.who("son"))
    with pytest.raises(NotAllowed, match=f"client {CLIENT}"):
        registry.asked(AdminAct.OFFICE_REMOVE, "HQ-1")
