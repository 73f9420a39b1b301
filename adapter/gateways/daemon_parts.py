"""The parts of this machine's daemon, as its health server tells them."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, ValidationError

from adapter.gateways.http_client import TAKEN, Endpoint, ask
from adapter.model.errors import Unavailable

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  not bound to, but asked
_TIMEOUT_S = 5.0


class RunningPart(BaseModel):
    """A process. `resident_bytes` is its memory, `age_s` how long it has run, in seconds."""

    model_config = ConfigDict(frozen=True)

    name: str
    ready: bool
    resident_bytes: int
    age_s: float


class PartsSeen(BaseModel):
    """The parts of a daemon, what they lack (`part: thing`), and what needs attention although everything is ready."""

    model_config = ConfigDict(frozen=True)

    parts: tuple[RunningPart, ...]
    missing: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DaemonParts:
    """`host` and `port` of the health server, as they are configured."""

    host: str
    port: int

    def seen(self) -> PartsSeen:
        """Ask it.

        Raises:
            Unavailable: it does not answer, as where a command stands for the daemon.
        """
        host = _EVERYWHERE.get(self.host, self.host)
        endpoint = Endpoint(f"http://{f'[{host}]' if ':' in host else host}:{self.port}/parts", timeout_s=_TIMEOUT_S)
        try:
            told = ask(endpoint, "GET", headers={})
            if told.status not in TAKEN:
                raise Unavailable(f"it answers {told.status}")
            return PartsSeen.model_validate_json(told.body)
        except (Unavailable, ValidationError) as error:
            why = "no such answer" if isinstance(error, ValidationError) else str(error)
            raise Unavailable(f"the daemon's health server at {host}:{self.port}: {why}") from None
