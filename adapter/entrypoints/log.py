"""Logging: one JSON object a line on stderr for each event, with time, process role and process id.

Where stderr goes to systemd's journal each line begins with its priority, which the journal takes off again. A stderr
that cannot be written costs the line, never what it tells of: `entrypoints/stderr`.
It must never write a payload (bytes are replaced by their size) and never lets a library say more than a warning:
signxml's debug output is canonical content, personal data included.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from adapter.entrypoints.folding import Folding
from adapter.entrypoints.stderr import Stderr
from adapter.model.errors import Misconfigured, defect
from adapter.model.events import Event, Observe
from adapter.pipeline.envelope import VIETNAM

LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
# Points inside one step, for the crash proofs: an operator needs only the end of the step.
_INSIDE_A_STEP = {Event.LOCKED, Event.INSERTED, Event.COMMITTING, Event.PUBLISHED, Event.MAIL_TRIED}
_TO_LOOK_AT = {
    *(
        Event.SECURITY,
        Event.ASSERTION_REFUSED,
        Event.PARKED,
        Event.FILE_INFECTED,
        Event.UNAVAILABLE,
        Event.RETURNED,
        Event.NACKED,
        Event.UNCONFIRMED,
        Event.NOTIFICATION_LATE,
        Event.UNSAFE,
        Event.OLD_NAME,
        Event.DEADLINE_NEAR,
        Event.DEADLINE_PASSED,
        Event.DEADLINE_BACK,
        Event.CLOCK_SET,
        Event.OVERRIDE_ENDS,
        Event.EMERGENCY,
        Event.EXPIRES,
        Event.ALERT_UNSENT,
        Event.KEY_NOT_TAKEN,
        Event.AWAITS_KEY,
        Event.DROPPED,
        Event.RELOAD_REFUSED,
    ),
    *(Event.REVOCATION_UNREACHABLE, Event.REVOCATION_UNUSABLE, Event.REVOCATION_STALE),
}
_TROUBLE = {
    "broker.lost",
    "broker.unreachable",
    "broker.blocked",
    "broker.missing",
    "broker.declared",
    "broker.quarantined",
}
_QUIET = ("signxml", "alembic", "sqlalchemy", "xmlschema")
_PRIORITIES = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}
_LIBRARY_WORDS = 300
_MUTE = ("pika",)
"""pika tells one refused connection in seven errors; the gateway tells it once, as an event."""


def configure(level: str = "info", json: bool = True) -> None:
    """Set logging up for this process; a process that was started by another one calls it again.

    Raises:
        Misconfigured: there is no such level.
    """
    if level.lower() not in LEVELS:
        raise Misconfigured(f"log.level: {level!r} is none of {', '.join(LEVELS)}")
    steps: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        _with_time,
        _without_payloads,
    ]
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False) if json else structlog.dev.ConsoleRenderer(colors=False)
    )
    ends = [last, _with_priority] if _read_by_the_journal() else [last]
    structlog.configure(
        processors=[*steps, *ends],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level.lower()]),
        logger_factory=structlog.WriteLoggerFactory(file=_stream()),
        cache_logger_on_first_use=False,
    )
    _process.verbose = level.lower() == "debug"
    _redirect_libraries([*steps, structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ends])


@dataclass
class _Process:
    """What the log keeps for its process. `verbose`: every line is told, repeated ones too."""

    stream: Stderr | None = None
    verbose: bool = False


_process = _Process()


def _stream() -> Any:
    """Where lines go: never raising, never waiting; where stderr is no file (in a test), that itself."""
    if _process.stream is not None:
        _process.stream.close()
        _process.stream = None
    try:
        # None where it was closed before Python began: by now the number may be some other file's.
        _process.stream = Stderr(None if sys.stderr is None else sys.stderr.fileno())
    except (OSError, ValueError):
        return sys.stderr
    return _process.stream


def take_over(observe: Observe) -> None:
    """What Python itself would print, a traceback of several lines with its values, is one line of the log."""

    def told(error: BaseException | None, **fields: Any) -> None:
        if error is not None and not isinstance(error, KeyboardInterrupt | SystemExit):
            observe(Event.WORKER_FAILED, reason=defect(error), **fields)

    sys.excepthook = lambda kind, error, places: told(error)
    sys.unraisablehook = lambda raised: told(
        raised.exc_value, where=str(raised.err_msg or "while something was closed")
    )
    threading.excepthook = lambda raised: told(raised.exc_value, where=f"thread {raised.thread and raised.thread.name}")
    logging.captureWarnings(True)


def silence() -> None:
    """For a command that says itself what is wrong: libraries keep their own accounts of it to themselves."""
    for name in (*_QUIET, *_MUTE):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def observer(role: str) -> Observe:
    """The observer in production: the log. `role`: `supervisor`, or the name of the part that the process is."""
    # Not bound yet: it follows a later `configure`, after the configuration was read.
    log = structlog.get_logger(role=role, pid=os.getpid())
    folding = Folding()

    def observe(event: Event, /, **fields: Any) -> None:
        # Fields that would collide with the log's own are the caller's error, and must not cost a message.
        told = {key: value for key, value in fields.items() if key not in ("event", "level")}
        repeated = folding.repeated(event, told)
        if repeated is None and not _process.verbose:
            return
        _tell_what_was_dropped(log)
        log.log(_level(event, fields), event.value, **told, **({"repeated": repeated} if repeated else {}))

    return observe


def _tell_what_was_dropped(log: Any) -> None:
    """Before the first line that is taken again."""
    stream = _process.stream
    if stream is not None and stream.lost and stream.is_free():
        lost, stream.lost = stream.lost, 0
        log.log(logging.WARNING, Event.DROPPED.value, count=lost)
        if stream.lost:  # not this one either; it is not counted among them
            stream.lost = lost


def _level(event: Event, fields: Mapping[str, Any]) -> int:
    if event in _INSIDE_A_STEP:
        return logging.DEBUG
    if event in (Event.WORKER_KILLED, Event.WORKER_FAILED, Event.REQUEST_FAILED):
        return logging.ERROR
    # A part that was told to stop ends without a reason.
    troubled = fields.get("kind") in _TROUBLE or (event is Event.WORKER_STOPPED and "reason" in fields)
    shut = event is Event.WINDOW and fields.get("mode") in ("down", "unknown")
    return logging.WARNING if event in _TO_LOOK_AT or troubled or shut else logging.INFO


def _read_by_the_journal() -> bool:
    """Whether stderr is the journal's, as systemd.exec(5) tells: the variable alone outlives a redirection."""
    try:
        mine = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError, AttributeError):  # closed, or no file at all
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{mine.st_dev}:{mine.st_ino}"


