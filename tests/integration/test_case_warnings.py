"""What an officer is warned of on a dossier's page because of other dossiers: of these number, gate and time alone."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from adapter.bootstrap import Components
from adapter.gateways.store import listings
from adapter.gateways.store.suspensions import SuspensionGround
from adapter.model.actor import EVERYWHERE, Role
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.stages import Channel, Submission
from adapter.model.turns import WorkTurn
from adapter.services.dossiers.case_records import CaseWarning
from adapter.services.dossiers.worklist import WorkFilter
from adapter.services.registers.accounts import SuspensionBasis
from adapter.simulator.sign import sign_message
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK, FIXTURES
from tests.harness.history import play
from tests.harness.people import TESTER, person
from tests.harness.pki import shared_pki
from tests.harness.website import CITIZEN

FIRM = "0100109106"
GROUP = (FIXTURES / "BQP0100001" / "accepted-tour-group-entering" / "message.xml").read_text()
LEADER, MEMBERS = "E81234561", ("E81234562", "E81234563")
OTHER_MEMBERS = {"E81234562": "E91234562", "E81234563": "E91234563"}
ELSEWHERE = {"<Gate>HUUNGHI": "<Gate>MONGCAI", "CK-HUUNGHI": "CK-MONGCAI"}


def declare(whole: Components, name: str, *changes: dict[str, str]) -> DossierKey:
    """The tour group of the fixtures under another number."""
    message = GROUP.replace("BQP2026000101", name)
    head, _, tail = message.partition("<messageId>")
    message = f"{head}<messageId>{uuid.uuid5(uuid.NAMESPACE_OID, name)}{tail[36:]}"
    for old, new in (pair for each in changes for pair in each.items()):
        assert old in message
        message = message.replace(old, new)
    pki = shared_pki()
    raw = sign_message(message.encode(), system=pki.party("nsw"), declarant=pki.party("enterprise"))
    digest = Digest(uuid.uuid5(uuid.NAMESPACE_OID, name).hex * 2)
    (settled,) = whole.intake.receive([Submission(raw, Channel.WINDOW, CLOCK, digest)])
    assert settled.outcome == "accepted", settled.findings
    return DossierKey(name, 2026)


def warned(whole: Components, key: DossierKey, kind: str) -> list[CaseWarning]:
    return [each for each in whole.case_files.open(key, TESTER).warnings if each.kind == kind]


def other(warning: CaseWarning) -> tuple[str, str]:
    assert warning.gate is not None
    assert warning.at is not None
    return warning.number, warning.gate.vi


def test_what_was_found_in_a_declaration_that_waits_is_a_flag_of_its_row(whole: Components) -> None:
    flags = {
        "BQP0100001/accepted-two-leaders-are-flagged": ("findings",),
        "BQP0100001/accepted-late-and-flagged": ("late",),  # its own flag says it
        "BQP0100001/accepted-official-delegation-by-public-ca": (),
        "BQP0100002/asked-paper-that-ends-before-its-issue": (),  # its declarant has been asked
    }
    keys = {play(whole, case).number: expected for case, expected in flags.items()}
    rows = whole.work_lists.page(TESTER, WorkFilter(turn=WorkTurn.NEWEST), None).rows
    assert {row.number: row.flags for row in rows} == keys


def test_who_leads_a_group_and_leads_another_one_too_is_told_apart_from_its_members(whole: Components) -> None:
    first = declare(whole, "HS1")
    declare(whole, "HS2", ELSEWHERE, {"E81234563": "E91234563"})
    (leads,) = warned(whole, first, "second_leader")
    assert (leads.told, other(leads)) == (LEADER, ("HS2", "Móng Cái"))
    (shares,) = warned(whole, first, "same_paper")
    assert (shares.told, shares.number) == (MEMBERS[0], "HS2")


def test_a_leader_who_only_travels_with_another_group_leads_one(whole: Components) -> None:
    first = declare(whole, "HS1")
    declare(whole, "HS2", OTHER_MEMBERS, {"<Role>LEADER": "<Role>GUIDE", "<Role>MEMBER": "<Role>LEADER"})
    assert warned(whole, first, "second_leader") == []
    (shares,) = warned(whole, first, "same_paper")
    assert shares.told == LEADER


def test_members_of_two_groups_lead_none(whole: Components) -> None:
    first = declare(whole, "HS1")
    declare(whole, "HS2", ELSEWHERE, {LEADER: "E91234561"})
    assert warned(whole, first, "second_leader") == []
    (shares,) = warned(whole, first, "same_paper")
    assert shares.told == ", ".join(MEMBERS)


def test_two_leaders_of_one_group_are_told_though_no_other_dossier_has_them(whole: Components) -> None:
    key = declare(whole, "HS1", {"<Role>MEMBER": "<Role>LEADER"})
    (told,) = warned(whole, key, "several_leaders")
    assert (told.told, told.number) == ("E81234561, E81234562, E81234563", "")
    assert warned(whole, declare(whole, "HS2", OTHER_MEMBERS, {LEADER: "E91234561"}), "several_leaders") == []


def test_whoever_sees_no_persons_reads_no_paper_in_a_warning(whole: Components) -> None:
    first = declare(whole, "HS1", {"<Role>MEMBER": "<Role>LEADER"})
    declare(whole, "HS2", ELSEWHERE)
    auditor = person("kiem-tra", Role.AUDITOR, unit=EVERYWHERE)
    found = whole.case_files.open(first, auditor).warnings
    assert {each.kind for each in found} == {"second_leader", "same_paper", "several_leaders"}
    assert not any("E8" in each.told for each in found)


def test_one_declaration_by_both_doors_is_told_of_either_dossier(whole: Components) -> None:
    for number, (channel, signer) in enumerate(((Channel.PORTAL, "portal"), (Channel.WINDOW, "nsw")), start=1):
        message = declaration(number, signer=signer)
        whole.intake.receive([Submission(message.raw, channel, CLOCK, Digest(message.digest))])
    keys = DossierKey("PROOF1", 2026), DossierKey("PROOF2", 2026)
    for key, its in (keys, keys[::-1]):
        (told,) = warned(whole, key, "both_doors")
        assert other(told) == (its.number, "Hữu Nghị")


@pytest.mark.parametrize(("unit", "expected"), [(None, 1), ("CK-HUUNGHI", 1), ("CK-MONGCAI", 0)])
def test_a_suspended_account_is_told_where_it_is_suspended(whole: Components, unit: str | None, expected: int) -> None:
    key = declare(whole, "HS1")
    whole.accounts.suspend(FIRM, unit=unit, reason="Chờ xác minh", actor=TESTER)
    found = warned(whole, key, "suspended")
    assert [(each.told, each.number) for each in found] == [("Chờ xác minh", "")] * expected
    (row,) = whole.work_lists.page(TESTER, WorkFilter(), None).rows
    assert ("suspended" in row.flags) == bool(expected)


def test_an_account_that_is_suspended_at_two_gates_is_marked_at_either(whole: Components) -> None:
    declare(whole, "HS1")
    declare(whole, "HS2", ELSEWHERE)
    for unit in ("CK-HUUNGHI", "CK-MONGCAI"):
        whole.accounts.suspend(FIRM, unit=unit, reason="Chờ xác minh", actor=TESTER)
    rows = whole.work_lists.page(TESTER, WorkFilter(), None).rows
    assert ["suspended" in row.flags for row in rows] == [True, True]


@pytest.mark.parametrize(("body", "expected"), [(FIRM, 1), (CITIZEN, 0)], ids=["its own dossier", "another's"])
def test_a_suspension_at_a_body_s_request_is_told_of_that_body_s_dossiers_alone(
    whole: Components, body: str, expected: int
) -> None:
    key = declare(whole, "HS1")
    with whole.database.reading() as connection:
        row = listings.dossier_row(connection, key)
    assert row is not None
    someone = next(each for each in row.identities if each != FIRM)
    basis = SuspensionBasis(SuspensionGround.PRINCIPAL, "CV-12", body)
    replace(whole.accounts, by_request=True).suspend(someone, unit=None, reason="Đã nghỉ", basis=basis, actor=TESTER)
    assert len(warned(whole, key, "suspended")) == expected
    (listed,) = whole.work_lists.page(TESTER, WorkFilter(), None).rows
    assert ("suspended" in listed.flags) == bool(expected)
