"""Every fixture, run by one generic test: what was expected of it is written in its expected.yaml, and nowhere else."""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from lxml import etree

from adapter.bootstrap import House, house
from adapter.gateways.database import Database
from adapter.gateways.tables import declaration as declarations
from adapter.gateways.tables import declaration_row as rows_of
from adapter.gateways.tables import dossier as dossiers
from adapter.gateways.tables import inbox, outbox
from adapter.model.finding import Severity
from adapter.model.outcomes import Accepted, Outcome, Refused
from adapter.model.procedure import FieldSpec, Procedure, ReplyKind, RuleSpec
from adapter.model.stages import Declaration, Record, Stage, Submission, Value
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.judge import judge
from adapter.pipeline.rules.table import RULES, Kind
from adapter.pipeline.rules.view import View
from adapter.simulator.sign import PLAIN_FORMS, SignatureForm
from tests.harness.attacks import ATTACKS as BUILDERS
from tests.harness.attacks.canary import heard
from tests.harness.expectations import differences, expected, read
from tests.harness.fixtures import CLOCK, FIXTURES, Case, ExpectedDossier, load_cases, signed, submission
from tests.harness.history import Desk, told_again
from tests.harness.hostile import ATTACKS_FOLDER, load_attacks
from tests.harness.pki import shared_pki
from tests.harness.premises import furnish
from tests.harness.registers import furnish_register
from tests.harness.second_opinion import verify_with_xmlsec1

CASES = load_cases()
ATTACKS = load_attacks()
BY_ID = {case.id: case for case in CASES}
LEAST_CASES = 15
LATE = {"declare_before": "declared_late", "declare_within": "declared_late_after"}
"""What missing a time limit of a declaration is called, by its kind."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A fixture with what became of it."""

    case: Case
    outcome: Outcome
    """Of judging alone; what only the store could bring about stands in the others."""
    told: Told


@dataclass(frozen=True, slots=True)
class Told:
    """What the store keeps of a message once it has settled: where it stopped, what was found, what was answered."""

    stage: Stage | None
    word: str
    findings: tuple[dict[str, Any], ...]
    replies: tuple[bytes, ...]
    dossier: ExpectedDossier | None
    values: Mapping[str, Any]


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house on a migrated, empty SQLite file, at the fixtures' clock."""
    premises = furnish(tmp_path_factory.mktemp("house"))
    made = house(premises.config)
    furnish_register(premises, CASES)
    yield made
    made.database.close()


@pytest.fixture(scope="session")
def _judged() -> dict[str, Judged]:
    return {}


@pytest.fixture(params=[*CASES, *ATTACKS], ids=[case.id for case in (*CASES, *ATTACKS)])
def judged(
    request: pytest.FixtureRequest, whole: House, _judged: dict[str, Judged], tmp_path_factory: pytest.TempPathFactory
) -> Judged:
    """One fixture, signed, judged and settled in a store of its own: once for all tests that look at it."""
    case: Case = request.param
    if case.id not in _judged:
        _judged[case.id] = _settled(case, whole, tmp_path_factory.mktemp("store"))
    return _judged[case.id]


def _settled(case: Case, whole: House, folder: Path) -> Judged:
    """Play the case's history in a fresh store, then its message."""
    file = folder / "adapter.db"
    original = sqlite3.connect(whole.settings.folders.state / "adapter.db")
    with closing(original), closing(sqlite3.connect(file)) as copy:
        original.backup(copy)  # a plain copy would leave out what still stands in the write-ahead log
    own = House(whole.settings)
    own.__dict__ |= {"database": Database(f"sqlite:///{file}"), "ground": whole.ground, "catalogue": whole.catalogue}
    try:
        desk = Desk(own)
        for number, step in enumerate(case.before):
            if step.act is not None:
                desk.act(case, step.act)
            else:
                own.intake.receive([submission(told_again(case, number, BY_ID), shared_pki())])
        sent = submission(desk.filled(case), shared_pki())
        outcome = judge(sent, own.intake.ground)
        own.intake.receive([sent])
        return Judged(case, outcome, _told(own, sent))
    finally:
        own.database.close()


