"""What is undone on its page has no effect any more and is journalled: override, suspension, role, delegation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from adapter.entrypoints.web.browser import STAFF_COOKIE
from adapter.gateways.store import tables
from adapter.pipeline.envelope import VIETNAM
from adapter.services.access.people import Facts
from adapter.services.access.staff_sessions import StaffAccount
from adapter.services.watch.mode import Mode, Sight
from tests.harness.browsing import Person
from tests.harness.people import TESTER
from tests.harness.staff import logged_in, staffed
from tests.harness.units import HUUNGHI
from tests.harness.website import CITIZEN, Website
from tests.servers.identity import IdentityProvider

ACCOUNTS = "/can-bo/tai-khoan"
SUSPEND, DEPUTIES = f"{ACCOUNTS}/tam-dung", f"{ACCOUNTS}/cap-pho"


@pytest.fixture(scope="module")
def _standing(tmp_path_factory: pytest.TempPathFactory, provider: IdentityProvider) -> Iterator[Website]:
    folder: Path = tmp_path_factory.mktemp("undone")
    with staffed(folder, f"sqlite:///{folder / 'adapter.db'}", provider, **{"accounts.deputy": True}) as made:
        deputy = Facts("DANG VAN PHO", ("deputy",), "Thiếu tá", unit=HUUNGHI, login="pho-don")
        made.components.people.add("pho-don", deputy, actor=TESTER)
        made.window(Sight.UP)
        made.components.window.end_override(actor=TESTER)
        yield made


@pytest.fixture
def site(_standing: Website) -> Website:
    return _standing.as_it_was()


def acts(site: Website, *kinds: str) -> list[tuple[str, str]]:
    """What the journal says of these events: event and actor, in their order."""
    rows = sorted(site.rows(tables.journal), key=lambda entry: (entry.at, entry.id))
    return [
        (row.event, row.actor.removeprefix("person:")) for row in rows if row.event in kinds and "test" not in row.actor
    ]


def in_a_browser(site: Website, login: str) -> Person:
    """One whom the provider of the tests does not know, logged in."""
    secret = site.components.staff_sessions.admit(StaffAccount("https://id.invalid", login, login, None))
    return Person(site.staff_url, {urlsplit(site.staff_url).netloc: {STAFF_COOKIE: secret}})


def test_an_override_that_is_ended_holds_the_door_open_no_more(site: Website) -> None:
    operator = logged_in(site, "van-hanh", "/van-hanh")
    before = site.components.window.state().mode
    operator.send("/van-hanh/cong/down", **{"ly-do": "Điện thoại", "den": "2099-01-01T00:00"})
    assert site.components.window.state().mode is Mode.DIRECT
    operator.send("/van-hanh/cong/end")
    assert "Đã bỏ xác định" in operator.told()
    after = site.components.window.state()
    assert (after.mode, after.override_by, after.override_until) == (before, None, None)
    both = [("window.override", "van-hanh"), ("window.override_end", "van-hanh")]
    assert acts(site, "window.override", "window.override_end") == both


def test_a_suspension_that_is_lifted_keeps_nobody_out_any_more(site: Website) -> None:
    commander, citizen = logged_in(site, "don-truong", ACCOUNTS), Person(site.url)
    commander.get(SUSPEND)
    commander.send(SUSPEND, number=CITIZEN, where="everywhere", ground="risk", reason="Nghi bị chiếm đoạt")
    (row,) = site.rows(tables.suspension)
    assert citizen.log_in("an", "/login?account=person").status_code == 403
    address = f"{ACCOUNTS}/{row.id}/khoi-phuc"
    commander.get(address)
    commander.send(address, reason="Đã xác minh")
    assert citizen.get("/login?account=person").status_code == 200, "the provider knows him still"
    assert citizen.get("/ho-so").status_code == 200
    both = [("account.suspend", "don-truong"), ("account.restore", "don-truong")]
    assert acts(site, "account.suspend", "account.restore") == both


class Two:
    """Two administrators who have logged in just now: one proposes, the other confirms."""

    def __init__(self, site: Website) -> None:
        self.mai, self.duc = (logged_in(site, who, "/quan-tri") for who in ("quan-tri", "quan-tri-2"))
        for each, who in ((self.mai, "quan-tri"), (self.duc, "quan-tri-2")):
            each.get("/login?again=true&next=/quan-tri")
            each.ask("POST", each.at, data={"who": who})

    def do(self, act: str, subject: str, **stated: str) -> None:
        self.mai.get(f"/quan-tri/lam/{act}?ve={subject}")
        self.mai.send(f"/quan-tri/lam/{act}", **{"ve": subject, "ly-do": "QĐ 14", **stated})
        self.mai.send(f"{self.mai.at}/trinh")
        self.duc.get(self.mai.at)
        self.duc.send(f"{self.duc.at}/xac-nhan")
        assert "Đã xác nhận và thực hiện" in self.duc.told()


def test_a_role_that_is_taken_back_opens_nothing_any_more(site: Website) -> None:
    two, officer = Two(site), logged_in(site, "can-bo", "/can-bo")
    facts = {"name": "NGUYEN VAN HAI", "rank": "Đại úy", "unit": HUUNGHI, "login": "hai@bienphong.example"}
    assert officer.get(SUSPEND).status_code == 403
    two.do("person_change", "can-bo", roles="commander", **facts)
    assert officer.get(SUSPEND).status_code == 200
    two.do("person_change", "can-bo", roles="officer", **facts)
    assert officer.get(SUSPEND).status_code == 403
    assert officer.get("/can-bo").status_code == 200, "the role that he had"
    two.do("person_remove", "can-bo")
    assert "Hồ sơ" not in officer.get("/can-bo").text, "he is nobody here"
    two.do("person_restore", "can-bo")
    again = logged_in(site, "can-bo", "/can-bo")
    assert (again.page.status_code, again.get(SUSPEND).status_code) == (200, 403)
    done = ["person.change", "person.change", "person.remove", "person.restore"]
    assert acts(site, *set(done)) == [(each, "quan-tri") for each in done]
    assert acts(site, "proposal.confirm") == [("proposal.confirm", "quan-tri-2")] * 4


def test_a_delegation_that_is_ended_lets_its_deputy_decide_no_more(site: Website) -> None:
    commander, deputy = logged_in(site, "don-truong", ACCOUNTS), in_a_browser(site, "pho-don")
    assert "Chưa có ủy quyền nào" in _at(commander, DEPUTIES)
    assert deputy.get(SUSPEND).status_code == 403
    commander.send(DEPUTIES, person="pho-don", document="", until="mai")
    assert commander.page.status_code == 422
    assert commander.document().xpath("//*[@class='summary']//a/@href") == ["#document", "#until"]
    until = site.components.legal_clock().astimezone(VIETNAM) + timedelta(days=1)
    commander.send(DEPUTIES, person="pho-don", document="QĐ-12", until=f"{until:%Y-%m-%dT%H:%M}")
    for told in ("Đã ủy quyền", "QĐ-12", "pho-don", "đang có hiệu lực"):
        assert told in commander.told(), told
    assert deputy.get(SUSPEND).status_code == 200
    assert deputy.get(DEPUTIES).status_code == 200
    assert deputy.document().xpath("//main//form") == [], "a deputy delegates nothing, and ends nothing"
    (row,) = site.rows(tables.delegation)
    deputy.send(f"{DEPUTIES}/{row.id}/het")
    assert deputy.page.status_code == 403
    commander.send(f"{DEPUTIES}/{row.id}/het")
    for told in ("Đã chấm dứt ủy quyền", "đã chấm dứt"):
        assert told in commander.told(), told
    assert deputy.get(SUSPEND).status_code == 403
    deputy.get(ACCOUNTS)
    deputy.send(SUSPEND, number=CITIZEN, where="unit", ground="risk", reason="x")
    assert (deputy.page.status_code, site.rows(tables.suspension)) == (403, [])
    commander.send(f"{DEPUTIES}/{row.id}/het")
    assert commander.page.status_code == 409
    both = [("delegation.grant", "don-truong"), ("delegation.end", "don-truong")]
    assert acts(site, "delegation.grant", "delegation.end") == both


def _at(person: Person, address: str) -> str:
    person.get(address)
    return person.told()
