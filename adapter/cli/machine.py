"""What `check` says of the machine that the daemon is to run on: its state folder and its ports."""

from __future__ import annotations

from collections.abc import Iterator

from adapter.bootstrap import House
from adapter.gateways import ports
from adapter.gateways.state_folder import unwritable


def state_faults(house: House) -> Iterator[str]:
    """With PostgreSQL nobody else tells it: what is fetched of revocation is lost in silence."""
    folder = house.settings.folders.state
    if reason := unwritable(folder):
        lost = "what is fetched of revocation is not kept over a restart"
        yield f"folders.state: {folder}: {reason}, so {lost}; make it writable for the service's user"


def health_port_fault(house: House) -> str | None:
    """Why the daemon could not begin."""
    web = house.settings.web
    reason = ports.fault(web.host, web.health_port)
    where = f"web.health_port: {web.host}:{web.health_port} cannot be listened on"
    return f"{where} ({reason}), so the daemon does not begin; free it, or name another" if reason else None


def web_port_fault(house: House) -> str | None:
    """Why the second door could not open; the other parts do."""
    web = house.settings.web
    reason = ports.fault(web.host, web.port) if web.enabled else None
    where = f"web.port: {web.host}:{web.port} cannot be listened on"
    return f"{where} ({reason}), so the second door does not open; free it, or name another" if reason else None


def is_running(house: House) -> bool:
    """Whether the daemon runs here already: then its ports are its own."""
    web = house.settings.web
    return bool(web.health_port) and ports.daemon_answers(web.host, web.health_port)
