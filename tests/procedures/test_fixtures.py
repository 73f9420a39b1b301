"""Every fixture, run by one generic test: what was expected of it is written in its expected.yaml, and nowhere else."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
import yaml

from adapter.bootstrap import Components
from adapter.model.outcomes import Accepted, Refused
from adapter.model.procedure import Procedure, RuleSpec
from adapter.model.stages import Declaration, Record, Stage, Value
from adapter.pipeline.rules.table import RULES, ArgumentKind
from adapter.pipeline.rules.view import View
from adapter.simulator.sign import PLAIN_FORMS, SignatureForm
from tests.harness.attacks import ATTACKS as BUILDERS
from tests.harness.fixtures import FIXTURES, Case, load_cases, load_later, signed
from tests.harness.hostile import ATTACKS_FOLDER, load_attacks
from tests.harness.pki import shared_pki
from tests.procedures import facts
from tests.procedures.facts import business
from tests.procedures.settling import Settling

CASES = load_cases()
ATTACKS = load_attacks()
ALL = [*CASES, *ATTACKS]
LEAST_CASES = 15
LATE = {"declare_before": "declared_late", "declare_within": "declared_late_after"}
"""What missing a time limit of a declaration is called, by its kind."""


@pytest.mark.parametrize("case", ALL, ids=[case.id for case in ALL])
def test_a_fixture_ends_as_its_article_says(case: Case, settling: Settling) -> None:
    found = facts.faults(settling.of(case), settling.whole)
    if found:
        pytest.fail("\n  ".join([f"{case.id} ({case.title}; {case.article})", *found]), pytrace=False)


# -- what the attacks cover -----------------------------------------------------------------------------------------


def test_every_attack_is_a_fixture_and_no_fixture_is_there_twice() -> None:
    assert {case.attack for case in (*CASES, *ATTACKS)} - {None} == set(BUILDERS)
    assert len({case.message for case in ATTACKS}) == len(ATTACKS)


def test_every_attack_has_a_genuine_twin_that_is_accepted() -> None:
    accepted = {case.id for case in (*CASES, *ATTACKS) if case.expect.outcome == "accepted"}
    attacked = [case for case in (*CASES, *ATTACKS) if case.attack and case.expect.outcome != "accepted"]
    assert [case.id for case in (*attacked, *ATTACKS) if case.twin not in accepted] == []


@pytest.mark.parametrize("case", [case for case in ATTACKS if case.attack], ids=lambda case: str(case.id))
def test_an_attack_does_something_to_its_message(case: Case, settling: Settling) -> None:
    assert settling.of(case).sent != signed(replace(case, attack=None), shared_pki())


def test_every_class_of_attack_has_its_file() -> None:
    numbers = {str(yaml.safe_load(file.read_bytes())["class"]) for file in ATTACKS_FOLDER.glob("*.yaml")}
    assert numbers == {"1", "2", "3 and 4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15"}


def test_every_attack_says_what_it_is() -> None:
    titles = [case.title for case in ATTACKS]
    assert len(set(titles)) == len(titles)


# -- what the fixtures cover ------------------------------------------------------------------------


def _cases_of(procedure: Procedure) -> list[Case]:
    return [case for case in CASES if case.procedure == procedure.code]


def test_every_fixture_folder_is_a_case() -> None:
    assert {case.id for case in (*CASES, *load_later())} == {
        f"{each.parent.name}/{each.name}" for each in FIXTURES.glob("*/*/")
    }


def test_every_procedure_has_fifteen_cases_accepted_and_faulty(whole: Components) -> None:
    procedures = business(whole)
    assert {"BQP0100001", "BQP0100002"} <= {procedure.code for procedure in procedures}
    for procedure in procedures:
        outcomes = [case.expect.outcome for case in _cases_of(procedure)]
        assert len(outcomes) >= LEAST_CASES, procedure.code
        assert {"accepted", "refused", "rejected"} <= set(outcomes), procedure.code


def test_every_procedure_is_signed_in_the_forms_of_other_tools_too(whole: Components) -> None:
    for procedure in business(whole):
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
        assert len(bearers) > 100, element
        assert [names for names in bearers.values() if len(names) > 1] == []


def test_every_fixture_says_what_it_proves_and_on_what_ground() -> None:
    titles = defaultdict(list)
    for case in (*CASES, *load_later()):
        assert case.article.strip(), case.id
        titles[case.procedure, case.title.strip()].append(case.id)
    assert [ids for (_, title), ids in titles.items() if not title or len(ids) > 1] == []


def test_every_rule_is_broken_by_some_fixture(whole: Components) -> None:
    unbroken = []
    for procedure in business(whole):
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


def test_a_gate_is_asked_on_the_day_of_the_crossing(whole: Components) -> None:
    """No gate of the shipped list opens, closes or changes its class, so no fixture can stand on that day."""
    asking = [(each, rule) for each in business(whole) for rule in each.rules if rule.rule == "gate_serves"]
    assert asking
    for procedure, rule in asking:
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


def test_every_rule_with_a_bound_has_a_fixture_on_it(whole: Components, settling: Settling) -> None:
    """A bound is met where the rule holds, and a day, a number or a row more or less would break it."""
    declared = defaultdict(list)
    for case in CASES:
        outcome = settling.of(case).outcome
        if isinstance(outcome, Accepted | Refused):
            declared[case.procedure].append(View(outcome.declaration, whole.catalogue.codelists))
    missing = [
        f"{procedure.code}: {rule.rule} {dict(rule.arguments)}"
        for procedure in business(whole)
        for rule in procedure.rules
        if _is_bound(rule) and not any(_on_its_bound(rule, view) for view in declared[procedure.code])
    ]
    assert missing == []


def _is_bound(rule: RuleSpec) -> bool:
    takes = RULES[rule.rule].takes[RULES[rule.rule].subject]
    return takes.kind is ArgumentKind.GROUP or bool({"date", "integer"} & set(takes.types))


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
    if RULES[rule.rule].takes[argument].kind is ArgumentKind.COLUMN:
        name = f"{rule.arguments['group']}.{name}"
    group_name, _, field_name = name.rpartition(".")
    if not group_name:
        field = procedure.field(field_name)
        assert field is not None
        return field.path
    group = procedure.group(group_name)
    assert group is not None
    return f"{group.path}/{next(each.path for each in group.fields if each.name == field_name)}"
