"""Makes notifications in the transaction of what they tell of: then none is lost, and none is made of nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from adapter.model.notification import NotificationKind


def notification_rows(
    kind: NotificationKind | None,
    numbers: Iterable[str],
    *,
    cause: str,
    words: Mapping[str, str],
    at: datetime,
    due_at: datetime | None = None,
    dossier_id: int | None = None,
    outbox_id: int | None = None,
) -> list[dict[str, object]]:
    """A row for each of these numbers; none where nothing is told on such an occasion.

    `cause` names what it tells of: whoever was told of it is not told again. `words` fill its text.
    """
    if kind is None:
        return []
    whole = {
        "kind": kind.name,
        "cause": cause,
        "dossier_id": dossier_id,
        "outbox_id": outbox_id,
        "words": dict(words),
        "created_at": at,
        "due_at": due_at,
        "spread_at": None if kind.mail is not None else at,
    }
    return [{"number": number, **whole} for number in sorted(set(numbers))]
