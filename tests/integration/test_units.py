"""One installation, two gates: whose name, whose number and whose key an answer bears."""

from __future__ import annotations

import json
import multiprocessing
import shutil
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from lxml import etree
from sqlalchemy import select
from typer.testing import CliRunner

from adapter.bootstrap import Components, assemble
from adapter.cli import app
from adapter.cli.dossiers import dossier_reader
from adapter.cli.inspection import _keys
from adapter.cli.remarks import Remark, Weight
from adapter.entrypoints.clock import Clock
from adapter.entrypoints.health import Health
from adapter.entrypoints.parts import clock
from adapter.entrypoints.pulse import Pulse, new_cells
from adapter.gateways.broker import Confirmed, Outgoing, Verdict
from adapter.gateways.store.deadline_figures import Wanted
from adapter.gateways.store.tables import inbox, outbox
from adapter.model.errors import NotAllowed
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.stages import Channel, Submission
from adapter.pipeline.envelope import VIETNAM, write_time
from adapter.services.messages.item import Settled
from adapter.services.replies.dispatch import Dispatch
from tests.conftest import demand
from tests.harness import configuration
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK
from tests.harness.history import ITEMS, OFFICER
from tests.harness.people import TESTER
from tests.harness.pki import shared_pki
from tests.harness.registers import gate
from tests.harness.second_opinion import Question, verify_many
from tests.harness.stores import Original
from tests.harness.units import HUUNGHI, MONGCAI, NAMES, PARTIES, pair, two_units
from tests.servers.softhsm import MODULE, furnish


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Components, Path, Original]]:
    folder = tmp_path_factory.mktemp("gate")
    with gate(folder, changes=two_units()) as made:
        yield made, folder / "config.yaml", Original(made.database)


@pytest.fixture
def whole(standing: tuple[Components, Path, Original]) -> Components:
    made, _, original = standing
    original.put_back()
    return made


def declare(whole: Components, name: str, at: str = "HUUNGHI", function: str = "01", second: int = 58) -> Settled:
    """A citizen's declaration for the gate `at`."""
    sent = f"2026-03-02 07:14:{second}"
    message = declaration(f"{name}{function}", reference=name, gate=at, function=function, sent=sent)
    (settled,) = whole.intake.receive([Submission(message.raw, Channel.WINDOW, CLOCK, Digest(message.digest))])
    return settled


def key(name: str) -> DossierKey:
    return DossierKey(name, 2026)


def replies(whole: Components, name: str) -> list[etree._Element]:
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
    whole: Components, at: str, unit: str
) -> None:
    assert declare(whole, "HS1", at).outcome == "accepted"
    whole.completion.complete(key("HS1"), OFFICER)
    accepted, confirmed = replies(whole, "HS1")
    assert [each.findtext("Header/From/unitCode") for each in (accepted, confirmed)] == [unit, unit]
    assert accepted.findtext("Body/Content/Acceptance/Accepter/Division") == NAMES[unit]
    assert (unit_that_signed(accepted), unit_that_signed(confirmed)) == (None, unit)
    system = shared_pki().certificate_file("system")
    assert all(verify_many([Question(etree.tostring(each), "system", system) for each in (accepted, confirmed)]))


def test_a_request_to_amend_is_signed_by_the_unit_that_has_the_dossier(whole: Components) -> None:
    declare(whole, "HS1", "MONGCAI")
    whole.amendments.request(key("HS1"), OFFICER, reason="Thiếu thông tin", items=ITEMS)
    _, asked = replies(whole, "HS1")
    assert unit_that_signed(asked) == MONGCAI
    assert asked.findtext("Body/Content/AmendmentRequest/Requester/Division") == NAMES[MONGCAI]


def test_numbers_of_ours_carry_the_code_of_the_unit(whole: Components) -> None:
    numbers = []
    for name, at in (("HS1", "HUUNGHI"), ("HS2", "MONGCAI")):
        declare(whole, name, at)
        whole.completion.complete(key(name), OFFICER)
        numbers.append(replies(whole, name)[-1].findtext("Body/Content/Completion//ConfirmationNumber") or "")
    assert [number[:-9] for number in numbers] == ["XNHN2026", "XNMC2026"]
    assert int(numbers[1][-9:-1]) == int(numbers[0][-9:-1]) + 1


def test_a_declaration_for_a_gate_of_nobody_here_is_rejected_and_told_where_to_go(whole: Components) -> None:
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


def test_a_newer_version_for_a_gate_of_nobody_here_leaves_what_was_declared(whole: Components) -> None:
    declare(whole, "HS1")
    assert declare(whole, "HS1", "MOCBAI", "02", 59).outcome == "rejected"
    assert whole.completion.complete(key("HS1"), OFFICER).gate == "HUUNGHI"


