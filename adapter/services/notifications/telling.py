"""Makes notifications in the transaction of what they tell of: then none is lost, and none is made of nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from adapter.model.notification import IN_ENGLISH, NotificationKind
from adapter.model.procedure import Label


def notification_rows(
    kind: NotificationKind | None,
    numbers: Iterable[str],
    *,
    cause: str,
    words: Mapping[str, str | Label],
    at: datetime,
    due_at: datetime | None = None,
    dossier_id: int | None = None,
    outbox_id: int | None = None,
) -> list[dict[str, object]]:
    """A row for each of these numbers; none where nothing is told on such an occasion.

    `cause` names what it tells of: whoever was told of it is not told again. `words` fill its text; what is
    said otherwise in each language is a `Label`.
    """
    if kind is None:
        return []
    whole = {
        "kind": kind.name,
        "cause": cause,
        "dossier_id": dossier_id,
        "outbox_id": outbox_id,
        "words": _stored(words),
        "created_at": at,
        "due_at": due_at,
        "spread_at": None if kind.mail is not None else at,
    }
    return [{"number": number, **whole} for number in sorted(set(numbers))]


def _stored(words: Mapping[str, str | Label]) -> dict[str, str]:
    """As JSON keeps them: the English of a word stands beside it, under its name with `IN_ENGLISH`."""
    kept: dict[str, str] = {}
    for name, said in words.items():
        kept |= {name: said.vi, f"{name}{IN_ENGLISH}": said.en} if isinstance(said, Label) else {name: said}
    return kept
