"""Whatever is wrong in the data is told in one line, by `check` and at the start; nothing of it ends in a traceback."""

from __future__ import annotations

import ast
import copy
import random
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import xmlschema
import yaml

import adapter
from adapter.catalogue.check import check
from adapter.catalogue.load import DataFiles, Loader
from adapter.catalogue.slow_schemas import reporter
from adapter.model.findings import NAMES
from tests.harness.data import SHIPPED, change, compiled, copied, few
from tests.harness.shares import FULL
from tests.harness.source import tree_of, walked

GROUP = "BQP0100001/1/procedure.yaml"
WRONG: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -7,
    1e308,
    "",
    "x" * 5_000,
    "{",
    [],
    ["a", None],
    {},
    {"a": 1},
    {True: 1},
    "2026-03-02",
)
ROUNDS = 400 if FULL else 20
SWAPS = (
    ("xs:string", "xs:nothing"),
    ("name=", "nom="),
    ('"1"', '"-1"'),
    ("</xs:", "</xz:"),
    ("xs:element", "xs:any"),
    ("type=", "ref="),
    ("maxOccurs", "minOccurs"),
    ("<xs:sequence>", "<xs:all>"),
    ("[", "[[["),
    ("value=", 'value="" x='),
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> DataFiles:
    return few(tmp_path_factory.mktemp("data"), "BQP0100001")


@pytest.fixture
def source(template: DataFiles, tmp_path: Path) -> DataFiles:
    """One procedure with the lists it names: a copy that a test may break."""
    return copied(template, tmp_path)


def faults_of(source: DataFiles, by: Callable[[str], xmlschema.XMLSchema10] | None = None) -> list[str]:
    """As `check` and the start ask: what loading tells, then what the proof does."""
    loader = Loader(source)
    catalogue = loader.catalogue()
    return [*loader.faults, *check(catalogue, source, by or compiled(source.schemas))]


def test_what_is_not_broken_has_no_fault(source: DataFiles) -> None:
    assert faults_of(source) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (
            "findings.yaml",
            "  not_an_envelope:",
            "  not_a_letter:",
            "not_an_envelope is missing, and the program says it",
        ),
        ("findings.yaml", "number: 107", "number: 108", "used twice"),
        ("findings.yaml", "number: 107", "nummer: 107", "not_an_envelope: number missing"),
        ("findings.yaml", "number: 107", 'number: "107"', "'107' is not a number"),
        ("findings.yaml", "nested deeper than {limit}", "nested deeper than {limit", "a brace that names no word"),
        (
            "findings.yaml",
            "nested deeper than {limit}",
            "nested deeper than {limit.real}",
            "a brace that names no word",
        ),
        ("messages.yaml", '"12/05": withdrawal', '"12/04": withdrawal\n  "12/05": withdrawal', "12/04 and 12/05 both"),
        ("messages.yaml", "  Receipt: {", "  Nothing: {", "Nothing"),
        (GROUP, "path: DossierNumber,", "path: yes,", "fields: 1: path: true (yes, no, on and off are read so)"),
        (GROUP, "path: DossierNumber,", "path: [DossierNumber],", "fields: 1: path"),
        (GROUP, "personal: true", "personal: perhaps", "is not true or false"),
        (GROUP, "on_window: true", "on_window: nobody", "on_window: 'nobody' is not true or false"),
        (GROUP, "ignored:", "ignored: all\nnothing:", "ignored: 'all' is no list"),
        ("codelists/sexes.yaml", "code: M", "code: no", "code: false"),
        ("codelists/sexes.yaml", "name: sexes", "", "'name' is missing"),
        ("calendar.yaml", "2024-01-01", "2024-02-30", "no YAML"),
        ("deadlines.yaml", "working_days: 1", "working_days: one", "working_days: 'one' is not a number"),
        ("notifications.yaml", 'vi: "Mã đã được gửi."', "vi: no", "notifications: address: text: vi: false"),
    ],
)
def test_a_fault_of_the_data_is_told_in_one_line(source: DataFiles, file: str, old: str, new: str, told: str) -> None:
    change(source, file, old, new)
    faults = faults_of(source)
    assert any(file.rpartition("/")[2] in fault and told in fault for fault in faults), faults
    assert not any("\n" in fault for fault in faults)


