"""The portal itself fails: pages, e-mails, letters and the list of whom to call stand without database and broker."""

from __future__ import annotations

import csv
import json
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree, html
from sqlalchemy import select
from typer.testing import CliRunner

from adapter.bootstrap import Components, assemble
from adapter.cli import app
from adapter.gateways.portal_failure import FailureFolder
from adapter.gateways.store import tables
from adapter.model.errors import Misconfigured
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.procedure import Label
from adapter.model.stages import Channel, Submission
from adapter.services.portal_failure.contacts import CallListKeeper
from adapter.services.portal_failure.failure import FailureReport
from adapter.services.watch.mode import Sight
from tests.harness.configuration import edit
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK
from tests.harness.history import OFFICER
from tests.harness.people import TESTER
from tests.harness.registers import gate
from tests.servers.smtp import MailBox, mail_box, mail_server, mail_settings

ATOM = {"a": "http://www.w3.org/2005/Atom"}


@pytest.fixture
def box() -> MailBox:
    return mail_box()


@pytest.fixture
def whole(tmp_path: Path, sqlite_url: str, box: MailBox) -> Iterator[Components]:
    """One dossier by the portal, one by the window; neither is finished. Then nothing answers any more."""
    with gate(tmp_path, sqlite_url, {**mail_settings(box), "web.about.telephone": "02053 888 999"}) as made:
        for number, channel in ((1, Channel.PORTAL), (2, Channel.WINDOW)):
            sent = declaration(number, signer="nsw" if channel is Channel.WINDOW else "portal")
            made.intake.receive([Submission(sent.raw, channel, CLOCK, Digest(sent.digest))])
        yield made


def run(whole: Components, *arguments: str, code: int = 0) -> str:
    config = str(whole.settings.folders.state / "config.yaml")
    done = CliRunner().invoke(app, ["portal", *arguments, "--config", config])
    assert done.exit_code == code, done.output
    return done.stdout


