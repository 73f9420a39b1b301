"""The closed table of rules, each rule by itself: when it strikes, where it points, and when it must keep silent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from adapter.model.catalogue import Code, Fact
from adapter.model.duties import Condition, Deadline
from adapter.model.finding import Finding, Severity
from adapter.model.header import Header, Party, Subject
from adapter.model.identifiers import Digest, ProcedureCode
from adapter.model.partial_date import PartialDate
from adapter.model.procedure import (
    FieldSpec,
    GroupSpec,
    Label,
    Meaning,
    MessageSpec,
    Procedure,
    RuleSpec,
    SignaturePolicy,
)
from adapter.model.stages import (
    Channel,
    Declaration,
    Envelope,
    Record,
    Submission,
    ValidDocument,
    VerifiedDocument,
)
from adapter.pipeline import rules as checking
from adapter.pipeline.rules.table import RULES

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
RECEIVED = datetime(2026, 3, 2, 7, 15, tzinfo=VIETNAM)
BASE = "/Envelope/Body/Content/Form"


def field(name: str, path: str, kind: str = "text", codes: str | None = None) -> FieldSpec:
    return FieldSpec(name=name, path=path, type=kind, label=Label(vi=f"{name} (vi)", en=name), codes=codes)


def code(code: str, valid_to: date | None = None, **facts: Any) -> Code:
    stated = {name: value if isinstance(value, tuple) else (Fact(value),) for name, value in facts.items()}
    return Code(code=code, vi=f"{code} (vi)", en=code, valid_to=valid_to, facts=stated)


def listed(*codes: Code) -> dict[str, Code]:
    return {each.code: each for each in codes}


RAISED_IN_JULY = (Fact("main", valid_to=date(2025, 6, 30)), Fact("international", valid_from=date(2025, 7, 1)))
CODES = {
    "gates": listed(
        code("BIG", **{"class": "international", "neighbour": "CHN", "unit": "U3"}),
        code("MAIN", **{"class": "main", "neighbour": "LAO", "unit": "U1"}),
        code("OTHERS", procedures=["U"]),
        code("CLOSED", valid_to=date(2026, 3, 2)),
        code("RAISED", **{"class": RAISED_IN_JULY}),
    ),
    "papers": listed(
        code("CARD", allowed=[{"nationality": ["VNM"], "neighbour": ["LAO"]}]),
        code(
            "FOREIGN",
            allowed=[
                {"nationality": ["LAO", "CHN"]},
                {"not_nationality": ["VNM", "LAO", "CHN"], "gate_class": ["international"]},
            ],
        ),
        code("HOME", allowed=[{"direction": ["IN"]}]),
        code("ANY"),
    ),
}


FIELDS = (
    field("kind", "Kind", "code"),
    field("licence", "Principal/Licence"),
    field("taxCode", "Principal/TaxCode"),
    field("start", "Programme/Start", "date"),
    field("end", "Programme/End", "date"),
    field("crossing", "Crossing", "datetime"),
    field("total", "Total", "integer"),
    field("transit", "Transit", "flag"),
    field("gate", "Gate", "code", "gates"),
)
PERSONS = GroupSpec(
    name="persons",
    path="Persons/Person",
    label=Label(vi="Danh sách", en="Persons"),
    fields=(
        field("number", "Number"),
        field("sex", "Sex", "code"),
        field("role", "Role", "code"),
        field("visa", "Visa"),
        field("expiry", "Expiry", "date"),
        field("transit", "Transit", "flag"),
        field("birth", "Birth", "date"),
        field("paper", "Paper", "code", "papers"),
        field("nationality", "Nationality", "code"),
    ),
)
PARTY = Party(name="N", identity="N", country_code="VN", ministry_code="M", organization_code="O")
SUBJECT = Subject(
    document_type=ProcedureCode("T"), type="10", function="01", reference="R1", document_year=2026, send_date=RECEIVED
)


def check(declaration: Declaration) -> tuple[Finding, ...]:
    return checking.check(declaration, codelists=CODES)


def declared(
    values: Record,
    persons: Sequence[Record] = (),
    *,
    rules: Sequence[RuleSpec] = (),
    deadlines: Sequence[Deadline] = (),
    received: datetime = RECEIVED,
    identities: tuple[str, ...] = (),
    bound_to: str | None = None,
    channel: Channel = Channel.PORTAL,
) -> Declaration:
    """A declaration as reading leaves it, of a procedure with these rules."""
    spec = MessageSpec(
        pair="10/01",
        meaning=Meaning.DECLARATION,
        root="Form",
        schema_name="form.xsd",
        schema=cast(etree.XMLSchema, None),  # rules never look at it
        form="07",
    )
    procedure = Procedure(
        code=ProcedureCode("T"),
        document_type=ProcedureCode("T"),
        version="1",
        effective_from=date(2022, 1, 1),
        effective_to=None,
        title=Label("T", "T"),
        basis="",
        on_window=True,
        acceptance="automatic",
        signature=SignaturePolicy("never"),
        messages={"10/01": spec},
        fields=FIELDS,
        groups=(PERSONS,),
        rules=tuple(rules),
        deadlines=tuple(deadlines),
        identities=identities,
    )
    submission = Submission(raw=b"", channel=channel, received_at=received, digest=Digest("0" * 64), bound_to=bound_to)
    header = Header(message_id=None, sender=PARTY, recipient=PARTY, subject=SUBJECT)
    tree = etree.Element("Envelope")
    envelope = Envelope(submission=submission, tree=tree, header=header, procedure=procedure, spec=spec, unwrapped=0)
    verified = VerifiedDocument(
        envelope=envelope, element=tree, header=header, signers=(), content_digest=Digest("0" * 64)
    )
    return Declaration(valid=ValidDocument(verified), values=values, rows={"persons": tuple(persons)})


def found(
    rule: str,
    arguments: Mapping[str, object],
    values: Record,
    persons: Sequence[Record] = (),
    **context: Any,  # whatever `declared` takes
) -> list[tuple[str, str]]:
    """What one rule finds: names and pointers, below the form's root."""
    findings = check(declared(values, persons, rules=[RuleSpec(rule, Severity.REFUSE, arguments)], **context))
    return [(finding.name, finding.pointer.removeprefix(BASE)) for finding in findings]


