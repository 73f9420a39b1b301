"""The question to trust, and its answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adapter.model.finding import Finding
from adapter.model.stages import Signer


@dataclass(frozen=True, slots=True)
class Moments:
    """The times a signature is judged at, all aware: when it was received, when its signer says that he made it, and
    the latest time at which it is proven (RFC 3161) to have existed."""

    received: datetime
    claimed: datetime | None = None
    proven: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who signed, or None, and what was found: warnings beside a signer, faults instead of one."""

    signer: Signer | None
    findings: tuple[Finding, ...] = ()