def fail(whole: Components, *more: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(run(whole, "fail", "--reason", "Hỏng máy chủ.", "--json", *more))
    return told


def gone(whole: Components) -> None:
    """The database is away, and so is everything that would need it."""
    lost = f"sqlite:///{whole.settings.folders.state}/nowhere/x.db"
    edit(whole.settings.folders.state / "config.yaml", lambda stated: stated["database"].update(url=lost))


def listed(whole: Components) -> list[dict[str, str]]:
    file = whole.portal_failure.folder.folder / "danh-sach-goi.csv"
    _, *rows = file.read_text(encoding="utf-8-sig").splitlines()
    return list(csv.DictReader(rows, delimiter=";"))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_list_names_every_dossier_that_is_not_finished_with_its_telephone(whole: Components) -> None:
    run(whole, "prepare")
    (one, two) = listed(whole)
    assert {one["Kênh"], two["Kênh"]} == {"portal", "window"}
    assert one["Điện thoại"]
    assert one["Họ tên người làm thủ tục"]
    assert (one["Gọi lúc"], one["Người gọi"], one["Kết quả"]) == ("", "", "")


def test_the_words_of_the_list_are_read_once_for_all_dossiers(whole: Components) -> None:
    words, reads = whole.call_list.fields(), list[int]()
    kept = replace(whole.call_list, fields=lambda: reads.append(1) or words).write()
    assert (len(kept.contacts), len(reads)) == (2, 1)


def test_a_finished_dossier_is_on_no_list(whole: Components) -> None:
    kept = whole.call_list.write()
    number, year = kept.contacts[0].dossier.split("/")
    whole.completion.complete(DossierKey(number, int(year)), OFFICER)
    assert [each.dossier for each in whole.call_list.write().contacts] == [kept.contacts[1].dossier]


def test_its_folder_is_its_users_alone_even_where_somebody_has_opened_it(whole: Components) -> None:
    folder = whole.portal_failure.folder.folder
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    run(whole, "prepare")
    kit = fail(whole, "--no-mail")
    run(whole, "call", "1/2026", "reached", "--note", "chị An nghe máy")
    assert mode(folder) == mode(Path(kit["folder"])) == 0o700
    files = [each for each in folder.rglob("*") if each.is_file()]
    assert len(files) >= 8
    assert {mode(each) for each in files} == {0o600}


def test_without_a_database_everything_stands_and_says_how_old_the_list_is(whole: Components) -> None:
    whole.call_list.write()
    gone(whole)
    kit = fail(whole, "--no-mail", "--since", (CLOCK - timedelta(minutes=9)).isoformat(), "--reason-en", "Disk.")
    assert (kit["contacts"], kit["list_age_minutes"]) == (2, 0)
    pages = Path(kit["pages"])
    for name, words in (("index.html", ("Hỏng máy chủ.", "02053 888 999")), ("en.html", ("Disk.", "on paper"))):
        text = html.document_fromstring((pages / name).read_bytes()).text_content()
        assert all(each in text for each in words), name
        assert mode(pages / name) == 0o644
    entries = etree.fromstring((pages / "feed.atom").read_bytes()).findall("a:entry", ATOM)
    assert len(entries) == 1
    folder = Path(kit["folder"])
    assert "khoản 4 Điều 10" in (folder / "thong-bao.txt").read_text(encoding="utf-8")
    assert "The Vietnam Border Guard announces" in (folder / "cong-bo-quoc-phong.txt").read_text(encoding="utf-8")
    assert "cũ 0 phút" in (folder / "danh-sach-goi.html").read_text(encoding="utf-8")


def test_the_age_on_the_list_is_that_of_the_list(whole: Components) -> None:
    whole.call_list.write()
    later = replace(whole.portal_failure, clock=lambda: CLOCK + timedelta(minutes=42))
    kit = later.begin(FailureReport(CLOCK, Label("Mất điện.", "Power."), None), "root")
    assert kit.list_age_minutes == 42
    assert "cũ 42 phút" in (kit.folder / "danh-sach-goi.html").read_text(encoding="utf-8")


def test_pages_hold_nothing_of_a_declarant(whole: Components) -> None:
    contacts = whole.call_list.write().contacts
    kit = fail(whole, "--no-mail")
    public = "".join(each.read_text(encoding="utf-8") for each in Path(kit["pages"]).iterdir())
    values = {value for each in contacts for value in (each.name, each.dossier, *each.telephones, *each.emails)}
    assert len(values) >= 4
    assert not [each for each in values if each in public]


def test_who_declared_at_the_portal_is_written_to_once_though_the_command_is_typed_twice(
    whole: Components, box: MailBox
) -> None:
    portal = next(each for each in whole.call_list.write().contacts if each.channel == "portal")
    gone(whole)
    with mail_server(box):
        assert fail(whole)["mails"] == {"taken": 1}
        assert fail(whole)["mails"] == {"taken": 1}
    (letter,) = box.letters
    assert letter["To"] in portal.emails
    text = " ".join(letter.get_content().split())
    assert "bản khai giấy" in text
    assert "on paper" in text
    assert not [each for each in (portal.name, portal.dossier) if each in text]


def test_while_the_window_is_down_too_everybody_is_written_to(whole: Components, box: MailBox) -> None:
    whole.window.override(Sight.DOWN, reason="mất kết nối", actor=TESTER)
    kept = whole.call_list.write()
    assert kept.window_down
    addresses = {address for each in kept.contacts for address in each.emails}
    with mail_server(box):
        assert fail(whole)["mails"] == {"taken": len(addresses)}


def test_a_mail_server_that_is_away_holds_nothing_else_up_and_is_tried_the_next_time(
    whole: Components, box: MailBox
) -> None:
    whole.call_list.write()
    assert fail(whole)["mails"] is None
    assert (whole.portal_failure.pages / "index.html").is_file()
    with mail_server(box):
        assert fail(whole)["mails"] == {"taken": 1}


def test_a_letter_of_which_nobody_knows_goes_again_as_the_same(whole: Components, box: MailBox) -> None:
    whole.call_list.write()
    box.hangs_up = 1
    with mail_server(box):
        assert fail(whole)["mails"] == {"unsure": 1}
        assert fail(whole)["mails"] == {"taken": 1}
    one, again = box.letters
    assert one["Message-ID"] == again["Message-ID"]


def test_its_end_is_on_the_pages_and_in_the_feed_and_its_lists_go(whole: Components) -> None:
    whole.call_list.write()
    kit = fail(whole, "--no-mail", "--since", (CLOCK - timedelta(hours=2)).isoformat())
    run(whole, "works-again")
    run(whole, "works-again", code=1)
    pages = Path(kit["pages"])
    assert "không trả lời" in (pages / "index.html").read_text(encoding="utf-8")
    titles = [
        each.findtext("a:title", namespaces=ATOM)
        for each in etree.fromstring((pages / "feed.atom").read_bytes()).findall("a:entry", ATOM)
    ]
    assert ["hoạt động lại" in str(each) for each in titles] == [True, False]
    hours = whole.settings.portal_failure.keep_hours
    assert replace(whole.portal_failure, clock=lambda: CLOCK + timedelta(hours=hours - 1)).tidy() == ()
    late = replace(whole.portal_failure, clock=lambda: CLOCK + timedelta(hours=hours + 1))
    assert late.tidy() == (1,)
    assert not Path(kit["folder"]).exists()
    left = sorted(each.name for each in late.folder.folder.iterdir() if not each.name.endswith(".lock"))
    assert left == ["cho-ghi-nhat-ky.json", "su-co.json"], "the old list went too"


def test_calls_are_logged_and_a_formula_is_none(whole: Components) -> None:
    whole.call_list.write()
    kit = fail(whole, "--no-mail")
    run(whole, "call", "BP1/2026", "reached", "--note", "=HYPERLINK(1)")
    run(whole, "call", "BP2/2026", "no_answer")
    with (Path(kit["folder"]) / "nhat-ky-goi.csv").open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened, delimiter=";"))
    assert [(each["Hồ sơ"], each["Kết quả"], each["Ghi chú"]) for each in rows] == [
        ("BP1/2026", "đã thông báo", "'=HYPERLINK(1)"),
        ("BP2/2026", "không nghe máy", ""),
    ]


