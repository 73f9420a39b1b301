"""The mailer: rounds of `services/notifications/mailing` in a thread of the active clock.

A mail server that hangs delays nothing else. While it cannot be reached, letters wait and are kept.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from types import TracebackType

from adapter.model.errors import Misconfigured, Unavailable, defect
from adapter.model.events import Event, Observe
from adapter.services.notifications.mailing import Mailing

_IDLE_S = 2.0
_AWAY_S = (5.0, 15.0, 60.0, 300.0)
"""Pauses (seconds) while the server cannot be reached; the last one is repeated."""


@dataclass
class Mailer:
    """Works between `__enter__` and `__exit__`; without a mailing it does nothing."""

    mailing: Mailing | None
    observe: Observe
    idle_s: float = _IDLE_S
    away: bool = False
    """Whether the last round could not reach the server or the store."""
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Mailer:
        self._over = threading.Event()
        if self.mailing is not None:
            threading.Thread(target=self._run, args=(self.mailing, self._over), name="mailer", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()

    def _run(self, mailing: Mailing, over: threading.Event) -> None:
        failed = 0
        while not over.is_set():
            try:
                done = mailing.round()
            except (Unavailable, Misconfigured) as error:
                self._tell(str(error))
                over.wait(_AWAY_S[min(failed, len(_AWAY_S) - 1)])
                failed += 1
                continue
            except Exception as error:  # noqa: BLE001  a defect in one letter must not end all e-mail
                self._tell(defect(error))
                over.wait(_AWAY_S[-1])
                continue
            failed, self.away = 0, False
            if not done:
                over.wait(self.idle_s)

    def _tell(self, reason: str) -> None:
        """Log an outage once, until it is over."""
        if not self.away:
            self.observe(Event.UNAVAILABLE, reason=reason)
        self.away = True
