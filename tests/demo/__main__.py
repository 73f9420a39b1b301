"""`python -m tests.demo`: set up, play, judge, clean up. Exit code 0 only if every answer was the right one."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from adapter.model.errors import AdapterError
from adapter.simulator.pki import make_pki
from tests.demo.acts import window_works
from tests.demo.partner import SingleWindow
from tests.demo.play import players
from tests.demo.premises import Daemon, DemonstrationFailed, clear, furnish
from tests.demo.table import Narrator
from tests.harness.fixtures import load_cases
from tests.harness.pki import ROOT
from tests.servers.process import ServerFailed
from tests.servers.rabbitmq import Rabbit

FOLDER = ROOT / "var" / "demo"
PKI_FOLDER = ROOT / "var" / "pki"  # where config.yaml looks too, so that `make run` finds keys afterwards


def main() -> int:
    narrator = Narrator()
    signal.signal(signal.SIGTERM, _as_interrupt)
    began = time.monotonic()
    try:
        with _alone(), ExitStack() as stack:
            _play(stack, narrator)
    except KeyboardInterrupt:
        narrator.say("interrupted; everything was stopped")
        return 130
    except (DemonstrationFailed, ServerFailed, AdapterError) as error:
        narrator.check("the demonstration could go on", [str(error)])
    return _verdict(narrator, time.monotonic() - began)


def _play(stack: ExitStack, narrator: Narrator) -> None:
    cases = load_cases()
    if not cases:
        raise DemonstrationFailed("there are no fixtures: nothing was shown")
    clear(FOLDER)
    stack.callback(signal.signal, signal.SIGINT, signal.getsignal(signal.SIGINT))
    narrator.chapter("Setting up (chuẩn bị)")
    pki = make_pki(PKI_FOLDER)
    narrator.say(f"test PKI of {len(pki.parties)} parties in {_short(PKI_FOLDER)}")
    node, broker_url = _broker(stack, narrator)
    premises = furnish(FOLDER, pki=pki, broker_url=broker_url)
    daemon = Daemon(premises)
    stack.callback(daemon.stop)
    began = time.monotonic()
    daemon.start()
    narrator.say(f"adapter on SQLite, ready after {time.monotonic() - began:.1f} s; it logs to {_short(daemon.log)}")
    window = SingleWindow(broker_url)
    stack.callback(window.close)
    play = players(premises, window)
    window_works(play, premises, cases, narrator)
    # From here on Ctrl-C waits: what was started is being stopped.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _broker(stack: ExitStack, narrator: Narrator) -> tuple[Rabbit | None, str]:
    given = os.environ.get("NSW_AMQP_URL")
    if given:
        narrator.say("the broker that NSW_AMQP_URL names; nobody else may use its virtual host now")
        return None, given
    node = Rabbit(FOLDER / "rabbitmq")
    node.kill()  # left by a run that was killed
    stack.callback(node.stop)
    began = time.monotonic()
    node.start()
    narrator.say(f"private RabbitMQ node {node.name}, started in {time.monotonic() - began:.1f} s")
    return node, node.url


@contextmanager
def _alone() -> Iterator[None]:
    """Two demonstrations in one working copy would stop each other's servers."""
    FOLDER.parent.mkdir(parents=True, exist_ok=True)
    with (FOLDER.parent / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemonstrationFailed("another demonstration runs in this working copy") from None
        yield


def _verdict(narrator: Narrator, seconds: float) -> int:
    narrator.chapter("Result (kết quả)")
    narrator.say(f"{narrator.right} right, {narrator.wrong} wrong, {seconds:.0f} s; everything was stopped")
    if narrator.wrong or not narrator.right:
        logs = [FOLDER / "daemon.log", FOLDER / "rabbitmq" / "log" / "node.log", FOLDER / "config.yaml"]
        narrator.say("look at: " + ", ".join(_short(each) for each in logs if each.exists()))
        return 1
    return 0


def _as_interrupt(signum: int, _: FrameType | None) -> None:
    raise KeyboardInterrupt


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main())
