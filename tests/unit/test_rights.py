"""Who may do what: the table of rights as a whole, and what a role without a right is told."""

from __future__ import annotations

import pytest

from adapter.model.actor import EVERYWHERE, ROLE_NAMES, Actor, ActorKind, Role
from adapter.model.errors import NoRight, NotAllowed
from adapter.model.units import BorderUnit
from adapter.services.access.rights import RIGHT_NAMES, TABLE, Right, has, needs, needs_in_unit

SHORT = {
    "De": Role.DECLARANT,
    "Of": Role.OFFICER,
    "Co": Role.COMMANDER,
    "Dp": Role.DEPUTY,
    "Op": Role.OPERATOR,
    "Ad": Role.ADMINISTRATOR,
    "Cu": Role.CUSTOMS_OFFICER,
    "CA": Role.CUSTOMS_ADMINISTRATOR,
    "Au": Role.AUDITOR,
}
WHOLE = """
                        De Of Co Dp Op Ad Cu CA Au
use_console                 x  x  x  x  x  x  x  x
declare                  x
read_own                 x
grant_own                x
certify_own              x
see_dossiers                x  x  x  x           x
see_personal_values         x  x  x
find_dossiers               x  x  x  x           x
accept                      x  x  x
confirm                     x  x  x
refuse                      x  x  x
request_amendment           x  x  x
withdraw_request            x  x  x
approve_amendment           x  x  x
decline_amendment           x  x  x
note_papers                 x  x  x
enter_paper                 x  x  x
settle_pairs                x  x  x
suspend_account                x
restore_account                x
decide_accounts                x  x
grant_authorisation         x  x  x  x
revoke_authorisation        x  x  x  x
see_registers               x  x  x  x           x
register_certificate        x  x  x  x
suspend_certificate            x  x
restore_certificate            x  x
look_up                                    x  x
grant_lookup                            x     x
read_journal                         x  x        x
browse_messages                      x           x
unmask_messages                      x
resend_reply                         x
take_payload                         x
replay_quarantine                    x
override_window                      x
announce_failure                     x
report_incident                      x
manage_tokens                           x
manage_people                           x
manage_customs_people                         x
"""


def person(*roles: Role, unit: str | None = None) -> Actor:
    return Actor(ActorKind.PERSON, "an-01", "NGUYEN VAN AN", roles=frozenset(roles), unit=unit)


def drawn() -> str:
    """The table of the program, drawn like the one above."""
    lines = [" " * 24 + " ".join(SHORT)]
    for right in Right:
        marks = (" x" if role in TABLE[right] else "  " for role in SHORT.values())
        lines.append(f"{right.value:<24}{' '.join(marks)}".rstrip())
    return "\n" + "\n".join(lines) + "\n"


def test_the_whole_table_of_rights_is_this() -> None:
    assert drawn() == WHOLE


def test_every_role_and_right_is_named_and_every_role_grants_something() -> None:
    assert set(SHORT.values()) == set(Role) == set(ROLE_NAMES)
    assert set(TABLE) == set(Right) == set(RIGHT_NAMES)
    granted = {role: [right for right in Right if role in TABLE[right]] for role in Role}
    assert [role for role in Role if not granted[role]] == []


@pytest.mark.parametrize("right", Right)
@pytest.mark.parametrize("role", Role)
def test_a_role_can_do_what_the_table_grants_it_and_is_told_who_can_do_the_rest(role: Role, right: Right) -> None:
    actor = person(role)
    assert has(actor, right) is (role in TABLE[right])
    if role in TABLE[right]:
        needs(actor, right)
        return
    with pytest.raises(NoRight, match=r"an-01 has no right to .*; roles that have it: ") as refused:
        needs(actor, right)
    assert str(refused.value).rpartition(": ")[2].split(", ") == [each for each in Role if each in TABLE[right]]
    assert "NGUYEN" not in str(refused.value)


def unit(code: str) -> BorderUnit:
    return BorderUnit(code, code, code, code, frozenset({f"gate of {code}"}))


def test_an_officer_reaches_his_own_unit_and_no_other() -> None:
    officer = person(Role.OFFICER, unit="DBP-01")
    needs_in_unit(officer, Right.CONFIRM, unit("DBP-01"), "dossier 1/2026")
    with pytest.raises(NoRight, match=r"^dossier 1/2026 is of unit DBP-02; an-01 is of unit DBP-01$"):
        needs_in_unit(officer, Right.CONFIRM, unit("DBP-02"), "dossier 1/2026")


@pytest.mark.parametrize("own", [None, "DBP-01"])
def test_no_officer_reaches_what_is_of_a_gate_of_no_unit(own: str | None) -> None:
    with pytest.raises(NoRight, match="dossier 1/2026 is of a gate that none of units has"):
        needs_in_unit(person(Role.OFFICER, unit=own), Right.CONFIRM, None, "dossier 1/2026")


def test_an_officer_without_a_unit_reaches_nothing() -> None:
    with pytest.raises(NoRight):
        needs_in_unit(person(Role.OFFICER), Right.CONFIRM, unit("DBP-01"), "dossier 1/2026")


def test_a_role_that_is_of_no_unit_reaches_them_all() -> None:
    """A refusal would be raised."""
    needs_in_unit(person(Role.OPERATOR), Right.SEE_DOSSIERS, unit("DBP-02"), "dossier 1/2026")
    needs_in_unit(person(Role.OPERATOR), Right.SEE_DOSSIERS, None, "dossier 1/2026")
    needs_in_unit(person(Role.COMMANDER, unit=EVERYWHERE), Right.CONFIRM, unit("DBP-02"), "dossier 1/2026")


def test_a_second_role_carries_no_right_of_the_first_beyond_its_unit() -> None:
    both = person(Role.OFFICER, Role.OPERATOR, unit="DBP-01")
    needs_in_unit(both, Right.SEE_DOSSIERS, unit("DBP-02"), "dossier 1/2026")
    with pytest.raises(NoRight):
        needs_in_unit(both, Right.CONFIRM, unit("DBP-02"), "dossier 1/2026")


def test_whoever_has_no_role_has_no_right() -> None:
    assert [right for right in Right if has(person(), right)] == []


@pytest.mark.parametrize(
    ("actor", "name"),
    [
        (Actor(ActorKind.MACHINE, "token:5", roles=frozenset({Role.DECLARANT})), "token:5"),
        (person(Role.OFFICER), "person:an-01"),
        (Actor(ActorKind.PERSON, "12", roles=frozenset({Role.DECLARANT})), "declarant:12"),
        (Actor(ActorKind.PERSON, "an", is_registered=False), "unregistered:an"),
    ],
)
def test_the_journal_tells_persons_machines_and_declarants_apart(actor: Actor, name: str) -> None:
    assert actor.journal_name == name


def test_an_actor_speaks_for_its_principal_before_itself_and_shows_neither_number() -> None:
    alone = Actor(ActorKind.PERSON, "12", number="001099000001")
    agent = Actor(ActorKind.PERSON, "12", number="001099000001", on_behalf_of="0101234567")
    assert (alone.speaks_for, agent.speaks_for) == ("001099000001", "0101234567")
    assert "001099000001" not in repr(agent)
    assert "0101234567" not in repr(agent)


@pytest.mark.parametrize("part", ["id", "name", "rank"])
def test_an_actor_holds_no_text_that_a_form_cannot_hold(part: str) -> None:
    facts = {"id": "an-01", "name": "NGUYEN VAN AN", "rank": "", part: "an\x00"}
    with pytest.raises(NotAllowed, match="U\\+0000"):
        Actor(ActorKind.PERSON, **facts)
