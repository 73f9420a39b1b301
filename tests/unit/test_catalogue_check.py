"""The proof at start: the shipped data has no fault, and each way of breaking it is told with file and advice."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest
import xmlschema
import yaml

from adapter.catalogue.check import check
from adapter.catalogue.keywords import KEYWORDS
from adapter.catalogue.load import DataFiles, load
from adapter.catalogue.names import PLACES
from adapter.catalogue.paths import SOURCES
from adapter.catalogue.slow_schemas import reporter
from adapter.model.catalogue import Catalogue
from adapter.model.errors import Misconfigured
from adapter.model.identifiers import ProcedureCode
from adapter.model.procedure import Procedure
from tests.harness.data import SHIPPED, change, compiled, copied, few
from tests.harness.pki import ROOT
from tests.harness.source import tree_of, walked

GROUP = "BQP0100001/1/procedure.yaml"
XSD = "BQP0100001/1/BQP01000011001.xsd"
CONFIRMATION = "BQP0100001/1/BQP01000013023.xsd"


@cache
def shipped() -> Catalogue:
    return load(SHIPPED)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> DataFiles:
    return few(tmp_path_factory.mktemp("data"), "BQP0100001")


@pytest.fixture(scope="module")
def ships(tmp_path_factory: pytest.TempPathFactory) -> DataFiles:
    return few(tmp_path_factory.mktemp("ships"), "BQP0100007", "BQP0100007A", states=True)


@pytest.fixture
def source(template: DataFiles, tmp_path: Path) -> DataFiles:
    """A copy of the mappings that a test may break."""
    return copied(template, tmp_path)


def faults_of(source: DataFiles) -> list[str]:
    return check(load(source), source, compiled(source.schemas))


def test_the_shipped_data_has_no_fault() -> None:
    assert check(shipped(), SHIPPED, compiled(SHIPPED.schemas)) == []


def test_the_unbroken_copy_has_no_fault(source: DataFiles) -> None:
    assert faults_of(source) == []


LEADER = (
    "  - {name: leaderName, path: Leader/Name, type: upper_name, personal: true, "
    "label: {vi: Trưởng đoàn, en: Group leader}}\n"
)

BROKEN: dict[str, tuple[str, str, str]] = {
    "a path that the XSD has not": (
        "path: Direction,", "path: Directoin,", f"fields: direction: the path Directoin is not in {XSD}"),
    "a path missing in the second message only": (
        "path: Direction,", "path: Directoin,", "Directoin is not in BQP0100001/1/BQP01000011002.xsd"),
    "a mandatory value that nobody maps": (LEADER, "", "fields: Leader/Name is mandatory in"),
    "a path to an element without a value": (
        "path: Declarant/Name,", "path: Declarant,", "declarantName: Declarant in"),
    "a field that stands in many rows": (
        "path: GroupName,", "path: Persons/Person/FullName,", "groupName: Persons/Person/FullName may stand more than"),
    "a date where the XSD has date and time": (
        "path: ExpectedArrival, type: datetime", "path: ExpectedArrival, type: date",
        f"expectedArrival: type date does not fit ExpectedArrival in {XSD}, which is string"),
    "a number where the XSD has text": (
        "path: GroupName, type: text", "path: GroupName, type: integer", "type integer does not fit GroupName"),
    "text where the XSD has a number": (
        "path: TotalMale, type: integer", "path: TotalMale, type: text", "type text does not fit TotalMale"),
    "an unknown type": (
        "path: GroupName, type: text", "path: GroupName, type: words", "groupName: type: words is not known"),
    "an unknown code list": ("codes: directions", "codes: ways", "direction: there is no code list ways"),
    "a code without a list": ("type: code, codes: directions", "type: code", "direction: type code without a list"),
    "a list for a text": ("type: code, codes: directions", "type: text, codes: directions", "write type: code"),
    "two fields of one name": ("name: exitGate", "name: gate", "fields: the name gate is there twice"),
    "a group that the XSD has not": (
        "path: Persons/Person", "path: Persons/People", f"groups: persons: the path Persons/People is not in {XSD}"),
    "a group that is one element": ("path: Persons/Person", "path: Persons", "persons: Persons is no repeated row"),
    "an ordinal that is no field": ("ordinal: seq", "ordinal: number", "ordinal: the group has no field number"),
    "a path of a row that the XSD has not": (
        "path: Sex,", "path: Gender,", f"groups: persons: sex: the path Persons/Person/Gender is not in {XSD}"),
    "a type of a row that does not fit": (
        "path: DateOfBirth, type: date", "path: DateOfBirth, type: text", "persons: dateOfBirth: type text does not"),
    "an ignored path that is nowhere": ("ignored: []", "ignored: [Attachments]", "ignored: Attachments is in no XSD"),
    "an ignored path that is mapped": ("ignored: []", "ignored: [Note]", "ignored: Note is mapped by a field"),
    "a header rule on no field": ("field: dossierNumber, header", "field: dossierNo, header", "header_equal: there is"),
    "a header rule on a row's field": (
        "field: dossierNumber, header", "field: persons.note, header", "name a field outside the groups"),
    "a header rule on no header value": ("header: toUnit", "header: unit", "header_equal: unit is not known"),
    "an identity that is no field": (
        "[principalTaxCode, declarant", "[taxCode, declarant", "declarant: identities: there is no field taxCode"),
    "a place from no field": ("{gate: gate", "{gate: gates", "place: gate: there is no field gates"),
    "a place of no dossier column": ("crossing: expectedArrival}", "arrival: expectedArrival}", "arrival is not known"),
    "a crossing that is no time": (
        "crossing: expectedArrival}", "crossing: exitDate}", "place: crossing: exitDate is of type date"),
    "a search key of no kind": ("kind: paper", "kind: passport", "search: passport is not known; write one of"),
    "a search key from no group": (
        "value: persons.documentNumber", "value: people.documentNumber", "no field people.documentNumber"),
    "a search key from no field of the group": (
        "value: persons.fullName", "value: persons.name", "search: name: there is no field persons.name"),
    "an unknown signature policy": ("signature: always", "signature: sometimes", "signature: sometimes is not known"),
    "a signature that hangs on no field": (
        "signature: always", "signature: {when_present: taxCode}", "when_present: there is no field taxCode"),
    "a signature that no store can hold": ("default: [public]", "default: []", "no signature could be trusted"),
    "a store that hangs on no field": (
        "field: groupKind, value: CONG_VU, stores", "field: kind, value: CONG_VU, stores", "there is no field kind"),
    "a store that hangs on no code": (
        "value: CONG_VU, stores", "value: CONGVU, stores", "groupKind can never be CONGVU: it is not in the code list"),
    "an unknown rule": ("rule: equals, field: formNumber", "rule: equal, field: formNumber", "equal is not known"),
    "a rule without its argument": (", than: programmeStart", "", "(not_before): than must be given"),
    "a rule with an argument it would not heed": (
        "than: programmeStart,", "than: programmeStart, until: programmeEnd,", "it takes no until"),
    "a rule on no field": ("field: persons.expiryDate", "field: persons.expiry", "there is no field persons.exp"),
    "a rule on no group": ("group: persons, field: seq", "group: people, field: seq", "there is no group people"),
    "a rule on no field of the group": (
        "group: persons, field: seq", "group: persons, field: number", "there is no field persons.number"),
    "a rule that compares with no field": ("than: programmeStart", "than: start", "than: there is no field start"),
    "a rule for dates on a text": (
        "rule: not_after_reception, field: persons.dateOfBirth", "rule: not_after_reception, field: persons.fullName",
        "persons.fullName is of type upper_name; it must be date or datetime"),
    "a total that is no number": ("total: totalPersons", "total: groupName", "total: groupName is of type text"),
    "a condition on no field": ("where: {role: LEADER}", "where: {rank: LEADER}", "no field rank in persons"),
    "a condition no row can meet": ("where: {role: LEADER}", "where: {role: BOSS}", "role can never be BOSS"),
    "a condition on no field outside the groups": (
        "where: {groupKind: DU_LICH}", "where: {kind: DU_LICH}", "no field kind in the fields outside the groups"),
    "a condition that is none": ("where: {role: LEADER}", "where: LEADER", "where is no condition"),
    "a form number that YAML read as a number": ('value: "07"', "value: 07", "formNumber can never be 7"),
    "a deadline of no kind": ("kind: declare_before", "kind: declare_after", "kind: declare_after is not known"),
    "a deadline on no field": (
        "kind: declare_before, field: expectedArrival", "kind: declare_before, field: arrival",
        "deadlines: declare: field: there is no field arrival"),
    "a deadline on a day": (
        "kind: declare_before, field: expectedArrival", "kind: declare_before, field: exitDate",
        "exitDate is of type date; it must be datetime"),
    "a deadline of no time": ("hours: 3", "hours: 0", "deadlines: confirm: 0 hours are no time"),
    "two deadlines of one kind": (
        "kind: declare_before", "kind: confirm_within", "declare before it is confirm_within without a condition"),
    "two deadlines of one name": ("name: confirm,", "name: declare,", "deadlines: the name declare is there twice"),
    "a deadline on a condition of no field": (
        "kind: confirm_within,", "kind: confirm_within, where: {kind: X},", "confirm: where: there is no field kind"),
    "a deadline on a condition that cannot be": (
        "kind: confirm_within,", "kind: confirm_within, where: {groupKind: X},", "groupKind can never be X"),
    "a day to bring something that hangs on no time": (
        "kind: confirm_within,", "kind: bring_within, field: exitDate,", "exitDate is of type date; it must be"),
    "a completion from no deadline": (
        "from: officer.remarks", "from: deadline.confirm", "from deadline.confirm: there is no such source"),
    "a completion at no element": (
        "{path: Officer/Rank", "{path: Officer/Grade", f"Officer/Grade: no element with a value in {CONFIRMATION}"),
    "a completion that leaves a mandatory element empty": (
        "    - {path: Officer/Name, from: officer.name}\n", "", f"Officer/Name is mandatory in {CONFIRMATION} and not"),
    "a completion out of order": (
        "    - {path: DossierNumber, from: dossier.number}\n    - {path: DossierYear, from: dossier.year}\n",
        "    - {path: DossierYear, from: dossier.year}\n    - {path: DossierNumber, from: dossier.number}\n",
        "completion: DossierNumber: is too early"),
    "a completion from nowhere": ("from: officer.rank", "from: officer.shoe", "from officer.shoe: there is no such"),
    "a completion from no field": ("declaration.groupName", "declaration.name", "from declaration.name: there is no"),
    "a completion from what may be absent": (
        "declaration.groupName", "declaration.itinerary", "mandatory, but declaration.itinerary may be absent"),
    "a completion from a rank that an officer need not have": (
        "from: confirmation.number", "from: officer.rank", "mandatory, but officer.rank may be absent"),
    "a completion of another type": (
        "from: declaration.totalPersons", "from: officer.name", "TotalPersons: officer.name is of type text"),
    "a completion under no root": (
        "root: GroupConfirmation", "root: GroupReceipt", "no element Envelope/Body/Content/Completion/GroupReceipt"),
    "a message under no root": (
        "root: GroupDeclaration}", "root: Declaration}", f"{XSD} has no element Envelope/Body/Content/Declaration"),
    "a message that nobody would read": (
        'meaning: declaration, form: "07",', "meaning: declaration,", "messages: declaration: no form"),
    "a rule that looks into another list": (
        "sex: persons.sex, birth", "sex: groupKind, birth: exitDate, where: {sex: Z}, x", "sex can never be Z"),
    "a rule beside a row it does not look at": (
        "field: exitDate, than: expectedArrival", "field: exitDate, than: persons.expiryDate",
        "than: persons.expiryDate is in other rows than this rule checks"),
    "a gate that YAML read as a truth": ("day: expectedArrival", "on: expectedArrival", "it takes no True"),
    "an unknown acceptance": ("acceptance: automatic", "acceptance: robot", "acceptance: robot is not known"),
    "grounds of refusal in no list": (
        "result: declaration", "result: declaration\nrefusal_grounds: whims", "refusal_grounds: whims is not known"),
    "grounds of refusal none of which a program can find": (
        "result: declaration", "result: declaration\nrefusal_grounds: sexes", "sexes has none for a declaration that"),
    "a paper told apart by what its row does not have": (
        "with: issuingState", "with: issuer", "with: there is no field persons.issuer"),
    "an unknown result": ("result: declaration", "result: ship", "result: ship is not known"),
    "a misspelt keyword": ("deadlines:", "deadline:", "deadline: no such keyword; write one of"),
    "a misspelt keyword that would unmask a person": (
        "path: Declarant/Name, type: text, personal", "path: Declarant/Name, type: text, personel",
        "fields.personel: no such keyword"),
    "an end before the beginning": (
        "to: 2025-06-30", "to: 2020-01-01", "ends on 2020-01-01, before it begins on 2022-05-30"),
    "a beginning that is no day": ("from: 2022-05-30", "from: 30/5/2022", "30/5/2022 to 2025-06-30 are no days"),
}  # fmt: skip


LISTS: dict[str, tuple[str, str, str]] = {
    "a code that stands twice": ("code: CMND", "code: CCCD", "the code CCCD is there twice"),
    "a period that runs backwards": (
        "vi: Giấy thông hành,", "vi: Giấy thông hành, from: 2026-01-01, to: 2025-01-01,", "ends on 2025-01-01, bef"),
    "a case of no word": ("[{nationality: [LAO], neighbour: [LAO]}]}", "[{nation: [LAO]}]}", "nation is not kn"),
    "a case of no State": (
        "[{nationality: [LAO], neighbour: [LAO]}]}", "[{nationality: [LAOS]}]}", "LAOS is not in nat"),
    "a case that is no list": (
        "[{nationality: [LAO], neighbour: [LAO]}]}", "[{nationality: LAO}]}", "LAO is no list; write"),
    "a case that is none": ("[{nationality: [LAO], neighbour: [LAO]}]}", "[LAO]}", "LAO is no case"),
    "a fact that the head does not name": (
        "en: Laissez-passer,", "en: Laissez-passer, class: main,", "facts at the head of the list does not"),
    "a fact that goes on after its code has ended": (
        "en: Laissez-passer,\n     allowed: [{nationality: [VNM]}]}", "en: Laissez-passer, province: HAGIANG}",
        "GTH: province: HAGIANG ended on 2025-06-30; write [{is: HAGIANG, to: 2025-06-30}"),
    "two facts for one day": (
        "en: Laissez-passer,\n     allowed: [{nationality: [VNM]}]}",
        "en: Laissez-passer,\n     allowed: [{is: [{nationality: [VNM]}], to: 2025-07-01}, {is: []}]}",
        "hold on one day; end one before the other begins"),
}  # fmt: skip


SHIP, SHIP_AMENDED = "BQP0100007/1/procedure.yaml", "BQP0100007A/1/procedure.yaml"
ORIGINS = "codelists/amendment_origins.yaml"
AMENDING: dict[str, tuple[str, str, str, str]] = {
    "an origin that says nothing of its message": (
        ORIGINS, "TU_PHAT_HIEN, means: amendment_own,", "TU_PHAT_HIEN,", "TU_PHAT_HIEN of amendment_origins says no"),
    "an origin that no message has": (
        SHIP_AMENDED, "  - {meaning: amendment_own, form: BKSD, schema: BQP01000071101.xsd, root: ShipAmendment}\n", "",
        "header_equal: origin: no message means what TU_PHAT_HIEN of amendment_origins says"),
    "an expectation of no field": (
        SHIP_AMENDED, "- {field: mooredTime, since", "- {field: moored, since", "expects: moored: there is no field"),
    "an expectation that begins with no time": (
        SHIP_AMENDED, "since: expectedTime", "since: shipName", "since: shipName is of type text; it must be datetime"),
    "an expectation under a condition of neither form": (
        SHIP_AMENDED, "isArrival: 1}", "arrives: 1}", "expects: mooredTime: where: there is no field arrives"),
    "an expectation under a condition that cannot be": (
        SHIP_AMENDED, "isArrival: 1}", "isArrival: 2}", "where: isArrival can never be 2"),
    "a last day of nothing that is brought": (
        SHIP_AMENDED, "from: declaration.reason", "from: deadline.letter", "nothing that it amends has that"),
    "a confirmation of a gate that the dossier has not": (
        SHIP, "{gate: gate, unit", "{unit", "completion: dossier.gate: BQP0100007/1 places no gate; state it there"),
    "a confirmation of a gate that may be left out": (
        SHIP, "place: {gate: gate,", "place: {gate: berth,", "GeneralDeclaration/Berth may be absent in BQP0100007/1/"),
}  # fmt: skip


@pytest.mark.parametrize("case", AMENDING)
def test_a_broken_mapping_of_an_amendment_is_told_with_what_to_do(case: str, ships: DataFiles, tmp_path: Path) -> None:
    source = copied(ships, tmp_path)
    file, old, new, told = AMENDING[case]
    change(source, file, old, new)
    assert [fault for fault in faults_of(source) if told in fault], faults_of(source)


def test_whatever_a_confirmation_asks_to_be_brought_its_amended_one_asks_for_too() -> None:
    """Else a time limit that runs on is told no more once the dossier is amended (Article 16(3)(b))."""

    def asked(procedure: Procedure) -> set[str]:
        content = procedure.completion.content if procedure.completion else ()
        return {item.source for item in content if item.source.startswith("deadline.")}

    newest = {code: versions[-1] for code, versions in shipped().procedures.items()}
    told = {
        (amending.code, code): (asked(newest[code]), asked(amending))
        for amending in newest.values()
        for code in (amending.amends.procedures if amending.amends else ())
    }
    assert any(before for before, _ in told.values())
    assert {pair for pair, (before, after) in told.items() if not before <= after} == set()


def test_a_confirmation_of_a_declaration_may_say_where_the_dossier_is_too(source: DataFiles) -> None:
    change(source, GROUP, "from: declaration.gate", "from: dossier.gate")
    assert faults_of(source) == []


@pytest.mark.parametrize("case", LISTS)
def test_a_broken_code_list_is_told_with_its_file(case: str, source: DataFiles) -> None:
    old, new, told = LISTS[case]
    change(source, "codelists/paper_types.yaml", old, new)
    change(source, "codelists/paper_types.yaml", "facts:\n", "facts:\n  province: provinces\n")

    faults = faults_of(source)

    assert [fault for fault in faults if told in fault], faults
    assert all(fault.startswith(f"{source.mappings / 'codelists' / 'paper_types.yaml'}: ") for fault in faults)


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_mapping_is_told_with_its_file(case: str, source: DataFiles) -> None:
    old, new, told = BROKEN[case]
    change(source, GROUP, old, new)

    faults = faults_of(source)

    assert [fault for fault in faults if told in fault], faults
    assert all(fault.startswith(f"{source.mappings / GROUP}: ") for fault in faults)


def test_a_file_in_another_folder_than_it_says_is_told(source: DataFiles) -> None:
    (source.mappings / "BQP0100001" / "1").rename(source.mappings / "BQP0100001" / "one")

    (fault,) = faults_of(source)

    assert fault.startswith(f"{source.mappings / GROUP}: there is no such file; name its two folders after")


def test_every_fault_is_told_at_once(source: DataFiles) -> None:
    change(source, GROUP, "path: Direction,", "path: Directoin,")
    change(source, GROUP, "kind: paper", "kind: passport")
    change(source, GROUP, "acceptance: automatic", "acceptance: robot")

    faults = "\n".join(faults_of(source))

    assert all(what in faults for what in ("Directoin", "passport", "robot"))


def test_an_ignored_part_covers_the_mandatory_values_in_it(source: DataFiles) -> None:
    change(source, GROUP, LEADER, "")
    change(source, GROUP, "ignored: []", "ignored: [Leader/Name]")
    change(source, GROUP, "field: leaderName, as: persons.fullName", "field: groupName, as: persons.fullName")

    assert faults_of(source) == []


def test_a_reply_that_is_not_stated_is_told(source: DataFiles) -> None:
    file = source.mappings / "messages.yaml"
    stated = yaml.safe_load(file.read_text(encoding="utf-8"))
    del stated["replies"]["Transfer"], stated["replies"]["Receipt"]["schema"]
    file.write_text(yaml.safe_dump(stated), encoding="utf-8")

    assert sorted(faults_of(source)) == [
        f"{file}: the reply Receipt has no schema; name one, only completions take the procedure's own",
        f"{file}: the reply Transfer is missing; state its type, function and schema",
    ]


# Procedures under one documentType ------------------------------------------------------------------------------------


def test_a_document_type_of_no_procedure_is_told(source: DataFiles) -> None:
    change(source, GROUP, 'version: "1"', 'version: "1"\ndocument_type: BQP0199999')

    (fault,) = faults_of(source)

    assert fault.startswith(f"{source.mappings / GROUP}: document_type: there is no procedure BQP0199999")


def test_a_message_that_two_procedures_would_take_is_told() -> None:
    catalogue = shipped()
    host, code = ProcedureCode("BQP0100007"), ProcedureCode("BQP0100007A")
    (*_, ships), (*_, amendments) = catalogue.procedures[host], catalogue.procedures[code]
    greedy = replace(amendments, messages={**ships.messages, **amendments.messages})
    both = replace(catalogue, procedures={host: (ships,), code: (greedy,)})

    told = [fault for fault in check(both, SHIPPED, compiled(SHIPPED.schemas)) if "document_type" in fault]

    assert [fault.rpartition("document_type: ")[2] for fault in told] == [
        f"BQP0100007/2 takes {pair} of BQP0100007 too; leave the message out of one"
        for pair in ("10/01", "10/02", "12/05")
    ]


# Versions of one procedure --------------------------------------------------------------------------------------------


def in_versions(*ends: tuple[date, date | None]) -> list[str]:
    """What is said of a procedure with these versions: first day, last day."""
    catalogue = shipped()
    code = ProcedureCode("BQP0100001")
    *_, only = catalogue.procedures[code]
    versions: list[Procedure] = [
        replace(only, version=str(number), effective_from=begin, effective_to=end)
        for number, (begin, end) in enumerate(ends, start=1)
    ]
    several: Catalogue = replace(catalogue, procedures={code: tuple(versions)})
    return [fault for fault in check(several, SHIPPED, compiled(SHIPPED.schemas)) if "effective" in fault]


def test_versions_that_follow_each_other_are_right() -> None:
    assert in_versions((date(2022, 5, 30), date(2026, 12, 31)), (date(2027, 1, 1), None)) == []


def test_versions_are_compared_by_date_and_not_by_name() -> None:
    assert in_versions((date(2027, 1, 1), None), (date(2022, 5, 30), date(2026, 12, 31))) == []


def test_two_versions_in_force_on_one_day_are_told() -> None:
    (fault,) = in_versions((date(2022, 5, 30), date(2027, 1, 1)), (date(2027, 1, 1), None))

    assert "BQP0100001/2" in fault
    assert "from 2027-01-01 version 1 is in force too; end that one on 2026-12-31" in fault


def test_a_version_without_end_before_another_is_told() -> None:
    (fault,) = in_versions((date(2022, 5, 30), None), (date(2027, 1, 1), None))

    assert "version 1 is in force too" in fault


def test_days_without_any_version_are_told() -> None:
    (fault,) = in_versions((date(2022, 5, 30), date(2026, 11, 30)), (date(2027, 1, 1), None))

    assert "no version is in force from 2026-12-01 to 2026-12-31" in fault


CURRENT, SECOND = "BQP0100001/2/procedure.yaml", "BQP0100001/3/procedure.yaml"


@pytest.fixture
def both(template: DataFiles, tmp_path: Path) -> DataFiles:
    """Data with one more version of the group's procedure, from 2027 on; schemas and mapping copied."""
    shutil.copytree(template.mappings, tmp_path / "mappings")
    shutil.copytree(template.schemas, tmp_path / "schemas")
    for data in ("schemas", "mappings"):
        shutil.copytree(tmp_path / data / "BQP0100001" / "2", tmp_path / data / "BQP0100001" / "3")
    data = DataFiles(schemas=tmp_path / "schemas", mappings=tmp_path / "mappings")
    change(data, CURRENT, "to: null", "to: 2026-12-31")
    change(data, SECOND, 'version: "2"', 'version: "3"')
    change(data, SECOND, "from: 2025-07-01", "from: 2027-01-01")
    return data


