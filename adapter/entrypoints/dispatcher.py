"""The dispatcher's loop: rounds of `services/dispatch`, faster while there is something to send."""

from __future__ import annotations

import time
from dataclasses import dataclass

from adapter.entrypoints.pulse import Pulse
from adapter.gateways.broker import BrokerUnavailable, Publisher
from adapter.model.errors import Unavailable
from adapter.model.events import Event, Observe
from adapter.services.dispatch import Dispatch
from adapter.services.window import Mode, Window

_IDLE_S = 0.05
_AWAY_S = 1.0
_MODE_S = 1.0


@dataclass
class Dispatcher:
    """Sends until told to stop."""

    dispatch: Dispatch
    publisher: Publisher
    window: Window
    observe: Observe
    pulse: Pulse

    def run(self) -> None:
        """Transfers leave only when the window is back; other replies whenever the broker takes them."""
        transfers, asked = False, 0.0
        away = False
        while not self.pulse.stopping:
            self.pulse.busy()
            try:
                if time.monotonic() - asked > _MODE_S:
                    transfers, asked = self.window.state().mode is Mode.UP, time.monotonic()
                sent = self.dispatch.round(transfers=transfers)
            except Unavailable as error:
                if not away:
                    self.observe(Event.UNAVAILABLE, reason=str(error))
                away = True
                broker = not isinstance(error, BrokerUnavailable)
                self.pulse.idle(broker=broker, database=not broker)
                self.pulse.wait(_AWAY_S)
                continue
            if away:
                self.observe(Event.AVAILABLE)
                away = False
            self.pulse.idle()
            if sent == 0:
                self.pulse.wait(_IDLE_S)
        self.publisher.close()
