"""The stored alerts: a file in the state folder, written whole or not at all; it needs no database.

An outage of the database is an alert as well, and a restart must not send all alerts again.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from adapter.gateways.whole_file import write_whole


class KeptTold(BaseModel):
    """What one channel was sent last; times are ISO 8601."""

    model_config = ConfigDict(frozen=True, strict=True)

    at: str
    is_end: bool


class KeptAlert(BaseModel):
    """An alert as it is written down; times are ISO 8601."""

    model_config = ConfigDict(frozen=True, strict=True)

    name: str
    about: str
    value: float
    seen_at: str
    began_at: str | None
    gone_at: str | None
    ended_at: str | None
    told: dict[str, KeptTold]


@dataclass(frozen=True, slots=True)
class AlertFile:
    """All of them in one file, as JSON."""

    file: Path

    def load(self) -> list[KeptAlert]:
        """What was kept; none where there is no file, or one that is not whole.

        What another version has written and cannot be read is left out: current problems are found again.
        """
        try:
            kept = orjson.loads(self.file.read_bytes())
        except (OSError, ValueError):
            return []
        found = []
        for each in kept if isinstance(kept, list) else []:
            with suppress(ValidationError):
                found.append(KeptAlert.model_validate(each))
        return found

    def save(self, rows: Sequence[KeptAlert]) -> None:
        """Replace the stored alerts. A folder that cannot be written costs only the memory of alerts."""
        with suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self.file, orjson.dumps([each.model_dump() for each in rows]))
