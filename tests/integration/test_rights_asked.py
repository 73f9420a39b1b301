"""Use cases ask for the right themselves: whatever led there, another unit's data are refused and nothing changes."""

from __future__ import annotations

import getpass
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from adapter.bootstrap import Components
from adapter.cli import app, options
from adapter.cli.dossiers import dossier_reader
from adapter.gateways.store.browse import WantedMessages
from adapter.gateways.store.certificates import Office
from adapter.gateways.store.deadline_figures import Wanted
from adapter.gateways.store.journal_proof import Part
from adapter.gateways.store.offices import CustomsOffice
from adapter.gateways.store.tables import journal, outbox
from adapter.model.actor import Actor, Role
from adapter.model.dossier import ACTS, Act
from adapter.model.errors import NoRight
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.procedure import Label
from adapter.model.stages import Channel, Submission
from adapter.pipeline.pairs import PairVerdict
from adapter.services.access.people import Facts
from adapter.services.access.rights import Right
from adapter.services.customs.audit import Asked
from adapter.services.customs.clients import PartyFacts
from adapter.services.customs.search import Key, Search
from adapter.services.door.precheck import TurnedAway
from adapter.services.dossiers.desk import RIGHTS
from adapter.services.dossiers.lookup import LookupKind, Question
from adapter.services.dossiers.paper_values import PaperForm
from adapter.services.dossiers.versions import Versions
from adapter.services.messages.quarantine import Held, Quarantine
from adapter.services.portal_failure.failure import CallResult, FailureReport
from adapter.services.registers.certificates import Registration
from adapter.services.watch.mode import Sight
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK
from tests.harness.history import ITEMS
from tests.harness.people import TESTER, customs, person
from tests.harness.pki import ROOT
from tests.harness.registers import gate
from tests.harness.stores import Original
from tests.harness.units import HUUNGHI, MONGCAI, two_units

CITIZEN = "001085012345"
HERE = DossierKey("RQ1", 2026)
NAMED = {"name": "TRAN VAN BINH", "rank": "Thiếu tá"}


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Components, Original]]:
    """Two units; a declaration for a gate of the first. And a copy of the store."""
    folder = tmp_path_factory.mktemp("one")
    with gate(folder, changes=two_units()) as made:
        message = declaration("RQ101", reference=HERE.number, gate="HUUNGHI", function="01", sent="2026-03-02 07:14:58")
        made.intake.receive([Submission(message.raw, Channel.WINDOW, CLOCK, Digest(message.digest))])
        yield made, Original(made.database)


@pytest.fixture
def whole(one: tuple[Components, Original]) -> Components:
    """As it was when the declaration had come."""
    made, original = one
    original.put_back()
    return made


def officer(code: str, unit: str, role: Role = Role.OFFICER) -> Actor:
    return person(code, role, unit=unit, **NAMED)


def entries(whole: Components) -> list[Any]:
    with whole.database.reading() as connection:
        return list(connection.execute(select(journal.c.event, journal.c.actor, journal.c.detail)))