def _with_priority(_: Any, level: str, text: Any) -> str:
    """Before each line what sd-daemon(3) takes the priority from, so that `journalctl -p` can choose."""
    mark = f"<{_PRIORITIES[level]}>"
    return mark + str(text).replace("\n", f"\n{mark}")


def _with_time(_: Any, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Vietnam's time with its offset, as in everything else that people read."""
    fields["timestamp"] = datetime.now(VIETNAM).isoformat(timespec="microseconds")
    return fields


def _without_payloads(_: Any, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in fields.items():
        if isinstance(value, bytes | bytearray | memoryview):
            fields[name] = f"<{len(value)} bytes>"
    return fields


def _without_traceback(_: Any, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Of a library's exception only the kind: its text may quote what it stumbled over."""
    error = fields.pop("exc_info", None)
    if error:
        error = sys.exc_info() if error is True else error
        kind = error[0] if isinstance(error, tuple) else type(error)
        fields["exception"] = getattr(kind, "__name__", None)
    return fields


def _first_line(_: Any, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Of what a library says only its first line: after it a driver tells statement and values."""
    fields["event"] = str(fields.get("event", "")).partition("\n")[0][:_LIBRARY_WORDS]
    return fields


def _redirect_libraries(steps: list[structlog.typing.Processor]) -> None:
    """What libraries log in the standard way has the same form; only warnings and worse."""
    handler = logging.StreamHandler(_process.stream or sys.stderr)
    first: list[structlog.typing.Processor] = [structlog.stdlib.add_logger_name, _without_traceback, _first_line]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=steps, foreign_pre_chain=first))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in _MUTE:
        logging.getLogger(name).setLevel(logging.CRITICAL)