def one(findings: Sequence[Finding]) -> Finding:
    (finding,) = findings
    return finding


# total_equals_rows ----------------------------------------------------------------------------------------------------

TOTAL = {"total": "total", "group": "persons"}
MEN = {**TOTAL, "where": {"sex": "M"}}
MAN, WOMAN = {"sex": "M"}, {"sex": "F"}


def test_a_total_that_is_the_number_of_rows_is_right() -> None:
    assert found("total_equals_rows", TOTAL, {"total": 2}, [MAN, WOMAN]) == []


@pytest.mark.parametrize("total", [0, 1, 3])
def test_a_total_that_is_not_the_number_of_rows_points_at_the_total(total: int) -> None:
    assert found("total_equals_rows", TOTAL, {"total": total}, [MAN, WOMAN]) == [("total_mismatch", "/Total")]


def test_a_total_with_a_condition_counts_the_rows_that_meet_it() -> None:
    assert found("total_equals_rows", MEN, {"total": 1}, [MAN, WOMAN]) == []
    assert found("total_equals_rows", MEN, {"total": 2}, [MAN, WOMAN]) == [("total_mismatch", "/Total")]


def test_a_total_that_is_not_stated_passes() -> None:
    assert found("total_equals_rows", TOTAL, {}, [MAN]) == []


def test_a_wrong_total_tells_how_many_rows_there_are_and_no_persons_data() -> None:
    rule = RuleSpec("total_equals_rows", Severity.REFUSE, TOTAL)
    finding = one(check(declared({"total": 9}, [{"number": "C1234567"}], rules=[rule])))

    assert finding.words == {"field": "total (vi)", "field_en": "total", "rows": "1"}


# all_different --------------------------------------------------------------------------------------------------------

DIFFERENT = {"group": "persons", "field": "number"}


def test_numbers_that_all_differ_are_right() -> None:
    assert found("all_different", DIFFERENT, {}, [{"number": "A"}, {"number": "B"}]) == []
    twins = [{"number": "A"}, {"number": "A"}]
    assert found("all_different", DIFFERENT, {}, twins) == [("not_different", "/Persons/Person[2]/Number")]


def test_the_second_and_every_later_equal_row_is_at_fault() -> None:
    rows = [{"number": "A"}, {"number": "B"}, {"number": "A"}, {"number": "A"}]

    assert found("all_different", DIFFERENT, {}, rows) == [
        ("not_different", "/Persons/Person[3]/Number"),
        ("not_different", "/Persons/Person[4]/Number"),
    ]


def test_absent_numbers_are_not_equal_to_each_other() -> None:
    assert found("all_different", DIFFERENT, {}, [{}, {}]) == []


WITH_STATE = {**DIFFERENT, "with": "nationality"}


def test_one_number_with_another_state_is_another_paper() -> None:
    lao, thai, unsaid = ({"number": "A", "nationality": "LAO"}, {"number": "A", "nationality": "THA"}, {"number": "A"})

    assert found("all_different", WITH_STATE, {}, [lao, thai]) == []
    for other in (lao, unsaid):
        assert found("all_different", WITH_STATE, {}, [lao, other]) == [("not_different", "/Persons/Person[2]/Number")]
    assert len(found("all_different", WITH_STATE, {}, [unsaid, lao, thai])) == 2


CHILD = {**WITH_STATE, "birth": "birth", "under": 14}
ON_CHILDREN = {"field": "persons.number", "from": "persons.number", "birth": "persons.birth", "under": 14}


@pytest.mark.parametrize(
    ("born", "child"), [("2026-03-02", True), ("2012-03-03", True), ("2012-03-02", False), ("1990-01-01", False)]
)
def test_a_child_may_stand_in_a_parents_paper_and_is_told(born: str, child: bool) -> None:
    rows = [{"number": "A", "birth": date(1990, 5, 1)}, {"number": "A", "birth": date.fromisoformat(born)}]
    at = "/Persons/Person[2]/Number"

    assert found("all_different", CHILD, {}, rows) == ([] if child else [("not_different", at)])
    assert found("child_in_paper", ON_CHILDREN, {}, rows) == ([("child_in_paper", at)] if child else [])


@pytest.mark.parametrize(
    ("born", "child"),
    [
        (PartialDate(2012), True),
        (PartialDate(2012, 3), True),
        (PartialDate(2012, 2), False),
        (PartialDate(2011), False),
    ],
)
def test_whose_day_of_birth_is_unknown_counts_as_a_child_as_long_as_he_may_be_one(
    born: PartialDate, child: bool
) -> None:
    rows = [{"number": "A", "birth": date(1990, 5, 1)}, {"number": "A", "birth": born}]
    at = "/Persons/Person[2]/Number"

    assert found("all_different", CHILD, {}, rows) == ([] if child else [("not_different", at)])
    assert found("child_in_paper", ON_CHILDREN, {}, rows) == ([("child_in_paper", at)] if child else [])


def test_a_child_first_in_the_list_changes_nothing_for_the_grown() -> None:
    baby, mother, other = ({"number": "A", "birth": date(year, 1, 1)} for year in (2025, 1990, 1991))

    assert found("all_different", CHILD, {}, [baby, mother]) == []
    assert found("all_different", CHILD, {}, [baby, mother, other]) == [("not_different", "/Persons/Person[3]/Number")]
    assert found("child_in_paper", ON_CHILDREN, {}, [baby]) == []


def test_a_child_may_stand_in_a_paper_of_another_list() -> None:
    rows = [{"visa": "A"}, {"number": "A", "birth": date(2025, 1, 1)}, {"number": "A", "birth": date(1990, 1, 1)}]
    elsewhere = {"field": "persons.number", "from": "persons.visa", "birth": "persons.birth", "under": 14}

    assert found("differs", elsewhere, {}, rows) == [("stands_elsewhere", "/Persons/Person[3]/Number")]
    assert found("child_in_paper", elsewhere, {}, rows) == [("child_in_paper", "/Persons/Person[2]/Number")]


# differs --------------------------------------------------------------------------------------------------------------


