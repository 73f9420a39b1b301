"""An operator's night: the window is said to be down, a message was rejected, an alert stands."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import update

from adapter.bootstrap import now
from adapter.gateways.store.tables import incident as incident_table
from adapter.gateways.store.tables import outbox
from adapter.model.identifiers import Digest
from adapter.model.procedure import Label
from adapter.model.stages import Channel, Submission
from adapter.services.portal_failure.failure import FailureReport
from adapter.services.watch.alert_ways import as_rows
from adapter.services.watch.alerts import Alert, AlertName
from adapter.services.watch.mode import Sight
from tests.browser.staff_scenes import Shift
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK
from tests.harness.people import TESTER


def night(house: Shift) -> Mapping[str, str]:
    """Fill it; gives the operators' pages by the names of their pictures."""
    whole = house.site.house
    whole.window.override(Sight.DOWN, reason="Điện thoại TCHQ 02:10", actor=TESTER)
    bad = declaration("night", gate="NOWHERE")
    (settled,) = whole.intake.receive([Submission(bad.raw, Channel.WINDOW, CLOCK, Digest(bad.digest))])
    for ordinal, reason in enumerate(("taken up 3 times without settling",) * 3 + ("a defect: KeyError",)):
        held = declaration(f"held-{ordinal}")
        whole.intake.park(Submission(held.raw, Channel.WINDOW, CLOCK, Digest(held.digest)), reason)
    at = now()
    names = (AlertName.WINDOW_DOWN, AlertName.REPLIES_STAY, AlertName.DUTY_NEAR)
    whole.alert_file.save(as_rows([Alert(name, "", 2, at, began_at=at) for name in names]))
    (incident,) = whole.window.incidents(1)
    with whole.database.transaction() as connection:  # as if the outage had begun before what came to the unit
        connection.execute(update(incident_table).values(started_at=CLOCK))
    whole.call_list.write()
    reason = Label("Hỏng máy chủ.", "A server has failed.")
    whole.portal_failure.begin(FailureReport(CLOCK, reason, None), "person:van-hanh")
    answer = next(row.message_id for row in house.site.rows(outbox) if row.type == "20")
    return {
        "van-hanh": "/van-hanh",
        "thong-diep": "/van-hanh/thong-diep",
        "mot-thong-diep": f"/van-hanh/thong-diep/{settled.public_id}",
        "tra-loi": f"/van-hanh/tra-loi/{answer}",
        "cach-ly": "/van-hanh/cach-ly",
        "su-co": "/van-hanh/su-co",
        "bao-cao": f"/van-hanh/su-co/{incident.id}",
        "so-lieu": "/van-hanh/so-lieu",
        "cong-hong": "/van-hanh/cong-hong",
        "goi-dien": "/van-hanh/cong-hong/goi",
    }
