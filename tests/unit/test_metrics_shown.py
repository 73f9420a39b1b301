"""Every series that the endpoint gives is looked at: on a panel, in an alert rule, or not for a reason."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import yaml
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.parser import text_string_to_metric_families

from adapter.entrypoints.metrics import Metrics, Parts
from tests.harness.pki import ROOT

DASHBOARD = ROOT / "deploy" / "grafana" / "nsw-adapter.json"
RULES = ROOT / "deploy" / "prometheus" / "alerts.yml"
NOT_LOOKED_AT: dict[str, str] = {}
"""Series that stand on no panel and in no rule, each with its reason."""
_PARTS_OF = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


def emitted() -> dict[str, set[str]]:
    """Each metric by its name, with the series that it has."""
    counts = Metrics(lambda event, **fields: None)
    held = [
        each for of in (counts, counts._gauges) for each in vars(of).values() if isinstance(each, MetricWrapperBase)
    ]
    families = [family for each in held for family in each.describe()]
    families += Parts([("worker-0", True, 1, 1.0)]).collect()
    return {family.name: {family.name + end for end in _PARTS_OF[family.type]} for family in families}


def looked_at() -> set[str]:
    """The series that a panel or a rule asks for."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    rules = [rule for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]
    asked = [target["expr"] for panel in panels for target in panel["targets"]] + [rule["expr"] for rule in rules]
    return {name for expression in asked for name in re.findall(r"nsw_\w+", expression)}


def test_every_series_is_on_a_panel_in_a_rule_or_not_for_a_reason() -> None:
    found, asked = emitted(), looked_at()
    assert len(found) > 20
    assert {name for name, series in found.items() if not series & asked} == set(NOT_LOOKED_AT)


def test_each_thing_that_operators_watch_has_its_series() -> None:
    watched = {
        "messages by outcome and procedure": "nsw_messages",
        "seconds by stage": "nsw_stage_seconds",
        "messages of one transaction": "nsw_batch",
        "replies that wait": "nsw_replies_waiting",
        "age of the oldest of them": "nsw_oldest_reply_seconds",
        "messages that wait or are parked": "nsw_messages_held",
        "the broker's quarantine": "nsw_quarantine_messages",
        "deadlines near and broken": "nsw_deadlines",
        "days to the end of a certificate": "nsw_certificate_days",
        "the window's mode": "nsw_window_mode",
        "trouble with broker and database": "nsw_troubles",
        "requests of the web": "nsw_web_requests",
        "sessions": "nsw_sessions",
    }
    assert set(watched.values()) - emitted().keys() == set()


def test_no_panel_and_no_rule_asks_for_what_is_not_there() -> None:
    assert looked_at() <= set().union(*emitted().values())


def test_panels_lie_beside_one_another() -> None:
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    places = [(each["gridPos"]["x"], each["gridPos"]["y"]) for each in panels]
    assert len(set(places)) == len(places)
    assert len({each["id"] for each in panels}) == len(panels)


_PROCESSES = """
import os, signal, sys
from pathlib import Path
from adapter.entrypoints.metrics import Metrics, exposition, keep_in
from adapter.model.events import Event
keep_in(Path(sys.argv[1]))
for messages in (2, 3):
    child = os.fork()
    if not child:
        count = Metrics(lambda event, **fields: None)
        told = {"procedure": "A", "channel": "window", "outcome": "accepted", "state": "answered", "ms": {"verify": 2}}
        for _ in range(messages):
            count(Event.SETTLED, duplicate=False, **told)
        count(Event.SETTLED, duplicate=True, **told)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
sys.stdout.buffer.write(exposition([("worker-0", True, 1, 1.0)]))
"""


def test_counts_of_all_processes_are_told_together_and_outlive_those_that_were_killed(tmp_path: Path) -> None:
    """From nothing: the library asks when it is imported where counts are kept."""
    folder = tmp_path / "counts"
    kept_there = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    command = [sys.executable, "-c", _PROCESSES, str(folder)]
    ran = subprocess.run(command, cwd=ROOT, env=kept_there, capture_output=True, text=True, check=True)
    told = {each.name: each.value for family in text_string_to_metric_families(ran.stdout) for each in family.samples}
    assert (told["nsw_messages_total"], told["nsw_duplicates_total"]) == (5, 2)
    assert (told["nsw_stage_seconds_count"], told["nsw_part_ready"]) == (5, 1)
