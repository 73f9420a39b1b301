"""The XSDs by themselves: they compile in both engines, take what they should, refuse what they should, and say
where each element comes from. The engines must agree, for one gives the verdict and the other the second report."""

from __future__ import annotations

from functools import cache

import pytest
import xmlschema
from lxml import etree

from tests.harness.data import compiled
from tests.harness.pki import ROOT

SCHEMAS = ROOT / "schemas"
XSD = "{http://www.w3.org/2001/XMLSchema}"
ORIGINS = set("TPNFI")
ALL = sorted(str(file.relative_to(SCHEMAS)) for file in SCHEMAS.rglob("*.xsd"))
FORMS = (
    "BQP0100001/1/group_declaration.xsd",
    "BQP0100002/1/citizen_declaration.xsd",
    "BQP0100004/1/visa_declaration.xsd",
    "BQP0100006/1/vehicle_declaration.xsd",
    "BQP0100007/1/ship_declaration.xsd",
    "BQP0100007A/1/ship_amendment.xsd",
    "common/person.xsd",
    "common/2/person.xsd",
)
DIGEST = "0" * 64
TIME = "2026-03-02 07:15:00"

HEADER = (
    "<Header><Reference><version>01</version><messageId>3f2b8c1e-5d0a-4c7b-9a53-1c8f0e6d2a11</messageId></Reference>"
    "<From><name>BQP</name><identity>BQP</identity><countryCode>VN</countryCode><ministryCode>BQP</ministryCode>"
    "<organizationCode>BDBP</organizationCode><unitCode>CK-HUUNGHI</unitCode></From>"
    "<To><name>NSW</name><identity>NSW</identity><countryCode>VN</countryCode><ministryCode>BTC</ministryCode>"
    "<organizationCode>TCHQ</organizationCode><unitCode>NSW</unitCode></To>"
    "<Subject><documentType>BQP0100001</documentType><type>20</type><function>21</function>"
    "<reference>BQP2026000123</reference><documentYear>2026</documentYear><preReference>BQP2026000123</preReference>"
    f"<sendDate>{TIME}</sendDate></Subject></Header>"
)
REPLIED = (
    "<InReplyTo><MessageId>3f2b8c1e-5d0a-4c7b-9a53-1c8f0e6d2a11</MessageId>"
    f"<Digest>{DIGEST}</Digest><Schema>BQP0100001/1/BQP01000011001.xsd</Schema><Mapping>BQP0100001/1</Mapping>"
    "<Channel>window</Channel></InReplyTo>"
)
FAULT = (
    "<ErrorCode>BQP110</ErrorCode><ErrorName>Thiếu phần tử</ErrorName><ErrorNameEn>Missing</ErrorNameEn>"
    "<Pointer>/Envelope/Body</Pointer><Line>7</Line>"
)
WHO = "<Organization>Biên phòng</Organization><Division>CK-HUUNGHI</Division><Name>SYSTEM</Name>"
CONFIRMED = (
    f"<ConfirmationNumber>XN2026000001</ConfirmationNumber><ConfirmationTime>{TIME}</ConfirmationTime>"
    f"<DossierNumber>BQP2026000123</DossierNumber><DossierYear>2026</DossierYear><ReceivedTime>{TIME}</ReceivedTime>"
    "<Direction>NC</Direction><Gate>HUUNGHI</Gate><BorderUnit>CK-HUUNGHI</BorderUnit>"
    f"<ExpectedArrival>{TIME}</ExpectedArrival>"
)
OFFICER = "<Officer><Name>Lê Văn Cường</Name><Rank>Thiếu tá</Rank></Officer>"

