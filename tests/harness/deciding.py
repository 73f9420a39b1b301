"""The part that decides, answering on its Unix socket in a thread of this process; and what a caller has shown."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from adapter.bootstrap import Components
from adapter.entrypoints import serving
from adapter.entrypoints.decisions.app import create_decisions
from adapter.entrypoints.decisions.serve import listening
from adapter.services.decisions.shown import SHOWN, Shown
from tests.servers.process import wait_until


@contextmanager
def deciding(whole: Components) -> Iterator[None]:
    """It answers until left."""
    with listening(whole.decisions_folder) as place:
        server = uvicorn.Server(serving.configuration(create_decisions(whole)))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [place]})
        thread.start()
        try:
            assert wait_until(lambda: server.started, seconds=120)
            yield
        finally:
            server.should_exit = True
            thread.join(120)


@contextmanager
def showing(shown: Shown | None) -> Iterator[None]:
    """As the web keeps it for the length of a request."""
    kept = SHOWN.set(shown)
    try:
        yield
    finally:
        SHOWN.reset(kept)