SIGNATURE = '<xs:element name="Signature" type="xs:string"{}/>'


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ('<xs:element name="SystemSignature" type="xs:string"/>', "Envelope/SystemSignature is mandatory"),
        (SIGNATURE.format(""), "Envelope/Body/Signature is mandatory"),
        (SIGNATURE.format(' minOccurs="0"'), None),
        ('<xs:attribute name="Id" type="xs:string" use="required"/>', "Envelope/Body/Content/@Id"),
    ],
)
def test_a_schema_that_no_message_can_satisfy_is_told(
    declared: str, told: str | None, source: DataFiles, tmp_path: Path
) -> None:
    seal = declared if "SystemSignature" in declared else ""
    signature = declared if '"Signature"' in declared else ""
    attribute = declared if "attribute" in declared else ""
    schemas = tmp_path / "schemas"
    (schemas / "common" / "technical").mkdir(parents=True)
    (schemas / "common" / "technical" / "receipt_in.xsd").write_text(
        f"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="Envelope"><xs:complexType>
        <xs:sequence><xs:element name="Header"/><xs:element name="Body"><xs:complexType><xs:sequence>
        <xs:element name="Content"><xs:complexType>{attribute}</xs:complexType></xs:element>{signature}
        </xs:sequence></xs:complexType></xs:element>{seal}</xs:sequence></xs:complexType></xs:element></xs:schema>"""
    )
    broken = DataFiles(schemas=schemas, mappings=source.mappings)
    faults = [fault for fault in faults_of(broken, reporter(broken)) if "is mandatory, and it is taken out" in fault]
    assert len(faults) == (told is not None), faults
    assert all(told in fault for fault in faults if told)


@pytest.mark.parametrize(
    ("type_", "facets", "told"),
    [
        ("flag", '<xs:enumeration value="Y"/><xs:enumeration value="N"/>', "that is no flag"),
        ("flag", '<xs:pattern value="[A-Z]{2}"/>', "whose facets let no flag through"),
        ("datetime", '<xs:maxLength value="10"/>', "whose facets let no datetime through"),
        ("year", '<xs:length value="2"/>', "whose facets let no year through"),
        ("flag", '<xs:pattern value="[01]"/>', None),
    ],
)
def test_a_text_that_can_never_be_of_the_type_is_told(type_: str, facets: str, told: str | None) -> None:
    from adapter.catalogue.paths import _field_in_form
    from adapter.pipeline.forms.places import form_of

    schema = xmlschema.XMLSchema10(
        f"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="Envelope"><xs:complexType>
        <xs:sequence><xs:element name="Body"><xs:complexType><xs:sequence><xs:element name="Form"><xs:complexType>
        <xs:sequence><xs:element name="Value"><xs:simpleType><xs:restriction base="xs:string">{facets}</xs:restriction>
        </xs:simpleType></xs:element></xs:sequence></xs:complexType></xs:element></xs:sequence></xs:complexType>
        </xs:element></xs:sequence></xs:complexType></xs:element></xs:schema>"""
    )
    form = form_of(schema, "Body/Form")
    assert form is not None
    faults = list(_field_in_form("fields: value", "Value", type_, 0, "form.xsd", form))
    assert all(told in fault for fault in faults if told), faults
    assert bool(faults) is (told is not None)


# -- nothing ends in a traceback ---------------------------------------------------------------------


