"""The process of the part that decides: it alone of what serves the web opens keys of the system and of units.

It listens on a Unix socket in a folder that only its user may enter. A reload starts the new one beside the old one:
each has a socket of its own.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import uvicorn

from adapter.bootstrap import Components
from adapter.entrypoints.decisions.app import create_decisions
from adapter.entrypoints.pulse import Pulse
from adapter.entrypoints.serving import configuration, watched
from adapter.gateways.decisions.line import SUFFIX, folder_open, in_folder
from adapter.model.errors import Misconfigured

_BACKLOG = 512


def serve(components: Components, pulse: Pulse) -> None:
    """Serve until told to stop; what is under way is finished.

    Raises:
        Misconfigured: the folder of the sockets cannot be used, or a part cannot be loaded.
    """
    # The quick parser has no bound of headers: only our own processes reach this socket.
    server = uvicorn.Server(configuration(create_decisions(components), http="httptools"))
    with listening(components.decisions_folder) as place:
        over = watched(components, pulse, server)
        try:
            server.run(sockets=[place])
        finally:
            over.set()


@contextmanager
def listening(folder: Path) -> Iterator[socket.socket]:
    """A socket in the folder that is found there until left.

    Raises:
        Misconfigured: the folder cannot be used.
    """
    made, name = _listen(folder)
    try:
        yield made
    finally:
        made.close()
        with suppress(OSError):
            name.unlink()


def _listen(folder: Path) -> tuple[socket.socket, Path]:
    """A socket of this process's own in the folder, which nobody finds before it listens."""
    name, being_made = folder / f"{os.getpid()}{SUFFIX}", folder / f"{os.getpid()}.new"
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _prepare(folder)
        being_made.unlink(missing_ok=True)
        with _opened(folder) as descriptor:
            made.bind(in_folder(descriptor, being_made.name))
        being_made.chmod(0o600)
        made.listen(_BACKLOG)
        being_made.rename(name)
    except OSError as error:
        made.close()
        raise Misconfigured(f"decisions.folder: {folder} cannot be listened in: {error.strerror}") from None
    return made, name


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = folder_open(folder)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _prepare(folder: Path) -> None:
    """The folder is its user's alone; what a process left that was killed is taken away."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        folder.chmod(0o700)
    for left in folder.glob(f"*{SUFFIX}"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
            asked.setblocking(False)  # whoever has too much to do is there
            try:
                with _opened(folder) as descriptor:
                    asked.connect(in_folder(descriptor, left.name))
            except ConnectionRefusedError:
                left.unlink(missing_ok=True)
            except OSError:
                continue
