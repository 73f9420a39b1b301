"""An operator's night: six troubles come, one after the other; each is seen, understood and settled at a console.

In Chromium, at a real daemon with both listeners, on a node and a cluster of this file's own. Only in
`make prove ARGS=consoles`. How many seconds passed until each trouble stood on the first page is written to
var/proofs/night.json; it is no condition of the test, whose machine may be busy.
"""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update

from adapter.gateways.store import tables
from adapter.model.events import Event
from adapter.model.journal_events import JournalEvent
from adapter.services.access.tokens import Machine
from adapter.services.watch.mode import Mode
from adapter.simulator.window import CarriedMessage
from tests.browser.conftest import watching
from tests.browser.scenes import visit
from tests.browser.staff_scenes import log_in_staff
from tests.conftest import demand
from tests.harness.authority import Wish, authority, certify
from tests.harness.declarations import Message, declaration, declarations, for_the_second_door
from tests.harness.fixtures import CLOCK
from tests.harness.partner import REPLIES
from tests.harness.people import TESTER
from tests.harness.pki import ROOT, shared_pki
from tests.harness.play import window_of
from tests.harness.registered import register_declarants
from tests.harness.scene import Running, Scene, opened
from tests.harness.staff import register
from tests.servers.identity import PEOPLE, IdentityProvider
from tests.servers.postgresql import Postgres
from tests.servers.process import wait_until
from tests.servers.rabbitmq import QUORUM_SETTLE_SECONDS, Rabbit

