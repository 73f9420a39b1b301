"""A conversation is over after its time, whatever the other side does."""

from __future__ import annotations

import socket
from types import SimpleNamespace

from adapter.gateways.time_bound import within


def test_a_socket_that_comes_after_the_time_is_shut_too() -> None:
    """A server that was slow to open the line, or to agree on TLS, gets no time without an end for the rest."""
    connection = SimpleNamespace(sock=None)
    ours, theirs = socket.socketpair()
    ours.settimeout(30)
    with ours, theirs, within(0.01, connection):
        assert _is_shut(connection, ours)
        again, other = socket.socketpair()
        again.settimeout(30)
        with again, other:
            assert _is_shut(connection, again)


def _is_shut(connection: SimpleNamespace, sock: socket.socket) -> bool:
    """Nothing comes and nobody hangs up: what ends the reading is the bound."""
    connection.sock = sock
    return sock.recv(1) == b""
