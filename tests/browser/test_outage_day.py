"""An outage day: the window dies with messages in flight, people go on at the portal, and the window returns.

In Chromium, at a real daemon with its portal, on a node and a cluster of this file's own, which are stopped and killed
here. `make prove` has 500 messages in flight, and the day three times: as it is, with the database killed in the
middle, and with a link that comes and goes.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from lxml import etree
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from adapter.gateways.store import tables
from adapter.model.identifiers import DossierKey
from adapter.model.journal_events import JournalEvent
from adapter.model.outcomes import Route
from adapter.pipeline.compose import AmendmentItem
from adapter.services.access.tokens import Machine
from adapter.services.watch.mode import Mode
from adapter.simulator.sign import SignatureForm, sign_message
from tests.browser.scenes import PAPER, log_in, visit
from tests.conftest import demand
from tests.harness.declarations import Message, declaration, declarations, for_the_second_door
from tests.harness.declaring import filled, texts_of, unsent
from tests.harness.fixtures import CLOCK
from tests.harness.history import OFFICER
from tests.harness.people import TESTER
from tests.harness.pki import shared_pki
from tests.harness.registered import register_declarants
from tests.harness.scene import Scene, opened
from tests.harness.website import citizen_message, group_message
from tests.servers.identity import PEOPLE, IdentityProvider
from tests.servers.postgresql import Postgres
from tests.servers.process import wait_until
from tests.servers.rabbitmq import QUORUM_SETTLE_SECONDS, Rabbit

FULL = os.environ.get("NSW_PROVE") == "full"
IN_FLIGHT = 500 if FULL else 30
GROUP = 40 if FULL else 3
BY_PROGRAM = 10 if FULL else 3
CHANGES = ("none", "database", "flapping") if FULL else ("database",)
PATIENCE_MS = 180_000
DAY_S = 3600.0
"""A bound for all that people do while the window is away, not a measure."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def node(server_folder: Path) -> Iterator[Rabbit]:
    demand("rabbitmq-server")
    made = Rabbit(server_folder / "outage-day")
    try:
        made.start()
        made.add_vhosts(list(CHANGES))
        yield made
    finally:
        made.remove()


@dataclass
class Day:
    """What of it happens where."""

    scene: Scene
    url: str
    browser: Browser
    own: Message
    """An's declaration, which came by the window before it died."""

    @contextmanager
    def person(self, who: str) -> Iterator[Page]:
        """Somebody with a telephone, who has logged in."""
        with visit(self.browser, width=360) as context:
            context.set_default_timeout(PATIENCE_MS)
            page = context.new_page()
            log_in(page, self.url, who)
            yield page

    def mode(self) -> Mode:
        return self.scene.components.window.state().mode

    def until(self, *modes: Mode) -> None:
        self.scene.until(lambda: self.mode() in modes, f"the mode is {' or '.join(modes)}")

    def draft(self, page: Page, form: str) -> str:
        """The address of a new draft."""
        page.goto(f"{self.url}/khai-bao")
        page.get_by_role("link", name=form).click()
        page.locator("#gate").select_option("HUUNGHI")
        page.get_by_role("button", name="Bắt đầu khai").click()
        page.wait_for_url(re.compile(r"/khai-bao/[0-9a-f-]{36}$"))
        return page.url

    def texts(self, who: str, message: bytes) -> dict[str, dict[str, str]]:
        """What somebody types so that his only draft says what this message says."""
        components = self.scene.components
        return texts_of(components, unsent(components, PEOPLE[who].number), message)

    def fill(self, page: Page, who: str, draft: str, message: bytes) -> None:
        """Type what this message says, page by page, but for its lists."""
        for address, texts in self.texts(who, message).items():
            if address.startswith("/danh-sach/"):
                continue
            page.goto(f"{draft}{address}")
            for name, text in texts.items():
                _enter(page, name, text)
            page.get_by_role("button", name="Lưu, khai tiếp sau").click()
            page.wait_for_url(draft)


def _enter(page: Page, name: str, text: str) -> None:
    control = page.locator(f'main [name="{name}"]')
    kind = control.first.evaluate("each => each.type")
    if kind == "radio":
        page.locator(f'main [name="{name}"][value="{text}"]').check()
    elif kind == "select-one":
        control.select_option(text)
    else:
        control.fill(text)


