"""The daemon: starts the parts, watches their pulse, replaces what ends, stops in order.

SIGTERM and SIGINT: every part finishes its unit of work. SIGHUP: every part is replaced, the new one before the old
one where two may run at once, so that a changed configuration, key or password is used; where a new one cannot start,
the old ones go on. A fault that only a part finds at its start (a port in use, a file of its own) is logged; the part
is tried a few times, then waits for a reload, and the others serve. The daemon ends only where no part could start.
It never waits for a single part: the others and systemd's watchdog would wait too. It must never touch a message.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path

from adapter.entrypoints import parts
from adapter.entrypoints.health import Health, is_ready
from adapter.entrypoints.notify import Notifier
from adapter.entrypoints.pulse import TEXTS, Pulse, new_cells
from adapter.model.errors import Misconfigured
from adapter.model.events import Event, Observe
from adapter.settings import load_settings

_ROUND_S = 0.25
_STOP_S = 45.0
PAUSES_S = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
_WRONG_PAUSES_S = (1.0, 5.0, 15.0)
"""Pauses (seconds) between starts of a part that is configured wrongly; after the last it waits for a reload."""
_STABLE_S = 30.0
_SILENCE_S = 15.0
"""Seconds beyond the allowed time of a unit of work: every part shows itself at least every five seconds."""
_TAKES_OVER_S = 10.0
"""Seconds for a new part to become as ready as the old one; a broker may be unavailable for both."""
_MISCONFIGURED = 2
_ENDS = {-signal.SIGKILL: "killed", _MISCONFIGURED: "configuration"}
"""How a part ended, by exit code, where the readiness page names it."""
_WRONG = "it cannot begin as it is configured, see the log of the part; the others go on"
_LEFT = "it cannot begin as it is configured, see the log of the part; correct it and reload, it is not tried before"
MEBIBYTE = 1024 * 1024
_PRELOADED = "adapter.entrypoints.preloaded"


@dataclass(eq=False)
class Child:
    """One part's process, and how many times it ended recently."""

    name: str
    process: BaseProcess
    pulse: Pulse
    started: float
    failures: int = 0
    leaves_by: float | None = None
    """Told to end for its replacement: when (monotonic) it must have ended. It is not counted and not restarted."""


def _at_hand(child: Child) -> dict[str, bool]:
    lives, has = child.process.is_alive(), child.pulse.ready
    return {**has, "alive": lives and has["alive"], "starting": lives and not has["alive"]}


def _serves_as(new: Child, old: Child) -> bool:
    """Whether the new one has everything that the old one has: broker, database, keys."""
    has = new.pulse.ready
    return all(has[thing] for thing, is_there in old.pulse.ready.items() if is_there)


