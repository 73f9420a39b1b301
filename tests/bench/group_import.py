"""A guide's group from the offered XLSX template to the answer: what each step of it takes on the server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from adapter.bootstrap import Components
from adapter.simulator.sign import SignatureForm, sign_message
from tests.bench.visitors import Caller
from tests.harness.declaring import begun, fill, filled, press, send_file, texts_of, unsent
from tests.harness.pki import shared_pki

LIST = "persons"


@dataclass(slots=True)
class GroupTimes:
    """Seconds from request to answer, by step; what the guide does between them (typing, signing) is not in it."""

    steps: dict[str, float] = field(default_factory=dict)
    told: str = ""
    """What the last page says."""

    @property
    def seconds(self) -> float:
        return sum(self.steps.values())


def send_group(components: Components, caller: Caller, number: str, message: bytes) -> GroupTimes:
    """Fill in form 07 with what `message` says, its persons by XLSX, sign it and send it; the portal must be open."""
    times = GroupTimes()

    @contextmanager
    def step(name: str) -> Iterator[None]:
        before = caller.waited
        yield
        times.steps[name] = times.steps.get(name, 0.0) + caller.waited - before

    draft = begun(caller, "Mẫu 07")
    pages = texts_of(components, unsent(components, number), message)
    fill(caller, draft, {page: texts for page, texts in pages.items() if f"/{LIST}/" not in page})
    group = components.drafts.forms.layout(unsent(components, number)).group(LIST)
    assert group is not None
    heads = {each.name: each.label.vi for each in group.asked}
    rows = [_row(heads, texts) for page, texts in pages.items() if f"/{LIST}/" in page]
    book = filled(caller.ask("GET", f"{draft}/nhap/{LIST}/mau.xlsx").content, rows)
    caller.get(f"{draft}/nhap/{LIST}")
    with step("read the file"):
        send_file(caller, f"{draft}/nhap/{LIST}", "doan.xlsx", book)
    with step("take its rows"):
        press(caller, "Nhập các dòng này")
    with step("check"):
        caller.get(f"{draft}/kiem-tra")
    with step("prepare"):
        press(caller, "Lập tệp để ký")
    with step("download"):
        prepared = caller.ask("GET", f"{draft}/tep.xml", follow=False).content
    signed = sign_message(prepared, system=None, declarant=shared_pki().party("enterprise"), form=SignatureForm.DOTNET)
    caller.get(f"{draft}/ky")
    with step("upload"):
        send_file(caller, f"{draft}/ky", "doan.xml", signed)
    with step("send"):
        press(caller, "Gửi tệp đã ký")
    times.told = caller.told()
    return times


def _row(heads: dict[str, str], texts: dict[str, str]) -> dict[str, str]:
    return {heads[name.rpartition(".")[2]]: text for name, text in texts.items()}