VHOST, POISONED = "night", 3
PATIENCE_MS = 180_000
POISON = """
import os, signal
from adapter.services.messages.intake import Intake

_receive = Intake.receive

def receive(self, submissions):
    try:
        digests = open(os.environ["NSW_TEST_POISON"]).read().split()
    except OSError:
        digests = []
    if any(each.digest in digests for each in submissions):
        os.kill(os.getpid(), signal.SIGKILL)
    return _receive(self, submissions)

Intake.receive = receive
"""
"""A defect that ends whoever judges certain messages, in the daemon's own processes: until the file of them is gone."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def node(server_folder: Path) -> Iterator[Rabbit]:
    demand("rabbitmq-server")
    made = Rabbit(server_folder / "operator-night")
    try:
        made.start()
        made.add_vhosts([VHOST])
        yield made
    finally:
        made.remove()


@dataclass
class Night:
    """What happens where, and how long each trouble took to be seen."""

    scene: Scene
    node: Rabbit
    page: Page
    url: str
    seconds: dict[str, float] = field(default_factory=dict)

    def seen(self, trouble: str, text: str, since: float) -> None:
        """The operator looks at the first page again and again, as one does, until it tells of the trouble."""
        self.scene.until(lambda: self.tells(text), trouble)
        self.seconds[trouble] = round(time.monotonic() - since, 1)

    def over(self, text: str) -> None:
        """The first page tells of it no more."""
        self.scene.until(lambda: not self.tells(text), f"no more: {text}")

    def tells(self, text: str) -> bool:
        self.page.goto(f"{self.url}/van-hanh")
        return text in self.page.locator("main").inner_text()

    def says(self, act: str, reason: str, button: str) -> None:
        """One act of the first page, with its reason."""
        self.page.goto(f"{self.url}/van-hanh")
        form = self.page.locator(f"form[action$='/{act}']")
        self.page.locator("details", has=form).locator("summary").click()
        if reason:
            form.get_by_label("Lý do").fill(reason)
        form.get_by_role("button", name=button).click()
        expect(self.page.get_by_role("status")).to_be_visible()

    def journalled(self, event: JournalEvent) -> list[tuple[str, str | None]]:
        query = select(tables.journal.c.actor, tables.journal.c.detail).where(tables.journal.c.event == event.value)
        return [(row.actor, row.detail.get("reason")) for row in self.scene.store.rows(query)]

    def mode(self) -> Mode:
        return self.scene.components.window.state().mode


def test_each_trouble_of_a_night_is_seen_understood_settled_and_journalled(
    node: Rabbit, cluster: Postgres, provider: IdentityProvider, browser: Browser, tmp_path: Path
) -> None:
    with opened(Scene(tmp_path, node.vhost_url(VHOST), cluster.create_database("adapter"))) as scene:
        partner = _partner(tmp_path, days=5)
        _configure(scene, provider, partner)
        register_declarants(scene.components, shared_pki())
        register(scene.components)
        daemon = _daemon(scene)
        scene.until_ready()
        wait_until(lambda: False, seconds=QUORUM_SETTLE_SECONDS)
        expect.set_options(timeout=PATIENCE_MS)
        with visit(browser) as context, watching(context.new_page()) as page:
            context.set_default_timeout(PATIENCE_MS)
            log_in_staff(page, provider.staff_site, "van-hanh", "/van-hanh")
            night = Night(scene, node, page, provider.staff_site)
            a_certificate_runs_out(night, daemon, partner)
            transferred = the_broker_dies_and_the_window_returns(night, provider)
            poisoned_messages(night)
            a_reply_that_the_broker_refuses(night)
            a_stuck_transfer(night, transferred)
            night.over("Có trả lời")
        _written(night.seconds)
        assert set(scene.store.states()) == {"settled"}
        assert night.journalled(JournalEvent.QUARANTINE_REPLAY) == [("person:van-hanh", None)] * POISONED


def _configure(scene: Scene, provider: IdentityProvider, partner: Path) -> None:
    ports = [urlsplit(site).port for site in (provider.site, provider.staff_site)]
    scene.configure({
        **provider.settings(),
        "web.portal.enabled": True, "web.portal.port": ports[0],
        "web.staff.enabled": True, "web.staff.port": ports[1], "web.staff.workers": 2,
        "clock.unsafe_frozen": CLOCK.isoformat(),
        "broker.heartbeat_s": 5,
        "workers.attempts": 1,
        "trust.partners.post": {"role": "window", "channel": "window", "certificates": [str(partner)]},
    })  # fmt: skip


def _daemon(scene: Scene) -> Running:
    hook = scene.folder / "defect"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(POISON)
    return scene.daemon_from_nothing(PYTHONPATH=str(hook), NSW_TEST_POISON=str(scene.folder / "poison"))


def _partner(folder: Path, *, days: int) -> Path:
    """The certificate of a further partner, which ends so many days from now; replaced where it is there."""
    issuer = authority("Night CA")
    made = certify("Post", issuer, Wish(last=CLOCK + timedelta(days=days)))
    file = folder / "post.pem"
    file.write_bytes(made.public_bytes(Encoding.PEM))
    return file


def a_certificate_runs_out(night: Night, daemon: Running, partner: Path) -> None:
    """Told at the start; the page says which, until when and what stops. Settled by its successor and a reload."""
    night.seen("a certificate that runs out", "Có chứng thư số sắp hết hạn", time.monotonic())
    night.page.get_by_role("link", name="Có chứng thư số sắp hết hạn").click()
    expect(night.page.locator("main")).to_contain_text("Đối tác: post")
    _partner(partner.parent, days=500)
    daemon.process.send_signal(signal.SIGHUP)
    night.scene.until(lambda: daemon.told(Event.RELOAD_TAKEN), "the reload is taken", 900)
    night.scene.until_ready()
    night.over("Có chứng thư số sắp hết hạn")


def the_broker_dies_and_the_window_returns(night: Night, provider: IdentityProvider) -> str:
    """The operator says that it is down, and people declare at the portal; it returns, and he takes his word back.

    Gives the number of the dossier that is transferred.
    """
    night.node.kill()
    night.seen("the broker dies", "Không kết nối được RabbitMQ", time.monotonic())
    night.says("down", "RabbitMQ không trả lời", "Báo sự cố")
    night.scene.until(lambda: night.mode() is Mode.DIRECT, "the portal is open")
    _, token = night.scene.components.tokens.issue(Machine.DECLARANT, "a program", PEOPLE["an"].number, actor=TESTER)
    told = httpx.post(
        f"{provider.site}/api/v1/declarations",
        content=for_the_second_door(1),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/xml"},
        timeout=180,
    )
    assert told.status_code == 202, told.text
    night.node.start()
    night.seen("the window returns", "Hệ thống thấy Cổng hoạt động, nhưng", time.monotonic())
    night.says("end", "", "Bỏ xác định")
    night.scene.until(lambda: night.mode() is Mode.NORMAL, "the mode is normal again")
    assert night.journalled(JournalEvent.WINDOW_OVERRIDE) == [("person:van-hanh", "RabbitMQ không trả lời")]
    return str(told.json()["reference"])


def poisoned_messages(night: Night) -> None:
    """They end their worker again and again, and are parked; the defect is mended, and one press judges all again."""
    poison = [declaration(f"poison-{number}") for number in range(POISONED)]
    (night.scene.folder / "poison").write_text(" ".join(each.digest for each in poison))
    night.scene.partner.publish(poison)
    night.scene.until(lambda: "parked" in night.scene.store.states(), "the first is parked", 600)
    night.seen("poisoned messages", "Có thông điệp bị giữ, chưa được trả lời", time.monotonic())
    parked = tables.inbox.c.state == "parked"
    night.scene.until(
        lambda: len(night.scene.store.rows(select(tables.inbox.c.id).where(parked))) == POISONED, "all are parked", 900
    )
    night.tells("")
    night.page.get_by_role("link", name="Có thông điệp bị giữ, chưa được trả lời").click()
    expect(night.page.locator("main table").first).to_contain_text("taken up")
    os.unlink(night.scene.folder / "poison")
    night.page.get_by_role("button", name=re.compile(f"Xử lý lại {POISONED}")).first.click()
    expect(night.page.locator("main")).to_contain_text(f"Đã xử lý lại {POISONED} thông điệp")
    night.scene.until_done(poison)
    night.over("Có thông điệp bị giữ")


def a_reply_that_the_broker_refuses(night: Night) -> None:
    """The window's queue is full; answers are refused until there is room, and then leave by themselves."""
    night.node.ctl(
        "set_policy", "-p", VHOST, "full", f"^{REPLIES}$", '{"max-length":1,"overflow":"reject-publish"}',
        "--apply-to", "queues",
    )  # fmt: skip
    before = len(night.scene.partner.collect())
    messages = declarations(100, 8)
    # What comes together is taken together, above the limit too: the queue is full first, and then more comes.
    night.scene.partner.publish(messages[:4])
    night.scene.until(lambda: night.scene.partner.ready(REPLIES) == 4, "the queue is full")
    night.scene.partner.publish(messages[4:])
    night.scene.until(lambda: night.scene.components.reading.read({}).returned > 0, "the first is refused")
    night.seen("a reply that the broker refuses", "RabbitMQ trả lại hoặc từ chối trả lời", time.monotonic())
    night.node.ctl("clear_policy", "-p", VHOST, "full")
    night.scene.until_done(messages)
    assert len(night.scene.partner.collect()) >= before + len(messages)
    night.over("RabbitMQ trả lại hoặc từ chối trả lời")