def by_form(day: Day) -> str:
    """A citizen; gives the number of his dossier."""
    with day.person("an") as page:
        draft = day.draft(page, "Mẫu 11")
        day.fill(page, "an", draft, citizen_message())
        return sent(page, draft)


def sent(page: Page, draft: str, button: str = "Gửi bản khai") -> str:
    if button == "Gửi bản khai":
        page.goto(f"{draft}/kiem-tra")
    page.get_by_role("button", name=button).click()
    return received(page)


def received(page: Page) -> str:
    """The number on the page that follows."""
    page.locator("dd.number").wait_for()
    assert "Đã tiếp nhận bản khai" in page.locator("h1").inner_text(), page.locator("main").inner_text()
    return page.locator("dd.number").inner_text().partition("/")[0]


def by_table(day: Day, folder: Path) -> str:
    """An enterprise with its list from Excel: it prepares, downloads, signs, uploads, sends."""
    with day.person("cuong") as page:
        draft = day.draft(page, "Mẫu 07")
        message = _of_many(group_message())
        day.fill(page, "cuong", draft, message)
        _import(page, draft, _table(day, message), folder)
        page.goto(f"{draft}/kiem-tra")
        page.get_by_role("button", name="Lập tệp để ký").click()
        with page.expect_download() as download:
            page.get_by_role("link", name="Tải tệp để ký").click()
        prepared, signed = Path(download.value.path()).read_bytes(), folder / "signed.xml"
        signed.write_bytes(signature(prepared))
        page.locator("#file").set_input_files(signed)
        page.get_by_role("button", name="Tải lên và so sánh").click()
        expect(page.get_by_text("Tệp đã ký đúng với bản khai")).to_be_visible()
        return sent(page, draft, "Gửi tệp đã ký")


def _of_many(message: bytes) -> bytes:
    """The same group with as many women more as make GROUP of it."""
    second = re.findall(rb"<Person>.*?</Person>", message, re.S)[1]
    more = b"".join(re.sub(rb"E81234562|DL26001002", b"E9%07d" % at, second) for at in range(3, GROUP))
    counted = re.sub(rb"<TotalFemale>1<", b"<TotalFemale>%d<" % (GROUP - 2), message)
    counted = re.sub(rb"<TotalPersons>3<", b"<TotalPersons>%d<" % GROUP, counted)
    return counted.replace(b"</Persons>", more + b"</Persons>")


def _table(day: Day, message: bytes) -> list[dict[str, str]]:
    """Its list, as it is typed below the headings of the template."""
    components = day.scene.components
    (group,) = components.drafts.forms.layout(unsent(components, PEOPLE["cuong"].number)).groups
    labels = {field.name: field.label.vi for field in group.asked}
    rows = [texts for address, texts in day.texts("cuong", message).items() if address.startswith("/danh-sach/")]
    return [{labels[name.rpartition(".")[2]]: text for name, text in row.items()} for row in rows]


def _import(page: Page, draft: str, rows: list[dict[str, str]], folder: Path) -> None:
    page.goto(f"{draft}/nhap/persons")
    with page.expect_download() as download:
        page.get_by_role("link", name="Mẫu Excel").click()
    (folder / "group.xlsx").write_bytes(filled(Path(download.value.path()).read_bytes(), rows))
    page.locator("#file").set_input_files(folder / "group.xlsx")
    page.get_by_role("button", name="Đọc tệp").click()
    page.get_by_role("button", name="Nhập các dòng này").click()
    page.wait_for_url(re.compile("/danh-sach/persons"))


def by_signed_file(day: Day, folder: Path) -> str:
    """An enterprise whose own software has made and signed everything."""
    with day.person("cuong") as page:
        own = f"<PersonalNumber>{PEOPLE['cuong'].number}<".encode()
        file = folder / "own.xml"
        file.write_bytes(signature(re.sub(rb"<PersonalNumber>\d{12}<", own, group_message(), count=1)))
        page.goto(f"{day.url}/khai-bao/tep")
        page.locator("#file").set_input_files(file)
        page.get_by_role("button", name="Gửi tệp").click()
        return received(page)


def signature(prepared: bytes) -> bytes:
    """By the xmlsec1 program."""
    return sign_message(prepared, system=None, declarant=shared_pki().party("enterprise"), form=SignatureForm.DOTNET)


