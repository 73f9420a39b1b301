"""The web process: uvicorn around the app, watched and stopped by the supervisor's pulse. Needs no broker."""

from __future__ import annotations

import logging
import socket
import threading
import time

import uvicorn

from adapter.bootstrap import House
from adapter.entrypoints.pulse import Pulse
from adapter.entrypoints.web.app import create_app
from adapter.entrypoints.web.patience import patient_protocol
from adapter.model.errors import Misconfigured, Unavailable

_ROUND_S = 2.0
_HEADER_BYTES = 16 * 1024
_BACKLOG = 512
_AT_ONCE = 200
"""Requests at once in each process; more are told to come back."""


def serve(house: House, pulse: Pulse | None = None) -> None:
    """Serve until told to stop; requests that are under way are finished.

    Raises:
        Misconfigured: the address cannot be listened on, or a part cannot be loaded.
    """
    stated = house.settings.web
    server = uvicorn.Server(configuration(house, stated.host, stated.port))
    over = threading.Event()
    if pulse is not None:
        threading.Thread(target=_watch, args=(house, pulse, server, over), name="pulse", daemon=True).start()
    try:
        server.run(sockets=[_shared(stated.host, stated.port)] if stated.workers > 1 else None)
    except (SystemExit, OSError):
        raise Misconfigured(f"web.host and web.port: {stated.host}:{stated.port} cannot be listened on") from None
    finally:
        over.set()


def configuration(house: House, host: str, port: int) -> uvicorn.Config:
    """How uvicorn runs here: no access log (it would hold queries), no banner, trust in named proxies only."""
    proxies = list(house.settings.web.trusted_proxies)
    # Tracebacks of a request may quote what was sent; the app has recorded where it failed.
    logging.getLogger("uvicorn.error").addFilter(_without_traceback)
    return uvicorn.Config(
        create_app(house),
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        limit_concurrency=_AT_ONCE,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=20,
        lifespan="off",
        ws="none",
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


def _without_traceback(record: logging.LogRecord) -> bool:
    record.exc_info = record.exc_text = None
    return True


def _watch(house: House, pulse: Pulse, server: uvicorn.Server, over: threading.Event) -> None:
    """Tell the supervisor that we live and what we have; pass its word to stop on."""
    asked, keys = -1e9, True
    while not over.is_set():
        if pulse.stopping:
            server.should_exit = True
            return
        if server.started:
            if time.monotonic() - asked >= house.settings.keys.look_s:
                asked, keys = time.monotonic(), _sign(house)
            pulse.idle(database=house.database.reachable(), keys=keys, new_keys=house.new_keys_taken())
        pulse.wait(_ROUND_S)


def _sign(house: House) -> bool:
    """Whether the door's keys can sign now."""
    try:
        house.keys_ready()
    except (Unavailable, Misconfigured):
        return False
    return True
