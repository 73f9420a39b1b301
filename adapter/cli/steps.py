"""Progress of a command that takes long: a line on stderr for each step.

At a terminal each step is shown when it begins. Elsewhere only one that takes more than a few seconds is shown, so
that a log stays short.
"""

from __future__ import annotations

import threading

from adapter.cli.terminal import is_watched, say

AFTER_S = 5.0


class Steps:
    """Called as each step begins; `done` after the last one. `after_s`: seconds before a step is shown in a log."""

    def __init__(self, after_s: float = AFTER_S) -> None:
        self._after_s = after_s
        self._timer: threading.Timer | None = None

    def __call__(self, step: str) -> None:
        self.done()
        text = f"looking at {step} …"
        if is_watched():
            say(text, error=True)
            return
        self._timer = threading.Timer(self._after_s, say, (text,), {"error": True})
        self._timer.daemon = True
        self._timer.start()

    def done(self) -> None:
        """The step before is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