def test_a_dossier_that_moves_to_another_gate_of_ours_is_confirmed_by_the_unit_of_that_gate(whole: Components) -> None:
    declare(whole, "HS1")
    declare(whole, "HS1", "MONGCAI", "02", 59)
    whole.completion.complete(key("HS1"), OFFICER)
    assert unit_that_signed(replies(whole, "HS1")[-1]) == MONGCAI


def test_what_is_about_no_dossier_is_answered_in_the_name_of_the_unit_that_it_is_for(whole: Components) -> None:
    declare(whole, "HS1", "MONGCAI", "02")  # nothing was declared under this number: it waits
    (receipt,) = replies(whole, "HS1")
    assert receipt.findtext("Header/From/unitCode") == MONGCAI
    with whole.database.reading() as connection:
        assert connection.execute(select(inbox.c.state)).scalar_one() == "waiting"


class Broker:
    """Confirms what it is given, and keeps it."""

    def __init__(self) -> None:
        self.got: list[Outgoing] = []

    def publish(self, batch: Sequence[Outgoing], *, written: Callable[[], None]) -> Sequence[Verdict]:
        written()
        self.got += batch
        return [Confirmed() for _ in batch]


def left(whole: Components) -> list[tuple[str, str]]:
    """What leaves now: pair and unit."""
    broker = Broker()
    rounds = Dispatch(whole.database, broker, lambda: CLOCK, whole.observe, most_unconfirmed=100)
    while rounds.round(transfers=True).sent:
        pass
    trees = [etree.fromstring(message.body) for message in broker.got]
    return [
        (f"{each.findtext('.//type')}/{each.findtext('.//function')}", each.findtext(".//From/unitCode") or "")
        for each in trees
    ]


@pytest.fixture
def lost(tmp_path: Path, database_url: str) -> Iterator[Components]:
    """The key of Móng Cái is not there; Hữu Nghị has its own."""
    files = {"key": str(tmp_path / "mc.key"), "certificates": str(tmp_path / "mc.chain")}
    with gate(tmp_path, database_url, {**two_units(mongcai=files), "keys.look_s": 0}) as made:
        yield made


def bring_the_key(folder: Path) -> None:
    """An operator puts it where the configuration names it."""
    stated = pair(PARTIES[MONGCAI])
    shutil.copy(stated["key"], folder / "mc.key")
    shutil.copy(stated["certificates"], folder / "mc.chain")


def test_without_its_key_a_unit_takes_declarations_and_its_confirmations_wait(lost: Components, tmp_path: Path) -> None:
    lost.load_keys()
    for name, at in (("HS1", "HUUNGHI"), ("HS2", "MONGCAI")):
        assert declare(lost, name, at).outcome == "accepted"
        assert lost.completion.complete(key(name), OFFICER).state == "completed"
    assert lost.signing.sign() == 0
    assert left(lost) == [("20/21", HUUNGHI), ("20/21", MONGCAI), ("30/23", HUUNGHI)]
    life = dossier_reader(lost).life(key("HS2"), personal=False, actor=TESTER)
    assert [each.awaits_unit for each in life.replies] == [None, MONGCAI]
    assert [each.standing for each in life.deadlines if each.name == "confirm"] == ["running"]

    bring_the_key(tmp_path)
    assert lost.signing.sign() == 1
    assert left(lost) == [("30/23", MONGCAI)]
    assert unit_that_signed(replies(lost, "HS2")[-1]) == MONGCAI
    life = dossier_reader(lost).life(key("HS2"), personal=False, actor=TESTER)
    assert [each.standing for each in life.deadlines if each.name == "confirm"] == ["met"]
    assert life.journal[-1].event == "reply.signed"
    assert lost.signing.sign() == 0


def test_the_declarant_of_a_request_that_waited_has_his_whole_time(lost: Components, tmp_path: Path) -> None:
    declare(lost, "HS2", "MONGCAI")
    lost.amendments.request(key("HS2"), OFFICER, reason="Thiếu thông tin", items=ITEMS)
    assert left(lost) == [("20/21", MONGCAI)]
    bring_the_key(tmp_path)
    later = CLOCK + timedelta(hours=3)
    signing = replace(lost.signing, desk=replace(lost.desk, clock=lambda: later))
    assert signing.sign() == 1
    asked = replies(lost, "HS2")[-1]
    assert asked.findtext(".//AnswerBefore") == write_time((later + timedelta(hours=1)).astimezone(VIETNAM))
    assert asked.findtext(".//sendDate") == write_time(later.astimezone(VIETNAM))
    assert unit_that_signed(asked) == MONGCAI


