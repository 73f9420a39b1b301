"""The premises of one installation: a folder, the test PKI, a configuration derived from config.yaml.

Everything is written below the one folder; nothing outside it is touched.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapter.simulator.pki import Pki
from tests.harness import configuration
from tests.harness.configuration import NO_BROKER
from tests.harness.fixtures import CLOCK
from tests.harness.pki import shared_pki
from tests.servers.process import free_ports

NO_PAGES = {"web.portal.enabled": False, "web.staff.enabled": False}
"""For proofs through the broker alone: no process for declarants, staff or what decides for them."""


@dataclass(frozen=True, slots=True)
class Premises:
    """A furnished place: `config` is the file that the daemon and every command read."""

    folder: Path
    pki: Pki
    config: Path
    broker_url: str
    door_url: str
    staff_url: str
    health_url: str


def furnish(
    folder: Path,
    changes: Mapping[str, Any] | None = None,
    *,
    pki: Pki | None = None,
    broker_url: str = NO_BROKER,
    database_url: str | None = None,
) -> Premises:
    """Write the configuration: config.yaml with its own database, ports, keys, a short patience, a standing clock."""
    door, staff, health = free_ports(3)
    own = {
        "broker.url": broker_url,
        # An outage of seconds is to be an incident, and its end is to be seen as soon.
        "window.broker_down_s": 2.0,
        "window.suspect_s": 1.0,
        "window.back_s": 1.0,
        # The fixtures are received at one instant, or their time limits would depend on the day.
        "clock.unsafe_frozen": CLOCK.isoformat(),
        "clock.tick_s": 0.25,
        "web.portal.port": door,
        "web.staff.port": staff,
        "web.health_port": health,
        "web.portal.enabled": True,
    }
    config = configuration.write(folder, own | dict(changes or {}), pki=pki, database_url=database_url)
    base = "http://127.0.0.1"
    urls = (f"{base}:{port}" for port in (door, staff, health))
    return Premises(folder, pki or shared_pki(), config, broker_url, *urls)


def clear(folder: Path) -> None:
    """Remove what an earlier use left."""
    shutil.rmtree(folder, ignore_errors=True)