def by_program(day: Day) -> list[str]:
    components = day.scene.components
    _, token = components.tokens.issue(Machine.DECLARANT, "a program", PEOPLE["an"].number, actor=TESTER)
    with httpx.Client(base_url=day.url, headers={"Authorization": f"Bearer {token}"}, timeout=180) as client:
        xml = {"Content-Type": "application/xml"}
        told = [
            client.post("/api/v1/declarations", content=for_the_second_door(number), headers=xml)
            for number in range(BY_PROGRAM)
        ]
    assert [each.status_code for each in told] == [202] * BY_PROGRAM, told[-1].text
    return [each.json()["reference"] for each in told]


def amended_and_confirmed(day: Day) -> None:
    """A dossier of the window: asked about, answered, confirmed and received here."""
    key, components = DossierKey(day.own.reference, 2026), day.scene.components
    item = AmendmentItem("Số giấy tờ không khớp với hộ chiếu", "Khai lại theo hộ chiếu", "11", PAPER)
    components.amendments.request(key, OFFICER, reason="Số hộ chiếu không khớp với ảnh", items=[item])
    with day.person("an") as page:
        opens(page, day, key, "Yêu cầu sửa đổi, bổ sung")
        page.goto(f"{day.url}/ho-so/{key.year}/{key.number}")
        page.get_by_role("button", name="Trả lời yêu cầu").click()
        page.wait_for_url("**/khai-bao/*")
        draft = page.url
        page.get_by_role("link", name="Lý do sửa đổi, bổ sung").click()
        page.get_by_label("Lý do sửa đổi, bổ sung").fill("Gõ nhầm số hộ chiếu")
        page.get_by_role("button", name="Lưu, khai tiếp sau").click()
        page.goto(f"{draft}/muc/Citizen")
        page.locator("#documentNumber").fill("C7654321")
        page.get_by_role("button", name="Lưu, khai tiếp sau").click()
        page.get_by_role("link", name="Kiểm tra và gửi").click()
        page.get_by_role("button", name="Gửi bản sửa đổi, bổ sung").click()
        received(page)
        components.completion.complete(key, OFFICER)
        opens(page, day, key, "Xác nhận hoàn thành sau sửa đổi, bổ sung")
        expect(page.get_by_text("không phải cho phép qua cửa khẩu")).to_be_visible()


def opens(page: Page, day: Day, key: DossierKey, what: str) -> None:
    page.goto(f"{day.url}/ho-so/{key.year}/{key.number}")
    section = page.locator("section", has=page.get_by_role("heading", name=f"Có trả lời: {what}"))
    section.get_by_role("button", name="Mở và nhận trả lời").click()
    page.wait_for_url("**/tra-loi/*")


def without_a_database(day: Day, cluster: Postgres) -> str:
    """It dies while somebody has pressed: he is told, his draft is kept, and he presses again."""
    with day.person("an") as page:
        draft = day.draft(page, "Mẫu 11")
        day.fill(page, "an", draft, citizen_message(Purpose="Thăm thân lần nữa"))
        page.goto(f"{draft}/kiem-tra")
        cluster.kill()
        with page.expect_response(lambda answer: answer.request.method == "POST") as pressed:
            page.get_by_role("button", name="Gửi bản khai").click()
        assert pressed.value.status == 503
        cluster.start()
        day.scene.components.database.close()  # this process has its own dead connections
        day.scene.until(lambda: "database" not in " ".join(day.scene.readyz()[1]), "it is back")
        return sent(page, draft)


def flaps(day: Day, node: Rabbit) -> None:
    """The broker comes for a moment, twice: the portal stays open, and nothing leaves."""
    for _ in range(2):
        node.start()
        wait_until(lambda: day.mode() is not Mode.DIRECT, seconds=2)
        assert day.mode() is Mode.DIRECT
        node.stop()
    assert transfers(day.scene) == {}


def transfers(scene: Scene) -> dict[str, list[str]]:
    """By dossier, the SHA-256 of each answer that a transfer on nsw.replies bears, in the order they came."""
    found: dict[str, list[str]] = {}
    for each in scene.partner.collect():
        if each.type.endswith(".40.01"):
            transfer = etree.fromstring(each.body)
            digests = found.setdefault(transfer.findtext(".//Transfer/DossierNumber") or "", [])
            digests += [digest for digest in [transfer.findtext(".//Reply/Digest") or ""] if digest not in digests]
    return found


