"""`check` of the machine that the daemon is to run on: its state folder and its ports."""

from __future__ import annotations

from collections.abc import Iterator

from adapter.bootstrap import Components
from adapter.gateways import ports
from adapter.gateways.state_folder import unwritable


def state_faults(components: Components) -> Iterator[str]:
    """With PostgreSQL nothing else would report it: fetched revocation data would be lost silently."""
    folder = components.settings.folders.state
    if reason := unwritable(folder):
        lost = "what is fetched of revocation is not kept over a restart"
        yield f"folders.state: {folder}: {reason}, so {lost}; make it writable for the service's user"


def health_port_fault(components: Components) -> str | None:
    """Faults that would prevent the daemon's start."""
    host, port = components.settings.web.health
    reason = ports.fault(host, port)
    where = f"web.health_port: {host}:{port} cannot be listened on"
    return f"{where} ({reason}), so the daemon does not begin; free it, or name another" if reason else None


def listener_faults(components: Components) -> Iterator[str]:
    """Faults of one listener's address; the other parts could start."""
    for name, stated in components.settings.web.listeners.items():
        if reason := ports.fault(stated.host, stated.port):
            where = f"web.{name}.port: {stated.host}:{stated.port} cannot be listened on"
            yield f"{where} ({reason}), so this listener does not open; free it, or name another"


def is_running(components: Components) -> bool:
    """Whether the daemon runs here already: then the ports are in use by itself."""
    host, port = components.settings.web.health
    return bool(port) and ports.daemon_answers(host, port)
