"""What people call an incident of the window: the notice of its manager, else what told us of it, and when it began.

A transfer and the signed report name it by `windows.incident_name`, which stays the same word in every language.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from adapter.model.procedure import Label
from adapter.pipeline.envelope import hour_and_day

_SOURCES: Mapping[str, Label] = {
    "broker": Label("mất kết nối RabbitMQ", "RabbitMQ is away"),
    "heartbeat": Label("không còn tín hiệu của Cổng", "no sign of the window"),
    "notice": Label("thông báo của đơn vị quản lý Cổng", "a notice of its manager"),
    "maintenance": Label("bảo trì đã báo trước", "announced maintenance"),
    "override": Label("người vận hành xác định", "an operator's word"),
    "confirmed": Label("người vận hành xác nhận nghi ngờ", "a suspicion that an operator confirmed"),
}
_NOT_KNOWN = Label("chưa rõ nguồn", "source not known")


def source(cause: str) -> Label:
    """What told us of an incident, by its stored cause."""
    return _SOURCES.get(cause, _NOT_KNOWN)


def called(cause: str, began_at: datetime, notice: str | None) -> Label:
    """An incident by the number of its notice; where there is none, by its beginning and what told us of it."""
    if notice:
        return Label(f"theo thông báo {notice}", f"of notice {notice}")
    told, began = source(cause), hour_and_day(began_at)
    return Label(f"từ {began} ({told.vi})", f"since {began} ({told.en})")
