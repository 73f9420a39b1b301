"""Which mode of the window may follow which: the law that proofs hold the program to."""

from __future__ import annotations

from adapter.services.watch.mode import Mode

LEGAL = {
    Mode.NEVER_HEARD: {Mode.NORMAL, Mode.SUSPECT, Mode.DIRECT, Mode.MAINTENANCE},
    Mode.NORMAL: {Mode.SUSPECT, Mode.DIRECT, Mode.MAINTENANCE},
    Mode.SUSPECT: {Mode.NEVER_HEARD, Mode.NORMAL, Mode.DIRECT, Mode.RECONCILING, Mode.MAINTENANCE},
    Mode.DIRECT: {Mode.RECONCILING, Mode.MAINTENANCE},
    Mode.RECONCILING: {Mode.NEVER_HEARD, Mode.NORMAL, Mode.SUSPECT, Mode.DIRECT, Mode.MAINTENANCE},
    Mode.MAINTENANCE: {Mode.DIRECT, Mode.RECONCILING},
}
"""Each mode with those that may follow it."""
