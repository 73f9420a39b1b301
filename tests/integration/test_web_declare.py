"""Declaring on the portal by hand: log in, choose, fill in page by page, check, send or sign; without scripts."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from lxml import etree
from sqlalchemy import update

from adapter.gateways.store import tables
from adapter.services.door.draft import Draft
from adapter.services.watch.mode import Mode, Sight
from adapter.simulator.sign import SignatureForm, sign_message
from tests.harness import declaring as filling
from tests.harness.browsing import Person
from tests.harness.declaring import TRAVELLER, begun, entered, filled, press, send_file, texts_of, unsent
from tests.harness.people import TESTER
from tests.harness.pki import ROOT, shared_pki
from tests.harness.website import Website, citizen_message, group_message
from tests.servers.identity import PEOPLE

AN, BINH, CUONG = "an", "binh", "cuong"
HOSTILE = "<script>alert(1)</script>"
STATIC = ROOT / "adapter" / "entrypoints" / "web" / "static"


def draft_of(site: Website, who: str) -> Draft:
    return unsent(site.components, PEOPLE[who].number)


def typed(site: Website, who: str, message: bytes) -> dict[str, dict[str, str]]:
    return texts_of(site.components, draft_of(site, who), message)


def fill(person: Person, site: Website, who: str, draft: str, message: bytes) -> None:
    filling.fill(person, draft, typed(site, who, message))


def test_a_citizen_declares_from_the_first_page_to_the_receipt(site: Website) -> None:
    person = Person(site.url)
    person.log_in(AN, "/login?next=/khai-bao")
    draft = begun(person, "Mẫu 11")
    assert "Cần khai" in person.told()
    fill(person, site, AN, draft, citizen_message())
    person.get(f"{draft}/kiem-tra")
    assert "Sẵn sàng gửi" in person.told()
    press(person, "Gửi bản khai")
    assert "Đã tiếp nhận bản khai" in person.told()
    (row,) = site.rows(tables.inbox)
    assert (row.outcome, row.bound_to, row.channel) == ("accepted", PEOPLE[AN].number, "portal")
    assert f"{row.reference}/{row.year}" in person.told()


def test_what_is_inaccurate_is_told_with_what_it_leads_to_before_and_after_it_is_sent(site: Website) -> None:
    """Article 11(3)(a): the border guard asks for an amendment at once; the declarant's hour runs from his receipt."""
    person = entered(site, AN)
    draft = begun(person, "Mẫu 11")
    fill(person, site, AN, draft, citizen_message(ExpiryDate="2020-01-01"))
    person.get(f"{draft}/kiem-tra")
    assert "Biên phòng yêu cầu sửa đổi, bổ sung ngay (Mẫu 13)" in person.told()
    press(person, "Gửi bản khai")
    assert "Đã tiếp nhận; Biên phòng yêu cầu sửa đổi, bổ sung" in person.told()
    dossier = person.document().xpath("//main//a[@class='act']/@href")[0]
    person.get(dossier)
    assert "Có trả lời: Yêu cầu sửa đổi, bổ sung" in person.told()


def test_whoever_is_late_is_told_by_how_long_before_he_sends_and_is_taken(site: Website) -> None:
    """Two hours and twenty minutes before he comes: forty minutes late."""
    person = entered(site, AN)
    draft = begun(person, "Mẫu 11")
    fill(person, site, AN, draft, citizen_message(ExpectedArrival="2026-03-02 09:35:00"))
    person.get(f"{draft}/kiem-tra")
    assert "Bạn muộn 40 phút: bản khai vẫn được tiếp nhận và ghi nhận là khai muộn" in person.told()
    press(person, "Gửi bản khai")
    assert "Đã tiếp nhận bản khai" in person.told()


