"""The report of an incident as files: the signed XML names the printed page, and both tell the same."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree
from pypdf import PdfReader
from sqlalchemy import select
from typer.testing import CliRunner

from adapter.bootstrap import Components
from adapter.cli import app
from adapter.gateways.store.tables import journal
from adapter.model.actor import Role
from adapter.model.errors import NoRight
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.procedure import Label
from adapter.model.stages import Channel, Submission
from adapter.pipeline.envelope import hour_and_day
from adapter.services.dossiers.acts import SessionOver
from adapter.services.watch.incident_reports import SessionReports
from adapter.services.watch.mode import Sight
from adapter.services.watch.reconciliation import PaperLine
from adapter.services.watch.report_print import printed
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK
from tests.harness.people import TESTER, person
from tests.harness.registers import gate

DIRECT, OTHER = DossierKey("PROOF1", 2026), DossierKey("NSW777", 2026)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Components]:
    """An outage; the same declared on the portal in it and by the window after it."""
    folder = tmp_path_factory.mktemp("reports")
    with gate(folder, f"sqlite:///{folder / 'adapter.db'}") as made:
        made.window = replace(made.window, clock=lambda: CLOCK)
        made.window.override(Sight.DOWN, reason="mất kết nối", actor=TESTER)
        for key, channel, signer in ((DIRECT, Channel.PORTAL, "portal"), (OTHER, Channel.WINDOW, "nsw")):
            message = declaration(key.number, reference=key.number, signer=signer)
            made.intake.receive([Submission(message.raw, channel, CLOCK, Digest(message.digest))])
        made.window.end_override(actor=TESTER)
        made.deadlines.watch()
        yield made


def incident(whole: Components) -> str:
    return str(whole.window.incidents(1)[0].id)


def told(pdf: bytes) -> str:
    return " ".join("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def test_the_signed_xml_names_the_page_and_both_name_each_dossier_and_why_it_is_open(whole: Components) -> None:
    files = whole.incident_reports.make(incident(whole), actor=TESTER)
    root = etree.fromstring(files.xml)
    assert root.find("SystemSignature/{http://www.w3.org/2000/09/xmldsig#}Signature") is not None
    assert root.findtext("PrintedPage/Digest") == hashlib.sha256(files.pdf).hexdigest()
    assert root.findtext("Pair/OfTheWindow") == str(OTHER)
    page = told(files.pdf)
    for said in (str(DIRECT), str(OTHER), "Chuyển 40/01", "chờ gửi", "chờ cán bộ kết luận", "Điều 17(5)", "còn hạn"):
        assert said in page
    for value in ("NGUYEN", "NGUYỄN", "C1234567"):
        assert value not in page
        assert value not in files.xml.decode()


def test_the_same_report_gives_the_same_page(whole: Components) -> None:
    report = whole.reconciliation.report(incident(whole), actor=TESTER)
    assert whole.report_prints.pdf(report) == whole.report_prints.pdf(report)


def test_the_page_says_when_the_window_received_each_answer(whole: Components) -> None:
    report = whole.reconciliation.report(incident(whole), actor=TESTER)
    left, received = CLOCK + timedelta(minutes=5), CLOCK + timedelta(minutes=7)
    lines = [replace(line, left_at=left, received_at=received) for line in report.lines]
    page = str(printed(replace(report, lines=tuple(lines)), authority=Label("Biên phòng", "Border Guard")))
    assert hour_and_day(left) in page
    assert hour_and_day(received) in page


def test_what_was_done_on_paper_and_is_told_by_the_page_is_not_open_on_it(whole: Components) -> None:
    checked = PaperLine(1, "GIAY1/2026", "BIEN_DONG", None, CLOCK, CLOCK, "XN-1", checked_at=CLOCK, reported_at=None)
    report = replace(whole.reconciliation.report(incident(whole), actor=TESTER), lines=(), pairs=(), papers=(checked,))
    page = printed(report, authority=Label("Biên phòng", "Border Guard"))
    assert (page["clean"], page["standing"]) == (True, {"vi": "Đã đối soát xong.", "en": "Everything is reconciled."})
    unchecked = replace(checked, id=2, dossier="GIAY2/2026", checked_at=None)
    page = printed(replace(report, papers=(checked, unchecked)), authority=Label("Biên phòng", "Border Guard"))
    assert (page["clean"], page["standing"]) == (False, {"vi": "Còn 1 việc chưa xong.", "en": "1 open."})
    assert "GIAY2/2026" not in str(page)
    assert "chờ cán bộ thứ hai kiểm tra" in str(page["facts"])


def test_a_session_gets_both_in_one_file_and_the_journal_has_their_digests(whole: Components) -> None:
    who = {"van-hanh": person("van-hanh", Role.OPERATOR), "kiem-tra": person("kiem-tra", Role.AUDITOR)}
    reports = SessionReports(lambda: whole.incident_reports, who.get)
    packed = zipfile.ZipFile(io.BytesIO(reports.packed("van-hanh", incident(whole))))
    assert packed.namelist() == ["bao-cao.xml", "bao-cao.pdf"]
    with whole.database.reading() as connection:
        query = select(journal.c.detail).where(journal.c.event == "incident.report").order_by(journal.c.id.desc())
        detail = connection.execute(query).scalars().first()
    assert detail is not None
    assert detail["pdf"] == hashlib.sha256(packed.read("bao-cao.pdf")).hexdigest()
    assert detail["xml"] == hashlib.sha256(packed.read("bao-cao.xml")).hexdigest()
    with pytest.raises(NoRight):
        reports.packed("kiem-tra", incident(whole))
    with pytest.raises(SessionOver):
        reports.packed("nobody", incident(whole))


def test_the_command_writes_the_page_beside_the_xml(whole: Components, tmp_path: Path) -> None:
    config, out = whole.settings.folders.state / "config.yaml", tmp_path / "report.xml"
    arguments = ["reconcile", "report", incident(whole), "--out", str(out), "--by", "test", "--config", str(config)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 1, done.output
    page = out.with_suffix(".pdf").read_bytes()
    assert etree.fromstring(out.read_bytes()).findtext("PrintedPage/Digest") == hashlib.sha256(page).hexdigest()


def test_the_page_never_takes_the_place_of_the_signed_xml(whole: Components, tmp_path: Path) -> None:
    config, out = whole.settings.folders.state / "config.yaml", tmp_path / "report.pdf"
    arguments = ["reconcile", "report", incident(whole), "--out", str(out), "--by", "test", "--config", str(config)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 1, done.output
    assert "names the signed XML" in done.output
    assert not out.exists(), "nothing counts as reported"
