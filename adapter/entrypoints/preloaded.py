"""The process from which parts are forked. It has no connection, thread or file of its own.

Importing the program costs two seconds of CPU, the templates of its pages one more: both are spent once here, and each
part is a fork of this process. It must never assemble a part's components: what a part reads, opens and connects to is
its own.
"""

from __future__ import annotations

import gc
import signal

from adapter.entrypoints import parts
from adapter.entrypoints.decisions import serve as decisions
from adapter.entrypoints.web import page, serve

__all__ = ["decisions", "parts", "serve"]

# It ends with the supervisor. The supervisor handles signals to the whole group: without this process
# nobody could tell how the parts end.
for _number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(_number, signal.SIG_IGN)
page.prepare()
# What is loaded stays as it is, so that its pages are shared with every part.
gc.collect()
gc.freeze()
