"""A form that is not there, is nil, is empty or stands twice declares nothing, whatever its XSD lets pass.

The schemas are made up here: published ones make a form's root optional, nillable, or one of a choice.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import xmlschema

from adapter.bootstrap import Components, assemble
from adapter.catalogue.paths import Paths
from adapter.model.identifiers import Digest
from adapter.model.outcomes import Accepted, Outcome, Rejected, word
from adapter.model.procedure import CompletionSpec, ContentItem, FieldSpec, Label, Meaning, Procedure
from adapter.model.stages import Channel, Submission
from adapter.pipeline.forms.places import Form, form_of
from adapter.pipeline.judge import judge
from adapter.simulator.sign import sign_message
from tests.harness.fixtures import CLOCK, load_cases
from tests.harness.pki import ROOT, shared_pki

EXAMPLE = ROOT / "docs" / "examples" / "new-procedure"
MESSAGE = next(case.message for case in load_cases(EXAMPLE / "fixtures") if case.expect.outcome == "accepted").decode()
XSD = "BQP0199001/1/BQP01990011001.xsd"
STATED = '<xs:element name="WalkerDeclaration" type="WalkerDeclarationType"/>'
LAX = '<xs:element name="WalkerDeclaration" type="WalkerDeclarationType" minOccurs="0" maxOccurs="2" nillable="true"/>'
CHOICE = f'<xs:choice minOccurs="0">{STATED}<xs:element name="Other" type="xs:string"/></xs:choice>'
XSI = "http://www.w3.org/2001/XMLSchema-instance"
WHOLE = re.compile(r"<WalkerDeclaration>.*</WalkerDeclaration>", re.DOTALL)
EMPTY: dict[str, Callable[[str], str]] = {
    "absent": lambda text: WHOLE.sub("", text),
    "nil": lambda text: WHOLE.sub(f'<WalkerDeclaration xmlns:xsi="{XSI}" xsi:nil="true"/>', text),
    "nil as a number": lambda text: WHOLE.sub(f'<WalkerDeclaration xmlns:xsi="{XSI}" xsi:nil=" 1 "/>', text),
    "empty": lambda text: WHOLE.sub("<WalkerDeclaration/>", text),
    "of empty elements": lambda text: re.sub(r"(<(?!Walker)\w+>)[^<]+(</)", r"\1\2", WHOLE.search(text)[0]).join(  # type: ignore[index]
        WHOLE.split(text)
    ),
    "there twice": lambda text: WHOLE.sub(lambda found: found[0] * 2, text),
}


def _laid_over(folder: Path, change: Callable[[str], str]) -> Components:
    """An installation with the example's procedure beside the real ones, its XSD changed."""
    for name in ("schemas", "mappings"):
        shutil.copytree(ROOT / name, folder / name)
        shutil.copytree(EXAMPLE / name, folder / name, dirs_exist_ok=True)
    shutil.copy(ROOT / "config.yaml", folder / "config.yaml")
    (folder / "var").mkdir()
    (folder / "var" / "pki").symlink_to(shared_pki().folder)
    file = folder / "schemas" / XSD
    stated = file.read_text(encoding="utf-8")
    changed = change(stated)
    assert changed != stated
    file.write_text(changed, encoding="utf-8")
    return assemble(folder / "config.yaml")


def _everything_optional(stated: str) -> str:
    """As published ones are: no value must be there, and any may be empty."""
    stated = stated.replace(STATED, LAX)
    head, kept, form = stated.partition('<xs:complexType name="WalkerDeclarationType">')
    return (
        head
        + kept
        + re.sub(r'(<xs:element name="\w+") type="\w+"(?: minOccurs="0")?', r'\1 type="xs:string" minOccurs="0"', form)
    )


@pytest.fixture(scope="module")
def lax(tmp_path_factory: pytest.TempPathFactory) -> Components:
    return _laid_over(tmp_path_factory.mktemp("lax"), _everything_optional)


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> Components:
    return _laid_over(tmp_path_factory.mktemp("chosen"), lambda stated: stated.replace(STATED, CHOICE))