def _told(own: House, sent: Submission) -> Told:
    with own.database.transaction() as connection:
        row = connection.execute(inbox.select().where(inbox.c.digest == sent.digest)).one()
        mine = (outbox.c.inbox_id == row.id, outbox.c.route != "transfer")
        replies = connection.execute(outbox.select().where(*mine)).all()
        key = (dossiers.c.number == row.reference, dossiers.c.year == row.year)
        dossier = connection.execute(dossiers.select().where(*key)).first()
        values: dict[str, Any] = {}
        if dossier is not None:
            in_force = (declarations.c.dossier_id == dossier.id, declarations.c.version == dossier.version)
            version = connection.execute(declarations.select().where(*in_force)).one()
            values = dict(version.values)
            for each in connection.execute(rows_of.select().where(rows_of.c.declaration_id == version.id)):
                values.setdefault(each.group, []).append(each.values)
    return Told(
        stage=Stage(row.stage) if row.stage else None,
        word=row.outcome,
        findings=tuple(row.findings),
        replies=tuple(reply.body for reply in replies),
        dossier=dossier and ExpectedDossier(state=dossier.state, version=dossier.version, versions=dossier.versions),
        values=values,
    )


def test_a_fixture_ends_at_its_stage_with_its_outcome(judged: Judged) -> None:
    assert (judged.told.stage, judged.told.word) == (judged.case.expect.stage, judged.case.expect.outcome)


def test_a_fixture_brings_exactly_its_findings(judged: Judged, whole: House) -> None:
    texts = whole.catalogue.findings.texts
    found = sorted((finding["code"], finding["pointer"]) for finding in judged.told.findings)
    assert found == sorted((texts[each.name].code, each.pointer) for each in judged.case.expect.findings)


def test_a_finding_is_stated_in_two_languages_under_a_public_number(judged: Judged) -> None:
    for finding in judged.told.findings:
        assert re.fullmatch(r"BQP[1-5]\d\d", finding["code"])
        assert finding["vi"].strip()
        assert finding["en"].strip()
        assert "–" not in finding["vi"] + finding["en"], "a word of the text was not filled"


def test_a_finding_names_nothing_as_only_the_mapping_does(judged: Judged, whole: House) -> None:
    """Fields, codes and lists go by their labels: `groupKind=CONG_VU` tells a declarant nothing."""
    if judged.told.stage is Stage.OPEN:
        return  # that names elements of the envelope
    catalogue = whole.catalogue
    fields = {spec.name for procedure in _business(whole) for spec in (*procedure.fields, *_columns(procedure))}
    codes = {code for codelist in catalogue.codelists.values() for code in codelist}
    internal = {name for name in (*fields, *catalogue.codelists, *codes) if re.search("[a-z][A-Z]|_", name)}
    for finding in judged.told.findings:
        said = f"{finding['vi']} {finding['en']}"
        assert not internal & set(re.findall(r"\w+", said)), said
        assert "=" not in said


def test_a_finding_has_a_line_wherever_its_pointer_points_into_the_message(judged: Judged) -> None:
    """A line is that of the received, unwrapped bytes; what is not there has the line of its nearest parent."""
    if judged.told.stage is Stage.OPEN:
        return
    for finding in judged.told.findings:
        assert finding["line"] > 0, finding["pointer"]


def test_an_accepted_fixture_is_read_into_its_record(judged: Judged) -> None:
    wanted = judged.case.expect.record
    if not wanted:
        return
    assert isinstance(judged.outcome, Accepted | Refused)
    assert _lacking(wanted, judged.outcome.declaration) == []


def test_a_fixture_leaves_its_dossier_as_it_is_expected(judged: Judged) -> None:
    wanted = judged.case.expect.dossier
    if wanted is None:
        return
    assert judged.told.dossier == replace(wanted, values={})
    for name, value in wanted.values.items():
        found = judged.told.values.get(name)
        if isinstance(value, list):
            assert isinstance(found, list)
            for stated, row in zip(value, found, strict=True):
                assert {field: row.get(field) for field in stated} == stated
        else:
            assert found == value, name


