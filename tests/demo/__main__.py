"""`python -m tests.demo`: set up, play, judge, clean up. Exit code 0 only if every answer was the right one."""

from __future__ import annotations

import fcntl
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from adapter.model.errors import AdapterError
from adapter.simulator.pki import make_pki
from tests.demo.acts import records_hold, window_fails, window_works
from tests.demo.broker import broker
from tests.demo.table import Narrator
from tests.harness.daemon import Daemon
from tests.harness.failure import CannotGoOn
from tests.harness.fixtures import load_cases
from tests.harness.pki import ROOT
from tests.harness.play import players
from tests.harness.premises import clear, furnish
from tests.harness.registers import furnish_register
from tests.harness.single_window import SingleWindow, must_be_empty
from tests.servers.process import ServerFailed

FOLDER = ROOT / "var" / "demo"
PKI_FOLDER = ROOT / "var" / "pki"  # where config.yaml looks too, so that `make run` finds keys afterwards


def main() -> int:
    narrator = Narrator()
    signal.signal(signal.SIGTERM, _as_interrupt)
    began, broker_s = time.monotonic(), 0.0
    try:
        with _alone(), ExitStack() as stack:
            try:
                broker_s = _play(stack, narrator)
            finally:
                # A second Ctrl-C must not leave behind what the first one is stopping.
                for each in (signal.SIGINT, signal.SIGTERM):
                    signal.signal(each, signal.SIG_IGN)
    except KeyboardInterrupt:
        narrator.say("interrupted; everything was stopped")
        return 130
    except (CannotGoOn, ServerFailed, AdapterError) as error:
        narrator.check("the demonstration could go on", [str(error)])
    return verdict(narrator, time.monotonic() - began, broker_s)


def _play(stack: ExitStack, narrator: Narrator) -> float:
    """Everything; gives how many seconds the broker's own starts took."""
    cases = load_cases()
    if not cases:
        raise CannotGoOn("there are no fixtures: nothing was shown")
    clear(FOLDER)
    narrator.chapter("Setting up (chuẩn bị)")
    pki = make_pki(PKI_FOLDER)
    narrator.say(f"test PKI of {len(pki.parties)} parties in {_short(PKI_FOLDER)}")
    node = broker(FOLDER / "rabbitmq")
    stack.callback(node.stop)
    _timed(narrator, node.start, node.about)
    # Customs see vehicles and ships too, which an installation opens by itself.
    opened = {"customs.procedures": ["BQP0100006", "BQP0100007"]}
    premises = furnish(FOLDER, opened, pki=pki, broker_url=node.url)
    known = furnish_register(premises, cases)
    narrator.say(f"{known} certificates of declarants are registered with the portal (Điều 6(3))")
    daemon = Daemon(premises)
    stack.callback(daemon.stop)
    _timed(narrator, daemon.start, f"the adapter on SQLite; it logs to {_short(daemon.log)}")
    must_be_empty(node.url)
    play = players(premises, SingleWindow(node.url))
    try:
        window_works(play, premises, cases, narrator)
        play = window_fails(play, premises, node, cases, narrator)
        records_hold(premises, narrator)
    finally:
        play.window.close()
    return node.starting_s


def _timed(narrator: Narrator, start: Callable[[], None], what: str) -> None:
    began = time.monotonic()
    start()
    narrator.say(f"{what}: ready after {time.monotonic() - began:.1f} s")


@contextmanager
def _alone() -> Iterator[None]:
    """Two demonstrations in one working copy would stop each other's servers."""
    FOLDER.parent.mkdir(parents=True, exist_ok=True)
    with (FOLDER.parent / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotGoOn("another demonstration runs in this working copy") from None
        yield


def verdict(narrator: Narrator, seconds: float, broker_s: float) -> int:
    narrator.chapter("Result (kết quả)")
    narrator.say(f"{narrator.right} right, {narrator.wrong} wrong; everything was stopped")
    narrator.say(f"{seconds:.0f} s, of which the broker's own starts took {broker_s:.0f} s")
    if narrator.wrong or not narrator.right:
        broker = FOLDER / "rabbitmq" / "log"
        logs = [FOLDER / "daemon.log", broker / "node.log", broker / "console.log", FOLDER / "config.yaml"]
        narrator.say("look at: " + ", ".join(_short(each) for each in logs if each.exists()))
        return 1
    return 0


def _as_interrupt(signum: int, _: FrameType | None) -> None:
    raise KeyboardInterrupt


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main())
