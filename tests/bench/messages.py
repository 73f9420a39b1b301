"""Distinct form-07 declarations for the benchmark, signed as the window and an enterprise sign, kept under var/bench.

What is measured must not pay for signing its own input, so messages are made beforehand, by two processes, for the day:
nothing may be flagged in them, since a finding costs its own words. Must never be taken for a fixture: nothing is
expected of these.
"""

from __future__ import annotations

import hashlib
import pickle
import uuid
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256

from adapter.pipeline.envelope import VIETNAM
from adapter.simulator.pki import Pki
from adapter.simulator.sign import sign_message
from tests.harness.pki import ROOT, shared_pki

FOLDER = ROOT / "var" / "bench"
BLOCK = 1000
FORMAT = 2
"""To be raised with every change of what is written here: kept messages of another format are not used."""
ARRIVES_AFTER, STAYS = timedelta(days=60), timedelta(days=4)
_FAMILY = ("NGUYEN", "LI", "WANG", "ZHANG", "TRAN", "PARK", "SATO", "SMITH", "MULLER", "DUPONT")
_GIVEN = ("WEI", "FANG", "MIN", "ANNA", "JOHN", "HANA", "PAUL", "LAN", "MARIE", "KENJI", "OLGA")


@dataclass(frozen=True, slots=True)
class Message:
    """A signed message and the id that its reply will name."""

    message_id: str
    raw: bytes


def messages(first: int, count: int, *, persons: int = 20) -> Iterator[Message]:
    """Messages `first` to `first + count - 1`; the same number is the same message as long as the keys are."""
    blocks = range(first // BLOCK, (first + count - 1) // BLOCK + 1)
    on = today()
    folder = _folder(shared_pki(), persons, on)
    missing = [block for block in blocks if not _file(folder, block).exists()]
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        with ProcessPoolExecutor(2) as pool:
            list(pool.map(partial(_make_block, folder, persons, on), missing))
    return _kept(folder, blocks, first, first + count)


def today() -> date:
    """The day in Vietnam, on which messages are made and sent."""
    return datetime.now(VIETNAM).date()


def reference(number: int, persons: int = 20) -> str:
    """The number of the dossier that a message begins."""
    return f"BENCH{persons:03}{number:08}"


def unsigned(number: int, persons: int, on: date) -> bytes:
    """Message `number` before it is signed, as it is sent on that day: valid as it stands."""
    arrives = on + ARRIVES_AFTER
    return _ENVELOPE.format(
        today=on,
        arrives=arrives,
        leaves=arrives + STAYS,
        message_id=_message_id(number, persons),
        reference=reference(number, persons),
        plate=f"29B-{number % 1000:03}.{number // 1000 % 100:02}",
        persons=persons,
        male=(persons + 1) // 2,
        female=persons // 2,
        rows="".join(_person(number, seat) for seat in range(1, persons + 1)),
        leader=_name(number, 1),
        paper=_paper(number, 1),
    ).encode()


def _kept(folder: Path, blocks: range, first: int, end: int) -> Iterator[Message]:
    for block in blocks:
        for number, message in enumerate(pickle.loads(_file(folder, block).read_bytes()), start=block * BLOCK):
            if first <= number < end:
                yield Message(*message)


def _folder(pki: Pki, persons: int, on: date) -> Path:
    signers = b"".join(pki.party(name).certificate.fingerprint(SHA256()) for name in ("nsw", "enterprise"))
    return FOLDER / f"messages-{FORMAT}-{on}-{persons}-{hashlib.sha256(signers).hexdigest()[:12]}"


def _file(folder: Path, block: int) -> Path:
    return folder / f"{block:05}.pickle"


def _make_block(folder: Path, persons: int, on: date, block: int) -> None:
    pki = shared_pki()
    made = [_signed(number, persons, on, pki) for number in range(block * BLOCK, (block + 1) * BLOCK)]
    draft = _file(folder, block).with_suffix(".part")
    draft.write_bytes(pickle.dumps(made))
    draft.rename(_file(folder, block))


def _signed(number: int, persons: int, on: date, pki: Pki) -> tuple[str, bytes]:
    form = unsigned(number, persons, on)
    raw = sign_message(form, system=pki.party("nsw"), declarant=pki.party("enterprise"))
    return _message_id(number, persons), raw


def _message_id(number: int, persons: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"bench:{persons}:{number}"))