def test_a_value_is_not_one_of_those_that_stand_elsewhere() -> None:
    rows = [{"visa": "A"}, {"visa": "B", "number": "A"}, {"number": "C"}]
    elsewhere = {"field": "persons.number", "from": "persons.visa"}

    assert found("differs", elsewhere, {}, rows) == [("stands_elsewhere", "/Persons/Person[2]/Number")]
    assert found("differs", {"field": "licence", "from": "taxCode"}, {"licence": "1", "taxCode": "2"}) == []
    assert found("differs", {"field": "licence", "from": "taxCode"}, {"licence": "1", "taxCode": "1"}) == [
        ("stands_elsewhere", "/Principal/Licence")
    ]


def test_what_stands_beside_may_tell_two_values_apart() -> None:
    rows = [{"visa": "A", "nationality": "LAO"}, {"number": "A", "nationality": "THA"}]
    elsewhere = {"field": "persons.number", "from": "persons.visa"}

    assert found("differs", {**elsewhere, "with": "nationality"}, {}, rows) == []
    assert found("differs", elsewhere, {}, rows) == [("stands_elsewhere", "/Persons/Person[2]/Number")]


def test_where_a_value_stands_too_is_told_with_its_list() -> None:
    rule = RuleSpec("differs", Severity.REFUSE, {"field": "licence", "from": "persons.number"})
    finding = one(check(declared({"licence": "A"}, [{"number": "A"}], rules=[rule])))

    assert finding.words["other"] == "number (vi) (Danh sách)"
    assert finding.words["other_en"] == "number (Persons)"


# conditions in words --------------------------------------------------------------------------------------------------


def test_a_condition_is_told_by_labels_codes_and_flags() -> None:
    where = {"gate": ["BIG", "MAIN"], "transit": 1, "role": "LEADER"}
    rule = RuleSpec("required_when", Severity.REFUSE, {"field": "persons.visa", "where": where})
    finding = one(check(declared({"gate": "BIG"}, [{"transit": True, "role": "LEADER"}], rules=[rule])))

    assert finding.words["condition"] == (
        "gate (vi) là “BIG (vi)” hoặc “MAIN (vi)”, transit (vi) là “có”, role (vi) là “LEADER”"
    )
    assert finding.words["condition_en"] == "gate is “BIG” or “MAIN”, transit is “yes”, role is “LEADER”"


# at_least_one ---------------------------------------------------------------------------------------------------------

LEADER = {"group": "persons", "where": {"role": "LEADER"}}


def test_one_row_that_meets_the_condition_is_enough() -> None:
    assert found("at_least_one", LEADER, {}, [{"role": "MEMBER"}, {"role": "LEADER"}]) == []


@pytest.mark.parametrize("rows", [[], [{"role": "MEMBER"}], [{}]])
def test_no_row_that_meets_the_condition_points_at_the_list(rows: list[Record]) -> None:
    assert found("at_least_one", LEADER, {}, rows) == [("none_of_required", "/Persons")]


# not_before -----------------------------------------------------------------------------------------------------------

ORDER = {"field": "end", "than": "start"}
PAPER = {"field": "persons.expiry", "than": "crossing"}
MARCH_2, MARCH_3 = date(2026, 3, 2), date(2026, 3, 3)


def test_a_date_on_the_same_day_is_not_before() -> None:
    assert found("not_before", ORDER, {"start": MARCH_2, "end": MARCH_2}) == []


def test_an_earlier_date_is_at_fault() -> None:
    assert found("not_before", ORDER, {"start": MARCH_3, "end": MARCH_2}) == [("date_order", "/Programme/End")]


@pytest.mark.parametrize("values", [{}, {"start": MARCH_3}, {"end": MARCH_2}])
def test_a_date_without_its_other_passes(values: Record) -> None:
    assert found("not_before", ORDER, values) == []


def test_every_row_is_compared_and_pointed_at_by_its_number() -> None:
    values = {"crossing": datetime(2026, 3, 3, 8, 0, tzinfo=VIETNAM)}
    rows = [{"expiry": MARCH_2}, {"expiry": MARCH_3}, {"expiry": MARCH_2}]

    assert found("not_before", PAPER, values, rows) == [
        ("date_order", "/Persons/Person[1]/Expiry"),
        ("date_order", "/Persons/Person[3]/Expiry"),
    ]


def test_a_single_row_needs_no_number_in_its_pointer() -> None:
    values = {"crossing": datetime(2026, 3, 3, 8, 0, tzinfo=VIETNAM)}

    assert found("not_before", PAPER, values, [{"expiry": MARCH_2}]) == [("date_order", "/Persons/Person/Expiry")]


def test_a_time_is_compared_as_its_day_in_vietnam() -> None:
    """23:30 UTC on 2 March is the morning of 3 March at the gate."""
    values = {"crossing": datetime(2026, 3, 2, 23, 30, tzinfo=UTC)}

    assert found("not_before", PAPER, values, [{"expiry": MARCH_2}]) == [("date_order", "/Persons/Person/Expiry")]


# before_reception -----------------------------------------------------------------------------------------------------

BIRTH = {"field": "persons.birth"}


def test_a_birth_before_the_day_of_reception_is_right() -> None:
    assert found("before_reception", BIRTH, {}, [{"birth": date(2026, 3, 1)}, {}]) == []


@pytest.mark.parametrize("birth", [MARCH_2, date(2062, 1, 1)])
def test_a_birth_on_or_after_the_day_of_reception_is_at_fault(birth: date) -> None:
    assert found("before_reception", BIRTH, {}, [{"birth": birth}]) == [("not_in_past", "/Persons/Person/Birth")]


@pytest.mark.parametrize(
    ("birth", "today", "future"),
    [
        (PartialDate(2025), False, False),
        (PartialDate(2026, 3), False, False),  # the first of March may be meant
        (PartialDate(2026), False, False),
        (PartialDate(2026, 4), True, True),
        (PartialDate(2027), True, True),
    ],
)
def test_a_birth_not_known_to_the_day_is_at_fault_where_no_day_of_it_could_be_right(
    birth: PartialDate, today: bool, future: bool
) -> None:
    at = "/Persons/Person/Birth"
    assert found("before_reception", BIRTH, {}, [{"birth": birth}]) == ([("not_in_past", at)] if today else [])
    assert found("not_after_reception", BIRTH, {}, [{"birth": birth}]) == ([("in_future", at)] if future else [])


