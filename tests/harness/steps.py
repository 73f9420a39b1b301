"""How many steps a piece of our code takes: instructions of the interpreter, which no other work of a machine changes.

What C does inside one call counts as one step; expressions, whose engine is such, are held by
tests/architecture/test_expressions.py.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import adapter

_OURS = str(Path(adapter.__file__).parent)


def steps(work: Callable[[], object]) -> int:
    """Instructions of our own modules that `work` runs through; what it raises is no matter."""
    counted = 0

    def count(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal counted
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        counted += event == "opcode"
        return count

    def enter(frame: FrameType, event: str, argument: Any) -> Any:
        return count(frame, event, argument) if frame.f_code.co_filename.startswith(_OURS) else None

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        work()
    except Exception:  # noqa: BLE001  a refusal is an end like another
        pass
    finally:
        sys.settrace(before)
    return counted
