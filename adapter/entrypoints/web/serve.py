"""The process of a listener: uvicorn around its app, watched and stopped by the supervisor's pulse. Needs no broker."""

from __future__ import annotations

import socket

import uvicorn

from adapter.bootstrap import Components
from adapter.entrypoints import serving
from adapter.entrypoints.pulse import Pulse
from adapter.entrypoints.web.app import create_portal, create_staff
from adapter.entrypoints.web.patience import patient_protocol
from adapter.model.errors import Misconfigured
from adapter.settings import ListenerSettings

_HEADER_BYTES = 16 * 1024
_BACKLOG = 512
_CREATED = {"portal": create_portal, "staff": create_staff}


def serve(components: Components, name: str, pulse: Pulse) -> None:
    """Serve as that listener until told to stop; requests that are under way are finished.

    Raises:
        Misconfigured: the address cannot be listened on, or a part cannot be loaded.
    """
    stated: ListenerSettings = getattr(components.settings.web, name)
    server = uvicorn.Server(configuration(components, name, stated.host, stated.port))
    over = serving.watched(components, pulse, server)
    try:
        server.run(sockets=[_shared(stated.host, stated.port)] if stated.workers > 1 else None)
    except (SystemExit, OSError):
        where = f"web.{name}.host and web.{name}.port"
        raise Misconfigured(f"{where}: {stated.host}:{stated.port} cannot be listened on") from None
    finally:
        over.set()


def configuration(components: Components, name: str, host: str, port: int) -> uvicorn.Config:
    """How uvicorn runs here: slow connections end, and named proxies alone are trusted."""
    stated: ListenerSettings = getattr(components.settings.web, name)
    proxies = list(stated.trusted_proxies)
    return serving.configuration(
        _CREATED[name](components),
        host=host,
        port=port,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        http=patient_protocol(),
        h11_max_incomplete_event_size=_HEADER_BYTES,
        backlog=_BACKLOG,
    )


def _shared(host: str, port: int) -> socket.socket:
    """A socket of this process's own on a port that others of ours listen on too: the kernel spreads the connections.

    Raises:
        OSError: somebody else has the port.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG, reuse_port=True)
