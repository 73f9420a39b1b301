"""Who stamps is asked for too: tokens of a real `openssl ts`, revocation from `openssl ocsp` and from a web server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from adapter.gateways.revocation.cache import EvidenceCache
from adapter.gateways.revocation.evidence import Revocation
from adapter.gateways.revocation.fetching import Bounds, Fetcher
from adapter.gateways.revocation.refresh import EvidenceRefresh, Places, places
from adapter.model.finding import Severity
from adapter.pipeline.signature.timestamp import stamp_of
from adapter.pipeline.trust import TIMESTAMPING, RevocationRules, Store, Trust, Unknown
from tests.harness.authority import Listed, Wish, authority, certify, crl, key_pem
from tests.servers.authorities import Entry, Page, WebServer, ocsp_responder
from tests.servers.timestamping import stamp_with_openssl

BOUNDS = Bounds(timeout_s=20.0, wait_s=15.0, max_bytes=100_000, refresh_s=3600)
OVER = b"<ds:SignatureValue>...</ds:SignatureValue>"
ROOT = authority("Served stamping root")
STAMPER = certify("Served stamper", ROOT, Wish(eku=(ExtendedKeyUsageOID.TIME_STAMPING,)))
HOUR = timedelta(hours=1)
EARLIER, LATER = -HOUR, HOUR


@dataclass(frozen=True)
class Stamped:
    """A token that `openssl ts` made at that time."""

    token: bytes
    at: datetime

    def judged(self, shelf: Path, where: Places, *, received: datetime, unknown: Unknown = Unknown.WAIT) -> str:
        """What stands against its authority when its message is received then."""
        store = Store(TIMESTAMPING, (ROOT.certificate,), (), frozenset(), revocation=RevocationRules(unknown))
        collection = EvidenceRefresh(
            stores={TIMESTAMPING: store},
            places={TIMESTAMPING: places(store, where)},
            shelf=EvidenceCache(shelf),
            fetcher=Fetcher(BOUNDS),
            now=lambda: received,
        )
        trust = Trust((), {}, Revocation(collection), timestamping=store)
        stamped = stamp_of(self.token, OVER, store)
        against = trust.validate_timestamper(stamped.certificates, stamped=stamped.at, received=received, pointer="/")
        return f"{against.name}, {against.severity}" if against else "nothing"


@pytest.fixture(scope="module")
def stamped(tmp_path_factory: pytest.TempPathFactory) -> Stamped:
    folder = tmp_path_factory.mktemp("stamper")
    (folder / "stamper.pem").write_bytes(STAMPER.public_bytes(Encoding.PEM))
    (folder / "stamper.key").write_bytes(key_pem("Served stamper"))
    at = datetime.now(UTC).replace(microsecond=0)
    files = {"certificate": folder / "stamper.pem", "key": folder / "stamper.key"}
    return Stamped(stamp_with_openssl(OVER, folder=folder, **files), at)


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer().running() as server:
        yield server


@pytest.mark.parametrize(
    ("since", "reason", "against"),
    [
        (LATER, x509.ReasonFlags.superseded, "nothing"),
        (LATER, x509.ReasonFlags.cessation_of_operation, "nothing"),
        (EARLIER, x509.ReasonFlags.superseded, "timestamper_revoked, reject"),
        (LATER, x509.ReasonFlags.key_compromise, "timestamper_revoked, reject"),
        (LATER, None, "timestamper_revoked, reject"),
        (LATER, x509.ReasonFlags.certificate_hold, "timestamper_suspended, reject"),
    ],
)
def test_a_fetched_list_stops_stamps_as_rfc_3161_says(
    stamped: Stamped, tmp_path: Path, web: WebServer, since: timedelta, reason: x509.ReasonFlags | None, against: str
) -> None:
    listed = {STAMPER: Listed(since=stamped.at + since, reason=reason)}
    web.pages["/root.crl"] = Page(crl(ROOT, listed, this_update=stamped.at + 2 * HOUR))
    where = Places(crl_urls=(web.url("/root.crl"),))
    assert stamped.judged(tmp_path, where, received=stamped.at + 3 * HOUR) == against


@pytest.mark.parametrize(
    ("unknown", "severity"),
    [(Unknown.WAIT, Severity.WAIT), (Unknown.FLAG, Severity.WARN), (Unknown.REFUSE, Severity.REJECT)],
)
def test_in_an_outage_the_policy_decides_and_what_the_shelf_holds_bridges_it(
    stamped: Stamped, tmp_path: Path, web: WebServer, unknown: Unknown, severity: Severity
) -> None:
    where, received = Places(crl_urls=(web.url("/root.crl"),)), stamped.at + 3 * HOUR
    told = f"revocation_unknown, {severity}"
    assert stamped.judged(tmp_path, where, received=received, unknown=unknown) == told
    web.pages["/root.crl"] = Page(crl(ROOT, this_update=stamped.at + 2 * HOUR))
    assert stamped.judged(tmp_path, where, received=received, unknown=unknown) == "nothing"
    del web.pages["/root.crl"]
    assert stamped.judged(tmp_path, where, received=received + HOUR, unknown=unknown) == "nothing"
    assert stamped.judged(tmp_path, where, received=received + 48 * HOUR, unknown=unknown) == told, "it ran out"


@pytest.mark.parametrize(
    ("entry", "against"),
    [
        (Entry(), "nothing"),
        (Entry(datetime(2026, 1, 1, tzinfo=UTC), "superseded"), "timestamper_revoked, reject"),
        (Entry(datetime(2026, 1, 1, tzinfo=UTC), "certificateHold"), "timestamper_suspended, reject"),
    ],
    ids=["good", "superseded before", "on hold"],
)
def test_a_responder_of_openssl_is_asked_for_the_stamper(
    stamped: Stamped, tmp_path: Path, entry: Entry, against: str
) -> None:
    responder = certify("Stamping responder", ROOT, Wish(eku=(ExtendedKeyUsageOID.OCSP_SIGNING,)))
    with ocsp_responder(
        tmp_path / "ocsp", ROOT, {STAMPER: entry}, responder=responder, title="Stamping responder"
    ) as url:
        received = datetime.now(UTC)
        assert stamped.judged(tmp_path / "shelf", Places(ocsp_url=url), received=received) == against
