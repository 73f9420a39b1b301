"""Which parties of the test PKI are registered with the portal (Article 6(3))."""

from __future__ import annotations

from datetime import datetime

from adapter.bootstrap import Components
from adapter.gateways.store.certificates import Office
from adapter.services.registers.certificates import Registration
from adapter.simulator.parties import SIGNERS
from adapter.simulator.pki import Pki
from tests.harness.fixtures import CLOCK
from tests.harness.people import TESTER

SINCE = CLOCK.replace(month=1)
"""From when on."""
UNREGISTERED = ("unregistered", "expired", "not-yet", "stranger", "self-signed")


def declarants() -> list[str]:
    """The parties whose certificates name a declarant and are registered."""
    numbered = (name for name, spec in SIGNERS.items() if spec.identity or spec.organization_identifier)
    return [name for name in numbered if name not in UNREGISTERED]


def register_declarants(components: Components, pki: Pki, *, since: datetime = SINCE) -> None:
    """Register them all, without the commands."""
    found = [(name, pki.party(name).certificate) for name in declarants()]
    components.registry.register(found, Registration(Office.PORTAL, since), actor=TESTER)