def said_of(both: DataFiles) -> list[str]:
    """What is told; schemas that are copies of shipped ones are not compiled once more."""
    own = reporter(both)

    def compile_once(name: str) -> xmlschema.XMLSchema10:
        shipped_name = name.replace("BQP0100001/3/", "BQP0100001/2/")
        same = (both.schemas / name).read_bytes() == (SHIPPED.schemas / shipped_name).read_bytes()
        return compiled(SHIPPED.schemas)(shipped_name) if same else own(name)

    return check(load(both), both, compile_once)


def test_two_versions_each_with_its_own_schemas_are_right(both: DataFiles) -> None:
    assert said_of(both) == []


def test_a_mapping_on_another_versions_schema_is_told(both: DataFiles) -> None:
    change(both, SECOND, "schema: BQP01000011001.xsd", "schema: ../2/BQP01000011001.xsd")

    (fault,) = said_of(both)

    assert fault.startswith(f"{both.mappings / SECOND}: messages: declaration: BQP0100001/2/BQP01000011001.xsd is")
    assert "another version's schema; copy it into BQP0100001/3/" in fault


def test_a_schema_that_includes_another_versions_is_told(both: DataFiles) -> None:
    file = both.schemas / "BQP0100001/3/BQP01000011002.xsd"
    text = file.read_text(encoding="utf-8")
    assert '"group_declaration.xsd"' in text
    file.write_text(text.replace('"group_declaration.xsd"', '"../2/group_declaration.xsd"'), encoding="utf-8")

    (fault,) = said_of(both)

    assert "messages: replacement: BQP0100001/3/BQP01000011002.xsd includes BQP0100001/2/group_declaration.xsd" in fault


