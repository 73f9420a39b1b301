"""What was done by hand is entered by one officer, checked by another, and marked as paper wherever it is seen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import yaml
from lxml import etree
from sqlalchemy import update
from typer.testing import CliRunner

from adapter.bootstrap import Components
from adapter.cli import app
from adapter.cli.dossiers import dossier_reader
from adapter.gateways.store import paper_records as store
from adapter.gateways.store import tables
from adapter.gateways.store.message_archive import Span, messages
from adapter.model.actor import Actor, Role
from adapter.model.errors import NoRight, NotAllowed
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.stages import Channel, Submission
from adapter.model.units import BorderUnit, BorderUnits
from adapter.pipeline.envelope import VIETNAM
from adapter.services.customs.search import Key, Search
from adapter.services.dossiers.paper_values import PaperForm, PaperRefused, PaperWhy
from adapter.services.watch.deadlines import DeadlineState
from adapter.services.watch.mode import Sight
from adapter.services.watch.reconciliation import WorkingDay
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK
from tests.harness.people import TESTER, customs, declarant, person
from tests.harness.registers import gate

CITIZENS, NUMBER, PASSPORT, OWN = "BQP0100002", "12GIAY", "B7654321", "001085012345"
KEY = DossierKey(NUMBER, CLOCK.year)
VALUES = {
    "gate": "HUUNGHI",
    "borderUnit": "BPCK_HUUNGHI",
    "direction": "XC",
    "expectedArrival": "2026-03-02 09:00:00",
    "declarantName": "Nguyễn Văn Giấy",
    "declarantPersonalNumber": OWN,
    "fullName": "NGUYEN VAN GIAY",
    "dateOfBirth": "1985-06",
    "documentNumber": PASSPORT,
    "personalNumber": OWN,
}
FORM = PaperForm(
    procedure=CITIZENS,
    number=NUMBER,
    year=CLOCK.year,
    received_at=CLOCK - timedelta(minutes=30),
    confirmed_at=CLOCK - timedelta(minutes=10),
    confirmation="XN-GIAY-7",
    values=VALUES,
    rows={"children": [{"seq": "1", "fullName": "NGUYEN THI CON", "documentNumber": "C1234567"}]},
)


def officer(code: str, unit: str = "*") -> Actor:
    return person(code, Role.OFFICER, unit=unit, name="TRAN VAN BINH", rank="Thiếu tá")


ENTERS, CHECKS = officer("an-01"), officer("binh-02")


@pytest.fixture
def whole(tmp_path: Path, sqlite_url: str) -> Iterator[Components]:
    with gate(tmp_path, sqlite_url) as made:
        made.window = replace(made.window, clock=lambda: CLOCK)
        yield made


def rows(whole: Components, table: Any) -> list[Any]:
    with whole.database.reading() as connection:
        return list(connection.execute(table.select()))


def recorded(whole: Components, form: PaperForm = FORM) -> DossierKey:
    return whole.paper_records.check(whole.paper_records.enter(form, actor=ENTERS), actor=CHECKS)


def test_it_is_a_dossier_only_after_a_second_officer(whole: Components) -> None:
    entry = whole.paper_records.enter(FORM, actor=ENTERS)
    assert rows(whole, tables.dossier) == []
    with pytest.raises(NotAllowed, match="somebody else"):
        whole.paper_records.check(entry, actor=ENTERS)
    assert whole.paper_records.check(entry, actor=CHECKS) == KEY
    (row,) = rows(whole, tables.dossier)
    assert (row.channel, row.state, row.gate, row.identities) == ("manual", "recorded", "HUUNGHI", [OWN])
    assert row.received_at == FORM.received_at
    (message,) = rows(whole, tables.inbox)
    assert message.pair == "10/01", "kept as what declares"
    with pytest.raises(NotAllowed, match="checked already"):
        whole.paper_records.check(entry, actor=CHECKS)


@pytest.mark.parametrize("act", ["check", "send back"])
def test_a_scan_that_comes_while_somebody_compares_is_none_of_the_entry(whole: Components, act: str) -> None:
    """Looking at the file takes seconds, in which the second officer presses."""
    entry = whole.paper_records.enter(FORM, actor=ENTERS)

    def compared_meanwhile(*_: object) -> None:
        if act == "check":
            whole.paper_records.check(entry, actor=CHECKS)
        else:
            whole.paper_records.send_back(entry, reason="Sai số hộ chiếu", actor=CHECKS)

    slow = replace(whole.paper_scans, files=replace(whole.attachments, look=compared_meanwhile))
    with pytest.raises(PaperRefused) as told:
        slow.add(entry, "KHAC", "a.pdf", b"%PDF-", actor=ENTERS)
    assert told.value.why is PaperWhy.SETTLED
    assert (rows(whole, tables.attachment), rows(whole, tables.stored_file)) == ([], [])


def test_entries_of_other_units_hide_none_of_his(whole: Components) -> None:
    units = [BorderUnit(f"BPCK_{gate}", gate, gate, gate[:2], frozenset({gate})) for gate in ("HUUNGHI", "MONGCAI")]
    records = replace(whole.paper_records, units=BorderUnits(tuple(units)))
    his = replace(FORM, number="SAU", values=VALUES | {"gate": "MONGCAI", "borderUnit": "BPCK_MONGCAI"})
    for form in (FORM, his):
        records.enter(form, actor=ENTERS)
    found = records.unchecked(1, actor=officer("chi-03", "BPCK_MONGCAI"))
    assert [each.number for each in found] == ["SAU"]


def test_of_many_waiting_entries_only_those_are_read_that_are_shown(whole: Components) -> None:
    for number in ("MOT", "HAI", "BA"):
        whole.paper_records.enter(replace(FORM, number=number), actor=ENTERS)
    with patch.object(store, "made", side_effect=store.made) as read:
        assert len(whole.paper_records.unchecked(1, actor=CHECKS)) == 1
    assert read.call_count == 1


def test_entries_of_others_in_his_unit_are_counted_for_him_and_none_is_read(whole: Components) -> None:
    units = [BorderUnit(f"BPCK_{gate}", gate, gate, gate[:2], frozenset({gate})) for gate in ("HUUNGHI", "MONGCAI")]
    records = replace(whole.paper_records, units=BorderUnits(tuple(units)))
    away = VALUES | {"gate": "MONGCAI", "borderUnit": "BPCK_MONGCAI"}
    for number, values, by in (
        ("MOT", VALUES, ENTERS),
        ("HAI", VALUES, CHECKS),
        ("BA", away, ENTERS),
        ("BON", VALUES, ENTERS),
    ):
        records.enter(replace(FORM, number=number, values=values), actor=by)
    entry = records.enter(replace(FORM, number="NAM"), actor=ENTERS)
    records.send_back(entry, reason="Sai số hộ chiếu", actor=CHECKS)
    with patch.object(store, "made", side_effect=store.made) as read:
        at_huunghi = {who: records.to_compare(officer(who, "BPCK_HUUNGHI")) for who in ("an-01", "binh-02", "chi-03")}
        assert at_huunghi == {"an-01": 1, "binh-02": 2, "chi-03": 3}
        assert records.to_compare(officer("chi-03", "BPCK_MONGCAI")) == 1
        assert records.to_compare(officer("chi-03")) == 4
        assert records.to_compare(officer("chi-03", "BPCK_DAU_DO")) == 0
        assert records.to_compare(person("kiem-tra", Role.AUDITOR)) is None
    assert read.call_count == 0


def test_nothing_leaves_and_no_duty_begins(whole: Components) -> None:
    recorded(whole)
    assert [rows(whole, table) for table in (tables.outbox, tables.deadline, tables.confirmation)] == [[], [], []]


@pytest.mark.parametrize("act", ["accept", "complete"])
def test_no_act_is_done_to_it(whole: Components, act: str) -> None:
    recorded(whole)
    with pytest.raises(NotAllowed):
        getattr(whole.completion, act)(KEY, CHECKS)


def test_customs_find_it_by_a_childs_paper_marked_as_paper_that_may_be_asked(whole: Components) -> None:
    recorded(whole)
    for number in (PASSPORT, "C1234567"):
        (found,) = whole.searches.search(Search(Key.PAPER, number), customs("*")).answers
        assert (found.dossier.channel, found.dossier.state) == ("manual", "recorded")
        assert "bằng giấy" in found.dossier.result.vi
        assert found.dossier.paper_may_be_asked.value
        assert "bằng giấy" in found.dossier.paper_may_be_asked.ground.vi


def test_its_declarant_and_officers_see_it_marked(whole: Components) -> None:
    recorded(whole)
    own = whole.own_dossiers.read(declarant(OWN), KEY.number, KEY.year)
    assert own is not None
    assert (own.row.state, [each.channel for each in own.messages], own.answers) == ("recorded", ["manual"], ())
    life = dossier_reader(whole).life(KEY, personal=True, actor=CHECKS)
    assert (life.dossier.state, life.dossier.channel) == ("recorded", "manual")
    (version,) = life.versions
    assert version.values["documentNumber"] == PASSPORT
    assert [each.event for each in life.journal] == ["dossier.record"]


def test_a_case_page_and_the_message_browser_show_it(whole: Components) -> None:
    recorded(whole)
    case = whole.case_files.open(KEY, CHECKS)
    assert (case.state, case.channel, case.acts) == ("recorded", "manual", ())
    (message,) = rows(whole, tables.inbox)
    shown = whole.message_browser.show(message.public_id, actor=TESTER)
    assert PASSPORT not in str(shown), "what persons typed is masked"


def test_a_dry_run_of_messages_passes_it_by(whole: Components) -> None:
    recorded(whole)
    with whole.database.reading() as connection:
        assert messages(connection, Span(CLOCK - timedelta(days=9)), after=None, limit=9) == []


def test_a_message_of_its_number_changes_nothing(whole: Components) -> None:
    sent = declaration(1, signer="portal")
    key = DossierKey(sent.reference, CLOCK.year)
    recorded(whole, replace(FORM, number=key.number))
    before = rows(whole, tables.dossier)
    whole.intake.receive([Submission(sent.raw, Channel.PORTAL, CLOCK, Digest(sent.digest))])
    (row,) = rows(whole, tables.dossier)
    assert (row.state, row.version, row.channel) == ("recorded", 1, "manual")
    assert before[0].received_at == row.received_at


def test_every_fault_of_what_was_typed_is_told_at_once_and_no_value(whole: Components) -> None:
    wrong = {**VALUES, "nosuch": "x", "expectedArrival": "mai mốt", "dateOfBirth": "31/12/1985"}
    with pytest.raises(NotAllowed) as told:
        whole.paper_records.enter(replace(FORM, values=wrong), actor=ENTERS)
    assert all(name in str(told.value) for name in ("nosuch", "expectedArrival", "dateOfBirth"))
    assert "mai mốt" not in str(told.value)


@pytest.mark.parametrize(
    "form",
    [
        replace(FORM, received_at=CLOCK + timedelta(hours=1)),
        replace(FORM, confirmed_at=CLOCK - timedelta(hours=1)),
        replace(FORM, procedure="BQP9999999"),
        replace(FORM, rows={"nosuch": [{}]}),
        replace(FORM, year=2024),
        replace(FORM, number="x" * 36),
    ],
    ids=["to come", "confirmed before", "no procedure", "no such rows", "another year", "a long number"],
)
def test_what_no_paper_can_say_is_not_entered(whole: Components, form: PaperForm) -> None:
    with pytest.raises(NotAllowed):
        whole.paper_records.enter(form, actor=ENTERS)
    assert rows(whole, tables.paper_record) == []


def test_the_year_and_the_day_are_those_of_vietnam(whole: Components) -> None:
    """At one o'clock of New Year's night it is still the old year in UTC."""
    night = datetime(CLOCK.year + 1, 1, 1, 1, tzinfo=VIETNAM).astimezone(UTC)
    records = replace(whole.paper_records, clock=lambda: night)
    form = replace(FORM, year=CLOCK.year + 1, received_at=night - timedelta(minutes=30), confirmed_at=None)
    assert records.enter(form, actor=ENTERS)
    assert replace(whole.paper_forms, clock=lambda: night).today == date(CLOCK.year + 1, 1, 1)


def test_a_number_is_entered_once_and_again_after_it_was_sent_back(whole: Components) -> None:
    entry = whole.paper_records.enter(FORM, actor=ENTERS)
    with pytest.raises(NotAllowed, match="already"):
        whole.paper_records.enter(FORM, actor=CHECKS)
    whole.paper_records.send_back(entry, reason="Sai số hộ chiếu", actor=CHECKS)
    with pytest.raises(NotAllowed, match="sent back"):
        whole.paper_records.check(entry, actor=CHECKS)
    assert recorded(whole) == KEY


def test_another_role_enters_nothing(whole: Components) -> None:
    with pytest.raises(NoRight):
        whole.paper_records.enter(FORM, actor=person("xem", Role.AUDITOR))
    with pytest.raises(NoRight):
        whole.paper_records.enter(FORM, actor=officer("ngoai", "BPCK_MONGCAI_KHAC"))


def test_the_journal_names_nobody(whole: Components) -> None:
    recorded(whole)
    told = [(row.event, json.dumps(row.detail)) for row in rows(whole, tables.journal)]
    told = [(event, detail) for event, detail in told if not event.startswith("certificate.")]
    assert [event for event, _ in told] == ["paper.enter", "dossier.record"]
    assert not [text for _, text in told if "GIAY VAN" in text or PASSPORT in text or OWN in text]


def test_what_was_done_in_an_incident_of_the_window_stands_in_its_report_until_it_is_reported(
    whole: Components, tmp_path: Path
) -> None:
    recorded(whole, replace(FORM, number="TRUOC", received_at=CLOCK - timedelta(days=1)))  # of a portal's failure alone
    whole.window.override(Sight.DOWN, reason="mất kết nối", actor=TESTER)
    recorded(whole, replace(FORM, received_at=CLOCK, confirmed_at=None))
    unchecked = replace(FORM, number="CHUA", received_at=CLOCK, confirmed_at=None)
    whole.paper_records.enter(unchecked, actor=ENTERS)
    incident, out = str(whole.window.incidents(1)[0].id), tmp_path / "report.xml"

    def reported(*more: str, code: int) -> Any:
        arguments = ["reconcile", "report", incident, *more, "--by", "test", "--json"]
        done = CliRunner().invoke(app, [*arguments, "--config", str(tmp_path / "config.yaml")])
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)

    told = reported(code=1)
    assert ([each["dossier"] for each in told["papers"]], told["open_papers"]) == (["12GIAY/2026", "CHUA/2026"], 2)
    assert reported("--out", str(out), code=1)["open_papers"] == 1, "one is not checked yet"
    found = etree.parse(out).findall("PaperRecord")
    assert [each.findtext("Dossier") for each in found] == ["12GIAY/2026"]
    assert found[0].findtext("Confirmation") == "XN-GIAY-7"
    assert PASSPORT not in out.read_text(encoding="utf-8")
    assert reported(code=1)["papers"][0]["reported_at"] is not None


def test_what_was_done_on_paper_is_reported_within_the_same_working_day(whole: Components) -> None:
    recorded(whole, replace(FORM, number="TRUOC", received_at=CLOCK - timedelta(days=1)))  # of a portal's failure alone
    whole.window.override(Sight.DOWN, reason="mất kết nối", actor=TESTER)
    form = replace(FORM, received_at=CLOCK, confirmed_at=None)
    friday = datetime.fromisoformat("2026-03-06T16:00:00+07:00")
    with whole.database.transaction() as connection:
        ended = {"started_at": CLOCK - timedelta(minutes=1), "ended_at": friday}
        connection.execute(update(tables.incident).values(ended))
    (incident,) = rows(whole, tables.incident)

    def day(at: datetime) -> WorkingDay | None:
        replace(whole.deadlines, clock=lambda: at).watch()
        return replace(whole.reconciliation, clock=lambda: at).report(str(incident.id), actor=TESTER).working_day

    assert day(friday) is None, "nothing is left"
    entry = whole.paper_records.enter(form, actor=ENTERS)
    running = day(friday)
    assert running is not None
    assert running.due_at == datetime.fromisoformat("2026-03-09T23:59:59.999999+07:00")
    whole.paper_records.check(entry, actor=CHECKS)
    monday = datetime.fromisoformat("2026-03-09T10:00:00+07:00")
    assert (found := day(monday)) is not None
    assert found.ended_at is None, "checked, and not reported"
    report = whole.reconciliation.report(str(incident.id), actor=TESTER)
    whole.reconciliation.reported(report, {}, actor=TESTER)
    assert (found := day(monday)) is not None
    assert (found.standing, found.ended_at) == (DeadlineState.MET, monday)
    late = whole.paper_records.enter(replace(form, number="MUON"), actor=ENTERS)
    assert (found := day(monday + timedelta(days=2))) is not None
    assert found.standing is DeadlineState.OVERDUE, "it runs from the end of the incident, whenever it was entered"
    whole.paper_records.send_back(late, reason="Không có trên giấy", actor=CHECKS)
    assert (found := day(monday + timedelta(days=2))) is not None
    assert found.ended_at is not None


def test_officers_enter_compare_and_check_by_commands(whole: Components, tmp_path: Path) -> None:
    file = tmp_path / "form.yaml"
    stated = {
        "procedure": CITIZENS,
        "number": NUMBER,
        "year": CLOCK.year,
        "received_at": "2026-03-02 06:45",
        "values": VALUES,
        "rows": {"children": [{"seq": "1", "fullName": "NGUYEN THI CON"}]},
    }
    file.write_text(yaml.safe_dump(stated, allow_unicode=True), encoding="utf-8")

    def run(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, ["paper", *arguments, "--config", str(tmp_path / "config.yaml")])
        assert done.exit_code == code, done.output
        return done.stdout

    entry = run("enter", str(file), "--officer", "an-01").split()[-1]
    assert [each["number"] for each in json.loads(run("list", "--officer", "binh-02", "--json"))] == [NUMBER]
    assert "NGUYEN THI CON" in run("show", entry, "--officer", "binh-02")
    run("check", entry, "--officer", "an-01", code=1)
    assert f"{NUMBER}/{CLOCK.year}" in run("check", entry, "--officer", "binh-02")
    file.write_text("procedure: [", encoding="utf-8")
    run("enter", str(file), "--officer", "an-01", code=2)
