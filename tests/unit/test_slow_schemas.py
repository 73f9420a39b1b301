"""The XSDs in the slow engine: what they share is compiled once, and whether they are XSDs is judged as it judges."""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import xmlschema
from xmlschema.validators.schemas import XMLSchemaBase

from adapter.catalogue import slow_schemas
from adapter.catalogue.load import DataFiles
from adapter.catalogue.slow_schemas import reporter
from adapter.pipeline.forms.places import XSD_NAMESPACE
from tests.harness.data import SHIPPED, compiled


def _schemas(folder: Path, **files: str) -> Callable[[str], xmlschema.XMLSchema10]:
    """A reporter over XSDs that a test writes: `common_<name>` is shared, anything else a procedure's."""
    for name, body in files.items():
        place, _, stem = name.rpartition("_")
        file = folder / (place or "P/1") / f"{stem}.xsd"
        file.parent.mkdir(parents=True, exist_ok=True)
        schema = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{body}</xs:schema>'
        file.write_text(schema, encoding="utf-8")
    return reporter(DataFiles(schemas=folder, mappings=folder))


_LENGTH = '<xs:restriction base="xs:string"><xs:maxLength value="{}"/></xs:restriction>'
_SHORT = '<xs:simpleType name="{}">' + _LENGTH + "</xs:simpleType>"
_INCLUDE = '<xs:include schemaLocation="../../common/types.xsd"/>'


def test_what_xsds_share_is_read_once() -> None:
    known = compiled(SHIPPED.schemas)
    one, other = known("BQP0100001/1/BQP01000011001.xsd"), known("BQP0100001/1/BQP01000011002.xsd")
    shared = [_part(each, "person.xsd") for each in (one, other)]
    assert shared[0].source is shared[1].source


def _part(of: xmlschema.XMLSchema10, name: str) -> xmlschema.XMLSchema10:
    (found,) = (each for each in of.maps.schemas if each.name == name)
    return found


def test_whether_a_file_is_an_xsd_both_engines_judge_alike() -> None:
    slow, names = xmlschema.XMLSchema10.meta_schema, {"xs": XSD_NAMESPACE}
    assert slow is not None
    slow.build()
    chance, verdicts, differ = random.Random(68), Counter[bool](), []
    for file in sorted(SHIPPED.schemas.rglob("BQP*1.xsd")):
        for _ in range(4):
            root = ElementTree.parse(file).getroot()
            _break(root, chance)
            is_xsd = not list(slow.iter_errors(root, namespaces=names))
            verdicts[is_xsd] += 1
            if slow_schemas._is_schema(root, names) is not is_xsd:
                differ.append(ElementTree.tostring(root))
    assert differ == []
    assert min(verdicts[True], verdicts[False]) > 10


def test_an_xsd_that_libxml2_takes_is_not_looked_at_again_and_another_is_told_by_the_slow_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def by_the_slow_engine(_: object, source: ElementTree.Element, *__: object, **___: object) -> Iterator[object]:
        asked.append(source[-1].attrib["name"])
        return genuine(_, source, *__, **___)

    genuine: Any = XMLSchemaBase.iter_errors
    monkeypatch.setattr(XMLSchemaBase, "iter_errors", by_the_slow_engine)
    good, bad = '<xs:element name="Good" type="xs:string"/>', '<xs:element name="Bad" type="xs:string" minOccurs="2"/>'
    known = _schemas(tmp_path, good=good, bad=bad)
    known("P/1/good.xsd")
    with pytest.raises(xmlschema.XMLSchemaException, match="minOccurs"):
        known("P/1/bad.xsd")
    assert asked == ["Bad"]


def _break(root: ElementTree.Element, chance: random.Random) -> None:
    """Change an XSD in one place, so that it may be none any more."""
    element = chance.choice(list(root.iter()))
    match chance.randrange(4):
        case 0:
            element.tag = f"{{{XSD_NAMESPACE}}}" + chance.choice(
                ("element", "sequence", "simpleType", "annotation", "no")
            )
        case 1:
            word = chance.choice(("name", "type", "minOccurs", "maxOccurs", "base", "value", "no"))
            element.set(word, chance.choice(("", "0", "-1", "unbounded", "a b", "xs:string", "a:b")))
        case 2:
            element.append(copy.deepcopy(chance.choice(list(root))))
        case _:
            element.attrib.clear()


def test_a_type_of_its_own_under_a_shared_name_is_its_own(tmp_path: Path) -> None:
    plain = '<xs:element name="Envelope" type="Name"/>'
    known = _schemas(tmp_path, common_types=_SHORT.format("Name", 3), own=_SHORT.format("Name", 9) + plain,
                     theirs=_INCLUDE + plain)  # fmt: skip
    assert known("P/1/own.xsd").is_valid("<Envelope>sixsix</Envelope>")
    assert not known("P/1/theirs.xsd").is_valid("<Envelope>sixsix</Envelope>")


def test_a_broken_shared_part_is_told_of_those_that_include_it(tmp_path: Path) -> None:
    plain = '<xs:element name="Envelope" type="xs:string"/>'
    known = _schemas(tmp_path, common_types=_SHORT.format("Name", "many"), own=plain, theirs=_INCLUDE + plain)
    assert known("P/1/own.xsd").is_valid("<Envelope>a</Envelope>")
    with pytest.raises(xmlschema.XMLSchemaException):
        known("P/1/theirs.xsd")
