"""A declarant attaches the letter to form 16, signs its digest with the declaration, and officers of the unit get it.

Without scripts; the site stands for the module, on SQLite.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from lxml import etree

from adapter.gateways.store import tables
from adapter.model.attachment import Scan
from adapter.pipeline.forms.answers import Answers
from adapter.pipeline.forms.differences import answers_in
from adapter.services.door.draft import Draft
from adapter.services.watch.mode import Sight
from adapter.simulator.sign import SignatureForm, sign_message
from tests.harness import attached
from tests.harness.browsing import Person
from tests.harness.declaring import begun, press, send_file, unsent
from tests.harness.fixtures import load_cases
from tests.harness.pki import shared_pki
from tests.harness.staff import logged_in, staffed
from tests.harness.website import Website, changed
from tests.servers.identity import PEOPLE, IdentityProvider

CUONG, LETTER = "cuong", attached.letter()
VISA = "BQP0100004/accepted-tourists-at-a-land-gate"


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, other_provider: IdentityProvider) -> Iterator[Website]:
    folder = tmp_path_factory.mktemp("attached")
    with staffed(folder, f"sqlite:///{folder / 'adapter.db'}", other_provider) as served:
        served.window(Sight.DOWN)
        yield served


@pytest.fixture
def site(standing: Website) -> Website:
    return standing.as_it_was()


def started(site: Website) -> tuple[Person, str]:
    """Somebody of an enterprise with a draft of form 16 that lacks its letter."""
    person = Person(site.url)
    person.log_in(CUONG, "/login?next=/khai-bao")
    address = begun(person, "Mẫu 16")
    house, draft = site.house, draft_of(site)
    message = next(case.message for case in load_cases() if case.id == VISA)
    form = etree.fromstring(message).find(f"Body/Content/{draft.spec.root}")
    assert form is not None
    said = answers_in(house.drafts.forms.layout(draft), form)
    own = {name: draft.answers.values[name] for name in ("gate", "declarantPersonalNumber", "declarantName")}
    rows = {name: each for name, each in said.rows.items() if name != "attachments"}
    house.drafts.save(draft, Answers({**said.values, **own}, rows))
    return person, address


def draft_of(site: Website) -> Draft:
    return unsent(site.house, PEOPLE[CUONG].number)


def attach(
    person: Person, draft: str, raw: bytes = LETTER, name: str = "C:\\x\\công văn.PDF", kind: str = "CV_TRA_LOI"
) -> None:
    person.get(f"{draft}/dinh-kem/attachments")
    send_file(person, f"{draft}/dinh-kem/attachments", name, raw, kind=kind)


def signed_and_sent(site: Website, person: Person, draft: str) -> tuple[str, etree._Element]:
    """The dossier's address at the portal, and what was signed."""
    person.get(f"{draft}/kiem-tra")
    press(person, "Lập tệp để ký")
    token = person.document().xpath("//input[@name='csrf']/@value")[0]
    prepared = person.ask("GET", f"{draft}/tep.xml", follow=False).content
    signed = sign_message(prepared, system=None, declarant=shared_pki().party("enterprise"), form=SignatureForm.DOTNET)
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(draft))
    files = {"file": ("ký.xml", signed, "application/xml")}
    person.ask("POST", f"{draft}/ky", data={"csrf": token}, files=files, headers={"Origin": origin})
    press(person, "Gửi tệp đã ký")
    (row,) = site.rows(tables.inbox)
    return f"/ho-so/{row.year}/{row.reference}", etree.fromstring(signed)


def test_a_letter_is_uploaded_signed_sent_and_given_to_the_unit_s_officer(site: Website) -> None:
    person, draft = started(site)
    attach(person, draft)
    assert "công văn.pdf" in person.told()
    person.get(f"{draft}/danh-sach/attachments")
    assert person.at.endswith("/dinh-kem/attachments"), "the list of files is where they are uploaded"
    dossier, signed = signed_and_sent(site, person, draft)
    (file,) = site.rows(tables.stored_file)
    row = signed.find("Body/Content/VisaDeclaration/Attachments/Attachment")
    assert row is not None
    assert row.findtext("FileDigest") == file.digest
    assert row.findtext("FileSize") == str(len(LETTER))
    assert (row.findtext("NameOfAttachment"), row.findtext("AttachmentTypeCode")) == ("công văn.pdf", "CV_TRA_LOI")
    assert "BQP39" not in person.told()
    person.get(dossier)
    assert "công văn.pdf" in person.told()
    given = person.ask("GET", f"{dossier}/tep/{file.digest}")
    assert_given_out(given)
    officer = logged_in(site, "can-bo")
    case = "/can-bo" + dossier
    officer.get(case)
    assert "Chưa quét" in officer.told()
    assert_given_out(officer.ask("GET", f"{case}/tep/{file.digest}"))
    assert [each.actor for each in site.rows(tables.journal) if each.event == "attachment.given"] == ["person:can-bo"]
    assert site.house.attachments.sweep() == 0


