"""How alerts are told: to a webhook as Prometheus's Alertmanager would, by e-mail in both languages; and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from adapter.gateways.alert_file import KeptAlert, KeptTold
from adapter.gateways.mail.smtp import OpenOffice, OutgoingLetter, Posted, message_id_of
from adapter.model.errors import Unavailable
from adapter.pipeline.envelope import VIETNAM
from adapter.services.watch.alerts import Alert, AlertName, ToldAlert, Urgency

_NOT_ENDED = "0001-01-01T00:00:00Z"
"""What Alertmanager writes where an alert has no end."""


Json: TypeAlias = "str | int | float | bool | Mapping[str, Json] | Sequence[Json] | None"


class Posts(Protocol):
    """A webhook."""

    def post(self, document: Mapping[str, Json]) -> None: ...


@dataclass(frozen=True)
class ByWebhook:
    """`instance`: the name of this machine."""

    webhook: Posts
    instance: str

    def __call__(self, alerts: Sequence[Alert], now: datetime) -> None:
        """
        Raises:
            Unavailable: it was not taken.
        """
        del now
        self.webhook.post(document(alerts, self.instance))


@dataclass(frozen=True)
class ByMail:
    """`instance`: the name of this machine; `domain`: what stands behind the @ of a Message-ID."""

    office: OpenOffice
    recipients: tuple[str, ...]
    instance: str
    domain: str

    def __call__(self, alerts: Sequence[Alert], now: datetime) -> None:
        """
        Raises:
            Unavailable: no recipient's was taken.
            Misconfigured: the mail server cannot be used as it is configured.
        """
        with self.office() as office:
            said = [office.send(letter(alerts, now, to, self.instance, self.domain)) for to in self.recipients]
        if all(each.posted is not Posted.TAKEN for each in said):
            raise Unavailable(f"mail: accepted for no recipient: {', '.join(sorted({each.code for each in said}))}")


Tell = Callable[[Sequence[Alert], datetime], None]


def document(alerts: Sequence[Alert], instance: str) -> dict[str, Json]:
    """Alertmanager's webhook format, version 4: receivers of it are there already."""
    firing = any(each.ended_at is None for each in alerts)
    return {
        "version": "4",
        "groupKey": f"nsw-adapter:{instance}",
        "truncatedAlerts": 0,
        "status": "firing" if firing else "resolved",
        "receiver": "nsw-adapter",
        "groupLabels": {},
        "commonLabels": {"job": "nsw-adapter", "instance": instance},
        "commonAnnotations": {},
        "externalURL": "",
        "alerts": [_alert(each, instance) for each in alerts],
    }


def _alert(alert: Alert, instance: str) -> dict[str, Json]:
    rule, about = alert.rule, {"use": alert.about} if alert.about else {}
    labels = {"alertname": alert.name.value, "severity": rule.severity.value, "instance": instance, **about}
    return {
        "status": "firing" if alert.ended_at is None else "resolved",
        "labels": labels,
        "annotations": {
            "summary": rule.summary.en,
            "summary_vi": rule.summary.vi,
            "action": rule.action,
            "value": f"{alert.value:g}",
        },
        "startsAt": _written(alert.began_at or alert.seen_at),
        "endsAt": _written(alert.ended_at) if alert.ended_at else _NOT_ENDED,
        "generatorURL": "",
        "fingerprint": hashlib.sha256(f"{instance} {alert.name.value} {alert.about}".encode()).hexdigest()[:16],
    }


def letter(alerts: Sequence[Alert], now: datetime, address: str, instance: str, domain: str) -> OutgoingLetter:
    """One letter about all of them: what began first, then what has ended."""
    began = [each for each in alerts if each.ended_at is None]
    ended = [each for each in alerts if each.ended_at is not None]
    urgent = any(each.rule.severity is Urgency.PAGE for each in began)
    counted = [f"{len(began)} cảnh báo"] * bool(began) + [f"{len(ended)} đã hết"] * bool(ended)
    subject = f"[nsw-adapter {instance}] {'KHẨN: ' if urgent else ''}{', '.join(counted)}"
    parts = [*map(_paragraph, began), *map(_paragraph, ended)]
    text = "\n\n".join([*parts, f"Máy chủ (machine): {instance}", "Thư tự động, không trả lời (sent by a program)."])
    told = "\n".join([text, _written(now)])
    drawn = hashlib.sha256(told.encode()).hexdigest()[:32]
    return OutgoingLetter(address, subject, text + "\n", message_id_of(drawn, domain), now)


def _paragraph(alert: Alert) -> str:
    rule, began = alert.rule, alert.began_at or alert.seen_at
    about = f" ({alert.about})" if alert.about else ""
    if alert.ended_at is not None:
        head = f"ĐÃ HẾT (over): {rule.summary.vi}{about} / {rule.summary.en}"
        return f"{head}\n  {_at(began)} – {_at(alert.ended_at)}"
    head = f"{rule.summary.vi}{about} / {rule.summary.en}"
    return f"{head}\n  từ (since) {_at(began)}; giá trị (value) {alert.value:g}\n  {rule.action}"


def _at(moment: datetime) -> str:
    return moment.astimezone(VIETNAM).strftime("%H:%M %d/%m/%Y")


def _written(moment: datetime) -> str:
    return moment.astimezone(VIETNAM).isoformat(timespec="seconds")


def as_rows(alerts: Sequence[Alert]) -> list[KeptAlert]:
    """For the file that keeps them."""
    return [
        KeptAlert(
            name=each.name.value,
            about=each.about,
            value=each.value,
            seen_at=_kept(each.seen_at),
            began_at=_kept(each.began_at) if each.began_at else None,
            gone_at=_kept(each.gone_at) if each.gone_at else None,
            ended_at=_kept(each.ended_at) if each.ended_at else None,
            told={way: KeptTold(at=_kept(said.at), is_end=said.is_end) for way, said in each.told.items()},
        )
        for each in alerts
    ]


def from_rows(rows: Sequence[KeptAlert]) -> tuple[Alert, ...]:
    """From the file; what cannot be read is left out."""
    found = []
    for row in rows:
        with suppress(ValueError):  # a name of another version, or no time
            found.append(_alert_of(row))
    return tuple(found)


def _alert_of(row: KeptAlert) -> Alert:
    return Alert(
        name=AlertName(row.name),
        about=row.about,
        value=row.value,
        seen_at=datetime.fromisoformat(row.seen_at),
        began_at=_read(row.began_at),
        gone_at=_read(row.gone_at),
        ended_at=_read(row.ended_at),
        told={way: ToldAlert(datetime.fromisoformat(said.at), said.is_end) for way, said in row.told.items()},
    )


def _kept(moment: datetime) -> str:
    return moment.astimezone(VIETNAM).isoformat()


def _read(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