AMENDMENT = (
    "<ConfirmationNumber>XN2026000001</ConfirmationNumber>"
    f"<ConfirmationTime>{TIME}</ConfirmationTime><DossierNumber>BQP2026000123</DossierNumber>"
    f"<DossierYear>2026</DossierYear><AmendmentNumber>SD2026000001</AmendmentNumber><ReceivedTime>{TIME}</ReceivedTime>"
    "<ValidVersion>2</ValidVersion><Gate>HUUNGHI</Gate><BorderUnit>CK-HUUNGHI</BorderUnit><Reason>Khai sai</Reason>"
    f"{OFFICER}"
)
AMENDED = f"<AmendmentConfirmation>{AMENDMENT}</AmendmentConfirmation>"
SPOKEN: dict[str, str] = {
    "common/replies/receipt.xsd": f"<Receipt>{REPLIED}<ReceiveDate>{TIME}</ReceiveDate></Receipt>",
    "common/replies/errors.xsd": (
        f"<Errors>{REPLIED}<ErrorList><Error>{FAULT}</Error></ErrorList><ErrorsCapped>1</ErrorsCapped></Errors>"
    ),
    "common/replies/acceptance.xsd": (
        f"<Acceptance>{REPLIED}<AcceptDate>{TIME}</AcceptDate><ReceiveDate>{TIME}</ReceiveDate>"
        f"<Accepter>{WHO}</Accepter><Warnings><Warning>{FAULT}</Warning></Warnings></Acceptance>"
    ),
    "common/replies/refusal.xsd": (
        f"<Refusal>{REPLIED}<Reject><RejectCode>BQP301</RejectCode><RejectDesc>Tổng số khác danh sách</RejectDesc>{WHO}"
        f"<LegalGround>NĐ 85/2019/NĐ-CP Điều 20(2)(c)</LegalGround></Reject><RejectDate>{TIME}</RejectDate>"
        f"<ErrorList><Error>{FAULT}</Error></ErrorList></Refusal>"
    ),
    "common/replies/amendment_request.xsd": (
        f"<AmendmentRequest><RequestNumber>YC1</RequestNumber><RequestDate>{TIME}</RequestDate>"
        f"<AnswerBefore>{TIME}</AnswerBefore><Reason>Thiếu hộ chiếu</Reason>"
        "<Items><Item><FormNumber>07</FormNumber><Wrong>Sai số</Wrong><Asked>Khai lại</Asked></Item></Items>"
        f"<Requester>{WHO}</Requester></AmendmentRequest>"
    ),
    "common/replies/transfer.xsd": (
        f"<Transfer><Incident>12/TB-2026</Incident>"
        f"<Request><Digest>{DIGEST}</Digest><Bytes>PEVudmVsb3BlLz4=</Bytes><ReceivedAt>{TIME}</ReceivedAt></Request>"
        f"<Reply><Digest>{DIGEST}</Digest><Bytes>PEVudmVsb3BlLz4=</Bytes><DecidedAt>{TIME}</DecidedAt></Reply>"
        "<DossierNumber>BQP2026000123</DossierNumber><DossierYear>2026</DossierYear></Transfer>"
    ),
    "BQP0100001/1/BQP01000013023.xsd": (
        f"<Completion><FormNumber>08</FormNumber><GroupConfirmation>{CONFIRMED}<GroupName>Đoàn</GroupName>"
        f"<TotalPersons>3</TotalPersons>{OFFICER}</GroupConfirmation></Completion>"
    ),
    "BQP0100002/1/BQP01000023023.xsd": (
        f"<Completion>{REPLIED}<FormNumber>12</FormNumber><CitizenConfirmation>{CONFIRMED}"
        f"<FullName>NGUYEN VAN AN</FullName><DocumentNumber>C1234567</DocumentNumber>{OFFICER}"
        "</CitizenConfirmation></Completion>"
    ),
    "BQP0100004/1/BQP01000043023.xsd": (
        f"<Completion>{REPLIED}<FormNumber>17</FormNumber><VisaConfirmation>{CONFIRMED}<TotalPersons>2</TotalPersons>"
        "<LetterNumber>4411/QLXNC</LetterNumber><VisaKind>DL</VisaKind><OriginalLetterDue>2026-03-05</OriginalLetterDue>"
        f"{OFFICER}</VisaConfirmation></Completion>"
    ),
    "BQP0100006/1/BQP01000063023.xsd": (
        f"<Completion>{REPLIED}<FormNumber>10</FormNumber><VehicleConfirmation>{CONFIRMED}"
        "<PlateNumber>2A-1234</PlateNumber><TotalDrivers>2</TotalDrivers><TotalPassengers>0</TotalPassengers>"
        f"{OFFICER}</VehicleConfirmation></Completion>"
    ),
    "BQP0100007/1/BQP01000073023.xsd": (
        f"<Completion>{REPLIED}<FormNumber>XNTT</FormNumber><ShipConfirmation>"
        f"<ConfirmationNumber>XN2026000001</ConfirmationNumber><ConfirmationTime>{TIME}</ConfirmationTime>"
        f"<DossierNumber>BQP2026000123</DossierNumber><DossierYear>2026</DossierYear><ReceivedTime>{TIME}</ReceivedTime>"
        f"<Gate>CANGHAIPHONG</Gate><BorderUnit>BPCK-HAIPHONG</BorderUnit><ExpectedTime>{TIME}</ExpectedTime>"
        "<IsArrival>1</IsArrival><NameOfShip>THỬ NGHIỆM 01</NameOfShip><RegistrationNumber>VN-1</RegistrationNumber>"
        f"<NumberOfCrew>3</NumberOfCrew><NumberOfPassengers>0</NumberOfPassengers>{OFFICER}"
        "</ShipConfirmation></Completion>"
    ),
    "BQP0100007A/1/BQP01000073028.xsd": (
        f"<Completion>{REPLIED}<FormNumber>XNSD</FormNumber>"
        f"<ShipAmendmentConfirmation>{AMENDMENT}</ShipAmendmentConfirmation></Completion>"
    ),
    "BQP0100003/1/BQP01000033028.xsd": (f"<Completion>{REPLIED}<FormNumber>15</FormNumber>{AMENDED}</Completion>"),
    "BQP0100005/1/BQP01000053028.xsd": (f"<Completion>{REPLIED}<FormNumber>15</FormNumber>{AMENDED}</Completion>"),
    "common/technical/receipt_in.xsd": f"<ReceiveDate>{TIME}</ReceiveDate><WindowNumber>NSW2026000777</WindowNumber>",
    "common/technical/errors_in.xsd": (
        "<ErrorList><Error><ErrorCode>ERR05_CODE</ErrorCode><ErrorName>Không có dữ liệu</ErrorName></Error></ErrorList>"
    ),
    "BQP0100000/1/BQP01000009001.xsd": f"<Heartbeat><SentAt>{TIME}</SentAt></Heartbeat>",
    "BQP0100000/1/BQP01000009101.xsd": (
        f"<IncidentNotice><Reason>Sự cố máy chủ</Reason><StartedAt>{TIME}</StartedAt>"
        "<NoticeNumber>12/TB-2026</NoticeNumber></IncidentNotice>"
    ),
    "BQP0100000/1/BQP01000009102.xsd": (
        f"<IncidentEnd><NoticeNumber>12/TB-2026</NoticeNumber><EndedAt>{TIME}</EndedAt></IncidentEnd>"
    ),
}
"""Content that each XSD takes."""