def test_a_date_not_known_to_the_day_is_told() -> None:
    rows = [{"birth": date(1958, 1, 1)}, {"birth": PartialDate(1958)}, {"birth": PartialDate(1958, 6)}, {}]
    assert found("whole_date", BIRTH, {}, rows) == [
        ("day_unknown", "/Persons/Person[2]/Birth"),
        ("day_unknown", "/Persons/Person[3]/Birth"),
    ]


def test_the_day_of_reception_is_vietnams() -> None:
    evening = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)  # 03:00 on 2 March in Vietnam

    assert found("before_reception", BIRTH, {}, [{"birth": date(2026, 3, 1)}], received=evening) == []


# required_when --------------------------------------------------------------------------------------------------------

LICENCE = {"field": "licence", "where": {"kind": "DU_LICH"}}


def test_a_value_is_missed_where_the_condition_holds() -> None:
    assert found("required_when", LICENCE, {"kind": "DU_LICH"}) == [("value_required", "/Principal/Licence")]


@pytest.mark.parametrize("values", [{"kind": "DU_LICH", "licence": "79-1"}, {"kind": "CONG_VU"}, {}])
def test_a_value_is_not_missed_where_it_stands_or_nothing_asks_for_it(values: Record) -> None:
    assert found("required_when", LICENCE, values) == []


def test_every_condition_must_hold() -> None:
    both = {"field": "licence", "where": {"kind": "DU_LICH", "taxCode": "0100109106"}}

    assert found("required_when", both, {"kind": "DU_LICH"}) == []
    assert found("required_when", both, {"kind": "DU_LICH", "taxCode": "0100109106"}) != []


def test_a_row_is_asked_by_its_own_values() -> None:
    given = {"field": "persons.visa", "where": {"role": "MEMBER"}}

    assert found("required_when", given, {}, [{"role": "LEADER"}, {"role": "MEMBER"}]) == [
        ("value_required", "/Persons/Person[2]/Visa")
    ]


def test_every_row_may_be_asked_by_a_value_of_the_declaration() -> None:
    given = {"field": "persons.visa", "where": {"kind": "DU_LICH"}}

    assert found("required_when", given, {"kind": "DU_LICH"}, [{}, {"visa": "V1"}]) == [
        ("value_required", "/Persons/Person[1]/Visa")
    ]


@pytest.mark.parametrize("stated", ["1", 1, True])
def test_a_flag_meets_its_condition_however_the_mapping_writes_it(stated: object) -> None:
    given = {"field": "licence", "where": {"transit": stated}}

    assert found("required_when", given, {"transit": True}) == [("value_required", "/Principal/Licence")]
    assert found("required_when", given, {"transit": False}) == []


# one_of, equals -------------------------------------------------------------------------------------------------------


def test_a_value_of_those_foreseen_is_right() -> None:
    assert found("one_of", {"field": "kind", "values": ["A", "B"]}, {"kind": "B"}) == []


def test_a_value_outside_those_foreseen_is_at_fault() -> None:
    assert found("one_of", {"field": "kind", "values": ["A", "B"]}, {"kind": "C"}) == [("value_not_expected", "/Kind")]


def test_equals_takes_one_value_only() -> None:
    assert found("equals", {"field": "kind", "value": "A"}, {"kind": "A"}) == []
    assert found("equals", {"field": "kind", "value": "A"}, {"kind": "a"}) == [("value_not_expected", "/Kind")]


def test_an_absent_value_is_not_unexpected() -> None:
    assert found("equals", {"field": "kind", "value": "A"}, {}) == []


def test_a_flag_and_a_number_are_compared_as_they_are_written() -> None:
    assert found("equals", {"field": "transit", "value": "0"}, {"transit": False}) == []
    assert found("one_of", {"field": "total", "values": [1, 2]}, {"total": 2}) == []


# Severity, and the rules that need no mapping -------------------------------------------------------------------------


@pytest.mark.parametrize("severity", [Severity.REFUSE, Severity.WARN])
def test_the_mapping_says_how_grave_a_breach_is(severity: Severity) -> None:
    rule = RuleSpec("equals", severity, {"field": "kind", "value": "A"})

    assert one(check(declared({"kind": "B"}, rules=[rule]))).severity is severity


def test_every_rule_is_asked_and_every_finding_told() -> None:
    rules = [RuleSpec("equals", Severity.REFUSE, {"field": "kind", "value": "A"}),
             RuleSpec("total_equals_rows", Severity.WARN, TOTAL)]  # fmt: skip

    findings = check(declared({"kind": "B", "total": 1}, rules=rules))

    assert [finding.name for finding in findings] == ["value_not_expected", "total_mismatch"]


SIX_HOURS = Deadline(name="declare", kind="declare_before", amount=6, field="crossing")


@pytest.mark.parametrize(
    ("crossing", "late"),
    [
        (datetime(2026, 3, 2, 13, 15, 0, tzinfo=VIETNAM), False),  # exactly six hours
        (datetime(2026, 3, 2, 13, 14, 59, tzinfo=VIETNAM), True),
        (datetime(2026, 3, 1, 0, 0, tzinfo=VIETNAM), True),
        (datetime(2026, 3, 3, 0, 0, tzinfo=VIETNAM), False),
    ],
)
def test_a_late_declaration_is_flagged_and_never_refused(crossing: datetime, late: bool) -> None:
    findings = check(declared({"crossing": crossing}, deadlines=[SIX_HOURS]))

    told = [(finding.name, finding.pointer, finding.severity) for finding in findings]
    assert told == ([("declared_late", f"{BASE}/Crossing", Severity.WARN)] if late else [])


@pytest.mark.parametrize("year", [1, 9999])
def test_a_crossing_at_the_edge_of_the_calendar_breaks_nothing(year: int) -> None:
    crossing = datetime(year, 1, 1, tzinfo=VIETNAM)

    names = [finding.name for finding in check(declared({"crossing": crossing}, deadlines=[SIX_HOURS]))]

    assert names == (["declared_late"] if year == 1 else [])


