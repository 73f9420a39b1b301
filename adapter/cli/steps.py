"""Progress of a command that takes long: a line on stderr for each step.

At a terminal each step is shown when it begins. Elsewhere only one that takes more than a few seconds is shown, so
that a log stays short.
"""

from __future__ import annotations

import threading
import time

from adapter.cli.terminal import is_watched, say

AFTER_S = 5.0


class Steps:
    """Called as each step begins; `done` after the last one. `after_s`: seconds before a step is shown in a log."""

    def __init__(self, after_s: float = AFTER_S) -> None:
        self._after_s = after_s
        self._timer: threading.Timer | None = None
        self.costs = Costs()

    def __call__(self, step: str) -> None:
        self.done()
        self.costs.begin(step)
        text = f"looking at {step} …"
        if is_watched():
            say(text, error=True)
            return
        self._timer = threading.Timer(self._after_s, say, (text,), {"error": True})
        self._timer.daemon = True
        self._timer.start()

    def done(self) -> None:
        """The step before is over."""
        self.costs.end()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Costs:
    """CPU seconds of this process for each step, from its very start: imports are the first."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._step, self._since = "loading the program", 0.0

    def begin(self, step: str) -> None:
        """The step before is over."""
        self.end()
        self._step = step

    def end(self) -> None:
        """What was spent since the last end belongs to the step that was begun last."""
        now = time.process_time()
        self.seconds[self._step] = round(self.seconds.get(self._step, 0.0) + (now - self._since), 3)
        self._since = now
