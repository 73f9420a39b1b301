"""The portal is killed while the window is away: what was prepared stands, paper goes on, and the report ends clean.

On a real broker, database, mail server and daemon; a plain web server carries the notice pages. Article 10(4) of
QĐ 15/2019/QĐ-TTg, Article 17(3)(a) and (5) of NĐ 85/2019/NĐ-CP. What the window says to a transfer (40/99) is put into
the store.
"""

from __future__ import annotations

import csv
import json
import os
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from lxml import etree, html
from sqlalchemy import select, update

from adapter.gateways.store import replies, tables
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.stages import Channel, Submission
from adapter.services.watch.mode import Mode
from tests.harness.configuration import edit
from tests.harness.daemon import CHECKOUT
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK
from tests.harness.history import OFFICER
from tests.harness.people import TESTER
from tests.harness.scene import Running, Scene
from tests.servers.process import free_ports, wait_until
from tests.servers.smtp import mail_box, mail_server, mail_settings

pytestmark = pytest.mark.slow
DIRECT, ALSO_DIRECT, BY_WINDOW = 1, 2, 3
VALUES = {
    "gate": "HUUNGHI",
    "direction": "XC",
    "declarantName": "Nguyễn Văn Giấy",
    "fullName": "NGUYEN VAN GIAY",
    "documentNumber": "B7654321",
}


def run(scene: Scene, *arguments: str, code: int = 0) -> str:
    """One command as an operator types it."""
    done = CHECKOUT.run(*arguments, "--config", scene.config)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@contextmanager