def test_what_waits_for_a_key_is_taken_back_by_a_newer_version(lost: Components, tmp_path: Path) -> None:
    declare(lost, "HS2", "MONGCAI")
    lost.completion.complete(key("HS2"), OFFICER)
    assert declare(lost, "HS2", "MONGCAI", "02", 59).outcome == "accepted"
    bring_the_key(tmp_path)
    assert lost.signing.sign() == 0
    assert left(lost) == [("20/21", MONGCAI), ("20/21", MONGCAI)]


@pytest.mark.parametrize("act", ["newer", "refused", "completed", "asked again"])
def test_a_request_that_waits_for_a_key_is_never_sent_once_nothing_is_asked_any_more(
    lost: Components, tmp_path: Path, act: str
) -> None:
    declare(lost, "HS2", "MONGCAI")
    lost.amendments.request(key("HS2"), OFFICER, reason="Thiếu thông tin", items=ITEMS)
    if act == "newer":
        declare(lost, "HS2", "MONGCAI", "02", 59)
    elif act == "refused":
        lost.completion.refuse(key("HS2"), OFFICER, reason="Không đủ điều kiện")
    elif act == "completed":
        lost.completion.complete(key("HS2"), OFFICER)
    else:
        lost.amendments.request(key("HS2"), OFFICER, reason="Thiếu thông tin khác", items=ITEMS)
    bring_the_key(tmp_path)
    lost.signing.sign()
    last = {"newer": "20/21", "refused": "20/22", "completed": "30/23", "asked again": "20/25"}[act]
    assert [pair for pair, _ in left(lost)] == ["20/21", last]


def test_a_duplicate_is_answered_with_what_is_signed_only(lost: Components) -> None:
    declare(lost, "HS2", "MONGCAI")
    lost.completion.complete(key("HS2"), OFFICER)
    assert declare(lost, "HS2", "MONGCAI").duplicate
    assert [pair for pair, _ in left(lost)] == ["20/21", "20/21"]


def remarks(whole: Components) -> list[Remark]:
    """What `check` says of the units' keys, counting remarks first."""
    return [remark for remark in _keys(whole) if "units." in remark.text or "keys.unit" in remark.text]


def test_check_warns_of_one_unit_without_a_key_and_faults_where_no_unit_has_one(tmp_path: Path) -> None:
    gone = {"key": str(tmp_path / "gone.key"), "certificates": str(tmp_path / "gone.chain")}
    one = assemble(configuration.write(tmp_path / "one", two_units(mongcai=gone)))
    (told,) = remarks(one)
    assert (told.weight, told.text.startswith(f"units.{MONGCAI}: ")) == (Weight.WARNING, True)
    assert told.text.endswith("until then its confirmations and requests to amend wait")
    both = assemble(configuration.write(tmp_path / "both", two_units(mongcai=gone, huunghi=gone)))
    assert [remark.weight for remark in remarks(both)] == [Weight.FAULT, Weight.FAULT]


def test_keys_of_two_units_that_were_exchanged_are_a_fault_and_sign_nothing(tmp_path: Path) -> None:
    swapped = two_units(huunghi=pair(PARTIES[MONGCAI]), mongcai=pair(PARTIES[HUUNGHI]))
    made = assemble(configuration.write(tmp_path, swapped))
    made.load_keys()
    assert set(made.units_unready()) == {HUUNGHI, MONGCAI}
    faults = [remark.text for remark in remarks(made) if remark.weight is Weight.FAULT]
    assert any(f"the certificate is that of {MONGCAI}, not of {HUUNGHI}" in text for text in faults)


def test_one_key_in_the_place_of_another_units_is_a_fault_though_that_unit_could_sign(tmp_path: Path) -> None:
    made = assemble(configuration.write(tmp_path, two_units(mongcai=pair(PARTIES[HUUNGHI]))))
    assert set(made.units_unready()) == {MONGCAI}
    assert Weight.FAULT in [remark.weight for remark in remarks(made)]


def test_a_certificate_that_names_no_unit_is_taken_where_its_name_is_stated(tmp_path: Path) -> None:
    stated = two_units(mongcai=pair("unit"))
    made = assemble(configuration.write(tmp_path / "not", stated))
    assert "state one of these in units.CK-MONGCAI.certificate_names" in made.units_unready()[MONGCAI]
    stated["units"][MONGCAI]["certificate_names"] = ["TEST BORDER GATE UNIT"]
    assert assemble(configuration.write(tmp_path / "named", stated)).units_unready() == {}


def clock_of(whole: Components) -> tuple[Clock, Pulse]:
    pulse = Pulse(new_cells(multiprocessing))
    return clock(whole, pulse), pulse


