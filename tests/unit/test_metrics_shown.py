"""Every series that the endpoint gives is looked at: on a panel, in an alert rule, or not for a reason."""

from __future__ import annotations

import json
import re

import yaml
from prometheus_client.metrics import MetricWrapperBase

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
