"""A declarant attaches the letter to form 16, signs its digest with the declaration, and officers of the unit get it.

Without scripts; the site stands for the module, on SQLite.
"""

from __future__ import annotations

import hashlib
import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from lxml import etree

from adapter.gateways.store import attachments as files
from adapter.gateways.store import tables
from adapter.model.attachment import Scan
from adapter.model.identifiers import Digest
from adapter.model.stages import Channel, Submission
from adapter.pipeline.forms.answers import Answers
from adapter.pipeline.forms.differences import answers_in
from adapter.services.attachments.declared import DeclaredFiles
from adapter.services.door.draft import Draft
from adapter.services.watch.mode import Sight
from adapter.simulator.sign import SignatureForm, sign_message
from tests.harness import attached
from tests.harness.browsing import Person
from tests.harness.declaring import begun, entered, press, send_file, unsent
from tests.harness.fixtures import load_cases
from tests.harness.pki import shared_pki
from tests.harness.staff import logged_in, staffed
from tests.harness.website import Website, changed
from tests.servers.identity import PEOPLE, IdentityProvider

CUONG, LETTER = "cuong", attached.letter()
UPLOAD, PDF = "/api/v1/files", {"Content-Type": "application/pdf"}
VISA = "BQP0100004/accepted-tourists-at-a-land-gate"
BY_LINK = "BQP0100004/asked-attachment-without-its-digest-by-the-portal"


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
    person = entered(site, CUONG)
    address = begun(person, "Mẫu 16")
    components, draft = site.components, draft_of(site)
    message = next(case.message for case in load_cases() if case.id == VISA)
    form = etree.fromstring(message).find(f"Body/Content/{draft.spec.root}")
    assert form is not None
    said = answers_in(components.drafts.forms.layout(draft), form)
    own = {name: draft.answers.values[name] for name in ("gate", "declarantPersonalNumber", "declarantName")}
    rows = {name: each for name, each in said.rows.items() if name != "attachments"}
    components.drafts.save(draft, Answers({**said.values, **own}, rows))
    return person, address


def draft_of(site: Website) -> Draft:
    return unsent(site.components, PEOPLE[CUONG].number)


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
    assert site.components.attachments.sweep() == 0


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
    stranger = entered(site, "an", "/ho-so")
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
    replace(site.components.scanning, scanner=attached.Says("Eicar")).catch_up()
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
    scanning = replace(site.components.scanning, scanner=attached.Says("Eicar"))
    with changed(site.components.attachments_given, scanning=scanning):
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
    assert site.components.catalogue.findings.texts[finding].vi in person.told()
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
    later = replace(
        site.components.attachments, clock=lambda: site.components.legal_clock() + 2 * site.components.attachments.keep
    )
    later.sweep()
    assert [each.kind for each in site.rows(tables.stored_file)] == ["png"]


def test_a_declaration_whose_file_is_gone_is_asked_to_be_amended(site: Website) -> None:
    person, draft = started(site)
    attach(person, draft)
    with site.components.database.transaction() as connection:
        connection.execute(tables.attachment.delete())
    signed_and_sent(site, person, draft)
    (row,) = site.rows(tables.inbox)
    assert row.outcome == "accepted"
    assert [each["code"] for each in row.findings] == ["BQP394"]


def test_a_declaration_whose_files_are_too_large_together_is_asked_to_be_amended(site: Website) -> None:
    """They were uploaded one by one to nothing yet; each is small enough."""
    person, draft = started(site)
    attach(person, draft)
    with changed(site.components.intake, dossier_bytes=len(LETTER) - 1):
        signed_and_sent(site, person, draft)
    (row,) = site.rows(tables.inbox)
    assert row.outcome == "accepted"
    assert [each["code"] for each in row.findings] == ["BQP390"]


def named(raw: bytes, number: str = "", year: str = "") -> bytes:
    """Form 16 with that file, signed: declared, or in the place of what is declared under that number."""
    digest, link = hashlib.sha256(raw).hexdigest(), b"<LinkFile>https://tep.dulich.example/4411</LinkFile>"
    file = f"<FileSize>{len(raw)}</FileSize><FileDigest>{digest}</FileDigest>".encode()
    case = next(each for each in load_cases() if each.id == BY_LINK)
    message = case.message.replace(link, file).replace(b"MOCBAI", b"HUUNGHI")
    if number:
        message = re.sub(rb"<(DossierNumber|reference|preReference)>[^<]*<", rb"<\1>%s<" % number.encode(), message)
        message = re.sub(rb"<DossierYear>[^<]*<", b"<DossierYear>%s<" % year.encode(), message)
        message = message.replace(b"<function>01<", b"<function>02<")
        message = re.sub(rb"<(messageId)>[^<]*<", rb"<\1>%s<" % str(uuid4()).encode(), message)
    else:
        message = re.sub(rb"<Dossier(Number|Year)>[^<]*</Dossier\1>", b"", message)
        message = re.sub(rb"<((?:preR|r)eference)>[^<]*<", rb"<\1><", message)
    assert file in message
    return sign_message(message, system=None, declarant=shared_pki().party("enterprise"))