ON_A_DOSSIER: dict[str, Callable[[Components, DossierKey, Actor], object]] = {
    "accept": lambda components, key, who: components.completion.accept(key, who),
    "complete": lambda components, key, who: components.completion.complete(key, who),
    "refuse": lambda components, key, who: components.completion.refuse(key, who, reason="x"),
    "request an amendment": lambda components, key, who: components.amendments.request(
        key, who, reason="x", items=ITEMS
    ),
    "withdraw a request": lambda components, key, who: components.amendments.withdraw(key, who, reason="x"),
    "note papers": lambda components, key, who: components.handing_in.brought(key, "originalLetter", who),
    "settle a pair": lambda components, key, who: components.pairs.settle(key, HERE, PairVerdict.SAME, who, reason="x"),
    "reopen a pair": lambda components, key, who: components.pairs.reopen(key, HERE, who, reason="x"),
    "see its pairs": lambda components, key, who: components.pairs.of(key, who),
    "see it": lambda components, key, who: dossier_reader(components).life(key, personal=False, actor=who),
    "see its persons": lambda components, key, who: dossier_reader(components).life(key, personal=True, actor=who),
    "see its versions": lambda components, key, who: _versions(components).of(key, personal=False, actor=who),
    "see persons of its versions": lambda components, key, who: _versions(components).of(key, personal=True, actor=who),
}
LISTS: dict[str, Callable[[Components, Actor], object]] = {
    "list dossiers": lambda components, who: dossier_reader(components).dossiers(state=None, limit=9, actor=who),
    "list amendments": lambda components, who: components.amendments.listed(everything=True, limit=9, actor=who),
    "list pairs": lambda components, who: components.pairs.unsettled(9, actor=who),
    "list deadlines": lambda components, who: (
        components.deadlines.agenda(Wanted(), since=CLOCK, now=CLOCK, actor=who).due
    ),
}
REGISTERS: dict[str, Callable[[Components, Actor], object]] = {
    "list certificates": lambda components, who: components.registry.list(actor=who),
    "show a certificate": lambda components, who: components.registry.show("1", actor=who),
    "take a scanned letter": lambda components, who: components.attachments_given.letter(1, who),
    "list authorisations": lambda components, who: components.authorisations.list(actor=who),
    "list accounts": lambda components, who: components.accounts.list(actor=who),
}
_FORM = PaperForm("BQP0100002", "1", 2026, CLOCK, None, None, {}, {})
_FAILED = FailureReport(CLOCK, Label("x", "x"), None)
_HELD = Held("1", "store", "parked", "x", 0, "x")
ELSEWHERE: dict[str, Callable[[Components, Actor], object]] = {
    **LISTS,
    **REGISTERS,
    "declare": lambda components, who: components.door.submit(b"", who),
    "find": lambda components, who: components.lookup.find(Question(LookupKind.NUMBER, "RQ1", 2026), who),
    "look up": lambda components, who: components.searches.search(Search(Key.NUMBER, "RQ1", 2026), who),
    "look a reply up": lambda components, who: components.searches.decision("RQ1", 2026, None, who),
    "list whom he gives lookups": lambda components, who: components.lookup_rights.offices(who),
    "give a lookup": lambda components, who: components.lookup_rights.give("x", "BQP0100001", actor=who),
    "withdraw a lookup": lambda components, who: components.lookup_rights.withdraw("x", "BQP0100001", actor=who),
    "register a client": lambda components, who: components.clients.add("issuer", "x", PartyFacts("X", ""), actor=who),
    "end a client": lambda components, who: components.clients.end("issuer", "x", reason="x", actor=who),
    "audit lookups": lambda components, who: components.lookup_audit.looked(Asked(CLOCK, CLOCK), who),
    "enter what was on paper": lambda components, who: components.paper_records.enter(_FORM, actor=who),
    "list what was on paper": lambda components, who: components.paper_records.unchecked(9, actor=who),
    "see what was sent back": lambda components, who: components.paper_records.sent_back(9, actor=who),
    "foresee what was on paper": lambda components, who: components.paper_records.foresee(_FORM, actor=who),
    "see what was on paper": lambda components, who: components.paper_records.show(1, actor=who),
    "see scans of a paper": lambda components, who: components.paper_scans.of(1, actor=who),
    "attach a scan": lambda components, who: components.paper_scans.add(1, "KHAC", "x.pdf", b"", actor=who),
    "take a scan": lambda components, who: components.paper_scans.file(1, "0" * 64, actor=who),
    "check what was on paper": lambda components, who: components.paper_records.check(1, actor=who),
    "send back what was on paper": lambda components, who: components.paper_records.send_back(1, reason="x", actor=who),
    "see a failure": lambda components, who: components.failure_acts.state(actor=who),
    "announce a failure": lambda components, who: components.failure_acts.begin(_FAILED, actor=who),
    "end a failure": lambda components, who: components.failure_acts.end(None, actor=who),
    "see whom to call": lambda components, who: components.failure_acts.contacts(actor=who),
    "note a call": lambda components, who: components.failure_acts.call("1/2026", CallResult.REACHED, "", actor=who),
    "take a letter": lambda components, who: components.failure_acts.letter("thong-bao.txt", actor=who),
    "suspend": lambda components, who: components.accounts.suspend(CITIZEN, unit=None, reason="x", actor=who),
    "restore": lambda components, who: components.accounts.restore(CITIZEN, unit=None, reason="x", actor=who),
    "grant": lambda components, who: components.authorisations.grant(CITIZEN, "0100109106", "1", actor=who),
    "revoke": lambda components, who: components.authorisations.revoke(1, reason="x", actor=who),
    "register": lambda components, who: components.registry.register([], Registration(Office.PORTAL), actor=who),
    "list certificates that wait": lambda components, who: components.registry.waiting(actor=who),
    "approve a certificate": lambda components, who: components.registry.approve("1", actor=who),
    "decline a certificate": lambda components, who: components.registry.decline("1", reason="x", actor=who),
    "suspend a certificate": lambda components, who: components.registry.suspend("1", reason="x", actor=who),
    "restore a certificate": lambda components, who: components.registry.restore("1", reason="x", actor=who),
    "override": lambda components, who: components.window.override(Sight.DOWN, reason="x", actor=who),
    "end an override": lambda components, who: components.window.end_override(actor=who),
    "end a notice": lambda components, who: components.window.end_notice(reason="x", actor=who),
    "take a payload": lambda components, who: _quarantine(components).payload(_HELD, actor=who),
    "browse messages": lambda components, who: components.message_browser.newest(
        WantedMessages(), behind=None, actor=who
    ),
    "find a message": lambda components, who: components.message_browser.called("RQ1", actor=who),
    "see a message": lambda components, who: components.message_browser.show("1", actor=who),
    "see an answer": lambda components, who: components.message_browser.reply("1", actor=who),
    "unmask a message": lambda components, who: components.message_browser.unmask("1", reason="x", actor=who),
    "resend": lambda components, who: components.resend.again("1", reason="x", actor=who),
    "report an incident": lambda components, who: components.reconciliation.report("1", actor=who),
    "make a signed report": lambda components, who: components.incident_reports.make("1", actor=who),
    "replay": lambda components, who: _quarantine(components).replay(_HELD, actor=who),
    "replay all": lambda components, who: _quarantine(components).replay_all(actor=who),
    "issue": lambda components, who: components.tokens.issue("declarant", "a", CITIZEN, actor=who),
    "revoke a token": lambda components, who: components.tokens.revoke(1, actor=who),
    "verify the journal": lambda components, who: dossier_reader(components).journal_proof(Part(), actor=who),
    "add a person": lambda components, who: components.people.add("x", Facts("X", ("auditor",)), actor=who),
}