def _judged(where: Components, text: str) -> Outcome:
    pki = shared_pki()
    body = sign_message(text.encode(), system=pki.party("nsw"), declarant=pki.party("citizen"))
    return judge(Submission(body, Channel.WINDOW, CLOCK, Digest(sha256(body).hexdigest())), where.ground)


@pytest.mark.parametrize("how", EMPTY)
def test_a_form_that_declares_nothing_is_rejected_when_it_is_read(lax: Components, how: str) -> None:
    outcome = _judged(lax, EMPTY[how](MESSAGE))
    assert isinstance(outcome, Rejected)
    assert outcome.stage == "read"
    (finding,) = outcome.findings
    assert (finding.name, finding.pointer) == ("form_absent", "/Envelope/Body/Content/WalkerDeclaration")
    told = lax.catalogue.findings.state(finding)
    assert "(form 99)" in told.en
    assert "mẫu 99" in told.vi


def test_the_same_form_with_its_values_is_accepted_under_the_same_schema(lax: Components) -> None:
    assert isinstance(_judged(lax, MESSAGE), Accepted)


def test_another_root_of_a_choice_is_not_the_form(chosen: Components) -> None:
    outcome = _judged(chosen, WHOLE.sub("<Other>x</Other>", MESSAGE))
    assert word(outcome) == "rejected"
    assert [finding.name for finding in getattr(outcome, "findings", ())] == ["form_absent"]
    assert word(_judged(chosen, MESSAGE)) == "accepted"


# the proof of a mapping against small made-up schemas ---------------------------------------------------------------

LABEL = Label("x", "x")


