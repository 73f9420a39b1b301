"""What every process that serves HTTP has in common: how uvicorn runs here, and the supervisor's pulse beside it."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

import uvicorn

from adapter.bootstrap import Components
from adapter.entrypoints.pulse import Pulse
from adapter.model.errors import Misconfigured, Unavailable

_ROUND_S = 2.0
AT_ONCE = 200
"""Concurrent requests in each process; further ones get 503."""


def configuration(app: Any, **others: Any) -> uvicorn.Config:
    """How uvicorn runs here: no access log (it would hold queries), no banner, a bounded number of requests."""
    # Tracebacks of a request may quote what was sent; the app has recorded where it failed.
    logging.getLogger("uvicorn.error").addFilter(_without_traceback)
    return uvicorn.Config(
        app,
        loop="uvloop",
        access_log=False,
        log_config=None,
        server_header=False,
        limit_concurrency=AT_ONCE,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=20,
        lifespan="off",
        ws="none",
        **others,
    )


def watched(components: Components, pulse: Pulse, server: uvicorn.Server) -> threading.Event:
    """Keep the supervisor informed until `set`: alive, facts, and pass on its request to stop."""
    over = threading.Event()
    threading.Thread(target=_watch, args=(components, pulse, server, over), name="pulse", daemon=True).start()
    return over


def _without_traceback(record: logging.LogRecord) -> bool:
    record.exc_info = record.exc_text = None
    return True


def _watch(components: Components, pulse: Pulse, server: uvicorn.Server, over: threading.Event) -> None:
    asked, keys = -1e9, True
    while not over.is_set():
        if pulse.stopping:
            server.should_exit = True
            return
        if server.started:
            if time.monotonic() - asked >= components.settings.keys.look_s:
                asked, keys = time.monotonic(), _sign(components)
            at_hand = {"database": components.database.reachable(), "decisions": components.decides()}
            pulse.idle(**at_hand, keys=keys, new_keys=components.new_keys_taken())
        pulse.wait(_ROUND_S)


def _sign(components: Components) -> bool:
    """Whether the keys of this process can sign now; true for a process that holds none."""
    try:
        components.keys_ready()
    except (Unavailable, Misconfigured):
        return False
    return True
