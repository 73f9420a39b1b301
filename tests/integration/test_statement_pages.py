"""Certificates and signed authorisations on the pages of those who hold and give them."""

from __future__ import annotations

import pytest

from adapter.gateways.store import tables
from tests.harness.browsing import Person
from tests.harness.declaring import entered, send_file
from tests.harness.people import TESTER
from tests.harness.pki import shared_pki
from tests.harness.statements import brought, logged_in, signed
from tests.harness.website import CITIZEN, ENTERPRISE, Website, changed


@pytest.fixture
def holder(site: Website) -> Person:
    """He uses the enterprise's account."""
    return entered(site, "cuong", "/chung-thu-so")


def downloaded(person: Person, address: str, back: str, **fields: str) -> bytes:
    """The statement that a form of the page gives; and back to the page."""
    answer = person.send(address, **fields)
    assert answer.headers["content-disposition"] == 'attachment; filename="van-ban-can-ky.xml"', person.told()
    person.get(back)
    return answer.content


def test_he_registers_a_certificate_and_suspends_it(site: Website, holder: Person) -> None:
    statement = downloaded(holder, "/chung-thu-so/van-ban", "/chung-thu-so")
    send_file(holder, "/chung-thu-so", "ky.xml", statement)
    assert "Văn bản chưa được ký" in holder.told()
    send_file(holder, "/chung-thu-so", "ky.xml", signed(statement, "unregistered"))
    assert "Đã đăng ký chứng thư số" in holder.told()
    send_file(holder, "/chung-thu-so", "ky.xml", signed(statement, "unregistered"))
    assert "đã được dùng một lần" in holder.told()
    serial = f"{shared_pki().party('unregistered').certificate.serial_number:x}"
    (row,) = [each for each in site.rows(tables.certificate) if each.serial == serial]
    holder.get(f"/chung-thu-so/{row.id}/tam-dung")
    holder.send(f"/chung-thu-so/{row.id}/tam-dung", reason="")
    assert "Hãy ghi lý do" in holder.told()
    holder.send(f"/chung-thu-so/{row.id}/tam-dung", reason="Mất token")
    assert "Đã tạm dừng chứng thư số" in holder.told()
    assert "Mất token" in holder.told()
    assert holder.get(f"/chung-thu-so/{row.id}/tam-dung").status_code == 404


def test_nobody_sees_or_suspends_another_s_certificate(site: Website) -> None:
    person = entered(site, "binh", "/chung-thu-so")
    theirs = [each for each in site.rows(tables.certificate) if each.number in (CITIZEN, ENTERPRISE)]
    assert theirs
    assert not any(each.serial in person.told() for each in theirs)
    assert person.get(f"/chung-thu-so/{theirs[0].id}/tam-dung").status_code == 404
    person.get("/chung-thu-so")
    assert person.send(f"/chung-thu-so/{theirs[0].id}/tam-dung", reason="x").status_code == 404


def test_a_representative_brings_what_his_principal_has_signed(site: Website) -> None:
    person = entered(site, "an", "/uy-quyen")
    person.send("/uy-quyen/van-ban", principal=ENTERPRISE, holder=CITIZEN, document="", until="")
    assert "số văn bản" in person.told()
    person.send("/uy-quyen/van-ban", principal=ENTERPRISE, holder=CITIZEN, document="UQ-9", until="31/13/2026")
    assert "Ngày chưa đúng" in person.told()
    terms = {"principal": ENTERPRISE, "holder": CITIZEN, "document": "UQ-9", "until": "", "procedure.BQP0100001": "1"}
    statement = downloaded(person, "/uy-quyen/van-ban", "/uy-quyen", **terms)
    send_file(person, "/uy-quyen/ban-ky", "ky.xml", signed(statement, "citizen"))
    assert "không phải của bên ủy quyền" in person.told()
    send_file(person, "/uy-quyen/ban-ky", "ky.xml", signed(statement, "enterprise"))
    assert "UQ-9" in person.told()
    assert person.document().xpath("//select[@id='acts-for']/option/@value") == ["", ENTERPRISE], "at once"
    assert {row.granted_by for row in site.rows(tables.authorisation)} == {"signed"}


def test_an_officer_answers_and_the_holder_reads_the_reason(site: Website, holder: Person) -> None:
    components, secret = site.components, logged_in(site.components)
    with changed(components.certificate_holders, approval=True):
        first = components.certificate_holders.register(secret, brought(components, secret))
    holder.get("/chung-thu-so")
    assert "Chờ xem xét" in holder.told()
    components.registry.decline(first.id, reason="Thiếu giấy đăng ký", actor=TESTER)
    holder.get("/chung-thu-so")
    assert "Thiếu giấy đăng ký" in holder.told()
    holder.get("/hop-thu")
    assert "Chứng thư số không được đăng ký" in holder.told()
