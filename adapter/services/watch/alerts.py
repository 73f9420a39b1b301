"""Alerts without Prometheus: current problems, since when, and who was told. Pure.

The names are those of the Prometheus rules (deploy/prometheus/alerts.yml). An alert is raised when its
problem has lasted some time. Each channel gets it once, again after a time while it lasts, and once at its end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from adapter.gateways.store.deadline_figures import BROKEN, NEAR
from adapter.model.ages import age, not_after
from adapter.model.outcomes import MessageState, Route
from adapter.model.procedure import Label
from adapter.services.watch.mode import Mode
from adapter.services.watch.readings import Readings

CALM_S = 60.0
"""Seconds after which a problem that is gone has ended: what comes and goes within a minute is one alert."""
STALE_S = 120.0
"""Seconds after which the last reading of the store is too old to tell anything."""


class AlertName(StrEnum):
    """The possible problems."""

    DATABASE_AWAY = "NswDatabaseAway"
    BROKER_AWAY = "NswBrokerAway"
    WINDOW_DOWN = "NswWindowDown"
    REPLIES_STAY = "NswRepliesDoNotLeave"
    REPLIES_REFUSED = "NswRepliesAreRefused"
    TRANSFERS_STAY = "NswTransfersStay"
    MESSAGES_PARKED = "NswMessagesParked"
    QUARANTINE = "NswQuarantineHolds"
    DUTY_BROKEN = "NswDutyBroken"
    DUTY_NEAR = "NswDutyNear"
    CERTIFICATE_ENDS = "NswCertificateEnds"
    EMERGENCY_LOGIN = "NswEmergencyLogin"
    ASSERTION_REFUSED = "NswAssertionRefused"
    TEST = "NswTestAlert"


class Urgency(StrEnum):
    """`page`: act at once, also at night; `ticket`: act during the working day."""

    PAGE = "page"
    TICKET = "ticket"


@dataclass(frozen=True, slots=True)
class AlertRule:
    """The texts of an alert, and how long (seconds) its problem must last before it is raised."""

    severity: Urgency
    lasts_s: float
    summary: Label
    action: str
    """The first command for the operator."""


_PAGE, _TICKET = Urgency.PAGE, Urgency.TICKET
RULES: Mapping[AlertName, AlertRule] = {
    AlertName.DATABASE_AWAY: AlertRule(
        _PAGE, 60, Label("Không kết nối được cơ sở dữ liệu", "The database cannot be reached"), "nsw-adapter check"
    ),
    AlertName.BROKER_AWAY: AlertRule(
        _PAGE, 60, Label("Không kết nối được RabbitMQ", "The broker cannot be reached"), "nsw-adapter check"
    ),
    AlertName.WINDOW_DOWN: AlertRule(
        _PAGE,
        60,
        Label("Cổng một cửa gặp sự cố hoặc mất kết nối", "The window is down, or the link to it is"),
        "nsw-adapter window status",
    ),
    AlertName.REPLIES_STAY: AlertRule(
        _PAGE,
        60,
        Label("Có trả lời chờ gửi quá 5 phút", "A reply waits for more than five minutes"),
        "nsw-adapter window status",
    ),
    AlertName.REPLIES_REFUSED: AlertRule(
        _PAGE,
        0,
        Label("RabbitMQ trả lại hoặc từ chối trả lời", "The broker gives replies back or refuses them"),
        "journalctl -u nsw-adapter | grep outbox",
    ),
    AlertName.TRANSFERS_STAY: AlertRule(
        _TICKET,
        0,
        Label(
            "Cổng từ chối hoặc không xác nhận trả lời được chuyển (40/01)",
            "The window has refused, or does not confirm, transferred answers (40/01)",
        ),
        "nsw-adapter window transfers",
    ),
    AlertName.MESSAGES_PARKED: AlertRule(
        _PAGE,
        60,
        Label("Có thông điệp bị giữ, chưa được trả lời", "Messages wait for an operator and are not answered"),
        "nsw-adapter quarantine list",
    ),
    AlertName.QUARANTINE: AlertRule(
        _PAGE,
        0,
        Label("Có thông điệp trong hàng đợi cách ly", "Messages lie in the broker's quarantine"),
        "nsw-adapter quarantine list",
    ),
    AlertName.DUTY_BROKEN: AlertRule(
        _PAGE,
        0,
        Label("Có thời hạn của Biên phòng đã quá hạn", "Duties of the border guard are overdue"),
        "nsw-adapter deadlines",
    ),
    AlertName.DUTY_NEAR: AlertRule(
        _TICKET,
        300,
        Label("Có thời hạn của Biên phòng sắp hết", "Duties of the border guard end soon"),
        "nsw-adapter deadlines",
    ),
    AlertName.CERTIFICATE_ENDS: AlertRule(
        _TICKET,
        0,
        Label("Có chứng thư số sắp hết hạn", "A certificate ends within 14 days"),
        "nsw-adapter certificate report",
    ),
    AlertName.EMERGENCY_LOGIN: AlertRule(
        _PAGE,
        0,
        Label(
            "Có cán bộ đăng nhập khẩn cấp hoặc nhập sai mật khẩu khẩn cấp nhiều lần",
            "Somebody of the staff is in without the identity provider, or tried to until the secret was locked",
        ),
        "journalctl -u nsw-adapter | grep login.emergency",
    ),
    AlertName.ASSERTION_REFUSED: AlertRule(
        _TICKET,
        0,
        Label(
            "Hệ thống tra cứu thay công chức hải quan bị từ chối: sai đồng hồ, đổi khóa hoặc khóa bị lấy cắp",
            "A program that asks for customs officers was refused: its clock, a changed key, or a stolen one",
        ),
        "journalctl -u nsw-adapter | grep assertion.refused",
    ),
    AlertName.TEST: AlertRule(
        _TICKET,
        0,
        Label("Cảnh báo thử, không phải sự cố", "A test alert; there is no problem"),
        "nsw-adapter alerts test",
    ),
}
_REPLY_AGE_S, _CERTIFICATE_DAYS = 300, 14


@dataclass(frozen=True, slots=True)
class Outlook:
    """The clock's knowledge now. `readings` None: the store was not read yet."""

    at: datetime
    readings: Readings | None
    database_away: bool = False
    broker_away: bool = False
    quarantined: int = 0


