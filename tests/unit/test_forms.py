"""Forms drawn from mapping and XSD: filling undoes reading, values come as people type them, faults have fields."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from lxml import etree

from adapter.model.finding import Finding
from adapter.model.header import Party
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.limits import Limits
from adapter.model.procedure import Meaning, MessageSpec, Procedure
from adapter.model.stages import Channel, Declaration, Submission, ValidDocument, VerifiedDocument
from adapter.pipeline import schema
from adapter.pipeline.envelope import open_envelope
from adapter.pipeline.forms.answers import Answers, stored_answers
from adapter.pipeline.forms.differences import answers_in
from adapter.pipeline.forms.entry import entered, shown
from adapter.pipeline.forms.faults import in_words_of_form, seat_of
from adapter.pipeline.forms.fill import fill
from adapter.pipeline.forms.given import gates_of, unit_of_gate
from adapter.pipeline.forms.layout import FormField, FormLayout, layout
from adapter.pipeline.forms.unsigned import Heading, unsigned, whole
from adapter.pipeline.mapping import read
from adapter.services.door.sealing import write_header
from tests.harness.data import SHIPPED, compiled
from tests.harness.drawn_forms import AMENDMENT, CITIZEN, DAY, SHIP, TOUR, catalogue, drawn
from tests.harness.generator import forms, hints_of, root_of
from tests.harness.shares import FULL, share

NOW = datetime(2026, 3, 2, 0, 15, tzinfo=UTC)
LIMITS = Limits(
    message_bytes=10_000_000, depth=60, elements=100_000, attributes=100, element_attributes=60, namespaces=30,
    text=9_000, references=9, transforms=9, findings=100, report_bytes=100_000, report_children=100,
    report_seconds=60.0,
)  # fmt: skip
COUNT = 300 if FULL else 3
FORMS = (Meaning.DECLARATION, Meaning.REPLACEMENT, Meaning.AMENDMENT_OWN, Meaning.AMENDMENT_REQUESTED)


def messages() -> list[tuple[Procedure, MessageSpec]]:
    """Every message of a declarant's that has a form to fill in, of every version."""
    every = [each for versions in catalogue().procedures.values() for each in versions]
    return [(each, spec) for each in every for spec in each.messages.values() if spec.meaning in FORMS]


MESSAGES = messages()


def named(procedure: Procedure, spec: MessageSpec) -> str:
    return f"{procedure.name}-{spec.pair}"


IDS = [named(*each) for each in MESSAGES]
NEWEST = share(MESSAGES[::-1], len(MESSAGES), lambda each: ((each[0].code, each[1].pair),))
"""In `make test` each message as the newest version of its procedure has it; a long proof fills all."""


PARTY = Party("BQP", "BQP", "VN", "BQP", "BDBP", "CK-HUUNGHI")
KEY = DossierKey("BP26000123", 2026)


def _verified(sketch: FormLayout, envelope: etree._Element) -> VerifiedDocument:
    """As verification would return it."""
    write_header(envelope, sender=PARTY, recipient=PARTY, message_id="m-1")
    raw = etree.tostring(envelope)
    submission = Submission(raw, Channel.PORTAL, NOW, Digest(hashlib.sha256(raw).hexdigest()))
    opened = open_envelope(submission, catalogue=catalogue(), limits=LIMITS)
    # The procedure in force on that day is another version than the one that is proved here.
    opened = replace(opened, procedure=sketch.procedure, spec=sketch.spec)
    content = opened.tree.find("Body/Content")
    assert content is not None
    content.attrib.clear()  # what a signature refers to goes with the signatures
    return VerifiedDocument(opened, opened.tree, opened.header, (), submission.digest)


def _in_place(verified: VerifiedDocument, form: etree._Element) -> ValidDocument:
    element = etree.fromstring(etree.tostring(verified.element))
    content = element.find("Body/Content")
    assert content is not None
    content[:] = [form]
    return ValidDocument(replace(verified, element=element))


