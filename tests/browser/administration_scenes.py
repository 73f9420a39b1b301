"""Two administrators at work: one has proposed a change of a person and of a list, another one is to confirm them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from adapter.bootstrap import now
from adapter.gateways.store.proposals import Entered
from adapter.services.access.administration import AdminAct
from adapter.services.registers.list_editions import TEXT
from tests.browser.staff_scenes import Shift
from tests.harness.units import HUUNGHI
from tests.servers.identity import STAFF


def desk(components: Shift) -> Mapping[str, str]:
    """Fill it; gives administrators' pages by the names of their pictures, as `quan-tri` sees them."""
    whole = components.site.components
    duc = replace(whole.people.acting("quan-tri-2"), proven_at=now())
    stated: Entered = {"name": "NGUYEN VAN HAI", "rank": "Thiếu tá", "roles": ["commander"], "unit": HUUNGHI}
    stated["login"] = STAFF["can-bo"].login
    number = whole.proposals.draft(AdminAct.PERSON_CHANGE, "can-bo", stated, "Theo QĐ 112/QĐ-BTL", actor=duc)
    whole.proposals.ask(number, actor=duc)
    lists = whole.list_editions
    closed = (lists.text("gates") or "").replace("{code: HUUNGHI,", "{code: HUUNGHI, to: 2026-02-28,")
    of_list = whole.proposals.draft(AdminAct.LIST_CHANGE, "gates", {TEXT: closed}, "NQ 389/NQ-CP", actor=duc)
    whole.proposals.ask(of_list, actor=duc)
    return {
        "de-nghi-danh-muc": f"/quan-tri/de-nghi/{of_list}",
        "quan-tri": "/quan-tri",
        "de-nghi": f"/quan-tri/de-nghi/{number}",
        "them-nguoi": "/quan-tri/lam/person_add",
        "nguoi": "/quan-tri/nguoi",
        "mot-nguoi": "/quan-tri/nguoi/can-bo",
        "co-quan": "/quan-tri/co-quan",
        "danh-muc": "/quan-tri/danh-muc?ngay=2025-06-30&so-voi=2025-07-01",
        "lich": "/quan-tri/lich",
        "tin-cay": "/quan-tri/tin-cay",
    }
