"""`nsw-adapter`: an interrupt gives one line at any moment, also while the program is being loaded."""

from __future__ import annotations

import gc
import os
import signal
from types import FrameType
from typing import Any

_INTERRUPTED = 130


def main() -> None:
    """The console script."""
    heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # else the parent process wants it ignored
    if heard:
        # Nothing is held yet, and an exception could be lost in the middle of an import.
        signal.signal(signal.SIGINT, _leave)
    from adapter.cli import main as run  # takes a while, in which the user may interrupt

    if heard:
        signal.signal(signal.SIGINT, _interrupt)
    try:
        run()
    except KeyboardInterrupt:
        _leave()
    finally:
        if heard:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # the interpreter's own end
        gc.freeze()  # which would look at every object once more, before the process gives back all of its memory


def _interrupt(_: int, frame: FrameType | None) -> None:
    """As Python does it, but in the middle of an import: a command loads what it needs when it needs it."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            _leave()
        frame = frame.f_back
    raise KeyboardInterrupt


def _leave(*_: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.write(2, b"nsw-adapter: interrupted\n")
    os._exit(_INTERRUPTED)


if __name__ == "__main__":
    main()