def test_schemas_of_a_version_without_its_mapping_are_told(both: DataFiles) -> None:
    change(both, CURRENT, "to: 2026-12-31", "to: null")
    shutil.rmtree(both.mappings / "BQP0100001" / "3")

    (fault,) = said_of(both)

    assert fault.startswith(f"{both.schemas / 'BQP0100001/3'}: there is no mapping for these schemas; write")


# Schemas --------------------------------------------------------------------------------------------------------------


def test_an_xsd_that_nobody_names_must_compile_too(source: DataFiles, tmp_path: Path) -> None:
    shutil.copytree(source.schemas, tmp_path / "schemas")
    (tmp_path / "schemas" / "stray.xsd").write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="a" type="Nothing"/></xs:schema>'
    )
    broken = DataFiles(schemas=tmp_path / "schemas", mappings=source.mappings)

    faults = check(load(broken), broken)

    assert [fault.partition(": ")[0] for fault in faults] == [str(tmp_path / "schemas" / "stray.xsd")] * 2
    assert "libxml2 cannot compile this XSD" in faults[0]
    assert "xmlschema cannot compile this XSD" in faults[1]


def test_an_xsd_that_only_the_slow_engine_refuses_is_told(source: DataFiles) -> None:
    def partial(name: str) -> xmlschema.XMLSchema10:
        if name == CONFIRMATION:
            raise xmlschema.XMLSchemaException("no such facet")
        return compiled(source.schemas)(name)

    faults = check(load(source), source, partial)

    assert f"{source.schemas / CONFIRMATION}: xmlschema cannot compile this XSD: no such facet; correct it" in faults


