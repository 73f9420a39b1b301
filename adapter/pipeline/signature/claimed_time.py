"""The time at which a signer says that he signed: xsd:dateTime, in XAdES or in a plain ds:Object."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from adapter.pipeline.envelope import VIETNAM

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class SigningTime:
    """A claim: it counts only because the signature covers it, and only near reception or a proven time."""

    at: datetime
    """With a zone."""
    zone_assumed: bool
    """It was written without one: it is read as Asia/Ho_Chi_Minh, and that is told."""


def signing_time(text: str) -> SigningTime:
    """Read a time with up to nine digits of a second (.NET writes seven).

    Raises:
        ValueError: it is no such time.
    """
    # Years at the calendar's ends overflow when they are moved to another zone; nobody signs there.
    if not _TIME.fullmatch(text) or not 1900 <= int(text[:4]) < 9999:
        raise ValueError("not a time of signing")
    at = datetime.fromisoformat(text)
    return SigningTime(at if at.tzinfo else at.replace(tzinfo=VIETNAM), at.tzinfo is None)