DECLARED: dict[str, str] = {
    "BQP0100001/1/BQP01000011001.xsd": "BQP0100001/accepted-tour-group-entering",
    "BQP0100001/1/BQP01000011002.xsd": "BQP0100001/accepted-official-delegation-by-public-ca",
    "BQP0100002/1/BQP01000021001.xsd": "BQP0100002/accepted-with-children",
    "BQP0100002/1/BQP01000021002.xsd": "BQP0100002/accepted-enterprise-acting-for-citizen",
    "BQP0100003/1/BQP01000031101.xsd": "BQP0100003/accepted-own-discovery-waits-for-approval",
    "BQP0100003/1/BQP01000031102.xsd": "BQP0100003/accepted-on-request-complete-form",
    "BQP0100005/1/BQP01000051101.xsd": "BQP0100005/accepted-own-discovery-waits-for-approval",
    "BQP0100005/1/BQP01000051102.xsd": "BQP0100005/accepted-on-request",
    "BQP0100004/1/BQP01000041001.xsd": "BQP0100004/accepted-tourists-at-a-land-gate",
    "BQP0100004/1/BQP01000041002.xsd": "BQP0100004/accepted-seafarer-leaving-by-another-gate",
    "BQP0100006/1/BQP01000061001.xsd": "BQP0100006/accepted-coach-under-the-cambodian-agreement",
    "BQP0100006/1/BQP01000061002.xsd": "BQP0100006/accepted-truck-with-trailer-and-goods",
    "BQP0100007/1/BQP01000071001.xsd": "BQP0100007/accepted-arrival-with-passengers",
    "BQP0100007/1/BQP01000071002.xsd": "BQP0100007/accepted-departure-without-passengers",
    "BQP0100007/1/BQP01000071205.xsd": "BQP0100007/accepted-withdrawn-before-acceptance",
    "BQP0100007A/1/BQP01000071101.xsd": "BQP0100007A/accepted-two-hours-after-mooring-at-a-berth",
    "BQP0100007A/1/BQP01000071102.xsd": "BQP0100007A/accepted-complete-form",
}
"""A fixture that each inbound form takes."""