def test_a_fixture_is_answered_once_with_its_reply_signed_and_valid(judged: Judged, whole: House) -> None:
    replies = judged.told.replies
    if judged.case.expect.reply is None:
        assert replies == ()
        return
    assert len(replies) == 1
    wanted = expected(judged.case, whole.catalogue.findings.texts)
    answer = read(replies[0])
    assert differences(wanted, answer.answer) == []
    assert verify_with_xmlsec1(replies[0], place="system", certificate_pem=shared_pki().certificate_file("system"))
    spec = whole.catalogue.replies[ReplyKind(answer.answer.content)]
    schema = whole.catalogue.schemas[spec.schema_name or ""]
    assert schema.validate(_unsigned(replies[0])), schema.error_log


def test_a_refusal_names_the_articles_of_what_was_broken(judged: Judged, whole: House) -> None:
    if judged.told.word != "refused" or not isinstance(judged.outcome, Refused):
        return
    (reply,) = judged.told.replies
    ground = etree.fromstring(reply).findtext("Body/Content/Refusal/Reject/LegalGround") or ""
    procedure = judged.outcome.declaration.verified.envelope.procedure
    broken = [each for each in judged.outcome.findings if each.severity is Severity.REFUSE]
    if procedure.refusal_grounds and broken:
        assert ground.startswith("QĐ 10/2016/QĐ-TTg Điều 5(2)(d)"), "a ship is refused on no general ground (12(3))"
    else:
        assert ground.startswith(whole.settings.installation.refusal_ground)
    for each in broken[:3]:  # as far as there is room for them
        assert each.basis.partition(":")[0] in ground


def test_nobody_follows_an_address_out_of_a_message(judged: Judged) -> None:
    assert not heard(), "somebody called the canary"
    del judged


def _unsigned(reply: bytes) -> etree._ElementTree:
    """What an XSD sees (messages.md 2): without both signatures and without Content/@Id."""
    root = etree.fromstring(reply)
    for path in ("SystemSignature", "Body/Signature"):
        element = root.find(path)
        if element is not None:
            parent = element.getparent()
            assert parent is not None
            parent.remove(element)
    content = root.find("Body/Content")
    assert content is not None
    content.attrib.pop("Id", None)
    return etree.ElementTree(root)


def _lacking(wanted: Mapping[str, Any], declaration: Declaration) -> list[str]:
    """Which expected values were not read so; lists are compared row by row, as far as they are stated."""
    faults = []
    for name, value in wanted.items():
        if not isinstance(value, list):
            faults += _unequal(name, value, declaration.values.get(name))
            continue
        rows = declaration.rows.get(name, ())
        if len(rows) < len(value):
            faults.append(f"{name}: {len(rows)} rows, {len(value)} stated")
        for number, (stated, row) in enumerate(zip(value, rows, strict=False), start=1):
            for field, inner in stated.items():
                faults += _unequal(f"{name}[{number}].{field}", inner, row.get(field))
    return faults


def _unequal(name: str, wanted: Any, found: Any) -> list[str]:
    if isinstance(wanted, datetime) and wanted.tzinfo is None:
        wanted = wanted.replace(tzinfo=VIETNAM)
    same = wanted == found and type(wanted) is type(found)
    return [] if same else [f"{name}: expected {wanted!r}, read {found!r}"]


# -- what the attacks cover -----------------------------------------------------------------------------------------


def test_every_attack_is_a_fixture_and_no_fixture_is_there_twice() -> None:
    assert {case.attack for case in (*CASES, *ATTACKS)} - {None} == set(BUILDERS)
    assert len({case.message for case in ATTACKS}) == len(ATTACKS)


def test_every_attack_has_a_genuine_twin_that_is_accepted() -> None:
    accepted = {case.id for case in (*CASES, *ATTACKS) if case.expect.outcome == "accepted"}
    attacked = [case for case in (*CASES, *ATTACKS) if case.attack and case.expect.outcome != "accepted"]
    assert [case.id for case in (*attacked, *ATTACKS) if case.twin not in accepted] == []