def test_the_proof_compiles_no_xsd_twice(source: DataFiles) -> None:
    asked: list[str] = []

    def counting(name: str) -> xmlschema.XMLSchema10:
        asked.append(name)
        return compiled(source.schemas)(name)

    check(load(source), source, counting)

    assert len(asked) == len(set(asked))
    assert "common/values.xsd" not in asked  # compiled as a part of those that include it


# Tables that must agree -----------------------------------------------------------------------------------------------


def test_the_place_keywords_are_the_dossier_columns() -> None:
    assert KEYWORDS["place"] == set(PLACES)


def test_a_completion_is_proved_against_the_sources_that_fill_it() -> None:
    service = ast.parse((ROOT / "adapter" / "services" / "dossiers" / "completion.py").read_text(encoding="utf-8"))

    source = re.compile(r"(confirmation|dossier|officer)\.\w+")
    assert {text for text in constants(service) if source.fullmatch(text)} == SOURCES.keys()


NAMED_IN = {"Finding": 0, "_refuse": 0, "_finding": 0, "_bad": 1, "_reject": 1, "_c14n_faults": 2}
"""Calls that take a finding's name, and the place of it among their arguments."""
NAME = re.compile(r"[a-z0-9]+(_[a-z0-9]+)+")
RESERVED = {
    "officer_refusal": "said by an officer who refuses, in services",
    "parked": "shown to operators, never sent",
    "foreign_contingency_number": "needs the ledger of issued numbers, in services",
    "message_id_reused": "needs the ledger of messages, in services",
}
"""Names of the catalogue that no code uses yet, and why they are there."""