def is_kept(place: etree._Element, mandatory: set[str]) -> bool:
    """Whether reading keeps a text as it is: a blank is absent to it, which some types of the first schemas take even
    where something must stand; and a few letters are longer in NFC."""
    text = place.text or ""
    return bool(text.strip() or place.tag not in mandatory) and unicodedata.normalize("NFC", text) == text


@pytest.mark.parametrize(("procedure", "spec"), NEWEST, ids=[named(*each) for each in NEWEST])
def test_what_is_filled_is_read_back_and_valid(procedure: Procedure, spec: MessageSpec) -> None:
    declared, lists = compiled(SHIPPED.schemas)(spec.schema_name), catalogue().codelists
    sketch = layout(procedure, spec, declared)
    verified = _verified(sketch, unsigned(sketch, Answers(), Heading("m-1", NOW, KEY, KEY), lists))
    root = root_of(declared, spec.root)
    hints = hints_of(Declaration(ValidDocument(verified), {}, {}), catalogue(), root)
    mandatory = {spot.path.rpartition("/")[2] for spot in sketch.places if spot.mandatory}
    held = whole_ones = 0

    @settings(
        max_examples=COUNT, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(forms(root, hints))
    def proof(form: etree._Element) -> None:
        nonlocal held, whole_ones
        first = read(_in_place(verified, form), codelists=lists)
        valid = _in_place(verified, fill(sketch, answers_in(sketch, form)))
        if all(is_kept(place, mandatory) for place in form.iter() if not len(place)):
            assert spec.schema.validate(valid.verified.element), spec.schema.error_log
            whole_ones += 1
        again = read(valid, codelists=lists)
        assert (again.values, again.rows) == (first.values, first.rows)
        held += 1

    proof()
    assert held > 1
    assert whole_ones > 1


@pytest.mark.parametrize(("procedure", "spec"), MESSAGES, ids=IDS)
def test_every_value_is_typed_as_it_is_shown(procedure: Procedure, spec: MessageSpec) -> None:
    """What a page shows of a value, sent back untouched, is the same value."""
    sketch = layout(procedure, spec, compiled(SHIPPED.schemas)(spec.schema_name))
    fields = [*sketch.fields.values(), *(field for group in sketch.groups for field in group.fields)]
    assert len(fields) > 10
    for field in fields:
        for text in EXAMPLES.get(field.type, ()):
            if field.codes is None and field.simple.is_valid(text):
                entry = entered(field, shown(field, text), catalogue().codelists)
                assert (entry.text, entry.wanted) == (text, None), field.name


@pytest.mark.parametrize("text", ["hôm kia", "8/85", "abcdefghij", "2026-13", "năm rồi"])
def test_what_cannot_be_read_is_shown_as_it_was_typed(text: str) -> None:
    born = drawn(CITIZEN).fields["dateOfBirth"]
    assert shown(born, text) == text


EXAMPLES = {
    "date": ("2026-03-02", "2028-02-29"),
    "partial_date": ("1958", "1958-06", "1958-06-05"),
    "datetime": ("2026-03-02 07:15:00", "2026-03-02 07:15:09"),
    "integer": ("7", "0"),
    "year": ("2026",),
    "flag": ("0", "1"),
    "text": ("0012345", "Nguyễn Văn An", "29A-123.45"),
    "upper_name": ("NGUYEN VAN AN", "NGUYEN 2"),
}


def field(name: str, code: str = TOUR) -> FormField:
    sketch = drawn(code)
    group, _, inner = name.rpartition(".")
    if not group:
        return sketch.fields[name]
    found = sketch.group(group)
    assert found is not None
    return next(each for each in found.fields if each.name == inner)


def typed(name: str, text: str) -> str:
    entry = entered(field(name), text, catalogue().codelists)
    assert entry.wanted is None, entry
    assert entry.unknown is None, entry
    return entry.text


@pytest.mark.parametrize("text", ["2/3/2026", "02/03/2026", "2.3.2026", "02-03-2026", "2026-03-02", "2026-3-2"])
def test_a_day_is_read_in_each_way_that_people_write_it(text: str) -> None:
    assert typed("persons.expiryDate", text) == "2026-03-02"


@pytest.mark.parametrize(
    "text",
    ["2/3/2026 7:15", "02/03/2026 07:15:00", "2.3.2026, 07:15", "2026-03-02 07:15", "07:15, 2/3/2026",
     "7h15 02/03/2026", "2026-03-02T07:15", "2026-03-02 07:15:00", "2/3/2026 7 giờ 15"],
)  # fmt: skip
def test_a_time_is_read_in_each_way_that_people_write_it(text: str) -> None:
    assert typed("expectedArrival", text) == "2026-03-02 07:15:00"


@pytest.mark.parametrize(
    ("text", "day"),
    [("1958", "1958"), ("6/1958", "1958-06"), ("1958-06", "1958-06"), ("5/6/1958", "1958-06-05")],
)
def test_of_a_birth_a_year_or_a_month_may_be_all_that_is_known(text: str, day: str) -> None:
    assert typed("persons.dateOfBirth", text) == day


@pytest.mark.parametrize("text", ["31/2/2026", "2/3/26", "3/2026", "tomorrow", "2026/03/02 25:00", "00/00/2026"])
def test_what_is_no_day_is_kept_as_it_was_typed_and_says_how_to_type_one(text: str) -> None:
    entry = entered(field("persons.expiryDate"), text, {})
    assert entry.text == text
    assert entry.wanted is not None
    assert "02/03/2026" in entry.wanted.vi


@pytest.mark.parametrize("text", ["2/3/2026 24:00", "2/3/2026", "2/3/2026 7:61", "1800-01-01 07:15:00"])
def test_what_is_no_time_is_kept_as_it_was_typed(text: str) -> None:
    entry = entered(field("expectedArrival"), text, {})
    assert (entry.text, entry.wanted is None) == (text, False)


def test_leading_zeros_stay() -> None:
    assert typed("persons.documentNumber", "0012345") == "0012345"
    assert typed("principalTaxCode", "0100109106") == "0100109106"


def test_a_name_as_it_is_spoken_becomes_the_one_of_the_paper() -> None:
    assert typed("persons.fullName", "  Nguyễn Thị  Đào ") == "NGUYEN THI DAO"


def test_a_number_is_taken_in_small_letters_and_with_spaces_where_the_schema_takes_neither() -> None:
    assert typed("persons.documentNumber", "c 1234567") == "C1234567"
    assert typed("declarantPersonalNumber", "001 085 012 345") == "001085012345"
    assert typed("groupName", "Đoàn nhỏ") == "Đoàn nhỏ"


@pytest.mark.parametrize("text", ["Đoàn\u00a0A", "Đo\u00adàn A", "\u200bĐoàn A", "\ufeffĐoàn A", "Đoàn A\x07"])
def test_signs_that_nobody_sees_are_taken_out_and_that_is_told(text: str) -> None:
    entry = entered(field("groupName"), text, {})
    assert (entry.text, entry.changed) == ("Đoàn A", True)


def test_letters_typed_with_separate_accents_are_put_together() -> None:
    entry = entered(field("groupName"), unicodedata.normalize("NFD", "Đoàn Hữu Nghị"), {})
    assert (entry.text, entry.changed) == ("Đoàn Hữu Nghị", False)


@pytest.mark.parametrize("text", ["HUUNGHI", "Hữu Nghị", "huu nghi", "HỮU NGHỊ"])
def test_a_code_may_be_given_by_its_name_with_or_without_accents(text: str) -> None:
    assert typed("gate", text) == "HUUNGHI"


def test_what_is_in_no_list_names_the_list() -> None:
    entry = entered(field("gate"), "Nowhere", catalogue().codelists)
    assert entry.text == "Nowhere"
    assert entry.unknown is not None
    assert entry.unknown.vi == "cửa khẩu"


@pytest.mark.parametrize(("text", "flag"), [("có", "1"), ("Khong", "0"), ("yes", "1"), ("0", "0")])
def test_yes_and_no_are_read_in_both_languages(text: str, flag: str) -> None:
    assert typed("persons.isTransit", text) == flag


def test_what_the_house_knows_is_not_asked() -> None:
    asked = {each.name for section in drawn(TOUR).sections for each in section.asked}
    assert asked.isdisjoint({"dossierNumber", "procedure", "formNumber", "borderUnit", "totalPersons", "totalMale"})
    assert {"gate", "direction", "expectedArrival", "groupName", "leaderName"} <= asked
    persons = drawn(TOUR).group("persons")
    assert persons is not None
    assert "seq" not in {each.name for each in persons.asked}
    assert (persons.least, persons.most) == (1, 500)


def test_sections_have_the_words_of_the_schema_and_say_what_must_be_filled_in() -> None:
    sketch = drawn(TOUR)
    programme = sketch.section("Programme")
    assert programme is not None
    assert programme.label is not None
    assert (programme.label.vi, programme.optional) == ("Chương trình du lịch", True)
    start, itinerary = sketch.fields["programmeStart"], sketch.fields["itinerary"]
    assert (start.required, start.required_with) == (False, "Programme")
    assert (itinerary.required, itinerary.required_with) == (False, None)
    assert sketch.fields["groupName"].required
    assert sketch.fields["principalTaxCode"].required_when == ({"groupKind": frozenset({"DU_LICH"})},)
    assert field("persons.expiryDate").required_when == ()  # only flagged when it is missing
    assert itinerary.is_long
    assert not sketch.fields["groupName"].is_choice
    assert sketch.fields["gate"].is_choice


def test_counts_unit_and_numbers_of_rows_are_filled_in() -> None:
    sketch, lists = drawn(TOUR), catalogue().codelists
    rows = ({"sex": "M"}, {"sex": "F"}, {"sex": "M"})
    filled = whole(sketch, Answers({"gate": "HUUNGHI"}, {"persons": rows}), Heading("m", NOW, KEY), lists)
    assert filled.values["totalPersons"] == "3"
    assert (filled.values["totalMale"], filled.values["totalFemale"]) == ("2", "1")
    assert (filled.values["borderUnit"], filled.values["dossierNumber"]) == ("CK-HUUNGHI", "BP26000123")
    assert (filled.values["formNumber"], filled.values["procedure"]) == ("07", TOUR)
    assert [row["seq"] for row in filled.rows["persons"]] == ["1", "2", "3"]


def test_on_own_discovery_and_on_request_an_amendment_says_so_itself() -> None:
    lists = catalogue().codelists
    origins = [
        whole(drawn(AMENDMENT, pair), Answers(), Heading("m", NOW, about=KEY), lists).values["origin"]
        for pair in ("11/01", "11/02")
    ]
    assert origins == ["TU_PHAT_HIEN", "THEO_YEU_CAU"]


def test_gates_are_those_of_the_procedure() -> None:
    lists = catalogue().codelists
    land = {code.code for code in gates_of(drawn(TOUR).procedure, lists, DAY)}
    port = {code.code for code in gates_of(drawn(SHIP).procedure, lists, DAY)}
    assert "HUUNGHI" in land
    assert port
    assert land.isdisjoint(port)
    assert unit_of_gate(drawn(TOUR).procedure, {"gate": "HUUNGHI"}, lists, DAY) == "CK-HUUNGHI"


BASE = "/Envelope/Body/Content/GroupDeclaration"


@pytest.mark.parametrize(
    ("pointer", "name"),
    [
        (f"{BASE}/Gate", "gate"),
        (f"{BASE}/Leader/Name", "leaderName"),
        (f"{BASE}/Persons/Person[3]/ExpiryDate", "persons.3.expiryDate"),
        (f"{BASE}/Persons/Person/ExpiryDate", "persons.1.expiryDate"),
        (f"{BASE}/Persons/Person[2]", "persons.2"),
        (f"{BASE}/Persons/Person", "persons"),
        (f"{BASE}/Persons", "persons"),
        (f"{BASE}/Programme", "programmeStart"),
    ],
)
def test_a_finding_has_its_field(pointer: str, name: str) -> None:
    seat = seat_of(drawn(TOUR), pointer)
    assert seat is not None
    assert seat.name == name


@pytest.mark.parametrize("pointer", ["/Envelope/Header/Subject/reference", "/", f"{BASE}Other/Gate", f"{BASE}/Nothing"])
def test_a_finding_elsewhere_has_none(pointer: str) -> None:
    assert seat_of(drawn(TOUR), pointer) is None


def test_every_field_of_every_form_has_a_place_for_its_faults() -> None:
    for procedure, spec in MESSAGES:
        sketch = layout(procedure, spec, compiled(SHIPPED.schemas)(spec.schema_name))
        for each in sketch.fields.values():
            assert getattr(seat_of(sketch, f"{sketch.base}/{each.path}"), "name", None) == each.name
        for group in sketch.groups:
            for each in group.fields:
                seat = seat_of(sketch, f"{sketch.base}/{group.path}[7]/{each.path}")
                assert getattr(seat, "name", None) == f"{group.name}.7.{each.name}"


def test_an_empty_form_names_every_field_that_must_be_filled_in() -> None:
    """And not the element that holds them, which no person knows."""
    sketch, lists = drawn(CITIZEN), catalogue().codelists
    envelope = unsigned(sketch, Answers({"gate": "HUUNGHI"}), Heading("m-1", NOW, KEY), lists)
    element = _verified(sketch, envelope).element
    faults = schema.faults_of(element, sketch.spec.schema)
    assert faults is not None
    reported = schema.report(
        element, faults, sketch.spec.schema_name, limits=LIMITS, reporter=compiled(SHIPPED.schemas)
    )
    missing = {getattr(seat_of(sketch, finding.pointer), "name", finding.pointer) for finding in reported}
    required = {each.name for each in sketch.fields.values() if each.required and not each.given}
    assert required - {"gate"} == missing


def test_an_element_that_is_missing_is_named_as_the_form_names_it() -> None:
    finding = Finding("schema_missing", f"{BASE}/GroupName", words={"field": "GroupName"})
    stated = catalogue().findings.state(in_words_of_form(drawn(TOUR), finding))
    assert (stated.vi, stated.en) == (
        "Thiếu Tên đoàn: nội dung bắt buộc.",
        "Name of the group is missing; it is mandatory.",
    )


def test_elements_stand_in_the_order_of_the_schema_however_they_were_filled_in() -> None:
    """An XSD with xs:sequence takes no other order; ours are xs:all mostly, and would not tell."""
    sketch = drawn(TOUR)
    names = [name for name in reversed(sketch.fields) if sketch.fields[name].type == "text"]
    persons = sketch.group("persons")
    assert persons is not None
    row = {each.name: "X" for each in reversed(persons.fields)}
    form = fill(sketch, Answers(dict.fromkeys(names, "X"), {"persons": (row, row)}))
    tree = etree.ElementTree(form)
    found = [tree.getelementpath(place) for place in form.iterdescendants()]
    written = list(dict.fromkeys(re.sub(r"\[\d+\]", "", str(path)) for path in found))
    assert len(written) > 30
    assert written == [spot.path for spot in sketch.places if spot.path in written]


def test_answers_are_stored_and_taken_back() -> None:
    answers = Answers({"gate": "HUUNGHI"}, {"persons": ({"fullName": "A"}, {})})
    assert stored_answers(answers.as_stored()).as_stored() == answers.as_stored()
    assert dict(answers.named()) == {"gate": "HUUNGHI", "persons.1.fullName": "A"}
    assert answers.with_row("persons", 2, {"sex": "M"}).row("persons", 2) == {"sex": "M"}
    assert answers.without_row("persons", 1).rows["persons"] == ({},)
    assert answers.with_values({"gate": ""}).values == {}
