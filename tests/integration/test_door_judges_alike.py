"""What the portal says of a declaration is what `judge --channel portal` says of it, and what its fixture asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from adapter.bootstrap import Components
from adapter.cli.judging import Presenting, statement
from adapter.gateways.store import lookups
from adapter.model.actor import Actor
from adapter.model.stages import Channel
from adapter.services.door.precheck import TurnedAway
from adapter.services.watch.mode import Sight
from adapter.simulator.sign import sign_message
from tests.harness.attacks import ATTACKS, Attack
from tests.harness.fixtures import CLOCK, Case, load_cases
from tests.harness.people import TESTER, declarant
from tests.harness.pki import shared_pki
from tests.harness.qualified import qualified
from tests.harness.registers import gate
from tests.harness.stores import Original

_NUMBERS = re.compile(rb"<(Dossier(?:Number|Year))>[^<]*</\1>\s*")
_OF_HEADER = re.compile(rb"<((?:preR|r)eference|(?:preD|d)ocumentYear)>[^<]*<")
"""The door gives its own numbers."""
ALL = load_cases()
CASES = [each for each in ALL if each.channel is Channel.PORTAL and each.signers.system == "portal" and not each.before]
SUSPENDED = [account for each in ALL for account in each.register.suspended_accounts]
OF_THE_STORE = {"certificate_unregistered", "account_suspended", "attachment_missing", "attachment_without_digest"}
"""What only registers and uploaded files can say, which `judge` does not ask."""


def handed_in(case: Case) -> bytes:
    pki = shared_pki()
    attack = ATTACKS[case.attack] if case.attack else Attack()
    message = _OF_HEADER.sub(rb"<\1><", _NUMBERS.sub(b"", case.message))
    message = attack.written(message) if attack.written else message
    if attack.declared:
        return attack.declared(message, pki)
    declarant = pki.party(case.signers.declarant) if case.signers.declarant else None
    return sign_message(message, system=None, declarant=declarant, form=case.form, qualified=qualified(pki))


def caller_of(case: Case, whole: Components) -> Actor:
    """The first of the identities that the declaration states."""
    procedure = whole.catalogue.find(case.procedure, CLOCK.date())
    assert procedure is not None
    fields = [procedure.field(name) for name in procedure.identities]
    root = etree.fromstring(case.message)
    stated = (root.findtext(f"Body/Content/*/{field.path}") for field in fields if field is not None)
    return declarant(next(number for number in stated if number))


def at_the_door(whole: Components, raw: bytes, caller: Actor) -> tuple[str, list[tuple[str, str, int]]]:
    """The outcome, and what was found; of who is turned away the same as `judge` has it."""
    try:
        admitted = whole.door.submit(raw, caller)
    except TurnedAway as turned:
        stated = [whole.catalogue.findings.state(finding) for finding in turned.found]
        return "rejected", [(each.code, each.pointer, each.line) for each in stated]
    with whole.database.reading() as connection:
        row = lookups.message(connection, admitted.public_id)
    assert row is not None
    assert row.outcome is not None
    return row.outcome, [(each["code"], each["pointer"], each["line"]) for each in row.findings]


def judged(whole: Components, raw: bytes, caller: Actor) -> tuple[str, list[tuple[str, str, int]]]:
    """What `judge --channel portal --caller …` prints."""
    outcome = Presenting(whole, Channel.PORTAL, CLOCK, caller.number).outcome(Path("-"), raw).outcome
    told = statement("-", raw, outcome, whole)
    return told["outcome"], [(each["code"], each["pointer"], each["line"]) for each in told["findings"]]


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Components, Original]]:
    with gate(tmp_path_factory.mktemp("gate")) as made:
        made.window.override(Sight.DOWN, reason="a test", actor=TESTER)
        for each in SUSPENDED:
            made.accounts.suspend(each.number, unit=each.unit, reason=each.reason, actor=TESTER)
        yield made, Original(made.database)


@pytest.fixture
def whole(standing: tuple[Components, Original]) -> Components:
    """Its door is open, and the accounts are suspended that fixtures name."""
    made, original = standing
    original.put_back()
    return made


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_the_door_says_what_judge_says(whole: Components, case: Case) -> None:
    raw, caller = handed_in(case), caller_of(case, whole)
    outcome, found = at_the_door(whole, raw, caller)
    says, finds = judged(whole, raw, caller)
    names = {text.code: name for name, text in whole.catalogue.findings.texts.items()}
    of_the_store = [each for each in found if names[each[0]] in OF_THE_STORE]
    assert [each for each in found if each not in of_the_store] == finds
    assert of_the_store or outcome == says
    expected = {each.name for each in case.expect.findings}
    assert {names[code] for code, _, _ in of_the_store} == OF_THE_STORE & expected
    assert outcome == case.expect.outcome.value or _is_about_its_number(case)


def _is_about_its_number(case: Case) -> bool:
    return "-number-" in case.id


def test_every_procedure_and_verdict_is_among_them() -> None:
    assert {case.expect.outcome.value for case in CASES} >= {"accepted", "refused", "rejected"}
    assert len(CASES) > 50
