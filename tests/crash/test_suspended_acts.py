"""An account is suspended everywhere while its owner's page is open: no act of his has any effect, by real HTTP.

On both databases, with a listener. After the restoration the same act, from the same draft or dossier, goes through:
nothing that he had done is lost (QĐ 15/2019/QĐ-TTg Article 8).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from adapter.gateways.store import tables
from adapter.pipeline.compose import AmendmentItem
from adapter.services.watch.mode import Sight
from adapter.simulator.sign import SignatureForm, sign_message
from tests.harness.browsing import Person
from tests.harness.declaring import begun, fill, press, send_file, texts_of, unsent
from tests.harness.fixtures import load_cases, submission
from tests.harness.history import OFFICER, dossier_of
from tests.harness.own_dossiers import address, declared, somebody
from tests.harness.people import TESTER
from tests.harness.pki import shared_pki
from tests.harness.website import CITIZEN, ENTERPRISE, OTHER, Website, configure, group_message, website
from tests.servers.identity import IdentityProvider

pytestmark = pytest.mark.slow
CUONG = "001088007890"
REASON = "Nghi bị chiếm đoạt"
SHIP = next(case for case in load_cases() if case.id == "BQP0100007/accepted-arrival-exactly-four-hours-before")
PAPER = "/Envelope/Body/Content/CitizenDeclaration/Citizen/DocumentNumber"


@dataclass(frozen=True)
class Act:
    """What he does from a page that stands open before him."""

    page: str
    do: Callable[[Person], object]


Ready = Callable[[Website, Person], Act]
"""Brings him to where he may do it."""


@pytest.fixture(scope="module")
def standing(
    tmp_path_factory: pytest.TempPathFactory, standing_url: str, other_provider: IdentityProvider
) -> Iterator[Website]:
    config = configure(tmp_path_factory.mktemp("acts"), standing_url, other_provider.settings())
    ports = [urlsplit(each).port or 0 for each in (other_provider.site, other_provider.staff_site)]
    with website(config, *ports) as served:
        served.window(Sight.DOWN)
        yield served


@pytest.fixture
def site(standing: Website) -> Website:
    return standing.as_it_was()


def _group(site: Website, person: Person) -> str:
    """The address of a group's draft that has everything."""
    draft = begun(person, "Mẫu 07")
    fill(person, draft, texts_of(site.components, unsent(site.components, CUONG), group_message()))
    return draft


def prepare(site: Website, person: Person) -> Act:
    draft = _group(site, person)
    return Act(f"{draft}/kiem-tra", lambda each: press(each, "Lập tệp để ký"))


def sign(site: Website, person: Person) -> Act:
    """What he has signed is uploaded."""
    draft = _group(site, person)
    person.get(f"{draft}/kiem-tra")
    press(person, "Lập tệp để ký")
    prepared = person.ask("GET", f"{draft}/tep.xml", follow=False).content
    signed = sign_message(prepared, system=None, declarant=shared_pki().party("enterprise"), form=SignatureForm.DOTNET)
    return Act(f"{draft}/ky", lambda each: send_file(each, f"{draft}/ky", "ky.xml", signed))


def send(site: Website, person: Person) -> Act:
    uploading = sign(site, person)
    person.get(uploading.page)
    uploading.do(person)
    return Act(person.at, lambda each: press(each, "Gửi tệp đã ký"))


def open_it(site: Website, person: Person) -> Act:
    key = declared(site)
    site.components.completion.complete(key, OFFICER)
    return Act(f"{site.url}{address(key)}", lambda each: each.send(_unopened(each)[0]))


def amend(site: Website, person: Person) -> Act:
    """Form 14 that answers a request is sent."""
    key = declared(site)
    item = AmendmentItem("Số giấy tờ không khớp", "Khai lại theo hộ chiếu", None, PAPER)
    site.components.amendments.request(key, OFFICER, reason="Kiểm tra giấy tờ", items=[item])
    for _ in range(2):
        person.get(address(key))
        person.send(_unopened(person)[0])
    person.get(address(key))
    press(person, "Trả lời yêu cầu (sửa bản khai)")
    draft = person.at
    person.get(f"{draft}/muc/AmendmentDeclaration")
    press(person, "Lưu, khai tiếp sau", reason="Gõ nhầm")
    person.get(f"{draft}/muc/Citizen")
    press(person, "Lưu, khai tiếp sau", documentNumber="C7654321")
    return Act(f"{draft}/kiem-tra", lambda each: press(each, "Gửi bản sửa đổi, bổ sung"))


def withdraw(site: Website, person: Person) -> Act:
    """A ship's declaration: he begins to take it back."""
    site.components.intake.receive([submission(SHIP, shared_pki())])
    page = address(dossier_of(SHIP.message))
    return Act(f"{site.url}{page}", lambda each: each.send(f"{page}/sua", what="withdrawal"))


ACTS: dict[str, tuple[Ready, str, str | None]] = {
    "prepare": (prepare, CUONG, ENTERPRISE),
    "sign": (sign, CUONG, ENTERPRISE),
    "send": (send, CUONG, ENTERPRISE),
    "open": (open_it, CITIZEN, None),
    "amend": (amend, CITIZEN, None),
    "withdraw": (withdraw, OTHER, ENTERPRISE),
}
"""Each with who does it."""


def _unopened(person: Person) -> list[str]:
    return [str(each) for each in person.document().xpath("//form[contains(@action, '/tra-loi/')]/@action")]


def _standing(site: Website) -> object:
    """All that an act of a declarant may change."""
    drafts = [
        (row.public_id, row.version, row.number, row.pressed_at, row.signed, row.sent_as, row.waits_since)
        for row in site.rows(tables.draft)
    ]
    had = sorted((row.id, row.delivered_at) for row in site.rows(tables.outbox))
    counts = [len(site.rows(table)) for table in (tables.inbox, tables.dossier, tables.contingency, tables.declaration)]
    return sorted(drafts, key=str), had, counts


@pytest.mark.parametrize("name", ACTS)
def test_an_account_that_is_suspended_in_the_middle_of_an_act_is_stopped_and_loses_nothing(
    site: Website, name: str
) -> None:
    ready, number, tax_code = ACTS[name]
    person = somebody(site, number, tax_code)
    act = ready(site, person)
    person.get(act.page)
    assert person.page is not None
    assert person.page.status_code == 200
    before = _standing(site)

    site.suspend(number, reason=REASON)
    act.do(person)
    assert _standing(site) == before, "nothing was drawn, stored, opened or begun"
    assert site.rows(tables.session) == [], "his session is over"
    person.get(act.page)
    assert urlsplit(person.at).path in ("/login", "/") or person.page.status_code in (401, 403), person.at

    site.components.accounts.restore(number, unit=None, reason="Đã xác minh", actor=TESTER)
    again = somebody(site, number, tax_code)
    again.get(act.page)
    act.do(again)
    assert _standing(site) != before, "the same act goes through"