def a_stuck_transfer(night: Night, number: str) -> None:
    """The window has had it for twenty minutes and says nothing; it is sent again, and the window confirms it."""
    outbox, scene = tables.outbox, night.scene
    transfers = outbox.c.route == "transfer", outbox.c.copy_of.is_(None)
    scene.until(lambda: not scene.store.rows(select(outbox.c.id).where(*transfers, outbox.c.sent_at.is_(None))), "left")
    earlier = scene.store.rows(select(outbox).where(*transfers))[0].sent_at - timedelta(minutes=20)
    with scene.components.database.transaction() as connection:
        connection.execute(update(outbox).where(*transfers).values(sent_at=earlier))
    night.seen("a stuck transfer", "không xác nhận trả lời được chuyển", time.monotonic())
    night.page.get_by_role("link", name=re.compile("không xác nhận trả lời được chuyển")).click()
    row = night.page.locator("tr", has_text=number)
    row.get_by_role("link").first.click()
    night.page.get_by_text("Gửi lại").first.click()
    night.page.get_by_label("Lý do").fill("Cổng chưa xác nhận sau 20 phút")
    night.page.get_by_role("button", name="Gửi lại").click()
    expect(night.page.locator("main")).to_contain_text("Đã đưa vào hàng gửi lại")
    (first, *_) = scene.store.rows(select(outbox).where(*transfers))
    copy = select(outbox).where(outbox.c.copy_of == first.id)
    scene.until(
        lambda: all(row.sent_at for row in scene.store.rows(copy)) and scene.store.rows(copy), "it leaves again"
    )
    for row in scene.store.rows(select(outbox).where(*transfers)):
        scene.partner.publish([_confirmed(scene, bytes(row.body))])
    night.over("không xác nhận trả lời được chuyển")
    assert night.journalled(JournalEvent.REPLY_RESEND) == [("person:van-hanh", "Cổng chưa xác nhận sau 20 phút")]


def _confirmed(scene: Scene, body: bytes) -> Message:
    """40/99 of the window for a transfer."""
    window = window_of(scene.components, shared_pki())
    letter = window.receipt(window.read(CarriedMessage(body, None, None)))
    return Message(letter.message_id, "", ".".join(letter.address), letter.body)


def _written(seconds: dict[str, float]) -> None:
    file = ROOT / "var" / "proofs" / "night.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(seconds, indent=1, ensure_ascii=False))