WITHOUT_TAX_CODE = "BQP0100007A/1/BQP01000071102.xsd"
"""Whoever acts for a ship may have none in the version after it."""

FAULTS: list[tuple[str, str, str]] = [
    ("common/replies/receipt.xsd", f"<ReceiveDate>{TIME}</ReceiveDate>", "<ReceiveDate>02/03/2026</ReceiveDate>"),
    ("common/replies/errors.xsd", f"<Error>{FAULT}</Error>", ""),
    ("common/replies/acceptance.xsd", f"<AcceptDate>{TIME}</AcceptDate>", ""),
    ("common/replies/refusal.xsd", "<LegalGround>NĐ 85/2019/NĐ-CP Điều 20(2)(c)</LegalGround>", ""),
    ("common/replies/amendment_request.xsd", f"<AnswerBefore>{TIME}</AnswerBefore>", ""),
    ("common/replies/transfer.xsd", "PEVudmVsb3BlLz4=", "not base64!"),
    ("BQP0100001/1/BQP01000013023.xsd", "<TotalPersons>3</TotalPersons>", "<TotalPersons>three</TotalPersons>"),
    ("BQP0100002/1/BQP01000023023.xsd", "<FullName>NGUYEN VAN AN</FullName>", "<FullName>Nguyễn Văn An</FullName>"),
    ("common/technical/receipt_in.xsd", "NSW2026000777", "NSW 2026/777"),
    ("common/technical/errors_in.xsd", "<ErrorList>", "<Receipt/><ErrorList>"),
    ("BQP0100000/1/BQP01000009001.xsd", f"<SentAt>{TIME}</SentAt>", ""),
    ("BQP0100000/1/BQP01000009101.xsd", "<Reason>Sự cố máy chủ</Reason>", "<Reason> </Reason>"),
    ("BQP0100000/1/BQP01000009102.xsd", "<EndedAt>2026-03-02 ", "<EndedAt>2026-03-02T"),
    ("BQP0100001/1/BQP01000011001.xsd", "<Sex>F</Sex>", "<Sex>W</Sex>"),
    ("BQP0100001/1/BQP01000011002.xsd", "<Declarant>", "<Clearance>1</Clearance><Declarant>"),
    ("BQP0100002/1/BQP01000021001.xsd", "<FullName>NGUYEN MINH CHAU</FullName>", ""),
    ("BQP0100002/1/BQP01000021002.xsd", "<TaxCode>0100109106</TaxCode>", "<TaxCode>123</TaxCode>"),
    ("BQP0100003/1/BQP01000031101.xsd", "<Origin>TU_PHAT_HIEN</Origin>", ""),
    ("BQP0100003/1/BQP01000031102.xsd", "</CitizenDeclaration>", "</CitizenDeclaration><GroupDeclaration/>"),
    ("BQP0100003/1/BQP01000033028.xsd", "<ValidVersion>2</ValidVersion>", ""),
    ("BQP0100005/1/BQP01000051101.xsd", "<Row>", "<Row>x"),
    ("BQP0100005/1/BQP01000051102.xsd", "<Origin>THEO_YEU_CAU</Origin>", "<Origin>?</Origin>"),
    ("BQP0100005/1/BQP01000053028.xsd", "<AmendmentNumber>SD2026000001</AmendmentNumber>", ""),
    ("BQP0100004/1/BQP01000041001.xsd", "<Entries>SINGLE</Entries>", "<Entries>once</Entries>"),
    ("BQP0100004/1/BQP01000041002.xsd", "<ImoNumber>9074729</ImoNumber>", "<ImoNumber>IMO9074729</ImoNumber>"),
    ("BQP0100004/1/BQP01000043023.xsd", "2026-03-05</OriginalLetterDue>", "05/03/2026</OriginalLetterDue>"),
    ("BQP0100006/1/BQP01000061001.xsd", "<Seats>45</Seats>", "<Seats>many</Seats>"),
    ("BQP0100006/1/BQP01000061002.xsd", "<TrailerPlate>3B-9001", "<TrailerPlate>3b-9001"),
    ("BQP0100006/1/BQP01000063023.xsd", "<PlateNumber>2A-1234", "<PlateNumber> "),
    ("BQP0100007/1/BQP01000071001.xsd", "<IsArrival>1</IsArrival>", "<IsArrival>yes</IsArrival>"),
    ("BQP0100007/1/BQP01000071002.xsd", "<PortOfArrivalCode>VNHPH", "<PortOfArrivalCode>HPH"),
    ("BQP0100007/1/BQP01000071205.xsd", "<DossierNumber>", "<Gate>CANGHAIPHONG</Gate><DossierNumber>"),
    ("BQP0100007/1/BQP01000073023.xsd", "<NumberOfCrew>3</NumberOfCrew>", ""),
    ("BQP0100007A/1/BQP01000071101.xsd", "<AtBerth>1</AtBerth>", "<AtBerth>yes</AtBerth>"),
    ("BQP0100007A/1/BQP01000071102.xsd", "<TaxCode>0100109106</TaxCode>", ""),
    ("BQP0100007A/1/BQP01000073028.xsd", "<FormNumber>XNSD</FormNumber>", "<FormNumber>xác nhận</FormNumber>"),
]
"""XSD, a part of what it takes, and what makes it refuse."""


