"""Servers that certification authorities run: an OCSP responder (openssl ocsp), a web server for CRLs, good and bad."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.harness.authority import Authority, key_pem
from tests.servers.process import MARK, free_ports, wait_until


@dataclass
class Page:
    """What one path answers, and how badly."""

    body: bytes = b""
    status: int = 200
    location: str | None = None
    silent_s: float = 0.0
    """Silence before the first byte."""
    drip_s: float = 0.0
    """Pause after each byte."""
    length: int | None = None
    """A Content-Length that is not true."""


@dataclass
class WebServer:
    """Pages by path; `asked` lists the paths that were asked for."""

    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    port: int = 0
    _stopped: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str, *, host: str = "127.0.0.1") -> str:
        """The URL of a path."""
        return f"http://{host}:{self.port}{path}"

    @contextmanager
    def running(self) -> Iterator[WebServer]:
        """Listen until the block ends."""
        server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        server.daemon_threads = True
        self.port = server.server_address[1]
        self._stopped.clear()
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._stopped.set()
            server.shutdown()
            server.server_close()
            thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        mine = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mine.asked.append(self.path)
                page = mine.pages.get(self.path, Page(b"not here", status=404))
                mine._stopped.wait(page.silent_s)
                self.send_response(page.status)
                if page.location:
                    self.send_header("Location", page.location)
                self.send_header("Content-Length", str(len(page.body) if page.length is None else page.length))
                self.end_headers()
                if not page.drip_s:
                    self.wfile.write(page.body)
                    return
                for number in range(len(page.body)):
                    if mine._stopped.wait(page.drip_s):
                        return
                    self.wfile.write(page.body[number : number + 1])

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", "0")))
                self.do_GET()

            def handle(self) -> None:
                with contextlib.suppress(OSError):  # the client had enough
                    super().handle()

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        return Handler


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the authority's index: None for since means that it is good."""

    since: datetime | None = None
    reason: str | None = None


@contextmanager
def ocsp_responder(
    folder: Path,
    authority: Authority,
    index: Mapping[x509.Certificate, Entry],
    *,
    responder: x509.Certificate,
    title: str,
    port: int | None = None,
    minutes: int = 60,
) -> Iterator[str]:
    """`openssl ocsp` on a port of its own; gives its URL. `title` names the responder's key."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ca.pem").write_bytes(authority.pem())
    (folder / "responder.pem").write_bytes(responder.public_bytes(Encoding.PEM))
    (folder / "responder.key").write_bytes(key_pem(title))
    (folder / "index.txt").write_text("".join(_line(certificate, entry) for certificate, entry in index.items()))
    port = port or free_ports(1)[0]
    command = ["openssl", "ocsp", "-index", "index.txt", "-port", str(port), "-rsigner", "responder.pem"]
    command += ["-rkey", "responder.key", "-CA", "ca.pem", "-nmin", str(minutes), "-ignore_err"]
    with (folder / "responder.log").open("wb") as log:
        child = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, MARK: str(folder)}
        )
    try:
        assert wait_until(lambda: b"waiting for OCSP" in (folder / "responder.log").read_bytes(), seconds=60)
        yield f"http://127.0.0.1:{port}"
    finally:
        child.kill()
        child.wait()


def _line(certificate: x509.Certificate, entry: Entry) -> str:
    """OpenSSL's index: flag, expiry, revocation (time, reason), serial, file, subject."""
    ends = _time(certificate.not_valid_after_utc)
    revoked = ",".join(filter(None, [_time(entry.since), entry.reason])) if entry.since else ""
    flag = "R" if entry.since else "V"
    return f"{flag}\t{ends}\t{revoked}\t{certificate.serial_number:02X}\tunknown\t/CN=x\n".replace("\t0X", "\t")


def _time(at: datetime) -> str:
    return at.strftime("%y%m%d%H%M%SZ")