@pytest.mark.parametrize(("without", "status"), [([MONGCAI], 200), ([HUUNGHI, MONGCAI], 503)])
def test_readyz_names_a_unit_without_a_key_and_is_ready_while_another_has_one(
    tmp_path: Path, without: list[str], status: int
) -> None:
    gone = {"key": str(tmp_path / "gone.key"), "certificates": str(tmp_path / "gone.chain")}
    lacking = {code.removeprefix("CK-").lower(): gone for code in without}
    timers, pulse = clock_of(assemble(configuration.write(tmp_path, two_units(**lacking))))
    signs = timers._look_at_units()
    pulse.idle(units=signs)
    health = Health("127.0.0.1", 0)
    health.start()
    try:
        name = "units_without_key"
        health.parts, health.told = {"clock-0": pulse.ready}, {name: pulse.told(name)}
        found = httpx.get(f"http://127.0.0.1:{health.port}/readyz")
    finally:
        health.stop()
    assert found.status_code == status
    assert found.json()["missing"] == ([] if status == 200 else ["clock-0: units"])
    assert f"the key of {', '.join(without)} cannot sign" in found.json()["notes"][0]


def test_a_unit_whose_key_is_in_a_hardware_module_signs_and_waits_while_the_module_is_away(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    demand("softhsm2")
    module = furnish(tmp_path / "module")
    for name, value in module.environment.items():
        monkeypatch.setenv(name, value)
    party = PARTIES[MONGCAI]
    module.put("border", {party: shared_pki().key_file(party)})
    held = {"module": str(MODULE), "token": "border", "label": party, "pin_file": str(module.pin_file)}
    stated = {"pkcs11": held, "certificates": pair(party)["certificates"]}
    with gate(tmp_path, sqlite_url, {**two_units(mongcai=stated), "keys.look_s": 0}) as made:
        declare(made, "HS1", "MONGCAI")
        made.completion.complete(key("HS1"), OFFICER)
        assert unit_that_signed(replies(made, "HS1")[-1]) == MONGCAI
        module.away()
        try:
            assert list(made.signing.unready()) == [MONGCAI]
            declare(made, "HS2", "MONGCAI")
            made.completion.complete(key("HS2"), OFFICER)
            assert [each.findtext(".//function") for each in replies(made, "HS2")][:1] == ["21"]
            assert made.signing.sign() == 0
        finally:
            module.back()
        assert made.signing.sign() == 1
        assert unit_that_signed(replies(made, "HS2")[-1]) == MONGCAI


def test_a_portal_dossier_whose_confirmation_waited_for_a_key_is_transferred_once_it_is_signed(
    lost: Components, tmp_path: Path
) -> None:
    message = declaration("HS3", reference="HS3", gate="MONGCAI", signer="portal")
    (settled,) = lost.intake.receive([Submission(message.raw, Channel.PORTAL, CLOCK, Digest(message.digest))])
    assert settled.outcome == "accepted"
    assert left(lost) == [("40/01", MONGCAI)]  # of the acceptance, which the system signs
    lost.completion.complete(key("HS3"), OFFICER)
    life = dossier_reader(lost).life(key("HS3"), personal=False, actor=TESTER)
    assert [each.standing for each in life.deadlines] == ["running"]
    assert left(lost) == []

    bring_the_key(tmp_path)
    assert lost.signing.sign() == 1
    life = dossier_reader(lost).life(key("HS3"), personal=False, actor=TESTER)
    assert [each.standing for each in life.deadlines] == ["met"]  # readable on the portal: sent
    assert left(lost) == [("40/01", MONGCAI)]
    transfers = [each for each in replies(lost, "HS3") if each.find(".//Transfer") is not None]
    carried = [b64decode(each.findtext(".//Reply/Bytes") or "") for each in transfers]
    assert [unit_that_signed(etree.fromstring(body)) for body in carried] == [None, MONGCAI]


def test_deadlines_are_listed_of_one_unit(whole: Components, standing: tuple[Components, Path, Original]) -> None:
    declare(whole, "HS1", "HUUNGHI")
    declare(whole, "HS2", "MONGCAI")
    since = CLOCK - timedelta(days=1)
    found = whole.deadlines.agenda(Wanted(gates=("MONGCAI",)), since=since, now=CLOCK, actor=TESTER)
    assert [each.subject for each in found.due] == ["HS2/2026"]
    assert [(each.gate, each.open) for each in found.figures] == [("MONGCAI", 1)]
    assert [(each.gate, each.dossiers) for each in found.declared] == [("MONGCAI", 1)]
    at = ("--at", CLOCK.isoformat(), "--json", "--config", str(standing[1]))
    told = CliRunner().invoke(app, ["deadlines", "--unit", HUUNGHI, *at])
    assert [each["subject"] for each in json.loads(told.stdout)["due"]] == ["HS1/2026"]
    stranger = CliRunner().invoke(app, ["deadlines", "--unit", "CK-CHALO", *at])
    assert (stranger.exit_code, "there is no unit CK-CHALO" in stranger.output) == (2, True)