def test_the_first_time_limit_whose_condition_holds_is_the_one_that_counts() -> None:
    two_hours = Deadline("crew", "declare_before", 2, "crossing", where=(Condition("crew", "1"),))
    in_three_hours = RECEIVED + timedelta(hours=3)

    def names(crew: bool | None) -> list[str]:
        values: Record = {"crossing": in_three_hours} if crew is None else {"crossing": in_three_hours, "crew": crew}
        return [finding.name for finding in check(declared(values, deadlines=[two_hours, SIX_HOURS]))]

    assert names(crew=True) == []
    assert names(crew=False) == names(crew=None) == ["declared_late"]


@pytest.mark.parametrize(
    ("hours", "at_berth", "late"),
    [(2, True, False), (2.01, True, True), (4, False, False), (4.01, False, True), (-1, True, False)],
)
def test_what_is_declared_too_long_after_a_time_is_flagged_and_never_refused(
    hours: float, at_berth: bool, late: bool
) -> None:
    """Two hours after mooring at a berth, four elsewhere (Article 14)."""
    limits = [
        Deadline("atBerth", "declare_within", 2, "crossing", where=(Condition("crew", "1"),)),
        Deadline("elsewhere", "declare_within", 4, "crossing"),
    ]
    moored = RECEIVED - timedelta(hours=hours)

    findings = check(declared({"crossing": moored, "crew": at_berth}, deadlines=limits))

    told = [(finding.name, finding.pointer, finding.severity) for finding in findings]
    assert told == ([("declared_late_after", f"{BASE}/Crossing", Severity.WARN)] if late else [])
    assert check(declared({"crew": at_berth}, deadlines=limits)) == ()


def test_a_time_to_confirm_is_not_a_time_to_declare() -> None:
    limit = Deadline(name="confirm", kind="confirm_within", amount=3)

    assert check(declared({"crossing": RECEIVED}, deadlines=[limit])) == ()


def test_a_caller_who_is_no_declarant_of_it_is_rejected() -> None:
    finding = one(check(declared({"taxCode": "0100112437"}, identities=("taxCode",), bound_to="0100109106")))

    assert (finding.name, finding.pointer, finding.severity) == ("identity_mismatch", BASE, Severity.REJECT)


@pytest.mark.parametrize("identities", [("taxCode",), ("licence", "taxCode"), ("persons.number",)])
def test_one_identity_that_is_the_callers_is_enough(identities: tuple[str, ...]) -> None:
    values = {"taxCode": "0100109106", "licence": "79-1"}
    rows = [{"number": "X"}, {"number": "0100109106"}]

    assert check(declared(values, rows, identities=identities, bound_to="0100109106")) == ()


@pytest.mark.parametrize("stated", ["0100109106001", "0100109106-001"])
def test_a_callers_branch_is_his_however_its_tax_code_is_written(stated: str) -> None:
    declaration = declared({"taxCode": stated}, identities=("taxCode",), bound_to="0100109106-001")
    assert check(declaration) == ()


def test_a_caller_is_rejected_where_the_declaration_names_nobody() -> None:
    assert one(check(declared({}, identities=("taxCode",), bound_to="0100109106"))).name == "identity_mismatch"


@pytest.mark.parametrize(
    "sign", ["\u200b", "\u200d", "\u202e", "\u2066", "\u00ad", "\ufeff", "\U000e0041", "\ue000", "\U000f0000"]
)
def test_a_character_that_nobody_sees_is_told_and_turns_nobody_away(sign: str) -> None:
    (outside, inside) = check(declared({"licence": f"Hạ{sign}Long"}, [{"number": "1"}, {"number": f"A{sign}B"}]))

    assert [(each.name, each.severity) for each in (outside, inside)] == [("unseen_characters", Severity.WARN)] * 2
    assert (outside.pointer, inside.pointer) == (f"{BASE}/Principal/Licence", f"{BASE}/Persons/Person[2]/Number")
    assert outside.words["signs"] == f"U+{ord(sign):04X}"


@pytest.mark.parametrize(
    "seen", ["Nguyễn Thị Đào", "K'Sor H’Bia", "桂A12345", "Lê\u00a0Văn", "Nguye\u0302\u0303n", "😀", "ກກ 1234"]
)
def test_letters_of_any_script_are_seen(seen: str) -> None:
    assert check(declared({"licence": seen}, [{"number": seen}])) == ()


def test_on_the_window_nobody_is_bound_and_the_signature_speaks() -> None:
    assert check(declared({"taxCode": "0100112437"}, identities=("taxCode",), bound_to=None)) == ()


# within_capacity, first_row, same_value -------------------------------------------------------------------------------

SEATS = {"group": "persons", "capacity": "total", "reserve": 1}


def test_passengers_may_fill_every_seat_but_the_drivers() -> None:
    assert found("within_capacity", SEATS, {"total": 3}, [{}, {}]) == []
    assert found("within_capacity", SEATS, {"total": 2}, [{}, {}]) == [("over_capacity", "/Persons")]
    assert found("within_capacity", SEATS, {}, [{}, {}]) == []


def test_only_the_rows_that_meet_the_condition_take_room() -> None:
    given = {**SEATS, "where": {"role": ["MEMBER", "GUIDE"]}}
    rows = [{"role": "MEMBER"}, {"role": "GUIDE"}, {"role": "DRIVER"}]

    assert found("within_capacity", given, {"total": 3}, rows) == []
    assert found("within_capacity", given, {"total": 2}, rows) == [("over_capacity", "/Persons")]


def test_the_first_row_has_what_is_asked_for() -> None:
    assert found("first_row", LEADER, {}, [{"role": "LEADER"}, {"role": "MEMBER"}]) == []
    assert found("first_row", LEADER, {}, [{"role": "MEMBER"}, {"role": "LEADER"}]) == [
        ("first_row_differs", "/Persons/Person[1]")
    ]
    assert found("first_row", LEADER, {}, []) == []