def places(document: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a value stands in a document."""
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in items:
        yield (*way, key)
        yield from places(value, (*way, key))


def put(document: Any, way: tuple[Any, ...], value: Any) -> Any:
    made = copy.deepcopy(document)
    at = made
    for step in way[:-1]:
        at = at[step]
    at[way[-1]] = value
    return made


@cache
def documents() -> dict[str, Any]:
    files = ["messages.yaml", "findings.yaml", "deadlines.yaml", "calendar.yaml", GROUP]
    files += [f"codelists/{name}.yaml" for name in ("sexes", "gates", "paper_types")]
    texts = {file: (SHIPPED.mappings / file).read_text(encoding="utf-8") for file in files}
    return {file: yaml.safe_load(text) for file, text in texts.items()}


def test_no_value_in_a_file_of_data_ends_in_a_traceback(source: DataFiles) -> None:
    chance = random.Random(24)
    told = 0
    for number in range(ROUNDS):
        file = chance.choice([*documents(), GROUP, GROUP])
        way, value = chance.choice(list(places(documents()[file]))), WRONG[number % len(WRONG)]
        (source.mappings / file).write_text(
            yaml.safe_dump(put(documents()[file], way, value), allow_unicode=True), encoding="utf-8"
        )
        faults = faults_of(source)
        told += bool(faults)
        assert all(isinstance(fault, str) and fault for fault in faults), (file, way, value)
        shutil.copy(SHIPPED.mappings / file, source.mappings / file)
    assert told > ROUNDS / 2


@pytest.mark.parametrize("content", ["", "[]", "true", "a", "{", "\x00", "a: &a [*a]", "? [a]\n: b", "x: 2026-02-30"])
@pytest.mark.parametrize("file", ["messages.yaml", "findings.yaml", "calendar.yaml", "codelists/sexes.yaml", GROUP])
def test_a_file_that_holds_something_else_is_told(source: DataFiles, file: str, content: str) -> None:
    (source.mappings / file).write_text(content, encoding="utf-8")
    assert any(file.rpartition("/")[2] in fault for fault in faults_of(source))


def test_no_changed_schema_ends_in_a_traceback(tmp_path: Path, source: DataFiles) -> None:
    chance = random.Random(24)
    schemas = tmp_path / "schemas"
    shutil.copytree(source.schemas, schemas)
    name = "BQP0100001/1/BQP01000011001.xsd"
    file = schemas / name
    genuine = file.read_text(encoding="utf-8")
    broken = DataFiles(schemas=schemas, mappings=source.mappings)
    others = reporter(broken)
    for old, new in SWAPS:
        spots = [at for at in range(len(genuine)) if genuine.startswith(old, at)]
        for at in chance.sample(spots, min(2, len(spots))):
            file.write_text(genuine[:at] + new + genuine[at + len(old) :], encoding="utf-8")
            changed = reporter(broken)
            faults = faults_of(broken, lambda asked, now=changed: (now if asked == name else others)(asked))  # type: ignore[misc]
            assert all(isinstance(fault, str) for fault in faults)


# -- the names of findings -----------------------------------------------------------------------------


def _constants() -> Iterator[tuple[str, str, bool]]:
    """Each text of the program with its place, and whether it is a finding's name beyond doubt."""
    for file in Path(adapter.__file__).parent.rglob("*.py"):
        if file.name == "findings.py":
            continue
        tree = tree_of(file)
        sure = set()
        for node in walked(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding":
                given = [*node.args[:1], *(each.value for each in node.keywords if each.arg == "name")]
                sure |= {id(each) for value in given for each in ast.walk(value)}
        for node in walked(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield f"{file.name}:{node.lineno}", node.value, id(node) in sure


def test_the_list_of_findings_is_what_the_program_says() -> None:
    constants = list(_constants())
    assert {text for _, text, _ in constants} >= NAMES, "nothing is in the list that the program does not say"
    assert [(place, text) for place, text, sure in constants if sure and text not in NAMES] == []
    stated = yaml.safe_load((SHIPPED.mappings / "findings.yaml").read_text(encoding="utf-8"))["findings"]
    assert set(stated) == NAMES, "a new finding stands in adapter/model/findings.py too"
