"""What Prometheus reads: every count over all processes, each shipped panel and alert against a running adapter."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from adapter.model.events import Event
from tests.harness.declarations import declarations
from tests.harness.pki import ROOT
from tests.harness.scene import Scene
from tests.servers.process import free_ports, wait_until

pytestmark = pytest.mark.slow

RULES = ROOT / "deploy" / "prometheus" / "alerts.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "nsw-adapter.json"
GUIDE = ROOT / "docs" / "operations.md"
ALERTS = ROOT / "tests" / "integration" / "alerts.yml"


def expressions() -> list[str]:
    """Every expression of the dashboard, and what each alert compares."""
    panels = [panel["targets"][0]["expr"] for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]]
    rules = [rule for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]
    sides = [side for rule in rules for side in rule["expr"].split(" or ") if not side.startswith("absent(")]
    return panels + [re.split(r" (?:>|<|==) [\d.]+", side)[0] for side in sides]


def documented() -> set[str]:
    """The series of the operations guide, without their labels."""
    rows = re.findall(r"^\| (`nsw_.*?) \|", GUIDE.read_text(encoding="utf-8"), re.M)
    return {name for row in rows for name in re.findall(r"`(nsw_\w+)", row)}


def read(scene: Scene) -> dict[tuple[str, ...], float]:
    """Samples by their name and the values of their labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{scene.health_port}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)
    assert checked.returncode in (0, 3), checked.stderr  # 3: remarks about names
    families = text_string_to_metric_families(text)
    return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


def accepted(samples: dict[tuple[str, ...], float]) -> float:
    return sum(
        value for (name, *labels), value in samples.items() if name == "nsw_messages_total" and "accepted" in labels
    )


@pytest.fixture
def prometheus(scene: Scene, tmp_path: Path) -> Iterator[str]:
    """A server that reads the scene's daemon each second; its address."""
    (port,) = free_ports(1)
    target = {"targets": [f"127.0.0.1:{scene.health_port}"]}
    job = {"job_name": "nsw-adapter", "scrape_interval": "1s", "static_configs": [target]}
    config = tmp_path / "prometheus.yml"
    config.write_text(yaml.safe_dump({"global": {"scrape_interval": "1s"}, "scrape_configs": [job]}), encoding="utf-8")
    command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'tsdb'}"]
    server = subprocess.Popen(
        [*command, f"--web.listen-address=127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=60)


def asked(address: str, expression: str) -> list[Any]:
    query = urllib.parse.urlencode({"query": expression})
    try:
        with urllib.request.urlopen(f"{address}/api/v1/query?{query}", timeout=30) as answer:
            return list(json.load(answer)["data"]["result"])
    except OSError:
        return []


def seen(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture
def daemon_at_work(scene: Scene) -> Scene:
    """A daemon as its unit file starts it, with thirty messages answered, one worker killed, and thirty more."""
    (port,) = free_ports(1)
    scene.configure({"web.portal.enabled": True, "web.portal.port": port})
    daemon = scene.daemon_from_nothing()  # the library of counts asks when it is imported where they are kept
    scene.until_ready()
    scene.until(lambda: seen(f"http://127.0.0.1:{port}/"), "the portal's first page")
    first, second = declarations(0, 30), declarations(30, 30)
    scene.partner.publish(first)
    scene.until_done(first)
    worker = next(told["pid"] for told in daemon.events(Event.WORKER_STARTED) if told["part"] == "worker")
    os.kill(worker, signal.SIGKILL)
    scene.until(lambda: daemon.told(Event.WORKER_STARTED, 4), "another worker")
    scene.partner.publish(second)
    scene.until_done([*first, *second])
    scene.partner.publish(second[:1])  # known already: answered again, and not counted twice
    again = second[0].message_id
    scene.until(
        lambda: [each.correlation_id for each in scene.partner.collect()].count(again) > 1, "the copy is answered"
    )
    return scene


def test_counts_outlive_their_process_and_every_panel_and_alert_finds_its_series(
    daemon_at_work: Scene, prometheus: str
) -> None:
    def counted() -> bool:
        samples = read(daemon_at_work)
        known, sent = samples.get(("nsw_duplicates_total",), 0), samples["nsw_replies_total", "sent"]
        return accepted(samples) == 60 and known >= 1 and sent > 60

    assert wait_until(counted, seconds=120, step=0.5), read(daemon_at_work)
    assert wait_until(lambda: read(daemon_at_work)["nsw_part_ready", "worker-0"] == 1, seconds=120, step=0.5)
    named = {name for name, *_ in read(daemon_at_work)}
    assert {each for each in documented() if not named & {each, f"{each}_count"}} == set()
    wanted = expressions()
    assert len(wanted) > 20

    def without() -> list[str]:
        return [each for each in wanted if not asked(prometheus, each)]

    wait_until(lambda: not without(), seconds=120, step=1.0)
    assert without() == []


def test_each_rule_is_tried_firing_and_silent() -> None:
    shipped = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    rules = {rule["alert"] for group in shipped for rule in group["rules"]}
    silent, firing = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["tests"]
    assert {each["alertname"] for each in silent["alert_rule_test"]} == rules
    (counted,) = firing["promql_expr_test"]
    assert {re.findall(r'alertname="(\w+)"', each["labels"])[0] for each in counted["exp_samples"]} == rules


def test_each_alert_fires_where_it_should_and_is_silent_where_it_should_not(tmp_path: Path) -> None:
    shutil.copy(RULES, tmp_path / "alerts.rules.yml")
    shutil.copy(ALERTS, tmp_path / "alerts.yml")
    told = subprocess.run(
        ["promtool", "test", "rules", "alerts.yml"], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert told.returncode == 0, told.stdout + told.stderr
