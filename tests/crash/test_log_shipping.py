"""The example for rsyslog (`deploy/rsyslog`), run by rsyslog on a journal to which the adapter logs as a service."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from adapter.simulator import pki
from adapter.simulator.pki import IssuedTlsFiles
from tests.harness import configuration
from tests.harness.pki import ROOT
from tests.servers import journal
from tests.servers.process import free_ports, last_lines, wait_until

EXAMPLE = ROOT / "deploy" / "rsyslog" / "nsw-adapter.conf"
UNIT = "nsw-adapter.service"
PATIENCE_S = 180.0
_ENOUGH = 5


@pytest.fixture
def files(tmp_path: Path) -> IssuedTlsFiles:
    return pki.make_tls(tmp_path / "tls")


@contextmanager
def collector(port: int, files: IssuedTlsFiles) -> Iterator[list[bytes]]:
    """Takes lines over TLS until left."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.server, files.server_key)
    lines: list[bytes] = []

    def take(opened: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(opened, server_side=True) as secure, secure.makefile("rb") as read:
            lines.extend(read)

    def listen(listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                opened, _ = listening.accept()
                threading.Thread(target=take, args=(opened,), daemon=True).start()

    with socket.create_server(("127.0.0.1", port)) as listening:
        threading.Thread(target=listen, args=(listening,), daemon=True).start()
        yield lines
        listening.shutdown(socket.SHUT_RDWR)


def example(folder: Path, port: int, files: IssuedTlsFiles) -> Path:
    """The example as it is delivered, but for places: collector, authority, folder."""
    text = EXAMPLE.read_text(encoding="utf-8")
    for stated, here in {
        'target="logs.example.vn" port="6514"': f'target="localhost" port="{port}"',
        'streamDriverPermittedPeers="logs.example.vn"': 'streamDriverPermittedPeers="localhost"',
        "/etc/ssl/certs/collector-ca.pem": str(files.ca),
        "/var/spool/rsyslog": str(folder),
    }.items():
        assert stated in text
        text = text.replace(stated, here)
    config = folder / "rsyslog.conf"
    config.write_text(text, encoding="utf-8")
    return config


@pytest.mark.slow
@pytest.mark.skipif(not journal.is_possible(), reason="only root may mount, and the kernel must allow namespaces")
def test_each_line_of_the_log_comes_to_the_collector_whole_also_when_it_was_away(
    tmp_path: Path, files: IssuedTlsFiles
) -> None:
    (port,) = free_ports(1)
    adapter = f"exec {Path(sys.executable).with_name('nsw-adapter')} run --config {configuration.write(tmp_path)}"
    long = json.dumps(
        {"event": "x", "level": "info", "timestamp": "", "reason": "Hữu Nghị \t" * 2000}, ensure_ascii=False
    )
    (tmp_path / "long").write_text(f"{long}\n", encoding="utf-8")
    command = ["sh", "-c", f"cat {tmp_path / 'long'}; {adapter}"]
    entered = journal.entered(tmp_path, example(tmp_path, port, files), UNIT, *command)
    inside = subprocess.Popen(entered, cwd=ROOT, stdin=subprocess.PIPE)
    assert inside.stdin is not None
    try:
        # Only now: what was logged while nobody listened waits.
        with collector(port, files) as lines:
            arrived = wait_until(lambda: len(lines) > _ENOUGH, seconds=PATIENCE_S)
            assert arrived, last_lines(tmp_path / "rsyslog.log")
            inside.stdin.close()
            assert inside.wait(PATIENCE_S) == 0
    finally:
        inside.kill()
        inside.wait()
    written = (tmp_path / "journal.txt").read_bytes().splitlines()
    assert len(lines) > _ENOUGH
    for line in lines:
        machine, at, message = line.rstrip(b"\n").split(b" ", 2)
        assert machine == socket.gethostname().encode()
        assert at.startswith(b"20")
        assert message in written, "as it stands in the journal, byte for byte"
        assert {"event", "level", "timestamp"} <= set(json.loads(message))