def _versions(components: Components) -> Versions:
    return Versions(
        components.database, lambda: components.catalogue, components.installation.units, components.legal_clock
    )


def _quarantine(components: Components) -> Quarantine:
    return Quarantine(components.database, lambda: components.intake, None, components.legal_clock)  # type: ignore[arg-type]


@pytest.mark.parametrize("act", ON_A_DOSSIER)
def test_a_dossier_of_another_unit_is_refused_and_told_whose_it_is(whole: Components, act: str) -> None:
    before = entries(whole)
    with pytest.raises(NoRight, match=f"^dossier RQ1/2026 is of unit {HUUNGHI}; ngoai is of unit {MONGCAI}$"):
        ON_A_DOSSIER[act](whole, HERE, officer("ngoai", MONGCAI))
    assert entries(whole) == before


@pytest.mark.parametrize("key", [HERE, DossierKey("NONE", 2026)], ids=["a dossier", "none"])
@pytest.mark.parametrize("act", ON_A_DOSSIER)
def test_whoever_has_no_role_is_refused_and_not_told_whether_there_is_a_dossier(
    whole: Components, act: str, key: DossierKey
) -> None:
    before = entries(whole)
    with pytest.raises(NoRight, match=r"^nobody has no right to "):
        ON_A_DOSSIER[act](whole, key, person("nobody", unit=HUUNGHI, **NAMED))
    assert entries(whole) == before


@pytest.mark.parametrize("act", ELSEWHERE)
def test_whoever_has_no_role_is_refused_everything_else_and_nothing_changes(whole: Components, act: str) -> None:
    whole.people.add("hoa", Facts("LE THI HOA", ("administrator",)), actor=TESTER)
    before = entries(whole)
    refused = (TurnedAway, "^Only a declarant's") if act == "declare" else (NoRight, "^nobody has no right to ")
    with pytest.raises(refused[0], match=refused[1]):
        ELSEWHERE[act](whole, person("nobody", unit=HUUNGHI, **NAMED))
    assert entries(whole) == before