def web_server(folder: Path) -> Iterator[str]:
    """Any web server that carries a folder; gives its address."""
    (port,) = free_ports(1)
    served = subprocess.Popen(
        [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        served.kill()
        served.wait()


def got(address: str) -> str:
    with urllib.request.urlopen(address, timeout=60) as answer:
        return str(answer.read().decode())


def answers(address: str) -> bool:
    try:
        got(address)
    except OSError:
        return False
    return True


def listed(folder: Path) -> dict[str, dict[str, str]]:
    """The call list as a spreadsheet opens it, by dossier."""
    _, *rows = (folder / "danh-sach-goi.csv").read_text(encoding="utf-8-sig").splitlines()
    return {row["Hồ sơ"]: row for row in csv.DictReader(rows, delimiter=";")}


def on_paper(scene: Scene, number: str, received_at: Any) -> str:
    """Entered by one officer, checked by another, by commands; gives the dossier."""
    file = scene.folder / f"{number}.yaml"
    form = {"procedure": "BQP0100002", "number": number, "year": CLOCK.year, "values": VALUES}
    form |= {"received_at": received_at.isoformat(), "confirmation": f"XN-{number}"}
    form |= {"confirmed_at": (received_at + timedelta(minutes=5)).isoformat()}
    file.write_text(yaml.safe_dump(form, allow_unicode=True), encoding="utf-8")
    entry = run(scene, "paper", "enter", str(file), "--officer", "an-01").split()[-1]
    run(scene, "paper", "check", entry, "--officer", "an-01", code=1)
    return run(scene, "paper", "check", entry, "--officer", "binh-02").split()[-1]


def killed(scene: Scene, daemon: Running) -> None:
    """The daemon with every process of it, as a machine that stops."""
    for pid in {int(told["pid"]) for told in daemon.events() if "pid" in told}:
        try:
            os.kill(pid, 9)
        except ProcessLookupError:
            continue
    daemon.die()


def declared(scene: Scene, number: int) -> str:
    """A declaration that is not finished; gives its dossier. The last one came by the window, before it went away."""
    by_window = number == BY_WINDOW
    sent = declaration(number, signer="nsw" if by_window else "portal")
    channel = Channel.WINDOW if by_window else Channel.PORTAL
    scene.components.intake.receive([Submission(sent.raw, channel, CLOCK, Digest(sent.digest))])
    return f"{sent.reference}/{CLOCK.year}"


def journalled(scene: Scene) -> list[str]:
    return [row.event for row in scene.store.rows(select(tables.journal.c.event))]


def report(scene: Scene, incident: int, *more: str, code: int = 0) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(
        run(scene, "reconcile", "report", str(incident), *more, "--by", "tester", "--json", code=code)
    )
    return told


def received(scene: Scene) -> None:
    """The window has confirmed every transfer."""
    with scene.components.database.transaction() as connection:
        for row in connection.execute(select(tables.outbox.c.id).where(tables.outbox.c.route == "transfer")).all():
            replies.mark_answered(connection, row.id, "receipt", CLOCK)


def test_the_portal_is_killed_during_an_outage_and_nothing_is_lost_to_paper(scene: Scene) -> None:
    box, (port,) = mail_box(), free_ports(1)
    pages = scene.folder / "portal-notice"
    scene.configure({
        **mail_settings(box),
        "web.portal.enabled": True,
        "web.portal.port": port,
        "web.about.telephone": "02053 888 999",
        "clock.unsafe_frozen": CLOCK.isoformat(),
        "portal_failure.write_minutes": 0.02,
        "window.back_s": 1.0,
    })  # fmt: skip
    portal, database = f"http://127.0.0.1:{port}/", scene.database_url
    daemon = scene.daemon()
    scene.until_ready()

    # The window goes: two declare at the portal; one had declared at the window.
    run(scene, "window", "override", "down", "--reason", "Điện thoại của đơn vị quản lý", "--by", "tester")
    keys = [declared(scene, number) for number in (DIRECT, ALSO_DIRECT, BY_WINDOW)]
    folder = scene.components.portal_failure.folder.folder
    scene.until(lambda: (folder / "danh-sach-goi.csv").is_file() and len(listed(folder)) == 3, "the list is whole")

    # The portal goes too, and so does the database, for whoever announces it.
    assert answers(portal)
    killed(scene, daemon)
    assert not answers(portal)
    edit(scene.config, lambda stated: stated["database"].update(url="postgresql+psycopg://nobody@127.0.0.1:1/none"))
    since = ("--since", (CLOCK - timedelta(minutes=10)).isoformat())
    with mail_server(box), web_server(pages) as carried:
        told = run(scene, "portal", "fail", "--reason", "Hỏng máy chủ.", "--reason-en", "A server.", "--json", *since)
        kit = json.loads(told)
        notice = html.document_fromstring(got(f"{carried}/index.html")).text_content()
        assert "Hỏng máy chủ." in notice
        assert "02053 888 999" in notice
        assert "on paper" in html.document_fromstring(got(f"{carried}/en.html")).text_content()
        assert len(etree.fromstring(got(f"{carried}/feed.atom").encode()).findall("{*}entry")) == 1
        assert sorted(each.name for each in pages.iterdir()) == ["en.html", "feed.atom", "index.html"]
    contacts = listed(Path(kit["folder"]))
    assert set(contacts) == set(keys), "everybody who is not finished"
    assert all(each["Điện thoại"] for each in contacts.values())
    assert kit["mails"] == {"taken": len(box.letters)}
    assert box.letters, "while the window is away everybody is written to"
    for name in ("thong-bao.pdf", "cong-bo-quoc-phong.pdf"):
        assert (Path(kit["folder"]) / name).read_bytes().startswith(b"%PDF-")
    for each in contacts:
        run(scene, "portal", "call", each, "reached")
    private = [each for each in folder.rglob("*") if each.is_file()]
    assert {stat.S_IMODE(each.stat().st_mode) for each in private} == {0o600}
    names = {each["Họ tên người làm thủ tục"] for each in contacts.values()} - {""}
    logs = "".join(each.log.read_text(errors="replace") for each in scene.running)
    assert not [name for name in names if name in logs + notice]

    # Everything is there again; the journal learns who announced it.
    edit(scene.config, lambda stated: stated["database"].update(url=database))
    scene.daemon()
    scene.until_ready()
    run(scene, "portal", "works-again")
    scene.until(lambda: "portal.failed" in journalled(scene), "the clock takes the act into the journal")

    # Paper: one of the outage, one of a failure of the portal alone, the day before.
    during = on_paper(scene, "GIAY01", CLOCK - timedelta(minutes=20))
    alone = on_paper(scene, "GIAY02", CLOCK - timedelta(days=1))
    for each in keys[:2]:
        number, _, year = each.partition("/")
        scene.components.completion.complete(DossierKey(number, int(year)), OFFICER)

    # The window returns; what was decided here is transferred, and the report ends clean.
    run(scene, "window", "override", "up", "--reason", "Đơn vị quản lý báo đã khắc phục", "--by", "tester")
    scene.until(lambda: scene.components.window.state().mode in (Mode.RECONCILING, Mode.NORMAL), "the window is back")
    scene.until(lambda: scene.store.unsent() == 0, "everything has left")
    received(scene)
    (incident,) = scene.components.window.incidents(9)
    with (
        scene.components.database.transaction() as connection
    ):  # its times are real, those of the paper are the frozen ones
        times = {"started_at": CLOCK - timedelta(hours=1), "ended_at": CLOCK}
        connection.execute(update(tables.incident).values(times))
    out = scene.folder / "report.xml"
    first = report(scene, incident.id, code=1)
    assert [each["dossier"] for each in first["papers"]] == [during]
    assert (first["open"], first["open_papers"]) == (0, 1)
    signed = report(scene, incident.id, "--out", str(out), code=1)
    assert (signed["open_papers"], signed["open_pairs"]) == (0, 2), "the window's dossier may be either of the portal's"
    for each in keys[:2]:
        run(scene, "reconcile", "settle", each, keys[2], "different", "--reason", "hai chuyến", "--officer", "an-01")
    scene.components.deadlines.watch()
    clean = report(scene, incident.id, "--out", str(out))
    assert (clean["open"], clean["open_papers"], clean["open_pairs"]) == (0, 0, 0)
    assert clean["working_day"]["standing"] == "met"
    reported = [each.findtext("Dossier") for each in etree.parse(out).findall("PaperRecord")]
    assert reported == [during]
    assert alone not in out.read_text(encoding="utf-8")
    assert scene.components.reconciliation.report(str(incident.id), actor=TESTER).open == ()
    scene.ask_to_end()
    assert wait_until(lambda: scene.running[-1].process.poll() is not None, seconds=180)
