"""Administrators' pages after a real log-in: two of them enter a person; every register opens to nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from sqlalchemy import update

from adapter.gateways.store.tables import proposal, session
from tests.harness.assertions import AUDIENCE, CLIENT, ISSUER, Signer, client, issuer
from tests.harness.browsing import Person
from tests.harness.data import few
from tests.harness.staff import OFFICE, logged_in, staffed
from tests.harness.stores import sqlite_store
from tests.harness.units import HUUNGHI
from tests.harness.website import Website
from tests.servers.identity import IdentityProvider

REGISTERS = ("", "/nguoi", "/nguoi/can-bo", "/nguoi/hai-quan", "/co-quan", "/don-vi", "/ma-truy-cap", "/chuong-trinh")
SHOWN = ("/danh-muc", "/danh-muc?ngay=2025-06-30&so-voi=2025-07-01", "/danh-muc/gates", "/lich", "/tin-cay")
FORMS = ("person_add", "office_add", "token_issue", "client_add", "issuer_add", "person_change?ve=can-bo")
PAGES = [f"/quan-tri{each}" for each in (*REGISTERS, *SHOWN, "/quy-tac/BQP0100001/1")]
PAGES += [f"/quan-tri/lam/{each}" for each in (*FORMS, f"office_change?ve={OFFICE}")]
NEW = {"ve": "moi", "name": "NGUYEN THI MOI", "rank": "Trung úy", "roles": "officer", "unit": HUUNGHI, "ly-do": "QĐ 12"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, provider: IdentityProvider) -> Iterator[Website]:
    folder = tmp_path_factory.mktemp("site")
    # A list that is changed is proved with every procedure: two tell as much as twenty.
    data = few(tmp_path_factory.mktemp("data"), "BQP0100000", "BQP0100001", states=True)
    folders = {"folders.schemas": str(data.schemas), "folders.mappings": str(data.mappings)}
    asks = {"customs.audience": AUDIENCE, **folders}
    with staffed(folder, sqlite_store(folder / "adapter.sqlite3"), provider, **asks) as served:
        yield served


def again(who: Person, code: str) -> None:
    """Log in anew by the link that the page gives."""
    (link,) = who.document().xpath("//a[contains(@href, 'again')]/@href")
    who.log_in(code, link)


def test_two_administrators_enter_a_person_and_one_alone_cannot(site: Website) -> None:
    mai, duc = (logged_in(site, who, "/quan-tri") for who in ("quan-tri", "quan-tri-2"))
    mai.get("/quan-tri/lam/person_add")
    mai.send("/quan-tri/lam/person_add", **{**NEW, "unit": ""})
    assert mai.page.status_code == 422
    assert "NGUYEN THI MOI" in mai.page.text, "what was typed is kept"
    mai.send("/quan-tri/lam/person_add", **NEW)
    proposal = mai.at
    assert "Hãy đăng nhập lại" in mai.told(), "the provider has not stated when"
    again(mai, "quan-tri")
    assert mai.at == proposal
    mai.send(f"{proposal}/xac-nhan")
    assert "nobody confirms his own" in mai.told()
    mai.send(f"{proposal}/trinh")
    assert "Chờ quản trị viên khác" in mai.told()
    duc.get(proposal)
    duc.send(f"{proposal}/xac-nhan")
    assert duc.page.status_code == 409
    again(duc, "quan-tri-2")
    duc.send(f"{proposal}/xac-nhan")
    assert "Đã xác nhận và thực hiện" in duc.told()
    assert site.components.people.show("moi")[-1].granted_by == "person:quan-tri"
    with site.components.database.transaction() as connection:
        connection.execute(update(session).values(proven_at=None))
    mai.get("/quan-tri/lam/person_remove?ve=moi")
    mai.send("/quan-tri/lam/person_remove", **{"ve": "moi", "ly-do": "x"})
    mai.send(f"{mai.at}/trinh")
    assert mai.page.status_code == 409
    assert "logs in again" in mai.told()


def test_a_token_is_shown_once_to_whoever_confirms_it(site: Website) -> None:
    mai, duc = (logged_in(site, who, "/quan-tri") for who in ("quan-tri", "quan-tri-2"))
    mai.get("/quan-tri/lam/token_issue")
    mai.send("/quan-tri/lam/token_issue", **{"ve": "may-1", "role": "customs", "office": OFFICE, "ly-do": "QĐ 13"})
    again(mai, "quan-tri")
    mai.send(f"{mai.at}/trinh")
    duc.get(mai.at)
    again(duc, "quan-tri-2")
    duc.send(f"{duc.at}/xac-nhan")
    (token,) = duc.document().xpath("//section[@aria-labelledby='token']//code/text()")
    assert site.components.tokens.authenticate(token) is not None
    duc.get(mai.at)
    assert token not in duc.page.text


def looked_up(site: Website, program: Signer, sso: Signer) -> int:
    """The status of a search that the program makes for an officer whom this issuer has logged in."""
    headers = {"Officer-Assertion": sso.sign("hai-quan", client_id=CLIENT)}
    with site.staff(program.sign(CLIENT)) as caller:
        days = {"first_day": "2026-03-01", "last_day": "2026-03-31"}
        return caller.post("/api/v1/lookup/searches", json=days, headers=headers).status_code


def test_an_end_that_cannot_be_read_is_asked_for_again(site: Website) -> None:
    """A token without an end would be open for ever."""
    mai = logged_in(site, "quan-tri", "/quan-tri")
    typed = {"ve": "may-2", "role": "customs", "office": OFFICE, "ly-do": "QĐ 14"}
    for expires, status in (("31/02/2027 08:00", 422), ("31/12/2027 17:00", 200)):
        mai.get("/quan-tri/lam/token_issue")
        assert mai.send("/quan-tri/lam/token_issue", **typed, expires=expires).status_code == status
        if status == 422:
            assert mai.document().xpath("//input[@name='expires']/@value") == [expires]
    (drafted,) = [each for each in site.rows(proposal) if each.stated.get("expires")]
    assert drafted.stated["expires"] == "2027-12-31T17:00:00+07:00"


def test_a_program_and_its_issuer_look_up_from_the_confirmation_of_two_until_that_of_their_end(site: Website) -> None:
    mai, duc = (logged_in(site, who, "/quan-tri") for who in ("quan-tri", "quan-tri-2"))
    mai.get("/login?again=true&next=/quan-tri")
    mai.ask("POST", mai.at, data={"who": "quan-tri"})
    duc.get("/login?again=true&next=/quan-tri")
    duc.ask("POST", duc.at, data={"who": "quan-tri-2"})

    def done(act: str, subject: str, **stated: str) -> None:
        mai.get(f"/quan-tri/lam/{act}" + ("" if act.endswith("add") else f"?ve={quote(subject)}"))
        mai.send(f"/quan-tri/lam/{act}", **{"ve": subject, "ly-do": "QĐ 14", **stated})
        mai.send(f"{mai.at}/trinh")
        duc.get(mai.at)
        duc.send(f"{duc.at}/xac-nhan")
        assert "Đã xác nhận và thực hiện" in duc.told()

    program, sso, stolen = client(), issuer(), issuer()
    whole = {"name": "E-Customs", "offices": OFFICE, "issuers": ISSUER, "procedures": "BQP0100001"}
    done("issuer_add", ISSUER, name="SSO", keys=stolen.public)
    done("client_add", CLIENT, keys=program.public, **whole)
    assert looked_up(site, program, stolen) == 200
    done("issuer_change", ISSUER, name="SSO", keys=sso.public)
    assert (looked_up(site, program, stolen), looked_up(site, program, sso)) == (401, 200)
    other = client()
    done("client_change", CLIENT, keys=other.public, **whole)
    assert (looked_up(site, program, sso), looked_up(site, other, sso)) == (401, 200)
    assert other.public.split('"x": "')[1][:10] not in duc.get("/quan-tri/chuong-trinh").text, "a thumbprint is shown"
    done("client_end", CLIENT)
    assert looked_up(site, other, sso) == 401
    done("issuer_end", ISSUER)
    assert [site.components.clients.list(kind) for kind in ("client", "issuer")] == [[], []]


def test_a_code_list_is_changed_from_its_page_and_compared_before_anybody_is_asked(site: Website) -> None:
    mai = logged_in(site, "quan-tri", "/quan-tri")
    mai.get("/quan-tri/danh-muc/sexes")
    (form,) = mai.document().xpath("//a[contains(@href, 'list_change')]/@href")
    mai.get(form)
    (text,) = mai.document().xpath("//textarea/text()")
    mai.send("/quan-tri/lam/list_change", **{"ve": "sexes", "text": "codes: [", "ly-do": "QĐ 15"})
    assert (mai.page.status_code, "codes: [" in mai.page.text) == (422, True), "what was typed is kept"
    more = text.replace("\n", "\r\n").rstrip() + "\r\n  - {code: Y, vi: Thử, en: test, from: 2099-01-01}"
    mai.send("/quan-tri/lam/list_change", **{"ve": "sexes", "text": more, "ly-do": "QĐ 15"})
    (shown,) = mai.document().xpath("//pre")
    assert "+  - {code: Y, vi: Thử, en: test, from: 2099-01-01}" in shown.text_content().splitlines()
    assert mai.document().xpath("//del") == []
    assert "1 mã thay đổi" in mai.told()
    assert "Thử lại 0 thông điệp mới nhất: 0 sẽ có kết quả khác" in mai.told()


def test_every_page_opens_to_an_administrator_and_to_nobody_else(site: Website) -> None:
    mai, lan = logged_in(site, "quan-tri", "/quan-tri"), logged_in(site, "van-hanh", "/van-hanh")
    for address in PAGES:
        assert mai.get(address).status_code == 200, address
        assert lan.get(address).status_code == 403, address
    mai.get("/quan-tri/danh-muc?ngay=2025-06-30&so-voi=2025-07-01")
    assert "QUANGTRI" in mai.told(), "a province of a gate that changed on that day"
    mai.get("/quan-tri/tin-cay")
    assert mai.document().xpath("//main//form") == [], "shown, never edited"
