"""A procedure of another ministry, its schema taken as it is: from nothing to a signed acceptance, with files only.

The schema has the form of real single-window ones: the whole envelope in one XSD without a namespace or an include,
`xs:all`, wrapped lists, nillable optional elements, signatures as strings, no attributes; its code holds an ampersand.
Both from a checkout and from the installed wheel, called from a folder where nothing of ours lies.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from adapter.catalogue.check import check
from adapter.catalogue.load import DataFiles, load
from adapter.model.identifiers import ProcedureCode
from adapter.simulator.sign import sign_message
from tests.harness import forked
from tests.harness.configuration import NO_BROKER
from tests.harness.daemon import CHECKOUT, Daemon, Program
from tests.harness.expectations import Answer
from tests.harness.fixtures import CLOCK
from tests.harness.pki import shared_pki
from tests.harness.play import Play, Turn, players
from tests.harness.premises import NO_PAGES, Premises, furnish
from tests.harness.shares import FULL
from tests.harness.single_window import SingleWindow, letter

MINISTRY = Path(__file__).parent / "another_ministry"
CODE = "BNN&PTNT0600099"
MESSAGE = (MINISTRY / "message.xml").read_bytes()


@pytest.fixture(params=["checkout", "wheel"])
def program(request: pytest.FixtureRequest) -> Program:
    return CHECKOUT if request.param == "checkout" else request.getfixturevalue("wheel")


def lay_beside(folder: Path, program: Program = CHECKOUT) -> Path:
    """The data as it was installed, with the ministry's files beside it; nothing else is touched."""
    for name in ("schemas", "mappings"):
        shutil.copytree(program.data / name, folder / name)
        shutil.copytree(MINISTRY / name, folder / name, dirs_exist_ok=True)
    return folder


def signed(message: bytes) -> bytes:
    pki = shared_pki()
    return sign_message(message, system=pki.party("nsw"), declarant=pki.party("enterprise"))


def furnished(tmp_path: Path, program: Program, broker_url: str = NO_BROKER) -> Premises:
    data = lay_beside(tmp_path / "data", program)
    folders = {f"folders.{name}": str(data / name) for name in ("schemas", "mappings")}
    folders["folders.queues"] = str(program.data / "queues")
    return furnish(tmp_path / "components", {**folders, **NO_PAGES}, broker_url=broker_url)


@pytest.fixture
def play(tmp_path: Path, program: Program, vhost_url: str) -> Iterator[Play]:
    premises = furnished(tmp_path, program, vhost_url)
    daemon = Daemon(premises, program, forked=program is CHECKOUT)
    try:
        daemon.start()
        window = SingleWindow(vhost_url)
        try:
            yield players(premises, window)
        finally:
            window.close()
    finally:
        daemon.stop()


def test_only_files_were_added() -> None:
    assert {file.suffix for file in MINISTRY.rglob("*") if file.is_file()} == {".xsd", ".yaml", ".xml"}


def test_its_schema_has_the_form_of_real_ones() -> None:
    (xsd,) = MINISTRY.rglob("*.xsd")
    root = etree.parse(str(xsd)).getroot()
    xs = "{http://www.w3.org/2001/XMLSchema}"
    assert root.get("targetNamespace") is None
    assert not list(root.iter(f"{xs}include", f"{xs}import", f"{xs}attribute"))
    assert list(root.iter(f"{xs}all"))
    assert [each.get("type") for each in root.iter(f"{xs}element") if each.get("name") == "SystemSignature"] == [
        "xs:string"
    ]


def test_the_data_with_it_has_no_fault(tmp_path: Path) -> None:
    folder = lay_beside(tmp_path)
    source = DataFiles(schemas=folder / "schemas", mappings=folder / "mappings")
    catalogue = load(source)
    if not FULL:  # what else is there was installed, and has tests of its own
        own = {name: file for name, file in catalogue.schema_files.items() if CODE in name}
        code = ProcedureCode(CODE)
        catalogue = replace(catalogue, schema_files=own, procedures={code: catalogue.procedures[code]})
    assert check(catalogue, source) == []


def test_its_declarations_are_answered_signed(play: Play) -> None:
    wrong_total = MESSAGE.replace(b"<TotalProduct>2<", b"<TotalProduct>3<").replace(b"0590<", b"0591<")
    wrong_total = wrong_total.replace(b"f0c7d", b"f0c7e")
    missing = MESSAGE.replace(b"<GateCode>HUUNGHI</GateCode>", b"").replace(b"0590<", b"0592<")
    missing = missing.replace(b"f0c7d", b"f0c7f")
    profile = "/Envelope/Body/Content/RegistrationProfile"
    code = {name: play.texts[name].code for name in ("total_mismatch", "schema_missing")}
    turns = [
        Turn("in order", letter(MESSAGE, signed(MESSAGE)), Answer("20", "21", "Acceptance")),
        Turn(
            "a total that is not the number of rows",
            letter(wrong_total, signed(wrong_total)),
            Answer("20", "22", "Refusal", frozenset({(code["total_mismatch"], f"{profile}/TotalProduct")})),
        ),
        Turn(
            "a mandatory element is missing",
            letter(missing, signed(missing)),
            Answer("10", "00", "Errors", frozenset({(code["schema_missing"], f"{profile}/GateCode")})),
        ),
    ]
    lines = play.exchange(turns)
    assert [f"{line.label}: {problem}" for line in lines for problem in line.problems] == []
    accepted = etree.fromstring(lines[0].body)
    assert accepted.findtext("Header/Subject/documentType") == CODE
    assert accepted.findtext("Header/Subject/reference") == "QG2026000590"


def test_the_program_judges_it(tmp_path: Path, program: Program) -> None:
    """As an operator would try it, before it is switched on."""
    message = tmp_path / "message.xml"
    message.write_bytes(signed(MESSAGE))
    config = furnished(tmp_path, program).config
    words = ["judge", message, "--json", "--at", CLOCK.isoformat(), "--config", config]
    if program is CHECKOUT and not FULL:  # the wheel's starts from nothing
        told: str | bytes = forked.run(words, cwd=program.folder, environment=program.environment).stdout
    else:
        told = program.run(*words).stdout
    assert json.loads(told)["outcome"] == "accepted"