def test_a_value_is_that_of_the_first_row_that_the_condition_holds_for() -> None:
    given = {"field": "licence", "as": "persons.number", "where": {"role": "LEADER"}}
    rows = [{"role": "MEMBER", "number": "A"}, {"role": "LEADER", "number": "B"}]

    assert found("same_value", given, {"licence": "B"}, rows) == []
    assert found("same_value", given, {"licence": "A"}, rows) == [("not_the_same", "/Principal/Licence")]
    assert found("same_value", given, {}, rows) == []
    assert found("same_value", given, {"licence": "A"}, []) == []


def test_two_values_of_one_row_are_compared_in_that_row() -> None:
    given = {"field": "persons.visa", "as": "persons.number"}

    assert found("same_value", given, {}, [{"visa": "A", "number": "A"}, {"visa": "A", "number": "B"}]) == [
        ("not_the_same", "/Persons/Person[2]/Visa")
    ]


# forbidden_when -------------------------------------------------------------------------------------------------------


def test_a_value_is_too_much_where_the_condition_holds() -> None:
    given = {"field": "licence", "where": {"kind": "CONG_VU"}}

    assert found("forbidden_when", given, {"kind": "CONG_VU", "licence": "79-1"}) == [
        ("value_forbidden", "/Principal/Licence")
    ]
    assert found("forbidden_when", given, {"kind": "DU_LICH", "licence": "79-1"}) == []
    assert found("forbidden_when", given, {"kind": "CONG_VU"}) == []


def test_a_condition_may_speak_of_the_row_and_of_the_declaration_at_once() -> None:
    given = {"field": "persons.visa", "where": {"kind": "DU_LICH", "role": "MEMBER"}}
    rows = [{"role": "MEMBER"}, {"role": "LEADER"}]

    assert found("required_when", given, {"kind": "DU_LICH"}, rows) == [("value_required", "/Persons/Person[1]/Visa")]
    assert found("required_when", given, {"kind": "CONG_VU"}, rows) == []


# not_after, within_days, not_after_reception --------------------------------------------------------------------------


def test_a_date_on_the_same_day_is_not_after() -> None:
    given = {"field": "persons.birth", "than": "persons.expiry"}

    assert found("not_after", given, {}, [{"birth": MARCH_2, "expiry": MARCH_2}]) == []
    assert found("not_after", given, {}, [{"birth": MARCH_3, "expiry": MARCH_2}]) == [
        ("date_too_late", "/Persons/Person/Birth")
    ]


def test_a_date_may_lie_so_many_days_after_another_and_no_more() -> None:
    given = {"field": "end", "after": "start", "days": 3}

    assert found("within_days", given, {"start": MARCH_2, "end": date(2026, 3, 5)}) == []
    assert found("within_days", given, {"start": MARCH_2, "end": date(2026, 3, 6)}) == [
        ("too_many_days", "/Programme/End")
    ]
    assert found("within_days", given, {"start": MARCH_2}) == []


def test_what_is_stated_to_be_done_is_not_of_tomorrow() -> None:
    assert found("not_after_reception", {"field": "end"}, {"end": MARCH_2}) == []
    assert found("not_after_reception", {"field": "end"}, {"end": MARCH_3}) == [("in_future", "/Programme/End")]


# numbers --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "right"), [
    ("0100109106", True), ("0100109106-001", True), ("0100112437", True), ("0100109107", False), ("010010910", False),
    ("0000000000", False), ("01001O9106", False), ("0100109106-000", False),
])  # fmt: skip
def test_a_tax_code_has_its_check_digit(number: str, right: bool) -> None:
    assert found("tax_code", {"field": "taxCode"}, {"taxCode": number}) == (
        [] if right else [("tax_code_wrong", "/Principal/TaxCode")]
    )


@pytest.mark.parametrize(("number", "right"), [
    ("001085012345", True), ("0100109106", True), ("0100109106001", True), ("0100109107001", False),
    ("00108501234", False), ("00108501234A", False), ("٠٠١٠٨٥٠١٢٣٤٥", False),
])  # fmt: skip
def test_a_personal_number_may_be_a_tax_code_and_has_no_check_digit(number: str, right: bool) -> None:
    given = {"field": "taxCode", "unchecked": 12}

    assert found("tax_code", given, {"taxCode": number}) == (
        [] if right else [("tax_code_wrong", "/Principal/TaxCode")]
    )


@pytest.mark.parametrize(("number", "right"), [
    ("9074729", True), ("9319466", True), ("9074728", False), ("907472", False), ("ABCDEFG", False),
])  # fmt: skip
def test_an_imo_number_has_its_check_digit(number: str, right: bool) -> None:
    assert found("imo_number", {"field": "licence"}, {"licence": number}) == (
        [] if right else [("imo_number_wrong", "/Principal/Licence")]
    )


@pytest.mark.parametrize(("number", "right"), [
    ("C1234567", True), ("c1234567", False), ("C123456", False), ("C12345678", False), ("CC234567", False),
])  # fmt: skip
def test_a_vietnamese_passport_number_is_a_letter_and_seven_digits(number: str, right: bool) -> None:
    given = {"field": "persons.number", "where": {"role": "MEMBER"}}

    assert found("passport_number", given, {}, [{"number": number, "role": "MEMBER"}]) == (
        [] if right else [("passport_number_unusual", "/Persons/Person/Number")]
    )
    assert found("passport_number", given, {}, [{"number": number, "role": "LEADER"}]) == []


PERSONAL = {"field": "persons.number", "sex": "persons.sex", "birth": "persons.birth"}


@pytest.mark.parametrize(("number", "sex", "birth", "finds"), [
    ("001090000001", "M", date(1990, 1, 1), None),
    ("001190000001", "F", date(1990, 1, 1), None),
    ("001200000001", "M", date(2000, 1, 1), None),
    ("001399000001", "F", date(2099, 1, 1), None),
    ("001190000001", "M", date(1990, 1, 1), "personal_number_differs"),
    ("001091000001", "M", date(1990, 1, 1), "personal_number_differs"),
    ("001290000001", "M", date(1990, 1, 1), "personal_number_differs"),
    ("001090000001", "X", date(1990, 1, 1), None),
    ("001090000001", "M", PartialDate(1990), None),
    ("001090000001", "M", PartialDate(1991, 6), "personal_number_differs"),
    ("00109000001", "M", date(1990, 1, 1), "personal_number_wrong"),
    ("00109000000A", "M", date(1990, 1, 1), "personal_number_wrong"),
    ("٠٠١٠٩٠٠٠٠٠٠١", "M", date(1990, 1, 1), "personal_number_wrong"),
])  # fmt: skip
def test_a_personal_number_says_sex_century_and_year(
    number: str, sex: str, birth: date | PartialDate, finds: str | None
) -> None:
    assert found("personal_number", PERSONAL, {}, [{"number": number, "sex": sex, "birth": birth}]) == (
        [(finds, "/Persons/Person/Number")] if finds else []
    )


