"""A scanner for malicious software: clamd, asked over its own protocol (clamd(8), INSTREAM)."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from types import SimpleNamespace

from adapter.gateways.time_bound import within
from adapter.model.errors import Unavailable

_PIECE = 1 << 16
_LONGEST_ANSWER = 4096


@dataclass(frozen=True, slots=True)
class Clamd:
    """A clamd. `address`: the path of its Unix socket, or host:port; `seconds`: of one question as a whole."""

    address: str
    seconds: float

    def threat(self, raw: bytes) -> str | None:
        """The name of what is in it; None: nothing is known of.

        Raises:
            Unavailable: it does not answer, or says that it cannot scan this.
        """
        try:
            answer = self._asked(raw)
        except OSError as error:
            raise Unavailable(f"clamd at {self.address}: {error.strerror or type(error).__name__}") from None
        said = answer.removeprefix("stream: ")
        if said == "OK":
            return None
        if said.endswith(" FOUND"):
            return said.removesuffix(" FOUND")
        raise Unavailable(f"clamd at {self.address} did not scan: {said[:200]!r}")

    def _asked(self, raw: bytes) -> str:
        with self._connected() as line, within(self.seconds, SimpleNamespace(sock=line)):
            line.sendall(b"zINSTREAM\0")
            for start in range(0, len(raw), _PIECE):
                piece = raw[start : start + _PIECE]
                line.sendall(struct.pack(">I", len(piece)) + piece)
            line.sendall(struct.pack(">I", 0))
            answer = b""
            while not answer.endswith(b"\0") and len(answer) < _LONGEST_ANSWER:
                piece = line.recv(_LONGEST_ANSWER)
                if not piece:
                    break
                answer += piece
        return answer.rstrip(b"\0").decode("ascii", "replace").strip()

    def _connected(self) -> socket.socket:
        if not self.address.startswith("/"):
            host, _, port = self.address.rpartition(":")
            return socket.create_connection((host.strip("[]"), int(port)), timeout=self.seconds)
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(self.seconds)
        try:
            line.connect(self.address)
        except OSError:
            line.close()
            raise
        return line
