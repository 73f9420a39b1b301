"""`python -m tests.bench door`: the portal under load, by HTTP over connections that stay.

The daemon as it is installed, on PostgreSQL with fsync, with several web processes; the window has an incident.
Prints a table, writes var/bench/door.json. Judges nothing beyond the status and outcome of each answer.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from adapter.bootstrap import assemble
from adapter.gateways.broker import BrokerAddress
from adapter.gateways.broker.topology import declare, load_topology
from adapter.gateways.store.upgrade import upgrade
from adapter.services.access.tokens import Machine
from adapter.services.watch.mode import Sight
from tests.bench import doorway
from tests.bench.machine import cores_spent, machine
from tests.bench.messages import FOLDER
from tests.bench.phases import percentile
from tests.bench.posts import Post, posts
from tests.bench.processes import LOAD, Adapter, database, spent, write_config
from tests.bench.report import table
from tests.bench.run import scratch, write
from tests.harness.fixtures import CLOCK
from tests.harness.people import TESTER
from tests.harness.pki import ROOT, shared_pki
from tests.harness.registered import register_declarants
from tests.servers.postgresql import Postgres
from tests.servers.rabbitmq import QUORUM_SETTLE_SECONDS, Rabbit

WARM_UP, COUNT, STAGES = 200, 2_000, 300
PLACE = "/api/v1/declarations"
WANTED = 100


@dataclass(slots=True)
class Answers:
    """What came of a load: seconds of each request in the order of their ends, and how they ended."""

    seconds: list[float] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    wall: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.seconds) / self.wall

    def percentile_ms(self, percent: int) -> float:
        return percentile(sorted(self.seconds), percent) * 1000


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that one run has measured."""

    machine: dict[str, object]
    web_workers: int
    deciding: int
    connections: int
    declarations: int
    per_second: float
    p50_ms: float
    p99_ms: float
    half_per_second: float
    half_p50_ms: float
    half_p99_ms: float
    cpu_ms: dict[str, float]
    """CPU of a declaration by kind of process, at full speed."""
    by_cpu: float
    """Declarations a second that these cores have the time for, by that CPU: the load's own is not the door's."""
    stages_ms: dict[str, float]
    """CPU of a declaration by stage in one process, without HTTP."""
    others: float
    """Part of the cores' time that other programs took at full speed."""
    ends: dict[str, int]