def assert_given_out(given: object) -> None:
    headers, content = given.headers, given.content  # type: ignore[attr-defined]
    assert content == LETTER
    assert headers["content-disposition"] == (
        "attachment; filename=\"c_ng v_n.pdf\"; filename*=UTF-8''c%C3%B4ng%20v%C4%83n.pdf"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert "no-store" in headers["cache-control"]


def test_nobody_else_gets_a_file(site: Website) -> None:
    person, draft = started(site)
    attach(person, draft)
    dossier, _ = signed_and_sent(site, person, draft)
    (file,) = site.rows(tables.stored_file)
    stranger = Person(site.url)
    stranger.log_in("an", "/login?next=/ho-so")
    assert stranger.get(f"{dossier}/tep/{file.digest}").status_code == 404
    elsewhere = logged_in(site, "mong-cai")
    assert elsewhere.get(f"/can-bo{dossier}/tep/{file.digest}").status_code == 404
    operator = logged_in(site, "van-hanh", "/van-hanh")
    assert operator.get(f"/can-bo{dossier}/tep/{file.digest}").status_code == 403
    assert Person(site.url).get(f"{dossier}/tep/{file.digest}", follow=False).status_code in (302, 303, 307)
    assert [each.event for each in site.rows(tables.journal) if each.event == "attachment.given"] == []


def test_an_infected_file_is_told_and_never_given_out(site: Website) -> None:
    person, draft = started(site)
    attach(person, draft)
    dossier, _ = signed_and_sent(site, person, draft)
    (file,) = site.rows(tables.stored_file)
    replace(site.house.scanning, scanner=attached.Says("Eicar")).catch_up()
    officer = logged_in(site, "can-bo")
    officer.get(f"/can-bo{dossier}")
    assert "Có mã độc" in officer.told()
    assert officer.document().xpath(f"//a[contains(@href, '{file.digest}')]") == []
    assert officer.get(f"/can-bo{dossier}/tep/{file.digest}").status_code == 404
    assert person.get(f"{dossier}/tep/{file.digest}").status_code == 404


def test_what_the_scanner_learns_later_counts_when_a_file_is_given_out(site: Website) -> None:
    person, draft = started(site)
    attach(person, draft)
    dossier, _ = signed_and_sent(site, person, draft)
    (file,) = site.rows(tables.stored_file)
    scanning = replace(site.house.scanning, scanner=attached.Says("Eicar"))
    with changed(site.house.attachments_given, scanning=scanning):
        assert person.get(f"{dossier}/tep/{file.digest}").status_code == 404
    (kept,) = site.rows(tables.stored_file)
    assert kept.scan == Scan.INFECTED.value


@pytest.mark.parametrize("attack", ["polyglot of png and zip", "javascript", "wrong extension: page"])
def test_a_hostile_file_is_refused_on_the_page_with_its_sentence(site: Website, attack: str) -> None:
    person, draft = started(site)
    name, made, finding = attached.HOSTILE[attack]
    attach(person, draft, made(), name)
    assert person.page is not None
    assert person.page.status_code == 422
    assert site.house.catalogue.findings.texts[finding].vi in person.told()
    assert site.rows(tables.stored_file) == []


def test_a_file_of_more_than_the_limit_and_no_file_and_no_kind_are_told(site: Website) -> None:
    person, draft = started(site)
    attach(person, draft, b"", "")
    assert person.page is not None
    assert person.page.status_code == 422
    attach(person, draft, kind="")
    assert person.page.status_code == 422
    attach(person, draft, attached.picture("JPEG") + b"S" * (5 << 20), "a.jpg")
    assert "lớn hơn 5 MB" in person.told()
    attach(person, draft, attached.picture("JPEG") + b"S" * (6 << 20), "a.jpg")
    assert person.page.status_code == 413
    assert site.rows(tables.attachment) == []


def test_a_file_that_is_taken_off_the_list_is_not_kept(site: Website) -> None:
    person, draft = started(site)
    attach(person, draft)
    attach(person, draft)
    assert "đã được đính kèm" in person.told()
    attach(person, draft, attached.picture(), "hộ chiếu.png", "HO_CHIEU")
    person.get(f"{draft}/danh-sach/attachments/1/xoa")
    press(person, "Xóa")
    assert "hộ chiếu.png" in person.told()
    assert "công văn.pdf" not in person.told()
    later = replace(site.house.attachments, clock=lambda: site.house.legal_clock() + 2 * site.house.attachments.keep)
    later.sweep()
    assert [each.kind for each in site.rows(tables.stored_file)] == ["png"]


def test_a_declaration_whose_file_is_gone_is_asked_to_be_amended(site: Website) -> None:
    person, draft = started(site)
    attach(person, draft)
    with site.house.database.transaction() as connection:
        connection.execute(tables.attachment.delete())
    signed_and_sent(site, person, draft)
    (row,) = site.rows(tables.inbox)
    assert row.outcome == "accepted"
    assert [each["code"] for each in row.findings] == ["BQP394"]