@dataclass
class Supervisor:
    """Keeps the parts of `plan` (name, count) running; `batch_s` and `memory` (bytes) bound each of them."""

    config: Path | None
    plan: list[str]
    observe: Observe
    batch_s: float
    memory: int
    embedded: bool = False
    """Whether the store is SQLite, which serves one of each part."""
    children: list[Child] = field(default_factory=list)
    stopping: bool = False
    reload: bool = False
    announced: bool = False
    """Whether all parts were alive at the same time once: from then on the end of a part does not end the daemon."""
    waiting: list[tuple[float, str, int]] = field(default_factory=list)
    """Parts to restart: when (monotonic), which, after how many failures."""
    suspect: float = 0.0
    """The mark of the message in which the last worker ended; the workers are told, and take it last."""
    left: list[str] = field(default_factory=list)
    """Parts that are configured wrongly; they are not tried again before a reload."""
    ended: dict[str, str] = field(default_factory=dict)
    """How missing parts ended, by their names: killed, or by their configuration."""
    exchange: tuple[Child, ...] = ()
    """During a reload: the old worker and the new one, of which one is enough."""

    def __post_init__(self) -> None:
        # Not a fork of this process, which has sockets, locks and threads: a fork of one that has only imported.
        self._context: BaseContext = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([_PRELOADED])

    def run(self, health: Health, notifier: Notifier) -> int:
        """Run until told to stop; 0, or 2 where a part says that the configuration is wrong."""
        for name in self.plan:
            self._start(name, 0)
        reloads = self._reloads()
        while not self.stopping:
            next(reloads)
            code = self._round()
            if code:
                notifier.stopping()
                self.stop()
                return code
            health.parts = self.readiness()
            health.seen = self.seen()
            health.unanswered = max((child.pulse.unanswered for child in self.children), default=0)
            health.told = {name: self._told(name) for name in TEXTS}
            if not self.announced and self._complete():
                notifier.ready()
                self.observe(Event.STARTED, parts=len(self.children))
                self.announced = True
            notifier.alive()
            time.sleep(_ROUND_S)
        notifier.stopping()
        self.observe(Event.STOPPING)
        self.stop()
        self.observe(Event.STOPPED)
        return 0

    def readiness(self) -> dict[str, dict[str, bool]]:
        """The facts of each part, by its name and number; one that waits for its restart is not alive."""
        # During a replacement the old part counts, as long as it is there.
        spare = self.exchange[1:] if any(child in self.exchange[:1] for child in self.children) else ()
        counted = [child for child in self.children if child.leaves_by is None and child not in spare]
        has = [(child.name, _at_hand(child)) for child in counted]
        has += [(name, {"alive": False, self.ended.get(name, "ended"): True}) for _, name, _ in self.waiting]
        has += [(name, {"alive": False, "configuration": True}) for name in self.left]
        return {f"{name}-{number}": at_hand for number, (name, at_hand) in enumerate(has)}

    def seen(self) -> list[tuple[str, bool, int, float]]:
        """Each process with its name, whether it is ready, its resident bytes, and its age in seconds."""
        now, of_kind = time.monotonic(), Counter[str]()
        found = []
        for each in self.children:
            name = f"{each.name}-{of_kind[each.name]}"
            of_kind[each.name] += 1
            ready = is_ready(each.name, _at_hand(each))
            found.append((name, ready, _resident(each.process.pid), now - each.started))
        return found

    def _complete(self) -> bool:
        """Whether every part that can start is running and has shown itself."""
        return not self.waiting and all(
            child.process.is_alive() and child.pulse.ready["alive"] for child in self.children
        )

    def _round(self) -> int:
        for child in list(self.children):
            if not child.process.is_alive():
                self.children.remove(child)
                if child.leaves_by is not None or child in self.exchange:
                    continue
                self._again(child)
                self._suspect(child)
            elif reason := self._overdue(child):
                self.observe(Event.WORKER_KILLED, part=child.name, pid=child.process.pid, reason=reason)
                child.process.kill()
        now = time.monotonic()
        for entry in [entry for entry in self.waiting if entry[0] <= now]:
            self.waiting.remove(entry)
            self._start(entry[1], entry[2])
            self.ended.pop(entry[1], None)
        return _MISCONFIGURED if not self.announced and len(self.left) == len(self.plan) else 0

    def _overdue(self, child: Child) -> str | None:
        """End a part that hangs or uses too much memory: its messages go back, and are then taken one at a time."""
        if child.leaves_by is not None and time.monotonic() > child.leaves_by:
            return "did not stop"
        if child.pulse.busy_for > self.batch_s:
            return f"one piece of work took more than {self.batch_s:g} s"
        if child.pulse.silent_for > self.batch_s + _SILENCE_S:
            return f"no sign of life for {child.pulse.silent_for:.0f} s"
        used = _resident(child.process.pid)
        if used > self.memory:
            return f"{used // MEBIBYTE} MiB resident"
        return None

    def _suspect(self, ended: Child) -> None:
        """The ended part cannot report its message any more; it recorded the mark before."""
        if ended.name == "worker" and ended.pulse.in_hand:
            self.suspect = ended.pulse.in_hand
            for child in self.children:
                child.pulse.suspect(self.suspect)

    def _again(self, child: Child) -> None:
        lived = time.monotonic() - child.started
        failures = 1 if lived > _STABLE_S else child.failures + 1
        code = child.process.exitcode
        told = {"part": child.name, "pid": child.process.pid, "code": code}
        pauses, why = (_WRONG_PAUSES_S, {"reason": _WRONG}) if code == _MISCONFIGURED else (PAUSES_S, {})
        if code == _MISCONFIGURED and failures > len(pauses):
            self.left.append(child.name)
            self.observe(Event.WORKER_STOPPED, **told, reason=_LEFT)
            return
        if code in _ENDS:
            self.ended[child.name] = _ENDS[code]
        pause = pauses[min(failures, len(pauses)) - 1]
        self.observe(Event.WORKER_STOPPED, **told, again_in_s=pause, **why)
        self.waiting.append((time.monotonic() + pause, child.name, failures))

    def _start(self, name: str, failures: int) -> Child | None:
        """Start a part; where the machine lacks files, processes or memory, it waits for a later try."""
        try:
            child = self._begun(name, failures)
        except (OSError, EOFError, MemoryError, RuntimeError) as error:
            pause = PAUSES_S[min(failures + 1, len(PAUSES_S) - 1)]
            reason = f"it cannot be started now: {getattr(error, 'strerror', None) or type(error).__name__}"
            self.observe(Event.WORKER_STOPPED, part=name, again_in_s=pause, reason=reason)
            self.waiting.append((time.monotonic() + pause, name, failures + 1))
            return None
        child.pulse.suspect(self.suspect)
        self.children.append(child)
        self.observe(Event.WORKER_STARTED, part=name, pid=child.process.pid)
        return child

    def _begun(self, name: str, failures: int) -> Child:
        cells = new_cells(self._context)
        process = self._context.Process(  # type: ignore[attr-defined]  # every context has it, and none says so
            target=parts.main, args=(name, self.config, cells), name=f"nsw-adapter-{name}", daemon=False
        )
        # The terminal's SIGINT goes to the whole group; a child stops by its pulse, from its start on.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            process.start()
        finally:
            signal.signal(signal.SIGINT, before)
        return Child(name, process, Pulse(cells), time.monotonic(), failures)

    def _told(self, name: str) -> str:
        """The active clock's text of that name; a clock that is not active has none."""
        return next(filter(None, (child.pulse.told(name) for child in self.children if child.name == "clock")), "")

    def _reloads(self) -> Iterator[None]:
        """One step of a reload (SIGHUP), each round."""
        while True:
            if self.reload:
                self.reload = False
                # The modules imported at start may be older than what is installed now: from here on each
                # part imports for itself.
                self._context = multiprocessing.get_context("spawn")
                self.observe(Event.RELOAD_ASKED)
                refused = yield from self._replace()
                if refused is None:
                    self.observe(Event.RELOAD_TAKEN, parts=len(self.children))
                else:
                    self.observe(Event.RELOAD_REFUSED, part=refused, reason=self._why(refused))
            yield

    def _why(self, name: str) -> str:
        """Why a new part could not start: the fault in the file, if there is one; else the part logged it itself."""
        try:
            load_settings(self.config)
        except Misconfigured as error:
            return " | ".join(str(error).splitlines())
        return f"no new {name} could begin, as its worker.stopped tells: nsw-adapter check"

    def _replace(self) -> Generator[None, None, str | None]:
        """Start the new part before the old one ends. Gives the name of a part that cannot start, else None."""
        before, left, self.left = list(self.children), self.left, []
        for name in left:
            self._start(name, 0)
        self.waiting = [(0.0, name, 0) for _, name, _ in self.waiting]
        # A single process of a listener holds its port (several share it), and SQLite serves one dispatcher: there the
        # old one goes first.
        alone = {name for name in parts.LISTENERS if self.plan.count(name) == 1}
        alone |= {"dispatcher"} if self.embedded else set()
        for name in ("worker", "dispatcher", "clock", parts.DECISIONS, *parts.LISTENERS):
            for old in [child for child in before if child.name == name]:
                if old not in self.children:
                    continue  # it ended meanwhile: its restart reads the new configuration anyhow
                if name in alone:
                    # Where it cannot start, this is logged and tried again: the workers have the new configuration.
                    yield from self._leave(old)
                    self._start(name, 0)
                elif not (yield from self._exchange(old)):
                    return name
        return None

    def _exchange(self, old: Child) -> Generator[None, None, bool]:
        """Replace an old part by a new one; False where the new one cannot start and the old one goes on."""
        new = self._start(old.name, 0)
        if new is None:
            self.waiting.pop()  # the old one goes on, so nothing is to be restarted
            return False
        self.exchange = (old, new)
        while not new.pulse.ready["alive"] and new.process.is_alive():
            yield
        until = time.monotonic() + _TAKES_OVER_S
        while new.process.is_alive() and not _serves_as(new, old) and time.monotonic() < until:
            yield
        self.exchange = ()
        if not new.process.is_alive():
            self._give_up(old, new)
            return False
        yield from self._leave(old)
        return True

    def _leave(self, child: Child) -> Iterator[None]:
        child.pulse.stop()
        child.leaves_by = time.monotonic() + _STOP_S
        while child in self.children:
            yield

    def _give_up(self, old: Child, new: Child) -> None:
        self.children = [child for child in self.children if child is not new]
        reason = "the reload is given up, the parts before it go on"
        self.observe(Event.WORKER_STOPPED, part=new.name, pid=new.process.pid, code=new.process.exitcode, reason=reason)
        if old not in self.children:
            self._again(old)

    def stop(self) -> None:
        """Tell all parts to finish and wait: first the listeners, then the part that decides, the dispatcher last."""
        self.waiting.clear()
        ranks = {parts.DECISIONS: 1, "dispatcher": 2}
        for rank in range(3):
            self._end([child for child in self.children if ranks.get(child.name, 0) == rank])
        self.children.clear()

    def _end(self, children: list[Child]) -> None:
        for child in children:
            child.pulse.stop()
        until = time.monotonic() + _STOP_S
        for child in children:
            child.process.join(max(0.1, until - time.monotonic()))
            if child.process.is_alive():
                self.observe(Event.WORKER_KILLED, part=child.name, pid=child.process.pid, reason="did not stop")
                child.process.kill()
                child.process.join()


def _resident(pid: int | None) -> int:
    """Resident memory in bytes; 0 where it is not known."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0
    return int(fields[1]) * 4096
