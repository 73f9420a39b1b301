"""What is asked of a large store: numbers, papers, names and messages that it holds, drawn evenly by a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from adapter.gateways.store.database import Connection, Database
from adapter.model.errors import NotAllowed
from adapter.model.identifiers import DossierKey
from adapter.pipeline.envelope import VIETNAM
from adapter.services.registers.party_numbers import number_of

SHARE = 0.5
"""Per cent of a table's pages that are looked at for keys; all of a small one."""
_FIRM = (
    "SELECT value FROM search_key TABLESAMPLE SYSTEM (5) REPEATABLE (7) WHERE kind = 'tax_code' "
    "GROUP BY value ORDER BY count(*) DESC, value LIMIT 1"
)
_MESSAGES = "SELECT public_id, digest, message_id, sender, received_at, findings FROM inbox WHERE id = ANY(:ids)"


@dataclass(frozen=True, slots=True)
class Samples:
    """Of each so many as were asked for, or fewer."""

    dossiers: Sequence[DossierKey]
    """Of the unit whose officers ask."""
    confirmations: Sequence[str]
    papers: Sequence[str]
    parties: Sequence[str]
    names: Sequence[str]
    plates: Sequence[str]
    messages: Sequence[str]
    """Our ids of messages."""
    digests: Sequence[str]
    sent_ids: Sequence[str]
    """Their senders' ids of them."""
    senders: Sequence[str]
    moments: Sequence[str]
    """When they were received: the hour, as the console's fields write it (Vietnam)."""
    codes: Sequence[str]
    """Of findings about them."""
    answers: Sequence[str]
    """Ids of answers of ours."""
    firm: str
    """The tax code that most dossiers state."""


def drawn(database: Database, unit: str, count: int) -> Samples:
    """Draw them."""
    with database.reading() as connection:
        keys = {kind: _keys(connection, kind, count) for kind in ("paper", "name", "plate")}
        parties = [each for each in _keys(connection, "party", 30 * count) if _is_number(each)][:count]
        firm = connection.execute(text(_FIRM)).scalar_one()
        drawn_ids = _ids(connection, "dossier", 4 * count)
        query = "SELECT number, year, confirmation_number FROM dossier WHERE id = ANY(:ids) AND unit = :unit"
        rows = list(connection.execute(text(query), {"ids": drawn_ids, "unit": unit}))
        messages = list(
            connection.execute(
                text(_MESSAGES),
                {"ids": _ids(connection, "inbox", count)},
            )
        )
        answers = connection.execute(
            text("SELECT message_id FROM outbox WHERE id = ANY(:ids)"), {"ids": _ids(connection, "outbox", count)}
        ).scalars()
        answered = list(answers)
    return Samples(
        dossiers=[DossierKey(row.number, row.year) for row in rows][:count],
        confirmations=[row.confirmation_number for row in rows if row.confirmation_number],
        papers=keys["paper"],
        parties=parties,
        names=[each for each in keys["name"] if " " in each],
        plates=keys["plate"],
        messages=[row.public_id for row in messages if row.public_id],
        digests=[row.digest for row in messages if row.digest],
        sent_ids=[row.message_id for row in messages if row.message_id],
        senders=sorted({row.sender for row in messages}),
        moments=[f"{row.received_at.astimezone(VIETNAM):%Y-%m-%dT%H}:00" for row in messages],
        codes=sorted({each["code"] for row in messages for each in row.findings}) or ["BQP204"],
        answers=answered,
        firm=firm,
    )


def _ids(connection: Connection, table: str, count: int) -> list[int]:
    """Ids of rows that there are: the next ones from places between the first and the last."""
    first, last = connection.execute(text(f"SELECT min(id), max(id) FROM {table}")).one()
    draw = random.Random(f"{table}")
    query = text(f"SELECT id FROM {table} WHERE id >= :place ORDER BY id LIMIT 1")
    places = (draw.randint(first, last) for _ in range(count))
    return [connection.execute(query, {"place": place}).scalar_one() for place in places]


def _is_number(value: str) -> bool:
    try:
        return number_of(value) == value
    except NotAllowed:
        return False


def _keys(connection: Connection, kind: str, count: int) -> list[str]:
    """Values that differ, in an order of chance: what many dossiers have is drawn no oftener than what one has."""
    one = "SELECT value FROM search_key {sample} WHERE kind = :kind GROUP BY value ORDER BY md5(value) LIMIT :count"
    sampled = one.format(sample=f"TABLESAMPLE SYSTEM ({SHARE}) REPEATABLE (7)")
    found = list(connection.execute(text(sampled), {"kind": kind, "count": count}).scalars())
    if len(found) < count:
        plain = text(one.format(sample=""))
        found = found or list(connection.execute(plain, {"kind": kind, "count": count}).scalars())
    return found