def _newer(name: str) -> str | None:
    """The same message in the next version of its procedure, or None where that has none."""
    other = name.replace("/2/", "/3/") if "/2/" in name else name.replace("/1/", "/2/")
    return other if other != name and other in ALL else None


for _told in (SPOKEN, DECLARED):
    for _ in range(2):
        _told.update({other: said for name, said in _told.items() if (other := _newer(name))})
FAULTS += [(other, part, fault) for name, part, fault in FAULTS if name != WITHOUT_TAX_CODE and (other := _newer(name))]
FAULTS.append((str(_newer(WITHOUT_TAX_CODE)), "<TaxCode>0100109106</TaxCode>", "<TaxCode>010010910</TaxCode>"))
FAULTS += [(other, part, fault) for name, part, fault in FAULTS if "/2/" in name and (other := _newer(name))]
FORMS += tuple(other for name in FORMS if (other := _newer(name)))
FORMS += tuple(other for name in FORMS if "/2/" in name and (other := _newer(name)))


@cache
def fast(name: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(SCHEMAS / name)))


def slow(name: str) -> xmlschema.XMLSchema10:
    return compiled(SCHEMAS)(name)


def taken(name: str) -> str:
    """An envelope that the XSD takes."""
    if name in SPOKEN:
        return f"<Envelope>{HEADER}<Body><Content>{SPOKEN[name]}</Content></Body></Envelope>"
    text = (ROOT / "fixtures" / DECLARED[name] / "message.xml").read_text(encoding="utf-8")
    return text.removeprefix('<?xml version="1.0" encoding="UTF-8"?>').replace(' Id="content"', "")


def verdicts(name: str, text: str) -> tuple[bool, bool]:
    element = etree.fromstring(text)
    return fast(name).validate(element), slow(name).is_valid(element)


@pytest.mark.parametrize("name", ALL)
def test_a_schema_compiles_in_both_engines(name: str) -> None:
    assert fast(name) is not None
    assert slow(name).built


def test_every_message_has_an_instance_and_a_fault() -> None:
    messages = {name for name in ALL if "Envelope" in slow(name).elements}
    assert messages == SPOKEN.keys() | DECLARED.keys() == {name for name, _, _ in FAULTS}


@pytest.mark.parametrize("name", [*SPOKEN, *DECLARED])
def test_what_it_should_take_both_engines_take(name: str) -> None:
    fast(name).assertValid(etree.fromstring(taken(name)))
    assert verdicts(name, taken(name)) == (True, True)


@pytest.mark.parametrize(("name", "part", "fault"), FAULTS, ids=[name for name, _, _ in FAULTS])
def test_what_it_should_refuse_both_engines_refuse(name: str, part: str, fault: str) -> None:
    genuine = taken(name)
    assert part in genuine
    assert verdicts(name, genuine.replace(part, fault, 1)) == (False, False)