@dataclass(frozen=True, slots=True)
class Alarm:
    """A current problem. `about`: which of several (a use of certificates); `value`: how many, how long."""

    name: AlertName
    value: float = 1
    about: str = ""


@dataclass(frozen=True, slots=True)
class ToldAlert:
    """What one channel was sent last. `is_end`: the end of the alert."""

    at: datetime
    is_end: bool


@dataclass(frozen=True, slots=True)
class Alert:
    """A current or past problem. `began_at` None: it has not lasted long enough; `gone_at`: not seen since then."""

    name: AlertName
    about: str
    value: float
    seen_at: datetime
    began_at: datetime | None = None
    gone_at: datetime | None = None
    ended_at: datetime | None = None
    told: Mapping[str, ToldAlert] = field(default_factory=dict)

    @property
    def rule(self) -> AlertRule:
        """Its texts."""
        return RULES[self.name]


def alarms(outlook: Outlook) -> tuple[Alarm, ...]:
    """The current problems."""
    return tuple(_alarms(outlook))


def _alarms(outlook: Outlook) -> Iterator[Alarm]:
    if outlook.database_away:
        yield Alarm(AlertName.DATABASE_AWAY)
    if outlook.broker_away:
        yield Alarm(AlertName.BROKER_AWAY)
    if outlook.quarantined:
        yield Alarm(AlertName.QUARANTINE, outlook.quarantined)
    read = outlook.readings
    if read is None:
        return
    if read.modes[Mode.SUSPECT.value] or read.modes[Mode.DIRECT.value]:
        yield Alarm(AlertName.WINDOW_DOWN)
    oldest = read.oldest_s.get(Route.WINDOW.value, 0.0)
    counted = {
        AlertName.REPLIES_STAY: oldest if oldest > _REPLY_AGE_S else 0,
        AlertName.REPLIES_REFUSED: read.returned,
        AlertName.TRANSFERS_STAY: read.transfers_stay,
        AlertName.MESSAGES_PARKED: read.held[MessageState.PARKED.value],
        AlertName.DUTY_BROKEN: read.deadlines["border_guard", BROKEN],
        AlertName.DUTY_NEAR: read.deadlines["border_guard", NEAR],
        AlertName.EMERGENCY_LOGIN: read.emergencies,
        AlertName.ASSERTION_REFUSED: read.assertions_refused,
    }
    yield from (Alarm(name, value) for name, value in counted.items() if value)
    for use, days in sorted(read.certificate_days.items()):
        if days < _CERTIFICATE_DAYS:
            yield Alarm(AlertName.CERTIFICATE_ENDS, days, use)