@pytest.mark.parametrize(("fewer", "codes"), [(0, []), (1, ["BQP390"])])
def test_the_files_of_all_versions_of_a_dossier_count_together_each_once(
    site: Website, fewer: int, codes: list[str]
) -> None:
    """To the byte: what the first version named stays, and the second one names another file."""
    other = attached.picture()
    limit, body = len(LETTER) + len(other) - fewer, {"Content-Type": "application/xml"}
    with site.declarant("0100109106") as client, changed(site.components.intake, dossier_bytes=limit):
        for raw, name, kind in ((LETTER, "a.pdf", "application/pdf"), (other, "a.png", "image/png")):
            client.post(UPLOAD, params={"name": name}, content=raw, headers={"Content-Type": kind})
        client.post("/api/v1/declarations", content=named(LETTER), headers=body)
        (first,) = site.rows(tables.inbox)
        number, year = first.reference, str(first.year)
        with site.components.database.reading() as connection:
            asked = DeclaredFiles(connection, limit)
            new = {each.digest: each for each in files.unsent(connection, "0100109106") if each.kind == "png"}
            assert asked.are_too_large(new, first.dossier_id, answers=False) is bool(fewer)
            assert not asked.are_too_large(new, first.dossier_id, answers=True), (
                "asked for a better scan, he can send it"
            )
        client.post("/api/v1/declarations", content=named(other, number, year), headers=body)
        client.post("/api/v1/declarations", content=named(LETTER, number, year), headers=body)
    found = [(each.outcome, [code["code"] for code in each.findings]) for each in site.rows(tables.inbox)]
    assert found == [("accepted", []), ("accepted", codes), ("accepted", [])], "no new file, no fault"


def test_a_program_uploads_what_its_declaration_names(site: Website) -> None:
    digest, signed = hashlib.sha256(LETTER).hexdigest(), named(LETTER)
    with site.declarant("0100109106") as client:
        told = client.post(UPLOAD, params={"name": "thư.pdf"}, content=LETTER, headers=PDF)
        assert told.status_code == 201
        kept = {"sha256": digest, "name": "thư.pdf", "kind": "pdf", "size": len(LETTER), "scan": "not_scanned"}
        assert told.json() == kept
        answer = client.post("/api/v1/declarations", content=signed, headers={"Content-Type": "application/xml"})
        assert answer.status_code == 202, answer.text
        standing = client.get(answer.headers["location"]).json()
        assert (standing["outcome"], standing["findings"]) == ("accepted", [])
        here = f"/api/v1/dossiers/{standing['year']}/{standing['reference']}/files/{digest}"
        given = client.get(here)
        assert given.content == LETTER
        assert given.headers["content-disposition"].startswith("attachment; ")
    with site.declarant() as stranger:
        assert stranger.get(here).status_code == 404


@pytest.mark.parametrize(
    ("name", "raw", "kind", "status"),
    [
        ("a.pdf", attached.pdf_that_launches(), "application/pdf", 422),
        ("a.pdf", attached.picture(), "application/pdf", 422),
        ("a.exe", LETTER, "application/pdf", 422),
        ("a.pdf", LETTER, "text/html", 415),
        ("a.jpg", b"x" * ((5 << 20) + 1), "image/jpeg", 413),
        ("", LETTER, "application/pdf", 422),
    ],
)
def test_what_a_program_may_not_upload_is_told(site: Website, name: str, raw: bytes, kind: str, status: int) -> None:
    with site.declarant("0100109106") as client:
        told = client.post(UPLOAD, params={"name": name}, content=raw, headers={"Content-Type": kind})
    assert told.status_code == status
    assert told.json()["vi"]
    assert site.rows(tables.stored_file) == []


def test_a_link_in_a_message_is_shown_as_text_and_never_fetched(site: Website) -> None:
    """Its host listens, and hears nothing: neither when the message is judged nor when its dossier is looked at."""
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.setblocking(False)
        address = f"http://127.0.0.1:{canary.getsockname()[1]}/thu.pdf"
        case = next(each for each in load_cases() if each.id == VISA)
        genuine = re.search(rb"<LinkFile>([^<]*)<", case.message)
        assert genuine is not None
        message = case.message.replace(genuine[1], address.encode()).replace(b"MOCBAI", b"HUUNGHI")
        signed = sign_message(
            message, system=shared_pki().party("nsw"), declarant=shared_pki().party("enterprise"), form=case.form
        )
        digest = Digest(hashlib.sha256(signed).hexdigest())
        (settled,) = site.components.intake.receive(
            [Submission(signed, Channel.WINDOW, site.components.legal_clock(), digest)]
        )
        assert settled.outcome.value == "accepted"
        (row,) = site.rows(tables.inbox)
        officer = logged_in(site, "can-bo")
        officer.get(f"/can-bo/ho-so/{row.year}/{row.reference}")
        assert address in officer.told()
        assert officer.document().xpath(f"//*[@href='{address}' or @src='{address}']") == []
        with pytest.raises(BlockingIOError):
            canary.accept()
