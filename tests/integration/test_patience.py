"""Connections that say nothing, or a letter now and then: they end after seconds, and shut nobody else out."""

from __future__ import annotations

import json
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from adapter.bootstrap import assemble
from adapter.entrypoints.health import Health
from adapter.entrypoints.web.serve import configuration as web_configuration
from adapter.model.events import Event
from adapter.services.access.tokens import Machine
from tests.harness import configuration
from tests.harness.people import TESTER
from tests.harness.stores import ensure_tables
from tests.servers.process import free_ports, wait_until

MANY = 205
PATIENCE_S = 90.0
Told = list[tuple[Event, dict[str, object]]]


@pytest.fixture
def health() -> Iterator[int]:
    made = Health("127.0.0.1", 0)
    made.parts = {"web-0": {"alive": True, "database": True, "keys": True}}
    made.start()
    yield made.port
    made.stop()


@pytest.fixture
def told() -> Told:
    return []


@pytest.fixture
def token() -> list[str]:
    return []


@pytest.fixture
def door(tmp_path: Path, told: Told, token: list[str]) -> Iterator[int]:
    (port,) = free_ports(1)
    whole = assemble(configuration.write(tmp_path), observe=lambda event, /, **fields: told.append((event, fields)))
    ensure_tables(whole.database)
    token.append(whole.tokens.issue(Machine.DECLARANT, "slow", "001085012345", actor=TESTER)[1])
    server = uvicorn.Server(web_configuration(whole, "portal", "127.0.0.1", port))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert wait_until(lambda: server.started, seconds=PATIENCE_S)
    yield port
    server.should_exit = True
    thread.join(PATIENCE_S)
    whole.database.close()


@pytest.fixture(params=["health", "door"])
def port(request: pytest.FixtureRequest) -> int:
    found: int = request.getfixturevalue(request.param)
    return found


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)


def is_over(connection: socket.socket) -> bool:
    """Whether the other side has ended it."""
    connection.setblocking(False)
    try:
        return connection.recv(4096) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_many_connections_without_a_byte_shut_nobody_out_and_end(port: int) -> None:
    idle = [connected(port) for _ in range(MANY)]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE_S) as answer:
        assert answer.status == 200
    assert wait_until(lambda: all(map(is_over, idle)), seconds=PATIENCE_S)
    for each in idle:
        each.close()


def test_a_request_that_comes_letter_by_letter_ends(port: int) -> None:
    slow = connected(port)
    slow.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    until = time.monotonic() + PATIENCE_S
    slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
    while not is_over(slow):
        assert time.monotonic() < until, "it is still open"
        slow.setblocking(True)
        try:
            slow.sendall(b"X")
        except OSError:
            break
        time.sleep(1.0)
    slow.close()


def test_two_requests_on_one_connection_are_answered(door: int) -> None:
    both = connected(door)
    both.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 2)
    said = b""
    while said.count(b'{"status":"alive"}') < 2:
        chunk = both.recv(65536)
        assert chunk, said
        said += chunk
    both.close()


def test_a_caller_who_hangs_up_is_no_fault_of_ours(door: int, told: Told, token: list[str]) -> None:
    caller = connected(door)
    caller.sendall(
        b"POST /api/v1/declarations HTTP/1.1\r\nHost: x\r\nContent-Type: application/xml\r\nContent-Length: 1000\r\n"
        + f"Authorization: Bearer {token[0]}\r\n\r\n<half".encode()
    )
    time.sleep(0.5)
    caller.close()
    assert wait_until(lambda: any(event is Event.REQUEST for event, _ in told), seconds=PATIENCE_S)
    assert [fields["status"] for event, fields in told if event is Event.REQUEST] == [499]
    assert [event for event, _ in told if event is Event.REQUEST_FAILED] == []


def test_the_health_page_answers_in_json(health: int) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{health}/readyz", timeout=PATIENCE_S) as answer:
        assert json.load(answer)["missing"] == []
