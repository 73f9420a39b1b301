"""The process of a listener: uvicorn around its app, watched and stopped by the supervisor's pulse. Needs no broker."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI

from adapter.bootstrap import House
from adapter.entrypoints.pulse import Pulse
from adapter.entrypoints.web.app import create_portal, create_staff
from adapter.entrypoints.web.patience import patient_protocol
from adapter.model.errors import Misconfigured, Unavailable
from adapter.settings import ListenerSettings

_ROUND_S = 2.0
_HEADER_BYTES = 16 * 1024
_BACKLOG = 512
_AT_ONCE = 200
"""Requests at once in each process; more are told to come back."""


@dataclass(frozen=True, slots=True)
class _Listener:
    """What a listener serves, and whether it cannot serve without a key that signs."""

    create: Callable[[House], FastAPI]
    signs: bool


_LISTENERS = {"portal": _Listener(create_portal, signs=True), "staff": _Listener(create_staff, signs=False)}


def serve(house: House, name: str, pulse: Pulse | None = None) -> None:
    """Serve as that listener until told to stop; requests that are under way are finished.

    Raises:
        Misconfigured: the address cannot be listened on, or a part cannot be loaded.
    """
    stated: ListenerSettings = getattr(house.settings.web, name)
    server = uvicorn.Server(configuration(house, name, stated.host, stated.port))
    over = threading.Event()
    if pulse is not None:
        watching = (house, pulse, server, over, _LISTENERS[name].signs)
        threading.Thread(target=_watch, args=watching, name="pulse", daemon=True).start()
    try:
        server.run(sockets=[_shared(stated.host, stated.port)] if stated.workers > 1 else None)
    except (SystemExit, OSError):
        where = f"web.{name}.host and web.{name}.port"
        raise Misconfigured(f"{where}: {stated.host}:{stated.port} cannot be listened on") from None
    finally:
        over.set()


def configuration(house: House, name: str, host: str, port: int) -> uvicorn.Config:
    """How uvicorn runs here: no access log (it would hold queries), no banner, trust in named proxies only."""
    stated: ListenerSettings = getattr(house.settings.web, name)
    proxies = list(stated.trusted_proxies)
    # Tracebacks of a request may quote what was sent; the app has recorded where it failed.
    logging.getLogger("uvicorn.error").addFilter(_without_traceback)
    return uvicorn.Config(
        _LISTENERS[name].create(house),
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


def _watch(house: House, pulse: Pulse, server: uvicorn.Server, over: threading.Event, signs: bool) -> None:
    """Tell the supervisor that we live and what we have; pass its word to stop on."""
    asked, keys = -1e9, True
    while not over.is_set():
        if pulse.stopping:
            server.should_exit = True
            return
        if server.started:
            if signs and time.monotonic() - asked >= house.settings.keys.look_s:
                asked, keys = time.monotonic(), _sign(house)
            new_keys = not signs or house.new_keys_taken()
            pulse.idle(database=house.database.reachable(), keys=keys, new_keys=new_keys)
        pulse.wait(_ROUND_S)


def _sign(house: House) -> bool:
    """Whether the door's keys can sign now."""
    try:
        house.keys_ready()
    except (Unavailable, Misconfigured):
        return False
    return True