def test_an_officer_of_the_unit_confirms_and_the_journal_names_him(whole: Components) -> None:
    whole.completion.complete(HERE, officer("an-01", HUUNGHI))
    event, actor, detail = entries(whole)[-1]
    assert (event, actor, detail["state"]) == ("dossier.complete", "person:an-01", "confirmation_signed")


def test_an_auditor_sees_every_dossier_but_no_person_and_decides_nothing(whole: Components) -> None:
    auditor = person("kiem-tra", Role.AUDITOR, **NAMED)
    assert dossier_reader(whole).life(HERE, personal=False, actor=auditor).dossier.number == "RQ1"
    with pytest.raises(NoRight, match="no right to see personal values"):
        dossier_reader(whole).life(HERE, personal=True, actor=auditor)
    assert len(_versions(whole).of(HERE, personal=False, actor=auditor).columns) == 1
    with pytest.raises(NoRight, match="no right to see personal values"):
        _versions(whole).of(HERE, personal=True, actor=auditor)
    with pytest.raises(NoRight, match="no right to confirm"):
        whole.completion.complete(HERE, auditor)


def test_whoever_sees_the_dossiers_of_an_incident_makes_no_signed_report_of_it(whole: Components) -> None:
    with pytest.raises(NoRight, match="no right to make the signed report"):
        whole.incident_reports.make("1", actor=person("kiem-tra", Role.AUDITOR, **NAMED))


def test_an_officer_finds_the_dossiers_of_his_own_unit_only(whole: Components) -> None:
    asked = Question(LookupKind.NUMBER, "RQ1", 2026)
    assert len(whole.lookup.find(asked, officer("an-01", HUUNGHI)).dossiers) == 1
    assert whole.lookup.find(asked, officer("ngoai", MONGCAI)).dossiers == []
    assert len(whole.lookup.find(asked, person("van-hanh", Role.OPERATOR)).dossiers) == 1
    asked_by = [(actor, detail["office"]) for event, actor, detail in entries(whole) if event == "lookup.dossiers"]
    assert asked_by == [("person:an-01", HUUNGHI), ("person:ngoai", MONGCAI), ("person:van-hanh", "*")]


@pytest.mark.parametrize("act", ["list dossiers", "list deadlines"])
def test_a_list_shows_an_officer_the_dossiers_of_his_unit_and_an_operator_all(whole: Components, act: str) -> None:
    seen = [
        len(LISTS[act](whole, who))  # type: ignore[arg-type]
        for who in (officer("an-01", HUUNGHI), officer("ngoai", MONGCAI), person("van-hanh", Role.OPERATOR))
    ]
    assert seen == [1, 0, 1]


@pytest.mark.parametrize("act", LISTS)
def test_an_officer_of_a_unit_that_is_none_of_ours_is_told_so(whole: Components, act: str) -> None:
    with pytest.raises(NoRight, match=r"^x is of unit ELSEWHERE, which is not among units: state it there$"):
        LISTS[act](whole, officer("x", "ELSEWHERE"))


def test_customs_of_another_office_find_nothing_and_of_an_office_above_find_it(whole: Components) -> None:
    for office in (
        CustomsOffice("CHQ", "Cục", None, ()),
        CustomsOffice("HN", "Hữu Nghị", "CHQ", ("HUUNGHI",)),
        CustomsOffice("MC", "Móng Cái", "CHQ", ("MONGCAI",)),
    ):
        whole.offices.add(office, actor=TESTER)
    asked = Search(Key.NUMBER, "RQ1", 2026)
    seen = {
        office: len(whole.searches.search(asked, customs(office)).answers) for office in ("CHQ", "HN", "MC", "HUUNGHI")
    }
    assert seen == {"CHQ": 1, "HN": 1, "MC": 0, "HUUNGHI": 1}
    assert whole.searches.decision("RQ1", 2026, None, customs("MC")) is None


