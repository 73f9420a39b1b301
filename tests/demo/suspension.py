"""A suspended e-ID account (QĐ 15/2019/QĐ-TTg Article 8): refused with the reason, received again once restored."""

from __future__ import annotations

import uuid
from dataclasses import replace

from lxml import etree

from adapter.simulator.parties import SIGNERS
from tests.demo.table import Narrator
from tests.harness.commands import nsw_adapter
from tests.harness.expectations import Answer, expected
from tests.harness.fixtures import Case, signed
from tests.harness.play import Play, Turn
from tests.harness.premises import Premises
from tests.harness.single_window import letter

REASON = "Nguy cơ mất an toàn dữ liệu"
_OFFICER = ("--officer", "cb-0001")


def played(play: Play, premises: Premises, case: Case, narrator: Narrator) -> None:
    """Suspend the account of whoever signs, send, restore, send again."""
    number = (SIGNERS[str(case.signers.declarant)].identity or "").rpartition(":")[2]
    content = etree.fromstring(case.message).find("Body/Content/*")
    assert content is not None, case.id
    pointer = f"/Envelope/Body/Content/{content.tag}"
    refusal = Answer("20", "22", "Refusal", frozenset({(play.texts["account_suspended"].code, pointer)}))
    nsw_adapter(premises, "account", "suspend", number, "--reason", REASON, *_OFFICER)
    lines = play.exchange([_turn(play, case, "suspended (tạm dừng)", refusal)])
    told = etree.fromstring(lines[0].body).findtext(".//RejectDesc") or "" if lines[0].body else ""
    nsw_adapter(premises, "account", "restore", number, "--reason", "Đã khắc phục", *_OFFICER)
    lines += play.exchange([_turn(play, case, "restored (khôi phục)", expected(case, play.texts))])
    narrator.table("The head of the gate unit suspends an account, and restores it (QĐ 15/2019/QĐ-TTg Điều 8):", lines)
    problems = [] if REASON in told else [f"the reason is missing: {told}"]
    narrator.check("the refusal told the reason as it was typed", problems)


def _turn(play: Play, case: Case, label: str, wanted: Answer) -> Turn:
    """The same declaration under a number and an id of its own."""
    root = etree.fromstring(case.message)
    identifier = str(uuid.uuid4())
    number = root.findtext("Header/Subject/reference") or ""
    text = case.message.decode()
    text = text.replace(root.findtext("Header/Reference/messageId") or "", identifier)
    text = text.replace(f">{number}<", f">SUS{identifier[:8].upper()}<")
    fresh = replace(case, message=text.encode())
    return Turn(f"{case.id}: {label}", letter(fresh.message, signed(fresh, play.pki)), wanted)