def test_of_a_file_with_very_many_faults_it_is_told_how_many_there_are(site: Website) -> None:
    person = entered(site, CUONG)
    draft = begun(person, "Mẫu 07")
    person.get(f"{draft}/nhap/persons")
    head, row = "Họ và tên;Giới tính;Ngày sinh;Số giấy tờ", "A;Nữ;31/2/1990;1"
    send_file(person, f"{draft}/nhap/persons", "x.csv", "\r\n".join((head, *[row] * 300, "")).encode())
    told = person.told()
    (count,) = re.findall(r"Tệp có (\d+) chỗ cần sửa", told)
    assert int(count) >= 300
    assert f"Còn {int(count) - 200} chỗ nữa" in told


def test_the_way_to_declare_stands_on_every_page_of_who_has_logged_in(site: Website) -> None:
    person = Person(site.url)
    person.get("/khai-bao")
    assert "/login" in person.at, "who has not logged in comes to log in"
    person = entered(site, AN, "/")
    for address in ("/", "/ho-so"):
        person.get(address)
        assert "/khai-bao" in person.document().xpath("//nav//a/@href")
    person.get("/")
    assert "/khai-bao" in person.document().xpath("//main//a/@href")


def test_the_forms_of_a_gate_where_he_is_suspended_are_shut_and_what_he_typed_is_kept(site: Website) -> None:
    person = entered(site, AN)
    draft = begun(person, "Mẫu 11")
    page, texts = next(iter(typed(site, AN, citizen_message()).items()))
    person.get(f"{draft}{page}")
    reason = "Nghi bị chiếm đoạt"
    site.components.accounts.suspend(PEOPLE[AN].number, unit="CK-HUUNGHI", reason=reason, actor=TESTER)
    press(person, "Lưu và tiếp tục", **{name.replace(".", "__"): text for name, text in texts.items()})
    assert (person.page.status_code if person.page else 0, reason in person.told()) == (403, True)
    kept = draft_of(site, AN).answers.values
    assert len(kept) > len(texts) > 0, "what was typed on the page before is kept"
    for shut in (page, "/kiem-tra", "/ky"):
        assert person.get(f"{draft}{shut}").status_code == 403
        assert person.document().xpath("//main//form") == []
    person.get(draft)
    assert reason in person.told()
    assert not person.document().xpath("//a[contains(@href, 'kiem-tra')]")
    person.get("/khai-bao/moi?procedure=BQP0100002")
    assert press(person, "Bắt đầu khai", gate="HUUNGHI").status_code == 403
    person.get("/khai-bao/moi?procedure=BQP0100002")
    assert press(person, "Bắt đầu khai", gate="MONGCAI").status_code == 200, "another gate is open to him"
    assert person.get("/ho-so").status_code == 200


def test_back_in_the_browser_a_sent_declaration_can_only_be_looked_at(site: Website) -> None:
    person = entered(site, AN)
    draft = begun(person, "Mẫu 11")
    fill(person, site, AN, draft, citizen_message())
    person.get(f"{draft}/kiem-tra")
    key = person.document().xpath("//input[@name='key']/@value")[0]
    person.send(f"{draft}/gui", key=key)
    first = person.told()
    person.get(f"{draft}/muc/chung")
    assert "/da-gui/" in person.at
    person.send(f"{draft}/gui", key=key, csrf=site.rows(tables.session)[0].csrf)
    assert person.told() == first
    assert len(site.rows(tables.inbox)) == 1


def test_a_body_downloads_signs_uploads_and_sends(site: Website) -> None:
    person = entered(site, CUONG)
    draft = begun(person, "Mẫu 07")
    fill(person, site, CUONG, draft, group_message())
    person.get(f"{draft}/kiem-tra")
    assert "Cần ký số" in person.told()
    press(person, "Lập tệp để ký")
    token = person.document().xpath("//input[@name='csrf']/@value")[0]
    prepared = person.ask("GET", f"{draft}/tep.xml", follow=False)
    assert prepared.headers["content-disposition"].startswith("attachment; filename=")
    signed = signature(prepared.content)
    upload(person, draft, signed, token)
    assert "Tệp đã ký đúng với bản khai" in person.told()
    press(person, "Gửi tệp đã ký")
    assert "Đã tiếp nhận bản khai" in person.told()
    (row,) = site.rows(tables.inbox)
    assert etree.fromstring(signed).findtext("Header/Subject/reference") == row.reference


