"""Every fixture, run by one generic test: what was expected of it is written in its expected.yaml, and nowhere else."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from lxml import etree

from adapter.bootstrap import House, house
from adapter.gateways.database import Database
from adapter.gateways.tables import outbox
from adapter.gateways.upgrade import upgrade
from adapter.model.finding import Finding
from adapter.model.identifiers import Digest
from adapter.model.outcomes import Accepted, Outcome, Refused, Rejected, word
from adapter.model.procedure import Procedure, ReplyKind, RuleSpec
from adapter.model.stages import Declaration, Stage, Submission
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.judge import judge
from adapter.pipeline.rules.table import RULES, Kind
from adapter.simulator.sign import PLAIN_FORMS, SignatureForm
from tests.demo.expectations import differences, expected, read
from tests.demo.premises import furnish
from tests.harness.attacks import ATTACKS as BUILDERS
from tests.harness.attacks.canary import heard
from tests.harness.fixtures import CLOCK, FIXTURES, Case, load_cases, signed
from tests.harness.hostile import ATTACKS_FOLDER, load_attacks
from tests.harness.pki import shared_pki
from tests.harness.second_opinion import verify_with_xmlsec1

CASES = load_cases()
ATTACKS = load_attacks()
LEAST_CASES = 12
_NO_BROKER = "amqp://nobody@127.0.0.1:1/"


@dataclass(frozen=True, slots=True)
class Judged:
    """A fixture with what became of it."""

    case: Case
    submission: Submission
    outcome: Outcome

    @property
    def findings(self) -> tuple[Finding, ...]:
        return getattr(self.outcome, "findings", ())

    @property
    def stage(self) -> Stage | None:
        match self.outcome:
            case Rejected(stage=stage):
                return stage
            case Refused():
                return Stage.CHECK
            case _:
                return None


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house on a migrated, empty SQLite file, at the fixtures' clock."""
    premises = furnish(tmp_path_factory.mktemp("house"), pki=shared_pki(), broker_url=_NO_BROKER)
    made = house(premises.config)
    upgrade(made.database)
    made.database.close()
    yield made
    made.database.close()


@pytest.fixture(scope="session")
def _judged() -> dict[str, Judged]:
    return {}


@pytest.fixture(params=[*CASES, *ATTACKS], ids=[case.id for case in (*CASES, *ATTACKS)])
def judged(request: pytest.FixtureRequest, whole: House, _judged: dict[str, Judged]) -> Judged:
    """One fixture, signed and judged: once for all tests that look at it."""
    case: Case = request.param
    if case.id not in _judged:
        body = signed(case, shared_pki())
        digest = Digest(hashlib.sha256(body).hexdigest())
        submission = Submission(body, case.channel, case.clock, digest)
        _judged[case.id] = Judged(case, submission, judge(submission, whole.ground))
    return _judged[case.id]


def test_a_fixture_ends_at_its_stage_with_its_outcome(judged: Judged) -> None:
    assert (judged.stage, word(judged.outcome)) == (judged.case.expect.stage, judged.case.expect.outcome)


def test_a_fixture_brings_exactly_its_findings(judged: Judged) -> None:
    found = sorted((finding.name, finding.pointer) for finding in judged.findings)
    assert found == sorted((each.name, each.pointer) for each in judged.case.expect.findings)


def test_a_finding_is_stated_in_two_languages_under_a_public_number(judged: Judged, whole: House) -> None:
    for finding in judged.findings:
        stated = whole.catalogue.findings.state(finding)
        assert re.fullmatch(r"BQP[1-5]\d\d", stated.code)
        assert stated.vi.strip()
        assert stated.en.strip()
        assert "–" not in stated.vi + stated.en, "a word of the text was not filled"


def test_a_finding_has_a_line_wherever_its_pointer_points_into_the_message(judged: Judged) -> None:
    """A line is that of the received, unwrapped bytes; what is not there has the line of its nearest parent."""
    if judged.stage is Stage.OPEN:
        return
    for finding in judged.findings:
        assert finding.line > 0, finding.pointer


def test_an_accepted_fixture_is_read_into_its_record(judged: Judged) -> None:
    wanted = judged.case.expect.record
    if not wanted:
        return
    assert isinstance(judged.outcome, Accepted | Refused)
    assert _lacking(wanted, judged.outcome.declaration) == []


def test_a_fixture_is_answered_once_with_its_reply_signed_and_valid(
    judged: Judged, whole: House, tmp_path: Path
) -> None:
    replies = _received(judged.submission, whole, tmp_path)
    if judged.case.expect.reply is None:
        assert replies == []
        return
    assert len(replies) == 1
    wanted = expected(judged.case, whole.catalogue.findings.texts)
    answer = read(replies[0])
    assert differences(wanted, answer.answer) == []
    assert verify_with_xmlsec1(replies[0], place="system", certificate_pem=shared_pki().certificate_file("system"))
    spec = whole.catalogue.replies[ReplyKind(answer.answer.content)]
    schema = whole.catalogue.schemas[spec.schema_name or ""]
    assert schema.validate(_unsigned(replies[0])), schema.error_log


def test_nobody_follows_an_address_out_of_a_message(judged: Judged) -> None:
    assert not heard(), "somebody called the canary"
    del judged


def _received(submission: Submission, whole: House, folder: Path) -> list[bytes]:
    """The replies that the outbox of a fresh store holds once the intake has settled the submission."""
    file = folder / "adapter.db"
    shutil.copy(whole.settings.folders.state / "adapter.db", file)
    database = Database(f"sqlite:///{file}")
    try:
        replace(whole.intake, database=database).receive([submission])
        with database.transaction() as connection:
            rows = connection.execute(outbox.select().where(outbox.c.route != "transfer")).all()
            return [row.body for row in rows]
    finally:
        database.close()


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


def _cases_of(procedure: Procedure) -> list[Case]:
    return [case for case in CASES if case.procedure == procedure.code]


def test_every_fixture_folder_is_a_case() -> None:
    assert {case.id for case in CASES} == {f"{each.parent.name}/{each.name}" for each in FIXTURES.glob("*/*/")}


def test_every_procedure_has_a_dozen_cases_accepted_and_faulty(whole: House) -> None:
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
    before_the_store = set(Stage) - {Stage.DECIDE}
    assert {case.expect.stage for case in CASES} - {None} == before_the_store


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
        for name, path, said in _faults(procedure):
            pointers = {f"/Envelope/Body/Content/{spec.root}/{path}" for spec in procedure.messages.values()}
            if not any((name, pointer) in broken for pointer in pointers):
                unbroken.append(f"{procedure.code}: {said}")
    assert unbroken == []


def _faults(procedure: Procedure) -> Iterator[tuple[str, str, str]]:
    """What breaking each rule and the time limit brings: the finding's name, its path, and the rule in words."""
    for rule in procedure.rules:
        words = " ".join(f"{name}={value}" for name, value in rule.arguments.items())
        name, argument = next(iter(RULES[rule.rule].finds.items()))
        yield name, _path(procedure, rule, argument), f"{rule.rule} {words}"
    for limit in procedure.deadlines:
        if limit.kind != "declare_before":
            continue
        field = procedure.field(limit.field or "")
        assert field is not None
        yield "declared_late", field.path, "declare_before"


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
