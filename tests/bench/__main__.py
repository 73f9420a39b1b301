"""`python -m tests.bench`: private RabbitMQ and PostgreSQL with fsync, the real daemon, a window that loads it.
`python -m tests.bench door`: the same for the portal (tests/bench/door.py).
`python -m tests.bench portal`: people on the portal's pages, beside the queue (tests/bench/portal.py).
`python -m tests.bench pages`: officers, customs and operators over a seeded store (tests/bench/consoles.py).

Prints a table, writes var/bench/result.json. Says which targets were missed and ends with 0 all the same: a shared
machine is no judge of the program. Everything it starts is ended, whatever happens.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from adapter.gateways.broker import BrokerAddress
from adapter.gateways.broker.topology import declare, load_topology
from tests.bench import consoles, door, floor, portal, stages
from tests.bench.load import Load
from tests.bench.machine import descendants, machine
from tests.bench.messages import FOLDER, messages
from tests.bench.phases import IN_FLIGHT, drive
from tests.bench.processes import Adapter, write_config
from tests.bench.report import Figures, show
from tests.bench.run import scratch, write
from tests.harness.pki import ROOT
from tests.servers.postgresql import Postgres
from tests.servers.rabbitmq import QUORUM_SETTLE_SECONDS, Rabbit

WARM_UP, QUICK, FULL = 500, 2_000, 20_000
PERSONS, LARGE = 20, 200
SHARED = 0.05
"""Part of the cores' time that others may take before the figures are said to be no good."""

_OTHERS = {"door": door.main, "portal": portal.main, "pages": consoles.main}


def main() -> int:
    if other := _OTHERS.get(sys.argv[1] if len(sys.argv) > 1 else ""):
        return other(sys.argv[2:])
    asked = _arguments()
    console = Console()
    console.print(f"making {WARM_UP + asked.count + asked.half} messages that are not there yet ...")
    _make_messages(asked)
    with scratch() as (folder, held):
        figures = _measure(asked, folder, held, console)
    show(figures, console)
    write(figures.document(), asked.output, console)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--count", type=int, default=FULL, help="messages at full speed (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} messages")
    parser.add_argument("--workers", type=int, default=2, help="worker processes (default: %(default)s)")
    parser.add_argument("--rate", type=float, help="messages a second of the second phase (default: half of the first)")
    parser.add_argument("--output", type=Path, default=FOLDER / "result.json")
    asked = parser.parse_args()
    asked.count = QUICK if asked.quick else asked.count
    asked.half = min(asked.count, 3_000)
    return asked


def _make_messages(asked: argparse.Namespace) -> None:
    messages(0, WARM_UP + asked.count + asked.half)
    messages(0, 200, persons=LARGE)


def _measure(asked: argparse.Namespace, folder: Path, held: ExitStack, console: Console) -> Figures:
    rabbit, postgres = Rabbit(folder / "rabbitmq"), Postgres(folder / "postgresql")
    held.callback(rabbit.remove)
    rabbit.start()
    held.callback(postgres.remove)
    postgres.start()
    declare(BrokerAddress(url=rabbit.url), load_topology(ROOT / "queues" / "topology.yaml"))
    time.sleep(QUORUM_SETTLE_SECONDS)
    console.print("measuring the floor and the stages ...")
    alone = floor.measure()
    by_stage, large = _stages(folder, postgres)
    busy = floor.measure_busy()
    supply = messages(0, WARM_UP + asked.count + asked.half)
    servers = {"rabbitmq": rabbit.processes(), "window (load)": [os.getpid()]}
    url = postgres.create_database("adapter")
    with Adapter(folder, amqp_url=rabbit.url, database_url=url, workers=asked.workers) as adapter:
        console.print(f"warm-up: {WARM_UP} messages; then {asked.count} at full speed ...")
        drive(adapter, rabbit.url, supply, Load(WARM_UP, IN_FLIGHT), {})
        servers["postgresql"] = descendants(postgres.processes()[0])
        full = drive(adapter, rabbit.url, supply, Load(asked.count, IN_FLIGHT, seconds=60 + asked.count / 20), servers)
        busy += floor.measure_busy()
        rate = asked.rate or full.measured.per_second / 2
        console.print(f"{full.measured.per_second:.0f} a second; then {asked.half} at {rate:.0f} a second ...")
        half = drive(
            adapter, rabbit.url, supply, Load(asked.half, IN_FLIGHT, rate, 60 + 3 * asked.half / rate), servers
        )
        notes = [f"the adapter logged {problem}" for problem in adapter.problems()]
    if full.shares["others"] + full.shares["stolen"] > SHARED:
        notes.append(
            "other programs took part of the machine: these are not its figures; measure again when it is quiet"
        )
    for phase in (full, half):
        if phase.measured.others:
            notes.append(
                f"{len(phase.measured.others)} replies were no acceptance: {sorted(set(phase.measured.others))}"
            )
    return Figures(
        machine=machine(),
        floor_alone=alone,
        floor=floor.mean(busy),
        full=full,
        half=half,
        half_rate=rate,
        stages=by_stage,
        large=large,
        large_persons=LARGE,
        persons=PERSONS,
        notes=notes,
    )


def _stages(folder: Path, postgres: Postgres) -> tuple[dict[str, float], dict[str, float]]:
    os.environ["NSW_DATABASE_URL"] = postgres.create_database("stages")
    try:
        config = write_config(folder)
        return stages.measure(config, count=480, first=0), stages.measure(config, count=64, first=0, persons=LARGE)
    finally:
        del os.environ["NSW_DATABASE_URL"]


if __name__ == "__main__":
    sys.exit(main())