def standing(kept: Sequence[Alert], outlook: Outlook) -> tuple[Alert, ...]:
    """The problems that a reader of the store sees now, without waiting until they have lasted.

    Each as its kept alert, where there is one; one that has not lasted long enough to be sent has no `began_at`. Of
    what is read elsewhere than in the store the kept alerts count.
    """
    current = {(each.name, each.about): each for each in kept if each.ended_at is None}
    seen = alarms(outlook)
    found = [
        replace(current.get((each.name, each.about), Alert(each.name, each.about, 0, outlook.at)), value=each.value)
        for each in seen
    ]
    told = {(each.name, each.about) for each in seen}
    elsewhere = [
        each
        for key, each in current.items()
        if each.name in _NOT_IN_STORE and each.began_at is not None and key not in told
    ]
    return (*found, *elsewhere)


_NOT_IN_STORE = {AlertName.QUARANTINE, AlertName.CERTIFICATE_ENDS}
"""Read from the broker and from files, by the clock alone."""


def watched(kept: Sequence[Alert], now_amiss: Sequence[Alarm], outlook: Outlook) -> tuple[Alert, ...]:
    """The alerts after one more look.

    While the database is away nothing is known of what it holds: no alert of it ends or begins.
    """
    now, found = outlook.at, {(each.name, each.about): each for each in now_amiss}
    lasting = {(each.name, each.about) for each in kept if each.ended_at is None}
    looked = [_looked(each, found.get((each.name, each.about)), outlook) for each in kept]
    fresh = [
        _raised(Alert(alarm.name, alarm.about, alarm.value, seen_at=now), now)
        for key, alarm in found.items()
        if key not in lasting
    ]
    return tuple(each for each in (*looked, *fresh) if each is not None)


def _looked(alert: Alert, alarm: Alarm | None, outlook: Outlook) -> Alert | None:
    """One alert after a look; None where the problem went away before it had lasted long enough."""
    now = outlook.at
    if alert.ended_at is not None:
        return alert
    alert = replace(alert, seen_at=min(alert.seen_at, now), gone_at=not_after(now, alert.gone_at))
    if alarm is not None:
        return _raised(replace(alert, value=alarm.value, gone_at=None), now)
    if outlook.readings is None and alert.name not in _WITHOUT_STORE:
        return alert
    if alert.began_at is None:
        return None
    gone = alert.gone_at or now
    return replace(alert, gone_at=gone, ended_at=gone if age(now, gone) >= CALM_S else None)


_WITHOUT_STORE = {AlertName.DATABASE_AWAY, AlertName.BROKER_AWAY, AlertName.QUARANTINE}


def _raised(alert: Alert, now: datetime) -> Alert:
    lasted = age(now, alert.seen_at) >= alert.rule.lasts_s
    return replace(alert, began_at=now) if alert.began_at is None and lasted else alert


def due(kept: Sequence[Alert], way: str, now: datetime, repeat_s: float) -> tuple[Alert, ...]:
    """The alerts to send by this channel now: begun or ended ones that it does not have; again those that last."""
    return tuple(
        each for each in kept if each.began_at is not None and _is_due(each, each.told.get(way), now, repeat_s)
    )


def _is_due(alert: Alert, told: ToldAlert | None, now: datetime, repeat_s: float) -> bool:
    if told is None:
        return True
    if alert.ended_at is not None:
        return not told.is_end
    return age(now, told.at) >= repeat_s


def after(
    kept: Sequence[Alert], way: str, told: Collection[Alert], now: datetime, ways: Collection[str]
) -> tuple[Alert, ...]:
    """The alerts after a channel has taken these; ended ones that every channel has are removed."""
    marked = [
        replace(each, told={**each.told, way: ToldAlert(now, each.ended_at is not None)}) if each in told else each
        for each in kept
    ]
    return tuple(each for each in marked if not _is_over(each, ways))


def _is_over(alert: Alert, ways: Collection[str]) -> bool:
    return alert.ended_at is not None and all(way in alert.told and alert.told[way].is_end for way in ways)