@pytest.mark.parametrize("carried", ["/var/www/html/x", "PAGES/x", "LINK/x"])
def test_a_folder_that_a_web_server_carries_takes_no_list(whole: Components, tmp_path: Path, carried: str) -> None:
    (tmp_path / "link").symlink_to("/var/www")
    place = carried.replace("PAGES", str(tmp_path / "portal-notice")).replace("LINK", str(tmp_path / "link"))
    edit(tmp_path / "config.yaml", lambda stated: stated.update(portal_failure={"folder": place}))
    with pytest.raises(Misconfigured, match="a web server carries"):
        assemble(tmp_path / "config.yaml").call_list.write()
    assert not Path(place).exists()


def test_a_folder_that_cannot_be_written_is_told_once_and_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told: list[Any] = []
    folder = FailureFolder(tmp_path / "file" / "x")
    keeper = CallListKeeper(
        lambda: folder.write("a", b""), lambda: None, lambda event, /, **fields: told.append(fields), 0.0
    )
    keeper.keep()
    keeper.keep()
    (fields,) = told
    assert "portal_failure.folder" in fields["reason"]


def test_what_is_logged_names_nobody(whole: Components, capsys: pytest.CaptureFixture[str]) -> None:
    kept = whole.call_list.write()
    run(whole, "prepare")
    told = capsys.readouterr().err + run(whole, "fail", "--reason", "x", "--no-mail")
    assert not [each for contact in kept.contacts for each in (contact.name, *contact.telephones) if each in told]


def test_the_clock_writes_it_anew_at_its_time(tmp_path: Path) -> None:
    del tmp_path
    times, written = iter([0.0, 100.0, 299.0, 300.0]), []
    keeper = CallListKeeper(lambda: written.append(1), lambda: None, lambda event, /, **_: None, 300.0, times.__next__)
    for _ in range(4):
        keeper.keep()
    assert len(written) == 2


@dataclass(frozen=True)
class FolderMeanwhile(FailureFolder):
    """Somebody announces the end while the clock takes the beginning out of the list of acts."""

    meanwhile: threading.Thread

    def write(self, name: str, body: bytes) -> Path:
        if self.meanwhile.ident is None:
            self.meanwhile.start()
            self.meanwhile.join(0.5)  # where he has to wait for the clock, the clock does not wait for him
        return super().write(name, body)


def test_an_act_that_comes_while_the_journal_takes_others_is_not_lost(whole: Components) -> None:
    fail(whole, "--no-mail", "--since", (CLOCK - timedelta(hours=2)).isoformat())
    failure = whole.portal_failure
    ending = threading.Thread(target=failure.end, args=(None, "account:van-hanh"))
    folder = FolderMeanwhile(failure.folder.folder, ending)
    replace(whole.failure_journal, failure=replace(failure, folder=folder)).write()
    ending.join()
    whole.failure_journal.write()
    with whole.database.reading() as connection:
        told = [row.event for row in connection.execute(select(tables.journal))]
    assert [event for event in told if event.startswith("portal.")] == ["portal.failed", "portal.works"]