def test_a_personal_number_alone_is_asked_for_its_form_only() -> None:
    assert found("personal_number", PERSONAL, {}, [{"number": "001999999999"}]) == []


# mrz, name_matches ----------------------------------------------------------------------------------------------------

SPECIMEN = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10"
ZONE = {
    "lines": "persons.visa",
    "number": "persons.number",
    "birth": "persons.birth",
    "expiry": "persons.expiry",
    "sex": "persons.sex",
}
HOLDER: Record = {
    "visa": SPECIMEN,
    "number": "L898902C3",
    "birth": date(1974, 8, 12),
    "expiry": date(2012, 4, 15),
    "sex": "F",
}


def test_a_zone_that_says_what_is_declared_is_right() -> None:
    assert found("mrz", ZONE, {}, [HOLDER]) == []
    assert found("mrz", ZONE, {}, [{"visa": SPECIMEN}]) == []


@pytest.mark.parametrize("birth", [PartialDate(1974), PartialDate(1974, 8)])
def test_a_birth_not_known_to_the_day_is_held_against_the_zone_as_far_as_it_goes(birth: PartialDate) -> None:
    assert found("mrz", ZONE, {}, [{**HOLDER, "birth": birth}]) == []


@pytest.mark.parametrize(("name", "value", "path"), [
    ("number", "L898902C4", "Number"), ("birth", date(1974, 8, 13), "Birth"),
    ("birth", PartialDate(1975), "Birth"), ("birth", PartialDate(1974, 9), "Birth"),
    ("expiry", date(2022, 4, 15), "Expiry"), ("sex", "M", "Sex"),
])  # fmt: skip
def test_a_field_that_the_zone_contradicts_is_at_fault(name: str, value: Any, path: str) -> None:
    assert found("mrz", ZONE, {}, [{**HOLDER, name: value}]) == [("mrz_differs", f"/Persons/Person/{path}")]


def test_a_zone_with_wrong_check_digits_is_not_held_against_the_form() -> None:
    broken = SPECIMEN.replace("7408122", "7408132")

    assert found("mrz", ZONE, {}, [{**HOLDER, "visa": broken}]) == [("mrz_check_digit", "/Persons/Person/Visa")] * 2


def test_a_zone_of_no_form_is_at_fault() -> None:
    assert found("mrz", ZONE, {}, [{**HOLDER, "visa": SPECIMEN[:-2]}]) == [("mrz_malformed", "/Persons/Person/Visa")]


def test_the_plain_name_is_a_spelling_of_the_accented_one() -> None:
    given = {"accented": "persons.visa", "plain": "persons.number"}

    assert found("name_matches", given, {}, [{"visa": "Đỗ Thị Mơ", "number": "DO THI MO"}]) == []
    assert found("name_matches", given, {}, [{"visa": "Đỗ Thị Mơ", "number": "DO THI MAI"}]) == [
        ("name_differs", "/Persons/Person/Visa")
    ]
    assert found("name_matches", given, {}, [{"visa": "Đỗ Thị Mơ"}, {"number": "DO"}]) == []


# code lists -----------------------------------------------------------------------------------------------------------


def test_a_code_is_valid_on_the_day_that_a_field_states() -> None:
    crossing = datetime(2026, 3, 2, 9, 0, tzinfo=VIETNAM)
    given = {"field": "gate", "day": "crossing"}

    assert found("code_valid_on", given, {"gate": "CLOSED", "crossing": crossing}) == []
    later = {"gate": "CLOSED", "crossing": crossing + timedelta(days=1)}
    assert found("code_valid_on", given, later) == [("code_not_valid", "/Gate")]
    assert found("code_valid_on", given, {"gate": "CLOSED"}) == []


def test_a_code_is_valid_on_the_day_of_reception() -> None:
    given = {"field": "gate", "day": "reception"}
    tomorrow = RECEIVED + timedelta(days=1)

    assert found("code_valid_on", given, {"gate": "CLOSED"}) == []
    assert found("code_valid_on", given, {"gate": "CLOSED"}, received=tomorrow) == [("code_not_valid", "/Gate")]


def test_the_unit_is_the_gates_own() -> None:
    given = {"field": "gate", "fact": "unit", "with": "licence"}

    assert found("code_agrees", given, {"gate": "MAIN", "licence": "U1"}) == []
    assert found("code_agrees", given, {"gate": "MAIN", "licence": "U2"}) == [("code_disagrees", "/Principal/Licence")]
    assert found("code_agrees", given, {"gate": "CLOSED", "licence": "U2"}) == []


def test_a_gate_serves_the_procedures_and_classes_that_its_list_states() -> None:
    given = {"gate": "gate", "unit": "licence", "classes": ["international"]}

    assert found("gate_serves", given, {"gate": "BIG", "licence": "U3"}) == []
    assert found("gate_serves", given, {"gate": "BIG", "licence": "U1"}) == [("code_disagrees", "/Principal/Licence")]
    assert found("gate_serves", given, {"gate": "MAIN"}) == [("gate_does_not_serve", "/Gate")]
    assert found("gate_serves", {"gate": "gate"}, {"gate": "MAIN"}) == []
    assert found("gate_serves", {"gate": "gate"}, {"gate": "OTHERS"}) == [("gate_does_not_serve", "/Gate")]


def test_a_class_that_a_gate_had_before_counts_on_its_days() -> None:
    given = {"gate": "gate", "classes": ["main"], "day": "crossing"}
    early, late = datetime(2025, 6, 30, 9, tzinfo=VIETNAM), datetime(2025, 7, 1, 9, tzinfo=VIETNAM)

    assert found("gate_serves", given, {"gate": "RAISED", "crossing": early}) == []
    assert found("gate_serves", given, {"gate": "RAISED", "crossing": late}) == [("gate_does_not_serve", "/Gate")]