def test_a_commander_suspends_at_his_unit_or_everywhere_and_lifts_nothing_of_another(whole: Components) -> None:
    here, there = (officer(code, unit, Role.COMMANDER) for code, unit in (("a", HUUNGHI), ("b", MONGCAI)))
    with pytest.raises(NoRight, match=f"the account at {MONGCAI} is of unit {MONGCAI}"):
        whole.accounts.suspend(CITIZEN, unit=MONGCAI, reason="x", actor=here)
    whole.accounts.suspend(CITIZEN, unit=MONGCAI, reason="x", actor=there)
    with pytest.raises(NoRight, match=f"the account at {MONGCAI} is of unit {MONGCAI}"):
        whole.accounts.restore(CITIZEN, unit=None, reason="x", actor=here)
    assert len(whole.accounts.list(actor=TESTER)) == 1
    whole.accounts.restore(CITIZEN, unit=None, reason="x", actor=there)
    whole.accounts.suspend(CITIZEN, unit=None, reason="x", actor=here)
    with pytest.raises(NoRight, match="no right to suspend an account"):
        whole.accounts.suspend("0100109106", unit=None, reason="x", actor=officer("c", HUUNGHI))


def test_every_act_of_an_officer_needs_a_right() -> None:
    assert set(RIGHTS) == set(Act) - set(ACTS.values())


def test_every_right_is_asked_for_by_some_use_case() -> None:
    table = ROOT / "adapter" / "services" / "access" / "rights.py"
    sources = [file.read_text(encoding="utf-8") for file in (ROOT / "adapter").rglob("*.py") if file != table]
    asked = set(re.findall(r"\bRight\.([A-Z_]+)", "\n".join(sources)))
    assert {right.name for right in Right} == asked


@pytest.fixture
def run(whole: Components, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A command, at an installation with people of both units in its register."""
    for code, facts in {
        "hoa": Facts("LE THI HOA", ("administrator",)),
        "an-01": Facts("NGUYEN VAN AN", ("officer",), "Đại úy", unit=HUUNGHI),
        "ngoai": Facts("VU VAN NGOAI", ("officer",), unit=MONGCAI),
    }.items():
        whole.people.add(code, facts, actor=TESTER)
    monkeypatch.setattr(options, "build", lambda _: whole)

    def run(*words: str, code: int = 0) -> Any:
        done = CliRunner().invoke(app, list(words))
        assert done.exit_code == code, (done.output, done.exception)
        return done

    return run


def test_the_signed_form_has_name_and_rank_of_the_register_and_the_journal_the_account(
    whole: Components, run: Callable[..., Any]
) -> None:
    run("dossier", "complete", "RQ1", "2026", "--officer", "an-01")
    ((actor, detail),) = [entry[1:] for entry in entries(whole) if entry[0] == "dossier.complete"]
    assert (actor, detail["account"]) == ("person:an-01", getpass.getuser())
    with whole.database.reading() as connection:
        (form,) = connection.execute(select(outbox.c.body).where(outbox.c.kind == "Completion")).scalars()
    assert "NGUYEN VAN AN" in form.decode()
    assert "Đại úy" in form.decode()


def test_only_a_declarant_authorises_others_for_himself(whole: Components) -> None:
    clerk = officer("an", HUUNGHI)
    with pytest.raises(NoRight):
        whole.grants.give(clerk, "001190004567", "UQ-1", until=None, procedures=())
    with pytest.raises(NoRight):
        whole.grants.withdraw(clerk, 1, reason="x")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--officer", "ngoai"), f"dossier RQ1/2026 is of unit {HUUNGHI}; ngoai is of unit {MONGCAI}"),
        (("--officer", "hoa"), "hoa has no right to confirm that a declaration is complete; roles that have it: "),
        (("--officer", "stranger", "--name", "X"), "nobody is registered as 'stranger': see `people list`"),
        (("--officer", "an-01", "--name", "TRAN"), "an-01 is registered with another name"),
    ],
)
def test_whoever_may_not_confirm_is_told_in_one_line(
    whole: Components, run: Callable[..., Any], words: tuple[str, ...], told: str
) -> None:
    done = run("dossier", "complete", "RQ1", "2026", *words, code=1)
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"nsw-adapter: {told}")
    assert dossier_reader(whole).life(HERE, personal=False, actor=TESTER).dossier.state == "accepted"
