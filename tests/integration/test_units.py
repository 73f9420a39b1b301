"""One installation, two gates: whose name, whose number and whose key an answer bears."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree
from sqlalchemy import select

from adapter.bootstrap import House
from adapter.gateways.tables import inbox, outbox
from adapter.model.errors import NotAllowed
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.stages import Channel, Submission
from adapter.services.intake import Settled
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK
from tests.harness.history import ITEMS, OFFICER
from tests.harness.pki import shared_pki
from tests.harness.registers import gate
from tests.harness.second_opinion import Question, verify_many
from tests.harness.units import HUUNGHI, MONGCAI, NAMES, PARTIES, two_units


@pytest.fixture
def whole(tmp_path: Path, sqlite_url: str) -> Iterator[House]:
    with gate(tmp_path, sqlite_url, two_units()) as made:
        yield made


def declare(whole: House, name: str, at: str = "HUUNGHI", function: str = "01", second: int = 58) -> Settled:
    """A citizen's declaration for the gate `at`."""
    sent = f"2026-03-02 07:14:{second}"
    message = declaration(f"{name}{function}", reference=name, gate=at, function=function, sent=sent)
    (settled,) = whole.intake.receive([Submission(message.raw, Channel.WINDOW, CLOCK, Digest(message.digest))])
    return settled


def key(name: str) -> DossierKey:
    return DossierKey(name, 2026)


def replies(whole: House, name: str) -> list[etree._Element]:
    """What was answered about a number, in the order made."""
    query = select(outbox.c.body).where(outbox.c.reference == name).order_by(outbox.c.ordinal, outbox.c.id)
    with whole.database.reading() as connection:
        return [etree.fromstring(body) for body in connection.execute(query).scalars()]


def unit_that_signed(reply: etree._Element) -> str | None:
    """Whose key has signed the Content, by another engine; None: nobody's."""
    if reply.find("Body/Signature/*") is None:
        return None
    body = etree.tostring(reply)
    asked = [Question(body, "declarant", shared_pki().certificate_file(party)) for party in PARTIES.values()]
    (unit,) = (code for code, good in zip(PARTIES, verify_many(asked), strict=True) if good)
    return unit


@pytest.mark.parametrize(("at", "unit"), [("HUUNGHI", HUUNGHI), ("MONGCAI", MONGCAI)])
def test_a_dossier_is_accepted_and_confirmed_in_the_name_of_its_unit_and_under_its_key(
    whole: House, at: str, unit: str
) -> None:
    assert declare(whole, "HS1", at).outcome == "accepted"
    whole.completion.complete(key("HS1"), OFFICER)
    accepted, confirmed = replies(whole, "HS1")
    assert [each.findtext("Header/From/unitCode") for each in (accepted, confirmed)] == [unit, unit]
    assert accepted.findtext("Body/Content/Acceptance/Accepter/Division") == NAMES[unit]
    assert (unit_that_signed(accepted), unit_that_signed(confirmed)) == (None, unit)
    system = shared_pki().certificate_file("system")
    assert all(verify_many([Question(etree.tostring(each), "system", system) for each in (accepted, confirmed)]))


def test_a_request_to_amend_is_signed_by_the_unit_that_has_the_dossier(whole: House) -> None:
    declare(whole, "HS1", "MONGCAI")
    whole.amendments.request(key("HS1"), OFFICER, reason="Thiếu thông tin", items=ITEMS)
    _, asked = replies(whole, "HS1")
    assert unit_that_signed(asked) == MONGCAI
    assert asked.findtext("Body/Content/AmendmentRequest/Requester/Division") == NAMES[MONGCAI]


def test_numbers_of_ours_carry_the_code_of_the_unit(whole: House) -> None:
    numbers = []
    for name, at in (("HS1", "HUUNGHI"), ("HS2", "MONGCAI")):
        declare(whole, name, at)
        whole.completion.complete(key(name), OFFICER)
        numbers.append(replies(whole, name)[-1].findtext("Body/Content/Completion//ConfirmationNumber") or "")
    assert [number[:-9] for number in numbers] == ["XNHN2026", "XNMC2026"]
    assert int(numbers[1][-9:-1]) == int(numbers[0][-9:-1]) + 1


def test_a_declaration_for_a_gate_of_nobody_here_is_rejected_and_told_where_to_go(whole: House) -> None:
    settled = declare(whole, "HS1", "MOCBAI")
    finding = settled.findings[0]
    assert (settled.outcome, finding.code, finding.name) == ("rejected", "BQP241", "unit_not_ours")
    assert finding.pointer.endswith("/Gate")
    assert "Mộc Bài" in finding.vi
    assert "Biên phòng cửa khẩu Mộc Bài (CK-MOCBAI)" in finding.vi
    assert "Border guard of the gate Moc Bai (CK-MOCBAI)" in finding.en
    assert f"{NAMES[HUUNGHI]} (0205 3861 000); {NAMES[MONGCAI]}" in finding.en
    (answer,) = replies(whole, "HS1")
    own = whole.installation.own
    assert answer.findtext("Header/From/unitCode") == own.unit_code
    with pytest.raises(NotAllowed, match="there is no dossier"):
        whole.completion.complete(key("HS1"), OFFICER)


def test_a_newer_version_for_a_gate_of_nobody_here_leaves_what_was_declared(whole: House) -> None:
    declare(whole, "HS1")
    assert declare(whole, "HS1", "MOCBAI", "02", 59).outcome == "rejected"
    assert whole.completion.complete(key("HS1"), OFFICER).gate == "HUUNGHI"


def test_a_dossier_that_moves_to_another_gate_of_ours_is_confirmed_by_the_unit_of_that_gate(whole: House) -> None:
    declare(whole, "HS1")
    declare(whole, "HS1", "MONGCAI", "02", 59)
    whole.completion.complete(key("HS1"), OFFICER)
    assert unit_that_signed(replies(whole, "HS1")[-1]) == MONGCAI


def test_what_is_about_no_dossier_is_answered_in_the_name_of_the_unit_that_it_is_for(whole: House) -> None:
    declare(whole, "HS1", "MONGCAI", "02")  # nothing was declared under this number: it waits
    (receipt,) = replies(whole, "HS1")
    assert receipt.findtext("Header/From/unitCode") == MONGCAI
    with whole.database.reading() as connection:
        assert connection.execute(select(inbox.c.state)).scalar_one() == "waiting"