def trees() -> Iterator[ast.Module]:
    for folder in ("model", "pipeline", "services", "gateways"):
        for file in sorted((ROOT / "adapter" / folder).rglob("*.py")):
            if file.name != "findings.py":  # it lists them all
                yield tree_of(file)


def constants(node: ast.AST) -> Iterator[str]:
    return (part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str))


def said_names(tree: ast.Module) -> Iterator[str]:
    """Constants in the place of a finding's name, and the values of tables of them."""
    for node in walked(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMED_IN:
            place = NAMED_IN[node.func.id]
            given = [keyword.value for keyword in node.keywords if keyword.arg == "name"] or node.args[
                place : place + 1
            ]
            yield from (text for value in given for text in constants(value) if NAME.fullmatch(text))
        elif isinstance(node, ast.Assign) and any(getattr(to, "id", "") == "_FACETS" for to in node.targets):
            table = node.value
            assert isinstance(table, ast.Dict)
            yield from (text for value in table.values for text in constants(value))


def test_every_finding_that_the_code_says_is_in_the_catalogue() -> None:
    said = {name for tree in trees() for name in said_names(tree)}

    assert {"header_mismatch", "schema_pattern", "certificate_expired", "wrong_state", "too_large"} <= said
    assert said - set(shipped().findings.texts) == set()


def test_every_finding_of_the_catalogue_is_said_or_reserved() -> None:
    known = {text for tree in trees() for text in constants(tree)}

    assert set(shipped().findings.texts) - known - set(RESERVED) == set()
    assert set(RESERVED) <= set(shipped().findings.texts)


def test_a_rule_that_states_what_follows_from_its_article_is_told(source: DataFiles) -> None:
    file = source.mappings / "BQP0100001" / "1" / "procedure.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace('value: "07",', 'value: "07", severity: refuse,'))
    with pytest.raises(Misconfigured, match=r"rule 1 \(equals\): severity refuse: what a breach means follows from"):
        load(source)