PAPERS = {"type": "persons.paper", "nationality": "persons.nationality", "gate": "gate", "direction": "kind"}


@pytest.mark.parametrize(("paper", "nationality", "gate", "right"), [
    ("CARD", "VNM", "MAIN", True),
    ("CARD", "VNM", "BIG", False),  # a citizen's card serves towards Laos only
    ("CARD", "LAO", "MAIN", False),
    ("FOREIGN", "LAO", "MAIN", True),  # a neighbour at a main gate
    ("FOREIGN", "DEU", "MAIN", False),
    ("FOREIGN", "DEU", "BIG", True),
    ("FOREIGN", "VNM", "BIG", False),
    ("ANY", "DEU", "MAIN", True),  # nothing is said of it
])  # fmt: skip
def test_a_paper_serves_whom_and_where_its_list_states(paper: str, nationality: str, gate: str, right: bool) -> None:
    rows = [{"paper": paper, "nationality": nationality}]

    assert found("paper_allowed", PAPERS, {"gate": gate}, rows) == (
        [] if right else [("paper_not_allowed", "/Persons/Person/Paper")]
    )


def test_a_paper_is_asked_only_for_what_is_declared() -> None:
    assert found("paper_allowed", PAPERS, {}, [{"paper": "CARD", "nationality": "VNM"}]) == []
    assert found("paper_allowed", PAPERS, {"gate": "BIG"}, [{"paper": "FOREIGN"}]) == []


def test_a_paper_may_serve_one_direction_only() -> None:
    rows = [{"paper": "HOME"}]

    assert found("paper_allowed", PAPERS, {"kind": "IN"}, rows) == []
    assert found("paper_allowed", PAPERS, {"kind": "OUT"}, rows) == [("paper_not_allowed", "/Persons/Person/Paper")]


def test_what_a_rule_points_at_is_one_of_its_arguments() -> None:
    for name, rule in RULES.items():
        assert rule.finds, name
        assert set(rule.finds.values()) <= rule.takes.keys(), name


# year_within, near_reception, located_in, at_most, issued_in_lifetime ------------------------------------------------


@pytest.mark.parametrize(
    ("value", "right"),
    [(2025, True), (2024, False), (2026, True), (2027, False), (date(2025, 1, 1), True), (date(2024, 12, 31), False)],
)
def test_a_year_lies_near_that_of_reception(value: int | date, right: bool) -> None:
    name, path = ("total", "/Total") if isinstance(value, int) else ("end", "/Programme/End")
    given = {"field": name, "before": 1, "after": 0}
    assert found("year_within", given, {name: value}) == ([] if right else [("year_unlikely", path)])


def test_without_a_last_year_later_ones_are_not_asked() -> None:
    assert found("year_within", {"field": "end", "before": 1}, {"end": date(2099, 1, 1)}) == []


NEAR = {"field": "crossing", "past": 24, "ahead": 180}


@pytest.mark.parametrize(
    ("crossing", "finds"),
    [
        (RECEIVED - timedelta(hours=24), []),
        (RECEIVED - timedelta(hours=24, seconds=1), [("time_long_past", "/Crossing")]),
        (RECEIVED + timedelta(days=180), []),
        (RECEIVED + timedelta(days=180, seconds=1), [("time_far_ahead", "/Crossing")]),
    ],
)
def test_a_time_lies_near_its_declaration(crossing: datetime, finds: list[tuple[str, str]]) -> None:
    assert found("near_reception", NEAR, {"crossing": crossing}) == finds


def test_what_an_outage_delayed_is_held_against_when_it_was_sent() -> None:
    """The window sealed it at RECEIVED; it came two days later."""
    two_days_on = RECEIVED + timedelta(days=2)
    assert found("near_reception", NEAR, {"crossing": RECEIVED}, received=two_days_on, channel=Channel.WINDOW) == []


@pytest.mark.parametrize(("port", "right"), [("VNHPH", True), ("CNSHG", False), ("KRPUS", False)])
def test_a_port_lies_in_the_state_that_its_code_begins_with(port: str, right: bool) -> None:
    finds = [] if right else [("port_abroad", "/Principal/Licence")]
    assert found("located_in", {"field": "licence", "state": "VN"}, {"licence": port}) == finds


def test_no_more_rows_than_are_allowed_meet_the_condition() -> None:
    given, leader = {"group": "persons", "where": {"role": "LEADER"}, "most": 1}, {"role": "LEADER"}
    assert found("at_most", given, {}, [leader, {"role": "MEMBER"}]) == []
    assert found("at_most", given, {}, [leader, leader]) == [("too_many_of", "/Persons")]


@pytest.mark.parametrize(("gate", "rows", "right"), [("BY_ROAD", 2, True), ("BY_ROAD", 3, False), ("BY_SEA", 3, True)])
def test_a_list_may_be_held_shorter_at_one_gate(gate: str, rows: int, right: bool) -> None:
    given = {"group": "persons", "where": {"gate": "BY_ROAD"}, "most": 2}
    assert found("at_most", given, {"gate": gate}, [{"role": "MEMBER"}] * rows) == (
        [] if right else [("too_many_of", "/Persons")]
    )


@pytest.mark.parametrize(
    ("born", "issued", "right"),
    [
        (date(2000, 2, 29), date(2000, 2, 29), True),
        (date(2000, 2, 29), date(2000, 2, 28), False),
        (date(2020, 1, 1), date(2019, 1, 1), True),  # a child stands in a parent's paper
        (None, date(2019, 1, 1), True),
        (date(2026, 3, 3), date(2019, 1, 1), True),  # born tomorrow: another rule tells it
    ],
)
def test_a_paper_is_issued_in_its_holders_lifetime(born: date | None, issued: date, right: bool) -> None:
    given = {"field": "persons.expiry", "birth": "persons.birth", "under": 14}
    row: Record = {"expiry": issued} if born is None else {"expiry": issued, "birth": born}
    assert found("issued_in_lifetime", given, {}, [row]) == (
        [] if right else [("date_order", "/Persons/Person/Expiry")]
    )