def test_a_file_that_says_something_else_is_shown_before_it_is_sent(site: Website) -> None:
    person = entered(site, CUONG)
    draft = begun(person, "Mẫu 07")
    fill(person, site, CUONG, draft, group_message())
    person.get(f"{draft}/kiem-tra")
    press(person, "Lập tệp để ký")
    token = person.document().xpath("//input[@name='csrf']/@value")[0]
    prepared = person.ask("GET", f"{draft}/tep.xml", follow=False).content
    name = draft_of(site, CUONG).answers.values["groupName"]
    upload(person, draft, signature(prepared.replace(name.encode(), b"Doan khac")), token)
    assert "khác bản khai ở 1 chỗ" in person.told()
    assert "Doan khac" in person.told()
    assert site.rows(tables.inbox) == []


def signature(prepared: bytes) -> bytes:
    """By the xmlsec1 program."""
    return sign_message(prepared, system=None, declarant=shared_pki().party("enterprise"), form=SignatureForm.DOTNET)


def upload(person: Person, draft: str, raw: bytes, token: str) -> None:
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(draft))
    files = {"file": ("ký.xml", raw, "application/xml")}
    person.ask("POST", f"{draft}/ky", data={"csrf": token}, files=files, headers={"Origin": origin})


@pytest.mark.parametrize("raw", [b"", b"<a>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"\x00" * 100])
def test_what_is_no_signed_declaration_is_told_and_the_draft_is_kept(site: Website, raw: bytes) -> None:
    person = entered(site, CUONG)
    draft = begun(person, "Mẫu 07")
    fill(person, site, CUONG, draft, group_message())
    person.get(f"{draft}/kiem-tra")
    press(person, "Lập tệp để ký")
    upload(person, draft, raw, person.document().xpath("//input[@name='csrf']/@value")[0])
    assert person.page is not None
    assert person.page.status_code == 422
    assert "Chưa gửi" in person.told()
    assert draft_of(site, CUONG).answers.values["groupName"]


def test_a_file_that_other_software_has_signed_is_sent_as_it_is(site: Website) -> None:
    person = entered(site, CUONG, "/khai-bao/tep")
    number = f"<PersonalNumber>{PEOPLE[CUONG].number}<".encode()
    own = re.sub(rb"<PersonalNumber>\d{12}<", number, group_message(), count=1)
    raw = signature(own)
    send_file(person, "/khai-bao/tep", "đoàn.xml", raw)
    assert "Đã tiếp nhận bản khai" in person.told()
    (row,) = site.rows(tables.inbox)
    assert (row.outcome, row.bound_to) == ("accepted", PEOPLE[CUONG].number)
    other = entered(site, BINH)
    assert other.get(f"/khai-bao/tep/{row.public_id}").status_code == 404


def test_while_the_window_is_suspected_a_signed_file_waits_once_that_is_read_and_pressed(site: Website) -> None:
    person = entered(site, CUONG, "/khai-bao/tep")
    number = f"<PersonalNumber>{PEOPLE[CUONG].number}<".encode()
    raw = signature(re.sub(rb"<PersonalNumber>\d{12}<", number, group_message(), count=1))
    site.suspect()
    send_file(person, "/khai-bao/tep", "đoàn.xml", raw)
    assert site.rows(tables.draft) == [], "he has not read yet that it waits"
    assert "Gửi ngay khi cổng mở" in person.told()
    send_file(person, "/khai-bao/tep", "đoàn.xml", raw, wait="1")
    assert "Chờ gửi khi cổng mở" in person.told()
    site.window(Sight.DOWN)
    assert site.components.presses.send_due() == 1
    person.get(person.at)
    assert "Đã tiếp nhận bản khai" in person.told()


def test_while_the_window_is_suspected_the_first_page_says_how_to_go_on(site: Website) -> None:
    site.suspect()
    person = Person(site.url)
    person.get("/")
    assert "bấm “Gửi ngay khi cổng mở”" in person.told()
    assert "Soạn tại đây, gửi khi cổng mở" in person.told()
    assert "Hãy thử lại sau ít phút" not in person.told()


def test_a_file_of_somebody_elses_declaration_is_not_taken(site: Website) -> None:
    person = entered(site, BINH, "/khai-bao/tep")
    send_file(person, "/khai-bao/tep", "x.xml", citizen_message())
    assert person.page is not None
    assert person.page.status_code == 422
    send_file(person, "/khai-bao/tep", "x.xml", b"")
    assert "Hãy chọn tệp XML đã ký" in person.told()


def test_what_is_missing_or_cannot_be_read_is_told_at_its_field_and_kept(site: Website) -> None:
    person = entered(site, AN)
    draft = begun(person, "Mẫu 11")
    person.get(f"{draft}/muc/chung")
    answer = press(person, "Lưu và tiếp tục", follow=False, expectedArrival="30/2/2026 8:00")
    assert answer.status_code == 422
    page = person.document()
    links = page.xpath("//*[@class='summary']//a/@href")
    assert "#expectedArrival" in links
    for link in links:
        assert len(page.xpath(f"//*[@id='{link[1:]}']")) == 1
    (box,) = page.xpath("//*[@id='expectedArrival']")
    assert (box.get("value"), box.get("aria-invalid")) == ("30/2/2026 8:00", "true")
    described = box.get("aria-describedby").split()
    assert "02/03/2026 07:15" in " ".join(page.xpath(f"string(//*[@id='{each}'])") for each in described)
    assert draft_of(site, AN).answers.values["expectedArrival"] == "30/2/2026 8:00"


def test_an_unfinished_page_may_be_left_for_later(site: Website) -> None:
    person = entered(site, AN)
    draft = begun(person, "Mẫu 11")
    person.get(f"{draft}/muc/chung")
    press(person, "Lưu, khai tiếp sau", purpose="Thăm thân")
    assert person.at == draft
    assert draft_of(site, AN).answers.values["purpose"] == "Thăm thân"


def test_a_form_in_two_windows_is_not_overwritten(site: Website) -> None:
    person = entered(site, AN)
    draft = begun(person, "Mẫu 11")
    person.get(f"{draft}/muc/chung")
    window = person.page
    press(person, "Lưu, khai tiếp sau", purpose="Thăm thân")
    person.page, person.at = window, f"{draft}/muc/chung"
    answer = press(person, "Lưu, khai tiếp sau", purpose="Du lịch")
    assert answer.status_code == 409
    assert "Thăm thân" in person.told()
    assert "Du lịch" in person.told()
    assert draft_of(site, AN).answers.values["purpose"] == "Thăm thân"
    press(person, "Lưu nội dung vừa khai")
    assert draft_of(site, AN).answers.values["purpose"] == "Du lịch"


def test_rows_are_added_one_at_a_time_and_renumbered(site: Website) -> None:
    person = entered(site, CUONG)
    draft = begun(person, "Mẫu 07")
    for ordinal, name in enumerate(("Nguyễn Thị Đào", "Trần Văn Bốn", "Lê Tư"), start=1):
        person.get(f"{draft}/danh-sach/persons/{ordinal}")
        press(person, "Lưu, khai tiếp sau", **{f"persons__{ordinal}__fullName": name})
    person.get(f"{draft}/danh-sach/persons/2/xoa")
    assert "dòng 2 (TRAN VAN BON)" in person.told()
    press(person, "Xóa")
    names = [row["fullName"] for row in draft_of(site, CUONG).answers.rows["persons"]]
    assert names == ["NGUYEN THI DAO", "LE TU"]
    assert person.get(f"{draft}/danh-sach/persons/4").status_code == 404


def test_a_group_of_forty_comes_from_excel_with_the_template_that_is_offered(site: Website) -> None:
    person = entered(site, CUONG)
    draft = begun(person, "Mẫu 07")
    template = person.ask("GET", f"{draft}/nhap/persons/mau.xlsx").content
    forty = [
        {**TRAVELLER, "Số giấy tờ": f"{ordinal:07d}", "Họ và tên": f"Nguyễn Thị {chr(65 + ordinal % 26)}"}
        for ordinal in range(40)
    ]
    person.get(f"{draft}/nhap/persons")
    send_file(person, f"{draft}/nhap/persons", "đoàn.xlsx", filled(template, forty))
    assert "Đọc được 40 dòng" in person.told()
    assert draft_of(site, CUONG).answers.rows.get("persons", ()) == ()
    press(person, "Nhập các dòng này")
    rows = draft_of(site, CUONG).answers.rows["persons"]
    assert [row["documentNumber"] for row in rows] == [f"{n:07d}" for n in range(40)]
    assert (rows[0]["fullName"], rows[0]["dateOfBirth"]) == ("NGUYEN THI A", "1985-06-05")
    assert person.page is not None
    assert len(person.page.content) < 200_000


def test_the_faults_of_a_file_are_told_by_cell_and_nothing_is_taken(site: Website) -> None:
    person = entered(site, CUONG)
    draft = begun(person, "Mẫu 07")
    person.get(f"{draft}/nhap/persons")
    raw = "Họ và tên;Giới tính;Ngày sinh\r\nA;Nữ;31/2/1990\r\n".encode()
    send_file(person, f"{draft}/nhap/persons", "x.csv", raw)
    assert person.page is not None
    assert person.page.status_code == 422
    assert "C2" in person.told()
    assert "Thiếu cột này" in person.told()
    assert draft_of(site, CUONG).answers.rows.get("persons", ()) == ()


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04", b"\xff\xfe\x00", "NguyÔn ThÞ;x\n".encode("cp1252")])
def test_a_file_that_cannot_be_read_says_why(site: Website, raw: bytes) -> None:
    person = entered(site, CUONG)
    draft = begun(person, "Mẫu 07")
    person.get(f"{draft}/nhap/persons")
    send_file(person, f"{draft}/nhap/persons", "x.xlsx" if raw.startswith(b"PK") else "x.csv", raw)
    assert person.page is not None
    assert person.page.status_code == 422
    assert "Tệp có 1 chỗ cần sửa" in person.told()


def test_a_file_that_is_too_large_is_told_so_and_the_draft_is_kept(site: Website) -> None:
    person = entered(site, CUONG)
    draft = begun(person, "Mẫu 07")
    person.get(f"{draft}/nhap/persons")
    send_file(person, f"{draft}/nhap/persons", "x.csv", b"a;b\n" * 100_000)
    assert person.page is not None
    assert person.page.status_code == 413
    assert "Tệp quá lớn" in person.told()
    assert draft_of(site, CUONG).public_id in draft


def test_what_is_pasted_with_invisible_signs_is_kept_without_them_and_that_is_told(site: Website) -> None:
    person = entered(site, AN)
    draft = begun(person, "Mẫu 11")
    person.get(f"{draft}/muc/chung")
    press(person, "Lưu, khai tiếp sau", purpose="Th\u00adăm\u00a0thân\u200b")
    assert "Đã bỏ ký tự không nhìn thấy được" in person.told()
    assert draft_of(site, AN).answers.values["purpose"] == "Thăm thân"
    person.get(f"{draft}/muc/chung")
    press(person, "Lưu, khai tiếp sau", purpose="Thăm thân")
    assert "Đã bỏ ký tự" not in person.told()


def ranges_of(person: Person) -> list[str]:
    return [str(each) for each in person.document().xpath("//ul[@class='ranges']//a/@href")]


def whole_size(person: Person) -> int:
    """The page he is on with everything that it loads, by somebody who has nothing of it yet."""
    assert person.page is not None
    links = person.document().xpath("//link[@rel='stylesheet' or @rel='icon']/@href | //script/@src")
    files = [STATIC / str(link).rpartition("/")[2].partition("?")[0] for link in links]
    assert len(files) > 1
    return len(person.page.content) + sum(file.stat().st_size for file in (*files, *STATIC.glob("*.woff2")))


def test_the_largest_group_has_small_pages_with_few_fields(site: Website) -> None:
    """A page for all at once would be half a megabyte, and of more than a thousand fields the framework takes none."""
    person = entered(site, CUONG)
    draft = begun(person, "Mẫu 07")
    most = 500
    rows = [
        {**TRAVELLER, "Số giấy tờ": f"{ordinal:07d}", "Họ và tên": f"Nguyễn Thị Phương {chr(65 + ordinal % 26)}"}
        for ordinal in range(most)
    ]
    template = person.ask("GET", f"{draft}/nhap/persons/mau.xlsx").content
    person.get(f"{draft}/nhap/persons")
    send_file(person, f"{draft}/nhap/persons", "đoàn.xlsx", filled(template, rows))
    sizes = {"import": whole_size(person)}
    press(person, "Nhập các dòng này")
    for page in ("", "/danh-sach/persons", f"/danh-sach/persons/{most}", "/kiem-tra", "/nhap/persons"):
        person.get(f"{draft}{page}")
        sizes[page] = whole_size(person)
        fields = [form.xpath(".//input | .//select | .//textarea") for form in person.document().xpath("//form")]
        assert max(map(len, fields), default=0) < 100, page
    seen = []
    person.get(f"{draft}/danh-sach/persons")
    for address in ranges_of(person):
        person.get(address)
        seen += [int(each.text_content()) for each in person.document().xpath("//tbody//td[1]")]
    assert seen == list(range(1, most + 1))
    person.get(f"{draft}/danh-sach/persons/{most}")
    press(person, "Lưu, khai tiếp sau")
    assert "NGUYEN THI PHUONG" in person.told()
    assert person.at.endswith("/persons?tu=401"), "back to where the row is"
    assert len(draft_of(site, CUONG).answers.rows["persons"]) == most
    assert {page: size for page, size in sizes.items() if size > 200_000} == {}


def test_rows_that_are_none_of_ours_are_not_taken(site: Website) -> None:
    person = entered(site, CUONG)
    draft = begun(person, "Mẫu 07")
    for names, rows in (
        *(("fullName", ""), ("", "A"), ("Tên", "A"), ("fullName\tfullName", "A\tB"), ("fullName\tsex", "A\tF\tB")),
        *(("fullName", "x" * 2001), ("fullName", "\t".join("A" * 501)), ("seq", "1")),
    ):
        person.get(f"{draft}/nhap/persons")
        told = person.send(f"{draft}/nhap/persons/nhan", version="1", names=names, rows=rows)
        assert told.status_code == 400, (names, rows[:40])


def test_anothers_draft_is_not_there(site: Website) -> None:
    person, other = entered(site, AN), entered(site, BINH)
    draft = begun(person, "Mẫu 11")
    for address in ("", "/muc/chung", "/danh-sach/children", "/kiem-tra", "/ky", "/tep.xml", "/bo"):
        assert other.get(f"{draft}{address}").status_code == 404, address
    other.get("/khai-bao")
    for address in ("/bo", "/gui", "/chuan-bi", "/ky", "/muc/chung"):
        csrf = next(row.csrf for row in site.rows(tables.session) if row.number == PEOPLE[BINH].number)
        assert other.send(f"{draft}{address}", csrf=csrf).status_code == 404, address
    assert draft_of(site, AN).public_id in draft


def test_a_script_in_a_field_is_text(site: Website) -> None:
    person = entered(site, AN)
    draft = begun(person, "Mẫu 11")
    person.get(f"{draft}/muc/chung")
    press(person, "Lưu, khai tiếp sau", purpose=HOSTILE)
    for address in ("/muc/chung", "/kiem-tra"):
        page = person.get(f"{draft}{address}")
        assert HOSTILE not in page.text
        assert "&lt;script&gt;" in page.text


def test_while_the_window_works_the_way_there_is_told_and_the_draft_is_kept(site: Website) -> None:
    person = entered(site, AN)
    draft = begun(person, "Mẫu 11")
    fill(person, site, AN, draft, citizen_message())
    person.get(f"{draft}/kiem-tra")
    shown, at = person.page, person.at
    site.window(Sight.UP)
    person.get(f"{draft}/kiem-tra")
    assert "hãy khai trên Cổng" in person.told(), "before he presses"
    assert person.document().xpath("//main//form") == []
    person.page, person.at = shown, at  # a page from before
    press(person, "Gửi bản khai")
    assert "Cổng thông tin một cửa quốc gia đang hoạt động" in person.told()
    assert draft_of(site, AN).public_id in draft


def test_before_he_begins_he_is_told_at_which_gates_it_is_taken_here(site: Website) -> None:
    site.window(Sight.UP)
    said = {"linked": False, "document": "12/TB", "actor": TESTER}
    site.components.links.state("BQP0100002", "HUUNGHI", **said)
    person = entered(site, AN)

    def marked() -> set[str]:
        person.get("/khai-bao/moi?procedure=BQP0100002")
        options = person.document().xpath("//select[@id='gate']/option[@value!='']")
        return {each.get("value") for each in options if "khai trên Cổng một cửa" in each.text_content()}

    assert "HUUNGHI" not in marked()
    assert "MONGCAI" in marked()
    draft = begun(person, "Mẫu 11")
    fill(person, site, AN, draft, citizen_message())
    person.get(f"{draft}/kiem-tra")
    press(person, "Gửi bản khai")
    assert "Đã tiếp nhận bản khai" in person.told()
    site.window(Sight.DOWN)
    assert marked() == set(), "in an incident it is taken at every gate"


def test_while_the_window_takes_over_again_new_forms_say_that_they_are_sent_there(site: Website) -> None:
    """What was begun before is still taken, and its pages say so; what is begun now is for the window."""
    person = entered(site, AN)
    before = begun(person, "Mẫu 11")
    fill(person, site, AN, before, citizen_message())
    assert "hoạt động trở lại" not in person.get(before).text
    site.components.window.override(Sight.UP, reason="it is back", actor=TESTER)
    assert site.components.window.state().mode is Mode.RECONCILING

    for page in (before, f"{before}/kiem-tra"):
        person.get(page)
        assert "Bản này đã bắt đầu soạn trước lúc đó nên vẫn được nhận tại đây" in person.told()
    assert "Gửi bản khai" in person.told()
    person.get("/khai-bao/tep")
    assert "bản khai mới được gửi trên Cổng" in person.told()
    person.get("/khai-bao/moi?procedure=BQP0100002")
    assert "bản khai mới được gửi trên Cổng" in person.told()
    options = person.document().xpath("//select[@id='gate']/option[@value!='']")
    assert {"khai trên Cổng một cửa" in each.text_content() for each in options} == {True}

    after = begun(person, "Mẫu 11")
    with site.components.database.transaction() as connection:  # the legal clock stands still
        at = site.components.window.clock() + timedelta(seconds=1)
        mine = tables.draft.c.public_id == after.rpartition("/")[2]
        connection.execute(update(tables.draft).where(mine).values(created_at=at))
    person.get(after)
    assert "hãy khai trên Cổng" in person.told(), "before he fills it in"
    fill(person, site, AN, after, citizen_message())
    person.get(f"{after}/kiem-tra")
    assert "hãy khai trên Cổng" in person.told()
    assert person.document().xpath("//main//form") == []
    person.get(f"{before}/kiem-tra")
    press(person, "Gửi bản khai")
    assert "Đã tiếp nhận bản khai" in person.told()


def test_a_draft_is_thrown_away_only_after_one_is_asked(site: Website) -> None:
    person = entered(site, AN)
    draft = begun(person, "Mẫu 11")
    person.get(f"{draft}/bo")
    press(person, "Bỏ bản khai")
    assert site.rows(tables.draft) == []
    assert person.get(draft).status_code == 404