def _name(number: int, seat: int) -> str:
    spread = number * 31 + seat * 7
    return f"{_FAMILY[spread % len(_FAMILY)]} {_GIVEN[spread % len(_GIVEN)]}"


def _paper(number: int, seat: int) -> str:
    return f"E{number:07}{seat:03}"


def _person(number: int, seat: int) -> str:
    return _PERSON.format(
        seat=seat,
        name=_name(number, seat),
        sex="M" if seat % 2 else "F",
        year=1950 + (number + seat) % 50,
        paper=_paper(number, seat),
        visa=f"DL{number:07}{seat:03}",
        role="LEADER" if seat == 1 else "MEMBER",
    )


# As .NET and Java serialise it: no white space between elements.
_PERSON = (
    "<Person><Seq>{seat}</Seq><FullName>{name}</FullName><Sex>{sex}</Sex><DateOfBirth>{year}-04-12</DateOfBirth>"
    "<PlaceOfBirth>NANNING</PlaceOfBirth><Nationality>CHN</Nationality><DocumentType>HC_NUOC_NGOAI</DocumentType>"
    "<DocumentNumber>{paper}</DocumentNumber><IssuingState>CHN</IssuingState><IssueDate>2022-05-10</IssueDate>"
    "<ExpiryDate>2044-05-09</ExpiryDate><VisaNumber>{visa}</VisaNumber><VisaType>DL</VisaType>"
    "<VisaExpiry>2043-05-31</VisaExpiry><IsTransit>0</IsTransit><Role>{role}</Role></Person>"
)
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><Envelope><Header>'
    "<Reference><version>01</version><messageId>{message_id}</messageId></Reference>"
    "<From><name>NSW</name><identity>NSW</identity><countryCode>VN</countryCode><ministryCode>BTC</ministryCode>"
    "<organizationCode>TCHQ</organizationCode><unitCode>NSW</unitCode></From>"
    "<To><name>BQP</name><identity>BQP</identity><countryCode>VN</countryCode><ministryCode>BQP</ministryCode>"
    "<organizationCode>BDBP</organizationCode><unitCode>CK-HUUNGHI</unitCode></To>"
    "<Subject><documentType>BQP0100001</documentType><type>10</type><function>01</function>"
    "<reference>{reference}</reference><documentYear>{today:%Y}</documentYear><preReference>{reference}</preReference>"
    "<sendDate>{today} 00:00:01</sendDate></Subject></Header><Body><Content><GroupDeclaration>"
    "<Procedure>BQP0100001</Procedure><FormNumber>07</FormNumber><Direction>NC</Direction><Gate>HUUNGHI</Gate>"
    "<BorderUnit>CK-HUUNGHI</BorderUnit><ExpectedArrival>{arrives} 14:30:00</ExpectedArrival>"
    "<DeclarationDate>{today} 00:00:00</DeclarationDate>"
    "<Declarant><Name>Trần Thị Hương</Name><PersonalNumber>001190004567</PersonalNumber>"
    "<Phone>0243 555 0101</Phone><Email>huong.tran@dulich.example</Email></Declarant>"
    "<Principal><Name>Công ty Du lịch Thử nghiệm</Name><TaxCode>0100109106</TaxCode>"
    "<Address>Số 1 phố Thử Nghiệm, Hà Nội</Address><LicenceNumber>01-0123/2024/TCDL-GP LHQT</LicenceNumber>"
    "<AuthorisationNumber>15/GUQ-2026</AuthorisationNumber></Principal><GroupKind>DU_LICH</GroupKind>"
    "<GroupName>Đoàn du lịch Hạ Long</GroupName><Leader><Name>{leader}</Name>"
    "<DocumentNumber>{paper}</DocumentNumber><Phone>+86 138 0000 0001</Phone></Leader>"
    "<Programme><StartDate>{arrives}</StartDate><EndDate>{leaves}</EndDate>"
    "<Itinerary>Lạng Sơn – Hà Nội – Hạ Long – Lạng Sơn</Itinerary></Programme><ExitGate>HUUNGHI</ExitGate>"
    "<ExitDate>{leaves}</ExitDate><VehiclePlate>{plate}</VehiclePlate><TotalPersons>{persons}</TotalPersons>"
    "<TotalMale>{male}</TotalMale><TotalFemale>{female}</TotalFemale><Persons>{rows}</Persons>"
    "</GroupDeclaration></Content><Signature/></Body><SystemSignature/></Envelope>"
)