def load(port: int, tokens: Mapping[str, str], given: Sequence[Post], connections: int, rate: float | None) -> Answers:
    """Send all, each connection one after the other; `rate`: so many a second at most."""
    answers, lock, supply, began = Answers(), threading.Lock(), iter(enumerate(given)), time.perf_counter()

    def caller() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        while True:
            with lock:
                number, post = next(supply, (0, None))
            if post is None:
                break
            if rate is not None:
                time.sleep(max(0.0, began + number / rate - time.perf_counter()))
            begun = time.perf_counter()
            end = _declare(connection, post.body, tokens[post.bound_to])
            with lock:
                answers.seconds.append(time.perf_counter() - begun)
                answers.ends[end] += 1
        connection.close()

    threads = [threading.Thread(target=caller) for _ in range(connections)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    answers.wall = time.perf_counter() - began
    return answers


def _declare(connection: http.client.HTTPConnection, body: bytes, token: str) -> str:
    headers = {"Content-Type": "application/xml", "Authorization": f"Bearer {token}"}
    connection.request("POST", PLACE, body, headers)
    answer = connection.getresponse()
    said = json.loads(answer.read())
    return f"{answer.status} {said.get('outcome') or said.get('detail')}"


def main(arguments: Sequence[str]) -> int:
    asked = _arguments(arguments)
    console = Console()
    supply = posts(WARM_UP + asked.count + asked.count // 2 + STAGES)
    with scratch() as (folder, held):
        figures = _measure(asked, folder, held, supply)
    _show(figures, console)
    write(asdict(figures), asked.output, console)
    return 0


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench door", description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="declarations at full speed (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="processes of the portal (default: %(default)s)")
    parser.add_argument("--deciding", type=int, default=2, help="processes that decide (default: %(default)s)")
    parser.add_argument("--connections", type=int, default=32, help="callers at once (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=FOLDER / "door.json")
    return parser.parse_args(arguments)


def _measure(asked: argparse.Namespace, folder: Path, held: ExitStack, supply: Sequence[Post]) -> Figures:
    rabbit, postgres = Rabbit(folder / "rabbitmq"), Postgres(folder / "postgresql")
    held.callback(rabbit.remove)
    rabbit.start()
    held.callback(postgres.remove)
    postgres.start()
    declare(BrokerAddress(url=rabbit.url), load_topology(ROOT / "queues" / "topology.yaml"))
    time.sleep(QUORUM_SETTLE_SECONDS)
    given = _shares(supply, (WARM_UP, asked.count, asked.count // 2, STAGES))
    stages = _stages(folder, postgres, next(reversed(given)))
    warm, full, half, _ = given
    url = postgres.create_database("adapter")
    changes = {"web.portal.workers": asked.workers, "decisions.workers": asked.deciding}
    changes |= {"clock.unsafe_frozen": CLOCK.isoformat()}
    tokens = _prepared(folder, url, changes)
    with Adapter(folder, amqp_url=rabbit.url, database_url=url, workers=1, changes=changes) as adapter:
        port = adapter.web_port
        load(port, tokens, warm, asked.connections, None)
        before, cores = spent(adapter, postgres), cores_spent()
        quick = load(port, tokens, full, asked.connections, None)
        used = {kind: seconds - before[kind] for kind, seconds in spent(adapter, postgres).items()}
        busy = cores_spent()
        slow = load(port, tokens, half, asked.connections, quick.per_second / 2)
    whole = sum(busy.values()) - sum(cores.values())
    door = sum(seconds for kind, seconds in used.items() if kind != LOAD)
    return Figures(
        machine=machine() | {"load": os.getloadavg()[0]},
        web_workers=asked.workers,
        deciding=asked.deciding,
        connections=asked.connections,
        declarations=len(full),
        per_second=quick.per_second,
        p50_ms=quick.percentile_ms(50),
        p99_ms=quick.percentile_ms(99),
        half_per_second=slow.per_second,
        half_p50_ms=slow.percentile_ms(50),
        half_p99_ms=slow.percentile_ms(99),
        cpu_ms={kind: seconds * 1000 / len(full) for kind, seconds in used.items()},
        by_cpu=(os.cpu_count() or 1) * len(full) / door,
        stages_ms=stages,
        others=max(0.0, busy["busy"] - cores["busy"] - sum(used.values())) / whole,
        ends=dict(quick.ends + slow.ends),
    )


def _shares(supply: Sequence[Post], sizes: Sequence[int]) -> list[Sequence[Post]]:
    ends = [sum(sizes[: place + 1]) for place in range(len(sizes))]
    return [supply[end - size : end] for end, size in zip(ends, sizes, strict=True)]


def _prepared(folder: Path, url: str, changes: Mapping[str, Any]) -> dict[str, str]:
    """A store with registered declarants and an open door; gives the callers' tokens by whom they are bound to."""
    with database(url):
        part = assemble(write_config(folder, changes))
        upgrade(part.database)
        register_declarants(part, shared_pki())
        part.window.override(Sight.DOWN, reason="a benchmark", actor=TESTER)
        bound = {post.bound_to for post in posts(10)}
        tokens = {
            number: part.tokens.issue(Machine.DECLARANT, f"of {number}", number, actor=TESTER)[1] for number in bound
        }
        part.database.close()
    return tokens


def _stages(folder: Path, postgres: Postgres, given: Sequence[Post]) -> dict[str, float]:
    url = postgres.create_database("stages")
    changes = {"clock.unsafe_frozen": CLOCK.isoformat()}
    _prepared(folder, url, changes)
    with database(url):
        return doorway.measure(write_config(folder, changes), given)


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


def _show(figures: Figures, console: Console) -> None:
    speeds = [
        ("full speed", *(f"{each:.0f}" for each in (figures.per_second, figures.p50_ms, figures.p99_ms))),
        (
            "half of it",
            *(f"{each:.0f}" for each in (figures.half_per_second, figures.half_p50_ms, figures.half_p99_ms)),
        ),
    ]
    cpu = [(kind, f"{each:.2f}") for kind, each in figures.cpu_ms.items()]
    stages = [*figures.stages_ms.items(), ("together", sum(figures.stages_ms.values()))]
    console.print(table(f"Declarations ({WANTED} a second are wanted)", ("", "per second", "p50 ms", "p99 ms"), speeds))
    console.print(table("CPU, ms a declaration, by process", ("", "full speed"), cpu))
    console.print(
        table("CPU by stage in one process, without HTTP, ms", ("", ""), [(k, f"{v:.2f}") for k, v in stages])
    )
    console.print(
        f"{figures.web_workers} processes of the portal, {figures.deciding} that decide; by their CPU, without the "
        f"callers', the {os.cpu_count()} cores have time for {figures.by_cpu:.0f} a second"
    )
    console.print(f"answers: {figures.ends}; other programs took {figures.others:.0%} of the cores, load {_load()}")
