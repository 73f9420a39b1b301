"""A code list and the calendar that two administrators have switched on at the page reach a daemon that runs."""

from __future__ import annotations

import anyio
import pytest

from adapter.entrypoints.web.app import create_staff
from adapter.gateways.store.tables import proposal
from adapter.model.events import Event
from adapter.services.access.people import Facts
from tests.harness.declarations import Message, declaration
from tests.harness.people import TESTER
from tests.harness.pki import ROOT
from tests.harness.scene import PATIENCE_S, Scene
from tests.harness.staff_pages import at_console
from tests.servers.process import alive

pytestmark = pytest.mark.slow

GATES = (ROOT / "mappings" / "codelists" / "gates.yaml").read_text(encoding="utf-8")
CLOSED = GATES.replace("{code: HUUNGHI,", "{code: HUUNGHI, to: 2026-01-31,")


async def _switch_on(scene: Scene, name: str, text: str) -> None:
    """One proposes the list at its page and asks another one, who confirms it at his."""
    app = create_staff(scene.components)
    async with at_console(scene.components, app, "mai") as mai, at_console(scene.components, app, "son") as son:
        proposed = await mai.post("/quan-tri/lam/list_change", **{"ve": name, "text": text, "ly-do": "QĐ 20"})
        here = proposed.headers["location"]
        await mai.post(f"{here}/trinh")
        confirmed = await son.post(f"{here}/xac-nhan")
        assert confirmed.status_code < 400, confirmed.text


def _answered(scene: Scene, message: Message) -> str:
    scene.partner.publish([message])
    scene.until_done([message])
    return str(scene.store.outcome(message).outcome)


def test_a_running_daemon_takes_a_list_of_the_page_by_its_own_clock_and_loses_nothing(scene: Scene) -> None:
    scene.configure({"clock.survey_s": 1})
    for code in ("mai", "son"):
        scene.components.people.add(code, Facts(code.upper(), ("administrator",), login=code), actor=TESTER)
    daemon = scene.daemon()
    scene.until_ready()
    before = declaration(1)
    assert _answered(scene, before) == "accepted"
    workers = [told["pid"] for told in daemon.events(Event.WORKER_STARTED) if told["part"] == "worker"]

    anyio.run(_switch_on, scene, "gates", CLOSED)

    assert [row.state for row in scene.store.rows(proposal.select())] == ["done"]
    scene.until(lambda: daemon.told(Event.RELOAD_ASKED), "the clock has seen it, and nobody sent a signal")
    scene.until(lambda: daemon.told(Event.RELOAD_TAKEN), "every part has begun anew", seconds=3 * PATIENCE_S)
    assert not any(alive(each) for each in workers), "the old worker has made room"
    assert daemon.process.poll() is None, "the daemon itself goes on"
    after = declaration(2)
    assert _answered(scene, after) == "refused"
    scene.finish()
    scene.assert_answered([before])