@pytest.mark.parametrize("case", [case for case in ATTACKS if case.attack], ids=lambda case: str(case.id))
def test_an_attack_does_something_to_its_message(case: Case) -> None:
    assert signed(case, shared_pki()) != signed(replace(case, attack=None), shared_pki())


def test_every_class_of_attack_has_its_file() -> None:
    numbers = {str(yaml.safe_load(file.read_bytes())["class"]) for file in ATTACKS_FOLDER.glob("*.yaml")}
    assert numbers == {"1", "2", "3 and 4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14"}


def test_every_attack_says_what_it_is() -> None:
    titles = [case.title for case in ATTACKS]
    assert len(set(titles)) == len(titles)


# -- what the fixtures cover ------------------------------------------------------------------------


def _business(whole: House) -> list[Procedure]:
    """The procedures of declarants; control has no form."""
    return [version for versions in whole.catalogue.procedures.values() for version in versions if version.fields]


def _columns(procedure: Procedure) -> list[FieldSpec]:
    return [spec for group in procedure.groups for spec in group.fields]


def _cases_of(procedure: Procedure) -> list[Case]:
    return [case for case in CASES if case.procedure == procedure.code]


def test_every_fixture_folder_is_a_case() -> None:
    assert {case.id for case in CASES} == {f"{each.parent.name}/{each.name}" for each in FIXTURES.glob("*/*/")}


def test_every_procedure_has_fifteen_cases_accepted_and_faulty(whole: House) -> None:
    procedures = _business(whole)
    assert {"BQP0100001", "BQP0100002"} <= {procedure.code for procedure in procedures}
    for procedure in procedures:
        outcomes = [case.expect.outcome for case in _cases_of(procedure)]
        assert len(outcomes) >= LEAST_CASES, procedure.code
        assert {"accepted", "refused", "rejected"} <= set(outcomes), procedure.code


def test_every_procedure_is_signed_in_the_forms_of_other_tools_too(whole: House) -> None:
    for procedure in _business(whole):
        genuine = {case.form for case in _cases_of(procedure) if case.expect.outcome == "accepted"}
        assert genuine >= set(PLAIN_FORMS), procedure.code


def test_every_form_of_a_signature_is_accepted_somewhere() -> None:
    assert {case.form for case in CASES if case.expect.outcome == "accepted"} == set(SignatureForm)


def test_every_stage_stops_some_fixture() -> None:
    assert {case.expect.stage for case in CASES} - {None} == set(Stage)


def test_no_two_fixtures_of_the_folders_share_a_dossier_or_a_message_id() -> None:
    """Through the broker all of them meet in one store."""
    for element in ("reference", "messageId"):
        bearers = defaultdict(list)
        for file in sorted(FIXTURES.glob("*/*/message.xml")):
            if found := re.search(f"<{element}>([^<]+)</{element}>".encode(), file.read_bytes()):
                bearers[found[1]].append(file.parent.name)
        assert [names for names in bearers.values() if len(names) > 1] == []


def test_every_fixture_says_what_it_proves_and_on_what_ground() -> None:
    titles = defaultdict(list)
    for case in CASES:
        assert case.article.strip(), case.id
        assert case.clock == CLOCK, case.id
        titles[case.procedure, case.title.strip()].append(case.id)
    assert [ids for (_, title), ids in titles.items() if not title or len(ids) > 1] == []


def test_every_rule_is_broken_by_some_fixture(whole: House) -> None:
    unbroken = []
    for procedure in _business(whole):
        broken = {
            (each.name, re.sub(r"\[\d+\]", "", each.pointer))
            for case in _cases_of(procedure)
            for each in case.expect.findings
        }
        for faults, said in _faults(procedure):
            roots = {f"/Envelope/Body/Content/{spec.root}" for spec in procedure.messages.values()}
            if not any((name, f"{root}/{path}") in broken for name, path in faults for root in roots):
                unbroken.append(f"{procedure.code}: {said}")
    assert unbroken == []


def test_a_gate_is_asked_on_the_day_of_the_crossing(whole: House) -> None:
    """No gate of the shipped list opens, closes or changes its class, so no fixture can stand on that day."""
    for procedure in _business(whole):
        for rule in procedure.rules:
            if rule.rule == "gate_serves":
                assert rule.arguments.get("day") == procedure.place["crossing"], procedure.code