@pytest.mark.parametrize("name", FORMS)
def test_every_element_of_a_form_has_labels_and_an_origin(name: str) -> None:
    elements = list(etree.parse(str(SCHEMAS / name)).iter(f"{XSD}element"))
    assert elements
    for element in elements:
        annotation = element.find(f"{XSD}annotation")
        assert annotation is not None, element.get("name")
        languages = {
            node.get("{http://www.w3.org/XML/1998/namespace}lang"): node.text
            for node in annotation.findall(f"{XSD}documentation")
        }
        assert languages.get("vi"), element.get("name")
        assert languages.get("en"), element.get("name")
        origin = (annotation.findtext(f"{XSD}appinfo[@source='origin']") or "").split()
        assert origin, element.get("name")
        assert set(origin) <= ORIGINS, element.get("name")


@pytest.mark.parametrize("name", ALL)
def test_nothing_lets_anything_through_or_is_unbounded(name: str) -> None:
    tree = etree.parse(str(SCHEMAS / name))
    assert not list(tree.iter(f"{XSD}any", f"{XSD}anyAttribute", f"{XSD}key", f"{XSD}unique"))
    assert not [at for at in tree.iter(f"{XSD}attribute") if at.get("fixed") is None]
    assert not [at for at in tree.iter(f"{XSD}element") if at.get("type", "").startswith("xs:")]
    assert not [at for at in tree.iter() if at.get("maxOccurs") == "unbounded"]


@pytest.mark.parametrize("edit", ["messageId", "empty signatures", "no preReference", "milliseconds", "other order"])
def test_the_header_takes_what_genuine_senders_write(edit: str) -> None:
    name = "common/replies/receipt.xsd"
    reference = "<preReference>BQP2026000123</preReference>"
    year = "<documentYear>2026</documentYear>"
    text = {
        "messageId": taken(name),
        "empty signatures": taken(name).replace("</Content>", "</Content><Signature/>"),
        "no preReference": taken(name).replace(reference, ""),
        "milliseconds": taken(name).replace(f"<sendDate>{TIME}", f"<sendDate>{TIME}.125"),
        "other order": taken(name).replace(f"{year}{reference}", f"{reference}{year}"),
    }[edit]
    assert verdicts(name, text) == (True, True)


@pytest.mark.parametrize(
    ("part", "fault"),
    [
        ("2a11</messageId>", "2a11x</messageId>"),
        ("<reference>BQP2026000123", "<reference>BQP-2026/123"),
        ("<reference>BQP2026000123", f"<reference>{'A' * 36}"),
        ("<documentYear>2026", "<documentYear>26"),
        (f"<sendDate>{TIME}", f"<sendDate>{TIME}+07:00"),
        ("<countryCode>VN", "<countryCode>VNM"),
        ("<name>BQP", "<name> "),
        ("</Content>", "</Content><Signature>forged</Signature>"),
    ],
)
def test_the_header_refuses_what_is_outside_its_facets(part: str, fault: str) -> None:
    name = "common/replies/receipt.xsd"
    assert part in taken(name)
    assert verdicts(name, taken(name).replace(part, fault, 1)) == (False, False)


@pytest.mark.parametrize("version", "12")
def test_a_list_is_bounded_at_five_hundred_rows(version: str) -> None:
    name = f"BQP0100001/{version}/BQP01000011001.xsd"
    element = etree.fromstring(taken(name))
    persons = element.find("Body/Content/GroupDeclaration/Persons")
    assert persons is not None
    row = etree.tostring(persons[0])
    persons[:] = [etree.fromstring(row) for _ in range(500)]
    assert fast(name).validate(element)
    persons.append(etree.fromstring(row))
    assert not fast(name).validate(element)


def _types() -> list[tuple[str, str]]:
    """Every named simple type that has a pattern of its own, with its file; `NonEmptyString` is any text."""
    found = []
    for name in ALL:
        for simple in etree.parse(str(SCHEMAS / name)).iterfind(f"{XSD}simpleType"):
            if simple.find(f".//{XSD}pattern") is not None and simple.get("name") != "NonEmptyString":
                found.append((name, str(simple.get("name"))))
    return found


@pytest.mark.parametrize(("file", "name"), _types())
def test_a_type_with_a_form_says_it_in_both_languages_with_an_example_that_has_it(file: str, name: str) -> None:
    type_ = slow(file).types[name]
    assert type_.annotation is not None, name
    said = {
        text.get("{http://www.w3.org/XML/1998/namespace}lang"): text.text for text in type_.annotation.documentation
    }
    examples = {said["vi"].partition("ví dụ ")[2], said["en"].partition("for example ")[2]}
    assert len(examples) == 1, "one example in both languages"
    assert type_.is_valid(examples.pop())