def given_at_the_portal(scene: Scene) -> dict[str, list[str]]:
    """By dossier, the SHA-256 of each answer that was given at the portal, in its order."""
    outbox, dossier = tables.outbox, tables.dossier
    answers = (outbox.c.route == Route.PORTAL.value, outbox.c.copy_of.is_(None))
    query = select(dossier.c.number, outbox.c.digest).join(outbox, outbox.c.dossier_id == dossier.c.id).where(*answers)
    found: dict[str, list[str]] = {}
    for row in scene.store.rows(query.order_by(dossier.c.id, outbox.c.ordinal)):
        found.setdefault(row.number, []).append(row.digest)
    return found


def modes(scene: Scene) -> list[str]:
    """The modes that the journal tells of."""
    journal = tables.journal
    query = select(journal.c.detail).where(journal.c.event == JournalEvent.WINDOW_MODE.value).order_by(journal.c.id)
    return [row.detail["stage"] for row in scene.store.rows(query)]


@pytest.mark.parametrize("change", CHANGES)
def test_an_outage_day_loses_doubles_and_disorders_nothing(
    node: Rabbit, cluster: Postgres, provider: IdentityProvider, browser: Browser, tmp_path: Path, change: str
) -> None:
    own, others = declaration("OWN"), declarations(0, IN_FLIGHT)
    with opened(Scene(tmp_path, node.vhost_url(change), cluster.create_database("adapter"))) as scene:
        day = Day(scene, provider.site, browser, own)
        configure(scene, provider, back_s=20.0 if change == "flapping" else 1.0)
        register_declarants(scene.components, shared_pki())
        scene.daemon()
        scene.until_ready()
        wait_until(lambda: False, seconds=QUORUM_SETTLE_SECONDS)
        scene.partner.publish([own])
        scene.until_done([own])
        patience = {"pause_s": 15 / IN_FLIGHT, "patience_s": DAY_S}
        publishing = threading.Thread(target=scene.partner.publish, args=[others], kwargs=patience, daemon=True)
        publishing.start()
        scene.until(lambda: scene.store.settled() > IN_FLIGHT // 10, "in flight")
        node.kill()
        assert publishing.is_alive(), "some of them have not left yet"
        day.until(Mode.DIRECT)

        directly = [by_form(day), by_table(day, tmp_path), by_signed_file(day, tmp_path), *by_program(day)]
        amended_and_confirmed(day)
        if change == "database":
            directly.append(without_a_database(day, cluster))
        if change == "flapping":
            flaps(day, node)
        given = given_at_the_portal(scene)
        assert {number: len(answers) for number, answers in given.items()} == {
            **dict.fromkeys(directly, 1),
            own.reference: 3,
        }
        assert transfers(scene) == {}

        node.start()
        publishing.join()
        scene.until_done([own, *others])
        scene.until(lambda: sum(map(len, transfers(scene).values())) >= len(directly) + 3, "the transfers have left")
        day.until(Mode.NORMAL)
        scene.finish()
        assert transfers(scene) == given, "each answer, in the order of its dossier"
        scene.assert_answered([own, *others])
        assert scene.store.effects() == {
            **dict.fromkeys((each.reference for each in others), 1),
            **dict.fromkeys(directly, 1),
            own.reference: 2,
        }
        assert set(scene.store.states()) == {"settled"}
        assert (scene.store.faults(), scene.store.strays(), scene.store.unsent()) == ([], [], 0)
        assert modes(scene) == ["normal", "suspect", "direct", "reconciling", "normal"]


def configure(scene: Scene, provider: IdentityProvider, *, back_s: float) -> None:
    scene.configure({
        **provider.settings(),
        "web.portal.enabled": True,
        "web.portal.port": urlsplit(provider.site).port,
        "clock.unsafe_frozen": CLOCK.isoformat(),
        "window.broker_down_s": 2.0, "window.suspect_s": 1.0, "window.back_s": back_s,
        "broker.heartbeat_s": 5,
        "workers.attempts": 40,
    })  # fmt: skip
