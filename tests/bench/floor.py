"""The floor: what a message costs if nothing is done but the fixed calls that cannot be avoided with these libraries.

Per message: lxml parses the bytes, lxml validates the element against its XSD, signxml verifies two signatures with
pinned certificates and `location` (its default settings), signxml signs one reply-sized envelope with a loaded ECDSA
P-256 key. Must never use the adapter's own code: it is what the adapter is measured against.
`python -m tests.bench.floor [MESSAGES]` prints it, alone and with every core busy: processes that share a machine slow
each other down, so that the same call costs more CPU beside others than alone.
"""

from __future__ import annotations

import logging
import os
import statistics
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from time import process_time
from typing import TypeVar

from lxml import etree
from signxml import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConfiguration,
    SignatureConstructionMethod,
    SignatureMethod,
    XMLSigner,
    XMLVerifier,
)

from tests.bench.messages import messages, today, unsigned
from tests.harness.pki import ROOT, shared_pki

T = TypeVar("T")
XSD = ROOT / "schemas" / "BQP0100001" / "1" / "BQP01000011001.xsd"


@dataclass(frozen=True, slots=True)
class Floor:
    """Milliseconds of CPU for one message, by call."""

    parse: float
    schema: float
    verify_system: float
    verify_declarant: float
    sign: float

    @property
    def total(self) -> float:
        return self.parse + self.schema + self.verify_system + self.verify_declarant + self.sign


def measure_busy(count: int = 300) -> list[Floor]:
    """The floor on each core, all of them at it at once: the conditions under which the adapter runs at full speed."""
    cores = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(cores) as pool:
        return list(pool.map(measure, [count] * cores))


def mean(floors: Sequence[Floor]) -> Floor:
    """The floor of several measurements."""
    return Floor(*(statistics.fmean(getattr(floor, call.name) for floor in floors) for call in fields(Floor)))


def measure(count: int = 300, *, persons: int = 20) -> Floor:
    """The floor over `count` messages, on this machine, now."""
    logging.getLogger("signxml").setLevel(logging.INFO)  # its DEBUG formats every canonical form
    pki = shared_pki()
    raws = [message.raw for message in messages(0, count, persons=persons)]
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    plain = [etree.fromstring(unsigned(number, persons, today()), parser) for number in range(count)]
    schema = etree.XMLSchema(etree.parse(str(XSD)))
    reply, key = etree.fromstring(REPLY), pki.party("system")
    certificates = list(key.chain)

    def verify(party: str, location: str) -> Callable[[bytes], object]:
        certificate, configuration = pki.party(party).certificate, SignatureConfiguration(location=location)
        return lambda raw: XMLVerifier().verify(raw, x509_cert=certificate, expect_config=configuration)

    def sign(_: bytes) -> object:
        signer = XMLSigner(
            method=SignatureConstructionMethod.enveloped,
            signature_algorithm=SignatureMethod.ECDSA_SHA256,
            digest_algorithm=DigestAlgorithm.SHA256,
            c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
        )
        return signer.sign(reply, key=key.key, cert=certificates)

    return Floor(
        parse=_each(raws, lambda raw: etree.fromstring(raw, parser)),
        schema=_each(plain, schema.assertValid),
        verify_system=_each(raws, verify("nsw", "./SystemSignature/")),
        verify_declarant=_each(raws, verify("enterprise", "./Body/Signature/")),
        sign=_each(raws, sign),
    )


def _each(inputs: Sequence[T], call: Callable[[T], object]) -> float:
    """CPU milliseconds of one call; the first ones are warm-up."""
    for each in inputs[:10]:
        call(each)
    begun = process_time()
    for each in inputs:
        call(each)
    return (process_time() - begun) * 1000 / len(inputs)


# As large as an acceptance.
REPLY = (
    "<Envelope><Header><Reference><version>01</version><messageId>4f1c2b9e-7a70-4c86-9f0e-1f4f3f1f1f10</messageId>"
    "</Reference><From><name>BQP</name><identity>BQP</identity><countryCode>VN</countryCode>"
    "<ministryCode>BQP</ministryCode><organizationCode>BDBP</organizationCode><unitCode>CK-HUUNGHI</unitCode></From>"
    "<To><name>NSW</name><identity>NSW</identity><countryCode>VN</countryCode><ministryCode>BTC</ministryCode>"
    "<organizationCode>TCHQ</organizationCode><unitCode>NSW</unitCode></To><Subject>"
    "<documentType>BQP0100001</documentType><type>20</type><function>21</function><reference>BENCH02000000001</reference>"
    "<documentYear>2026</documentYear><preDocumentYear>2026</preDocumentYear>"
    "<preReference>BENCH02000000001</preReference><sendDate>2026-03-02 07:15:00</sendDate></Subject></Header><Body>"
    "<Content><Acceptance><InReplyTo><MessageId>bb2adece-e2ad-49af-a023-29c3643ce7f5</MessageId>"
    "<Digest>6f1f0f8be5b63b1d0fe64b5e0ee0e2ad49afa02329c3643ce7f5bb2adece1234</Digest>"
    "<Schema>BQP0100001/1/BQP01000011001.xsd</Schema><Mapping>BQP0100001/1</Mapping><Channel>window</Channel>"
    "</InReplyTo><AcceptDate>2026-03-02 07:15:00</AcceptDate><ReceiveDate>2026-03-02 07:15:00</ReceiveDate><Accepter>"
    "<Organization>Bộ đội Biên phòng</Organization><Division>Đồn Biên phòng cửa khẩu Hữu Nghị</Division>"
    "<Name>Hệ thống tiếp nhận tự động</Name></Accepter></Acceptance></Content></Body></Envelope>"
)


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    alone, busy = measure(count), mean(measure_busy(count))
    print(f"{'ms a message':18}{'alone':>8}{'busy':>8}")
    for call in (*(each.name for each in fields(Floor)), "total"):
        print(f"{call:18}{getattr(alone, call):8.3f}{getattr(busy, call):8.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
