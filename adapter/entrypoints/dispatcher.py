"""The dispatcher's loop: rounds of `services/replies/dispatch`, faster while there is something to send."""

from __future__ import annotations

import time
from dataclasses import dataclass

from adapter.entrypoints.pulse import Pulse
from adapter.gateways.broker import BrokerUnavailable, Publisher
from adapter.model.errors import Unavailable
from adapter.model.events import Event, Observe
from adapter.services.replies.dispatch import Dispatch, Round
from adapter.services.watch.way import Leaves, way
from adapter.services.watch.window import Window

_IDLE_S = 0.05
_LONGEST_S = 5.0
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
        """Replies and transfers leave as the window's mode says (`way`).

        Returned replies are tried at growing intervals; other replies do not wait for them.
        """
        leaves, asked = Leaves.NO_TRANSFERS, 0.0
        pause, again = _IDLE_S, 0.0
        away = False
        while not self.pulse.stopping:
            self.pulse.busy()
            try:
                if time.monotonic() - asked > _MODE_S:
                    # Only what the window carries has replies to it.
                    leaves, asked = way(self.window.state().mode, linked=True).replies, time.monotonic()
                returned = time.monotonic() >= again
                done = self._round(leaves, returned=returned)
            except Unavailable as error:
                if not away:
                    self.observe(Event.UNAVAILABLE, reason=str(error))
                away = True
                broker = not isinstance(error, BrokerUnavailable)
                self.pulse.idle(broker=broker and self.publisher.connected, database=not broker)
                self.pulse.wait(_AWAY_S)
                continue
            if away:
                self.observe(Event.AVAILABLE)
                away = False
            self.pulse.idle(broker=self.publisher.connected, room=not self.publisher.blocked)
            if returned:
                pause = min(2 * pause, _LONGEST_S) if done.back else _IDLE_S
                again = time.monotonic() + pause if done.back else 0.0
            if done.sent == 0:
                self.pulse.wait(_IDLE_S)
        self.publisher.close()

    def _round(self, leaves: Leaves, *, returned: bool) -> Round:
        if leaves is Leaves.WAIT:
            return Round(0, 0)
        return self.dispatch.round(transfers=leaves is not Leaves.NO_TRANSFERS, returned=returned)