def _faults(procedure: Procedure) -> Iterator[tuple[list[tuple[str, str]], str]]:
    """What breaking each rule and the time limit can bring: finding names and paths, and the rule in words."""
    for rule in procedure.rules:
        words = " ".join(f"{name}={value}" for name, value in rule.arguments.items())
        finds = RULES[rule.rule].finds.items()
        faults = [(name, _path(procedure, rule, each)) for name, each in finds if each in rule.arguments]
        yield faults, f"{rule.rule} {words}"
    for limit in procedure.deadlines:
        if limit.kind not in LATE:
            continue
        field = procedure.field(limit.field or "")
        assert field is not None
        yield [(LATE[limit.kind], field.path)], limit.kind


def test_every_rule_with_a_bound_has_a_fixture_on_it(whole: House) -> None:
    """A bound is met where the rule holds, and a day, a number or a row more or less would break it."""
    declared = defaultdict(list)
    for case in CASES:
        outcome = judge(submission(case, shared_pki()), whole.ground)
        if isinstance(outcome, Accepted | Refused):
            declared[case.procedure].append(View(outcome.declaration, whole.catalogue.codelists))
    missing = [
        f"{procedure.code}: {rule.rule} {dict(rule.arguments)}"
        for procedure in _business(whole)
        for rule in procedure.rules
        if _is_bound(rule) and not any(_on_its_bound(rule, view) for view in declared[procedure.code])
    ]
    assert missing == []


def _is_bound(rule: RuleSpec) -> bool:
    takes = RULES[rule.rule].takes[RULES[rule.rule].subject]
    return takes.kind is Kind.GROUP or bool({"date", "integer"} & set(takes.types))


def _on_its_bound(rule: RuleSpec, view: View) -> bool:
    def broken(view: View) -> bool:
        return any(RULES[rule.rule].apply(view, rule.arguments))

    return not broken(view) and any(broken(replace(view, declaration=each)) for each in _beside(rule, view.declaration))


def _beside(rule: RuleSpec, declaration: Declaration) -> Iterator[Declaration]:
    """The same declaration with a day, a number or a row more or less, in what the rule looks at."""
    for name in map(str, rule.arguments.values()):
        group, _, field = name.rpartition(".")
        for number, row in enumerate(declaration.rows.get(group, ())):
            for value in _next_to(row.get(field)):
                yield _with_rows(declaration, group, number, {**row, field: value})
        for value in _next_to(declaration.values.get(name)):
            yield replace(declaration, values={**declaration.values, name: value})
        for number, row in enumerate(declaration.rows.get(name, ())):
            yield _with_rows(declaration, name, number)
            yield _with_rows(declaration, name, number, row, row)


def _with_rows(declaration: Declaration, group: str, number: int, *instead: Record) -> Declaration:
    rows = declaration.rows[group]
    return replace(declaration, rows={**declaration.rows, group: (*rows[:number], *instead, *rows[number + 1 :])})


def _next_to(value: Value | None) -> list[Value]:
    match value:
        case date():
            return [value + timedelta(days=1), value - timedelta(days=1)]
        case int() if not isinstance(value, bool):
            return [value + 1, value - 1]
        case _:
            return []


def _path(procedure: Procedure, rule: RuleSpec, argument: str) -> str:
    """Where a rule points: a field, a row's field, or for a group its first row or what holds its rows."""
    name = str(rule.arguments[argument])
    if argument == "group":
        group = procedure.group(name)
        assert group is not None
        return group.path if rule.rule == "first_row" else group.path.rpartition("/")[0]
    if RULES[rule.rule].takes[argument].kind is Kind.COLUMN:
        name = f"{rule.arguments['group']}.{name}"
    group_name, _, field_name = name.rpartition(".")
    if not group_name:
        field = procedure.field(field_name)
        assert field is not None
        return field.path
    group = procedure.group(group_name)
    assert group is not None
    return f"{group.path}/{next(each.path for each in group.fields if each.name == field_name)}"
