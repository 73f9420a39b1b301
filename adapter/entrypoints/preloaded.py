"""What the process that parts are forked from loads, and how it waits: no connection, no thread, no file of its own.

Importing the program costs two seconds of CPU; so it is done once, and each part is a fork of what has done nothing
else. Must never build a house here: what a part reads, opens and connects to is its own.
"""

from __future__ import annotations

import gc
import signal

from adapter.entrypoints import parts
from adapter.entrypoints.decisions import serve as decisions
from adapter.entrypoints.web import serve

__all__ = ["decisions", "parts", "serve"]

# It ends when the supervisor does. A signal to the whole group is the supervisor's to understand: with this process
# gone nobody would know any more how the parts end.
for _number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(_number, signal.SIG_IGN)
# What is loaded stays as it is, so that its pages are shared with every part.
gc.collect()
gc.freeze()
