"""What the XAdES forms of fixtures are signed with: five minutes before every fixture is received, stamped then."""

from __future__ import annotations

from datetime import datetime

from adapter.simulator.pki import Pki
from adapter.simulator.xades import Qualified, Tweak

SIGNED_AT = datetime.fromisoformat("2026-03-02T07:10:00+07:00")


def qualified(
    pki: Pki, *, at: datetime = SIGNED_AT, timestamper: str = "timestamper", tweak: Tweak | None = None
) -> Qualified:
    """What `sign_message` needs for a XAdES form; the others do without."""
    return Qualified(at=at, timestamper=pki.party(timestamper), tweak=tweak)
