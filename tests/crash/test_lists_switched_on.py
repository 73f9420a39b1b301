"""A code list and the calendar that two administrators have switched on at the page reach a daemon that runs."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import anyio
import pytest
import yaml

from adapter.bootstrap import now
from adapter.entrypoints.web.app import create_staff
from adapter.gateways.store.tables import deadline, incident, paper_record, proposal
from adapter.model.events import Event
from adapter.pipeline.envelope import VIETNAM
from adapter.services.access.people import Facts
from tests.harness.declarations import Message, declaration
from tests.harness.people import TESTER
from tests.harness.pki import ROOT
from tests.harness.scene import PATIENCE_S, Scene
from tests.harness.staff_pages import at_console
from tests.servers.process import alive

pytestmark = pytest.mark.slow

GATES = (ROOT / "mappings" / "codelists" / "gates.yaml").read_text(encoding="utf-8")
CALENDAR = (ROOT / "mappings" / "calendar.yaml").read_text(encoding="utf-8")
DAYS_OFF = 20
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


def _with_days_off(first: date) -> str:
    """The calendar with so many days more that nobody works."""
    years = yaml.safe_load(CALENDAR)["years"]
    for day in (first + timedelta(days=number) for number in range(DAYS_OFF)):
        year = years.setdefault(day.year, {"decided": False, "holidays": []})
        year["holidays"].append({"day": day, "vi": "Nghỉ theo quyết định", "en": "off by a decision"})
        year["worked"] = [each for each in year.get("worked", ()) if each["day"] != day]
    return yaml.safe_dump({"years": years}, allow_unicode=True)


def _reported_within(scene: Scene, number: int) -> timedelta:
    """A window was away for an hour, and what was done on paper meanwhile is to be reported: within how long."""
    ended = now()
    began = ended - timedelta(hours=1)
    away = {"started_at": began, "ended_at": ended, "cause": "override", "reason": "a test", "actor": "test"}
    form = {"number": str(number), "year": 2026, "procedure": "BQP0100002", "mapping": "1", "values": {}, "rows": {}}
    entered = {"received_at": began + timedelta(minutes=number), "entered_by": "test", "entered_at": ended}
    with scene.components.database.transaction() as connection:
        connection.execute(incident.insert().values(id=number, **away))
        connection.execute(paper_record.insert().values(id=number, **form, **entered))
    begun = deadline.select().where(deadline.c.incident_id == number)
    scene.until(lambda: bool(scene.store.rows(begun)), "the clock has begun the working day of Article 17(5)")
    due: datetime = scene.store.rows(begun)[0].due_at
    return due - ended


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

    assert _reported_within(scene, 1) < timedelta(days=DAYS_OFF)
    anyio.run(_switch_on, scene, "calendar", _with_days_off(now().astimezone(VIETNAM).date() + timedelta(days=1)))
    scene.until(lambda: daemon.told(Event.RELOAD_TAKEN, 2), "every part has the calendar", seconds=3 * PATIENCE_S)
    assert _reported_within(scene, 2) > timedelta(days=DAYS_OFF)
    scene.finish()
    scene.assert_answered([before])
