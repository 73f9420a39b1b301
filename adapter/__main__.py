"""`nsw-adapter`: an interrupt is one line at any moment, also while the program is being loaded."""

from __future__ import annotations

import os
import signal

_INTERRUPTED = 130


def main() -> None:
    """The console script."""
    try:
        from adapter.cli import main as run  # takes seconds, in which somebody may change his mind

        run()
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        os.write(2, b"nsw-adapter: interrupted\n")
        os._exit(_INTERRUPTED)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is left is the interpreter's own end


if __name__ == "__main__":
    main()
