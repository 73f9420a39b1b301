"""An operator's night: the window is said to be down, a message was rejected, an alert stands."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import update

from adapter.bootstrap import Components, now
from adapter.gateways.broker import Outgoing, Returned, Verdict
from adapter.gateways.store import snapshots
from adapter.gateways.store.snapshots import Look, MachineSeen, PartSeen, QueueSeen, QueuesSeen
from adapter.gateways.store.tables import incident as incident_table
from adapter.gateways.store.tables import outbox, throughput
from adapter.gateways.store.throughput import minute_of
from adapter.model.identifiers import Digest
from adapter.model.procedure import Label
from adapter.model.stages import Channel, Submission
from adapter.services.portal_failure.failure import FailureReport
from adapter.services.replies.dispatch import Dispatch
from adapter.services.watch.alert_ways import as_rows
from adapter.services.watch.alerts import Alert, AlertName
from adapter.services.watch.mode import Sight
from tests.browser.staff_scenes import Shift
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK
from tests.harness.people import TESTER


def night(components: Shift) -> Mapping[str, str]:
    """Fill it; gives the operators' pages by the names of their pictures."""
    whole = components.site.components
    whole.window.override(Sight.DOWN, reason="Điện thoại TCHQ 02:10", actor=TESTER)
    bad = declaration("night", gate="NOWHERE")
    (settled,) = whole.intake.receive([Submission(bad.raw, Channel.WINDOW, CLOCK, Digest(bad.digest))])
    for ordinal, reason in enumerate(("taken up 3 times without settling",) * 3 + ("a defect: KeyError",)):
        held = declaration(f"held-{ordinal}")
        whole.intake.park(Submission(held.raw, Channel.WINDOW, CLOCK, Digest(held.digest)), reason)
    at = now()
    names = (AlertName.WINDOW_DOWN, AlertName.REPLIES_STAY, AlertName.DUTY_NEAR)
    whole.alert_file.save(as_rows([Alert(name, "", 2, at, began_at=at) for name in names]))
    _looked(whole)
    (incident,) = whole.window.incidents(1)
    with whole.database.transaction() as connection:  # as if the outage had begun before what came to the unit
        connection.execute(update(incident_table).values(started_at=CLOCK))
    whole.call_list.write()
    reason = Label("Hỏng máy chủ.", "A server has failed.")
    whole.portal_failure.begin(FailureReport(CLOCK, reason, None), "person:van-hanh")
    answer = next(row.message_id for row in components.site.rows(outbox) if row.type == "20")
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
        "hang-doi": "/van-hanh/hang-doi",
        "tien-trinh": "/van-hanh/tien-trinh",
        "chung-thu": "/van-hanh/chung-thu",
    }


def _looked(whole: Components) -> None:
    """What the clock saw on a day with traffic, and a reply that the broker gave back."""
    at = now()
    rounds = Dispatch(whole.database, _GivesBack(), now, whole.observe, most_unconfirmed=2)
    rounds.round(transfers=False)
    looks = whole.looks
    looks.look_at_certificates()
    looks.look_at_deadlines()
    counts = (("nsw.replies", 12, 0, 0), ("adapter.declarations", 184, 2, 3), ("adapter.quarantine", 2, 0, 0))
    queues = [
        QueueSeen(
            name=name,
            messages=many,
            ready=many,
            unacknowledged=work,
            consumers=consumers,
            in_rate=4.2 if consumers else 0.0,
            out_rate=3.8 if consumers else 0.0,
            redelivered=work,
            redelivery_rate=0.0,
            oldest_at=at - timedelta(minutes=7),
            at_latest=not consumers,
            is_missing=False,
            arrived=(),
        )
        for name, many, work, consumers in counts
    ]
    started = at - timedelta(hours=26)
    names = ("worker-0", "worker-1", "dispatcher-0", "clock-0", "decisions-0", "portal-0", "staff-0")
    parts = [
        PartSeen(name=name, ready=name != "dispatcher-0", resident_bytes=(150 + 40 * n) * 2**20, started_at=started)
        for n, name in enumerate(names)
    ]
    machine = MachineSeen(parts=tuple(parts), missing=("dispatcher-0: broker",), notes=())
    with whole.database.transaction() as connection:
        snapshots.keep(connection, Look.QUEUES, QueuesSeen(queues=tuple(queues)), at)
        snapshots.keep(connection, Look.PARTS, machine, at, "may-hn-1")
        connection.execute(throughput.insert(), [_five_minutes(number) for number in range(288)])


class _GivesBack:
    """A broker that has no queue for replies."""

    def publish(self, batch: Sequence[Outgoing], *, written: Callable[[], None]) -> Sequence[Verdict]:
        written()
        return [Returned(312, "NO_ROUTE") for _ in batch]


def _five_minutes(number: int) -> dict[str, object]:
    """Of a day that ends at the fixtures' clock: quiet at night, with an outage in the evening."""
    many = 40 + round(30 * math.sin(number / 288 * 2 * math.pi - 1.6))
    slow = 10 if 200 < number < 225 else 0
    return {
        "minute": minute_of(CLOCK) - 5 * number,
        "procedure": "BQP0100001" if number % 3 else "BQP0100002",
        "counted_at": CLOCK,
        "messages": many,
        "accepted": many - 4,
        "refused": 1,
        "rejected": 3,
        "parked": 0,
        "answered": many,
        "unsent": 0,
        "within_1s": many - 3 - 2 * slow,
        "within_5s": many - slow,
        "within_30s": many - slow // 2,
        "within_300s": many - slow // 5,
        "slowest_s": 420.0 if slow else 3.2,
    }