@cache
def _schema(root: str) -> xmlschema.XMLSchema10:
    """Envelope/Body/Content around a root element as it is written."""
    text = f"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
      <xs:simpleType name="Said"><xs:restriction base="xs:string"><xs:pattern value="[a-z]+"/></xs:restriction>
      </xs:simpleType>
      <xs:element name="Envelope"><xs:complexType><xs:sequence><xs:element name="Body"><xs:complexType><xs:sequence>
      <xs:element name="Content"><xs:complexType><xs:sequence>{root}</xs:sequence></xs:complexType></xs:element>
      </xs:sequence></xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element></xs:schema>"""
    return xmlschema.XMLSchema10(text)


def _root(inside: str, attributes: str = "") -> str:
    return f'<xs:element name="Form" {attributes}><xs:complexType>{inside}</xs:complexType></xs:element>'


def _form(inside: str, attributes: str = "", wrap: str = "{}") -> Form:
    found = form_of(_schema(wrap.format(_root(inside, attributes))), "Body/Content/Form")
    assert found is not None
    return found


VALUE = '<xs:element name="A" type="Said"/>'
ONE = f"<xs:sequence>{VALUE}</xs:sequence>"
OPTIONAL_PARENT = f"""<xs:sequence>{VALUE}<xs:element name="P" minOccurs="0"><xs:complexType><xs:sequence>
  <xs:element name="B" type="Said"/><xs:element name="C" type="Said" minOccurs="0"/>
  <xs:element name="Q"><xs:complexType><xs:sequence><xs:element name="D" type="Said" minOccurs="0"/></xs:sequence>
  </xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element></xs:sequence>"""
ALTERNATIVES = '<xs:choice><xs:element name="A" type="Said"/><xs:element name="B" type="Said"/></xs:choice>'


@pytest.mark.parametrize(
    ("attributes", "wrap", "certain"),
    [
        ("", "{}", True),
        ('minOccurs="0"', "{}", False),
        ('nillable="true"', "{}", False),
        ("", '<xs:choice>{}<xs:element name="Other" type="Said"/></xs:choice>', False),
        ("", '<xs:sequence minOccurs="0">{}</xs:sequence>', False),
        ('maxOccurs="2"', "{}", True),
    ],
)
def test_a_value_is_as_certain_as_the_root_it_stands_in(attributes: str, wrap: str, certain: bool) -> None:
    spot = _form(ONE, attributes, wrap).spot("A")
    assert spot is not None
    assert spot.certain is certain


@pytest.mark.parametrize(
    ("inside", "used", "demanded"),
    [
        (ONE, (), ["A"]),
        (OPTIONAL_PARENT, (), ["A"]),
        (OPTIONAL_PARENT, ("A", "P/C"), ["A", "P/B", "P/Q"]),
        (OPTIONAL_PARENT, ("P/Q/D",), ["A", "P/B", "P/Q"]),
        (ALTERNATIVES, (), []),
        (ONE.replace("<xs:sequence>", '<xs:sequence minOccurs="0">'), (), []),
    ],
)
def test_what_is_mandatory_below_an_optional_parent_is_demanded_only_where_that_is_used(
    inside: str, used: tuple[str, ...], demanded: list[str]
) -> None:
    assert [spot.path for spot in _form(inside).demanded(used)] == demanded


@cache
def _shipped() -> Procedure:
    """Any procedure with a completion: what is not of its paths stays as it is."""
    procedures = assemble(ROOT / "config.yaml").catalogue.procedures.values()
    return next(versions[0] for versions in procedures if versions[0].completion)


def _faults(declared: Form, confirmation: Form, content: dict[str, str]) -> list[str]:
    """What is told of a completion filled so (path in the confirmation: source), from a form with the one field `a`."""
    base = _shipped()
    declaration = next(spec for spec in base.messages.values() if spec.meaning is Meaning.DECLARATION)
    items = tuple(ContentItem(path, source) for path, source in content.items())
    procedure: Any = replace(
        base,
        messages={declaration.pair: declaration},
        fields=(FieldSpec("a", "A", "text", LABEL),),
        groups=(),
        ignored=(),
        place={},
        completion=CompletionSpec("1", "Form", "confirmation.xsd", items),
    )
    return list(Paths(procedure, {declaration.pair: declared}, confirmation).faults())


@pytest.mark.parametrize("attributes", ['minOccurs="0"', 'nillable="true"'])
def test_a_completion_does_not_lean_on_a_form_that_may_be_absent(attributes: str) -> None:
    assert _faults(_form(ONE), _form(ONE), {"A": "declaration.a"}) == []
    told = _faults(_form(ONE, attributes), _form(ONE), {"A": "declaration.a"})
    assert told == ["completion: A: mandatory, but declaration.a may be absent; make one of them as the other"]


def test_a_completion_need_not_fill_an_optional_part() -> None:
    assert _faults(_form(ONE), _form(OPTIONAL_PARENT), {"A": "declaration.a"}) == []


def test_a_completion_that_begins_an_optional_part_fills_what_is_mandatory_in_it() -> None:
    told = _faults(_form(ONE), _form(OPTIONAL_PARENT), {"A": "declaration.a", "P/C": "officer.name"})
    assert told == [
        "completion: P/B is mandatory in confirmation.xsd and not filled; fill it",
        "completion: P/Q is mandatory in confirmation.xsd and not filled; fill it",
    ]


def test_a_value_that_may_be_absent_may_be_all_that_brings_an_optional_part_about() -> None:
    """Then the part is left out with it."""
    inside = re.sub(r'<xs:element name="Q">.*?</xs:complexType></xs:element>', "", OPTIONAL_PARENT, flags=re.DOTALL)
    alone = {"A": "declaration.a", "P/B": "officer.remarks"}
    assert _faults(_form(ONE), _form(inside), alone) == []
    told = _faults(_form(ONE), _form(inside), {**alone, "P/C": "officer.name"})
    assert told == ["completion: P/B: mandatory, but officer.remarks may be absent; make one of them as the other"]


def test_a_mapping_need_not_read_what_is_mandatory_in_a_part_that_it_leaves_out() -> None:
    assert _faults(_form(OPTIONAL_PARENT), _form(ONE), {"A": "declaration.a"}) == []


def test_a_mapping_must_read_what_every_form_has() -> None:
    more = ONE.replace("</xs:sequence>", '<xs:element name="Z" type="Said"/></xs:sequence>')
    told = _faults(_form(more), _form(ONE), {"A": "declaration.a"})
    assert [fault.partition(" is mandatory in ")[0] for fault in told] == ["fields: Z"]
