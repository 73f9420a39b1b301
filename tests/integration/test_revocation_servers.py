"""Evidence of revocation from real servers: openssl's OCSP responder, a web server for CRLs, in order and out of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.ocsp import OCSPCertStatus
from cryptography.x509.oid import ExtendedKeyUsageOID

from adapter.gateways.revocation.cache import EvidenceCache
from adapter.gateways.revocation.evidence import Revocation
from adapter.gateways.revocation.fetching import Bounds, Fetcher
from adapter.gateways.revocation.refresh import EvidenceRefresh, Places, places
from adapter.model.events import Event
from adapter.model.stages import SignerRole
from adapter.pipeline.trust import Moments, RevocationRules, Store, Trust, Unknown
from tests.harness.authority import Authority, Listed, Says, Wish, authority, certify, crl, key, ocsp_reply
from tests.servers.authorities import Entry, Page, WebServer, ocsp_responder
from tests.servers.process import free_ports

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BOUNDS = Bounds(timeout_s=2.0, wait_s=1.5, max_bytes=100_000, refresh_s=3600)
CA = authority("Served CA")
GRACE = DAY


@dataclass
class Post:
    """A border post: its shelf, its evidence, its clock, what the operator was told."""

    folder: Path
    places: Places
    fetches: bool = True
    bounds: Bounds = BOUNDS
    now: datetime = NOW
    unknown: Unknown = Unknown.WAIT
    told: list[tuple[Event, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        rules = RevocationRules(self.unknown, GRACE)
        self.store = Store("public", (CA.certificate,), (), revocation=rules)
        self.restart()

    def restart(self) -> None:
        """Forget everything but the disk."""
        self.evidence = EvidenceRefresh(
            stores={"public": self.store},
            places={"public": places(self.store, self.places)},
            shelf=EvidenceCache(self.folder / "shelf"),
            fetcher=Fetcher(self.bounds) if self.fetches else None,
            observe=lambda event, /, **fields: self.told.append((event, fields)),
            now=lambda: self.now,
        )
        self.trust = Trust((), {"public": self.store}, Revocation(self.evidence))

    def judge(self, leaf: x509.Certificate) -> str:
        """How a message signed with that certificate is judged when it is received now."""
        verdict = self.trust.validate(
            [leaf], stores=["public"], role=SignerRole.DECLARANT, moments=Moments(self.now), pointer="/"
        )
        return ", ".join(each.name for each in verdict.findings) or "trusted"

    def events(self) -> list[str]:
        return [event.value for event, _ in self.told]

    def settle(self) -> None:
        """Wait for what is being fetched."""
        for thread in threading.enumerate():
            if thread.name == "revocation":
                thread.join(10)


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer().running() as server:
        yield server


def _post(folder: Path, web: WebServer, **told: Any) -> Post:
    return Post(folder, Places(crl_urls=(web.url("/ca.crl"),)), **told)


def _leaf(title: str) -> x509.Certificate:
    return certify(title, CA)


REVOKED, HELD, FINE = _leaf("Served revoked"), _leaf("Served held"), _leaf("Served fine")
LISTED = {
    REVOKED: Listed(since=NOW - DAY, reason=x509.ReasonFlags.key_compromise),
    HELD: Listed(since=NOW - DAY, reason=x509.ReasonFlags.certificate_hold),
}


def _list(*, made: datetime = NOW - HOUR, lasts: timedelta = DAY, by: Authority = CA, **told: Any) -> bytes:
    return crl(by, LISTED, this_update=made, next_update=made + lasts, **told)


# CRLs over HTTP -------------------------------------------------------------------------------------------------------


def test_a_fetched_crl_tells_good_revoked_and_suspended(tmp_path: Path, web: WebServer) -> None:
    web.pages["/ca.crl"] = Page(_list())
    post = _post(tmp_path, web)
    assert [post.judge(each) for each in (FINE, REVOKED, HELD)] == [
        "trusted",
        "certificate_revoked",
        "certificate_suspended",
    ]
    assert web.asked == ["/ca.crl"], "one list serves all"


def test_an_outage_is_bridged_by_what_the_shelf_holds_even_after_a_restart(tmp_path: Path, web: WebServer) -> None:
    web.pages["/ca.crl"] = Page(_list())
    post = _post(tmp_path, web)
    assert post.judge(FINE) == "trusted"
    web.pages["/ca.crl"] = Page(status=503)
    post.now = NOW + DAY + HOUR  # two hours past its nextUpdate, within the grace
    post.restart()
    assert [post.judge(each) for each in (FINE, REVOKED)] == ["trusted", "certificate_revoked"]


def test_an_outage_longer_than_the_grace_cannot_be_told_but_what_was_revoked_stays_so(
    tmp_path: Path, web: WebServer
) -> None:
    web.pages["/ca.crl"] = Page(_list())
    post = _post(tmp_path, web)
    assert post.judge(FINE) == "trusted"
    web.pages["/ca.crl"] = Page(status=503)
    post.now = NOW + 3 * DAY
    post.restart()
    assert [post.judge(each) for each in (FINE, HELD, REVOKED)] == [
        "revocation_unknown",
        "revocation_unknown",
        "certificate_revoked",
    ]
    assert Event.REVOCATION_UNREACHABLE in [event for event, _ in post.told]


def test_when_the_authority_is_back_the_answer_is_too(tmp_path: Path, web: WebServer) -> None:
    post = _post(tmp_path, web)
    assert post.judge(FINE) == "revocation_unknown"
    web.pages["/ca.crl"] = Page(_list())
    post.restart()  # its back-off is over
    assert post.judge(FINE) == "trusted"


@pytest.mark.parametrize(
    ("page", "told", "why"),
    [
        (Page(_list(signed_with=key("A thief"))), "revocation.unusable", ""),
        (Page(_list(made=NOW - 10 * DAY)), "revocation.unusable", ""),
        (Page(_list(made=NOW + DAY)), "revocation.unusable", ""),
        (Page(b"<html>log in to the hotel's network</html>"), "revocation.unusable", ""),
        (Page(b"\0" * 200_000), "revocation.unreachable", "the answer is larger than"),
        (Page(_list(), length=10_000), "revocation.unreachable", "the answer was cut off"),
        (Page(status=500), "revocation.unreachable", "HTTP 500"),
        (Page(_list(), silent_s=30), "revocation.unreachable", "timed out"),
        (Page(_list(), drip_s=0.1), "revocation.unreachable", "the answer takes longer than"),
    ],
    ids=["wrong signer", "run out", "of tomorrow", "no CRL", "huge", "cut off", "error", "silent", "dripping"],
)
def test_a_bad_answer_is_no_answer_and_the_operator_is_told(
    tmp_path: Path, web: WebServer, page: Page, told: str, why: str
) -> None:
    web.pages["/ca.crl"] = page
    post = _post(tmp_path, web)
    assert post.judge(FINE) == "revocation_unknown"
    post.settle()
    assert told in post.events()
    assert why in " ".join(str(fields.get("reason")) for event, fields in post.told if event.value == told)
    assert list((tmp_path / "shelf").glob("*.crl")) == []


def test_where_nobody_listens_the_operator_is_told_so(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    post = Post(tmp_path, Places(crl_urls=(f"http://127.0.0.1:{port}/ca.crl",)))
    assert post.judge(FINE) == "revocation_unknown"
    post.settle()
    (told,) = [fields for event, fields in post.told if event is Event.REVOCATION_UNREACHABLE]
    assert "refused" in told["reason"]


def test_an_older_answer_does_not_displace_a_newer_one(tmp_path: Path, web: WebServer) -> None:
    web.pages["/ca.crl"] = Page(_list(made=NOW - HOUR))
    post = _post(tmp_path, web)
    assert post.judge(REVOKED) == "certificate_revoked"
    post.now = NOW + 12 * HOUR  # due
    web.pages["/ca.crl"] = Page(crl(CA, this_update=NOW - 2 * HOUR, next_update=NOW + DAY))
    post.evidence.refresh()
    post.settle()
    assert "older than what is known" in post.told[-1][1]["reason"]
    post.restart()
    assert post.judge(REVOKED) == "certificate_revoked"


def test_a_redirect_is_not_followed(tmp_path: Path, web: WebServer) -> None:
    web.pages["/ca.crl"] = Page(status=302, location=web.url("/elsewhere.crl"))
    web.pages["/elsewhere.crl"] = Page(_list())
    post = _post(tmp_path, web)
    assert post.judge(FINE) == "revocation_unknown"
    assert web.asked == ["/ca.crl"]


def test_one_slow_responder_costs_one_message_its_wait_and_no_other(tmp_path: Path, web: WebServer) -> None:
    web.pages["/ca.crl"] = Page(_list(), silent_s=30)
    post = _post(tmp_path, web, bounds=Bounds(timeout_s=60, wait_s=0.2, max_bytes=100_000, refresh_s=60))
    waits: list[float] = []
    genuine = threading.Event.wait

    def counted(event: threading.Event, timeout: float | None = None) -> bool:
        if threading.current_thread() is threading.main_thread() and timeout is not None:
            waits.append(timeout)
        return genuine(event, timeout)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading.Event, "wait", counted)
        assert [post.judge(_leaf(f"Slow {number}")) for number in range(10)] == ["revocation_unknown"] * 10
    assert len(waits) == 1
    assert waits[0] <= 0.2
    assert len(web.asked) <= 1


def test_the_clock_refreshes_before_an_answer_runs_out(tmp_path: Path, web: WebServer) -> None:
    web.pages["/ca.crl"] = Page(_list(made=NOW - HOUR))
    post = _post(tmp_path, web)
    post.evidence.refresh()
    post.settle()
    assert web.asked == ["/ca.crl"], "what the configuration names is there before the first message"
    for kept in filter(Path.is_file, tmp_path.rglob("*")):  # what is kept was fetched at the post's own time
        os.utime(kept, (NOW.timestamp(), NOW.timestamp()))
    post.evidence.refresh()
    post.settle()
    assert web.asked == ["/ca.crl"], "it is new"
    web.pages["/ca.crl"] = Page(_list(made=NOW + 12 * HOUR))
    post.now = NOW + 12 * HOUR
    post.evidence.refresh()
    post.settle()
    assert web.asked == ["/ca.crl"] * 2
    post.now = NOW + 2 * DAY  # past the first list's end and its grace, not past the second's
    assert post.judge(FINE) == "trusted"


def test_the_operator_is_told_once_when_answers_have_run_out(tmp_path: Path, web: WebServer) -> None:
    web.pages["/ca.crl"] = Page(_list())
    post = _post(tmp_path, web)
    post.evidence.refresh()
    post.settle()
    post.now = NOW + DAY + HOUR
    web.pages["/ca.crl"] = Page(status=503)
    for _ in range(3):
        post.evidence.refresh()
        post.settle()
    assert post.events().count("revocation.stale") == 1


# Which URLs are asked -------------------------------------------------------------------------------------------------


def test_only_hosts_that_somebody_trusted_has_named_are_asked(tmp_path: Path, web: WebServer) -> None:
    web.pages["/leaf.crl"] = Page(_list())
    named = certify("Names its list", CA, Wish(crl_url=web.url("/leaf.crl"), ocsp_url=web.url("/ocsp")))
    post = Post(tmp_path, Places())
    assert [post.judge(each) for each in (named, named)] == ["revocation_unknown"] * 2
    assert web.asked == []
    assert [fields["reason"] for _, fields in post.told] == ["its host is in no list of hosts"], "told once"
    allowed = Post(tmp_path, Places(hosts=frozenset({"127.0.0.1"})))
    assert allowed.judge(named) == "trusted"


def test_nothing_is_fetched_for_a_certificate_whose_path_was_not_found(tmp_path: Path, web: WebServer) -> None:
    stranger = authority("A stranger")
    forged = certify("Forged", stranger, Wish(crl_url=web.url("/canary"), ocsp_url=web.url("/canary")))
    post = Post(tmp_path, Places(hosts=frozenset({"127.0.0.1"})))
    assert post.judge(forged) == "certificate_untrusted"
    assert web.asked == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/ca.crl", "ldap://127.0.0.1/cn=x"])
def test_other_schemes_than_http_are_not_asked(tmp_path: Path, url: str) -> None:
    named = certify(f"Names {url}", CA, Wish(crl_url=url))
    post = Post(tmp_path, Places(hosts=frozenset({"127.0.0.1", ""})))
    assert post.judge(named) == "revocation_unknown"
    assert post.told == []


def test_a_command_reads_the_shelf_and_never_fetches(tmp_path: Path, web: WebServer) -> None:
    web.pages["/ca.crl"] = Page(_list())
    reading = _post(tmp_path, web, fetches=False)
    assert reading.judge(FINE) == "revocation_unknown"
    assert web.asked == []
    assert not (tmp_path / "shelf").exists()
    assert _post(tmp_path, web).judge(FINE) == "trusted"
    reading.restart()
    assert reading.judge(FINE) == "trusted"


# A folder of lists ----------------------------------------------------------------------------------------------------


def test_a_list_that_was_carried_there_by_hand_is_taken_without_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapter.gateways.revocation.evidence._LOOK_AGAIN_S", 0.0)
    folder = tmp_path / "by-hand"
    folder.mkdir()
    post = Post(tmp_path, Places(crls=folder), fetches=False)
    assert post.judge(REVOKED) == "revocation_unknown"
    (folder / "ca.crl").write_bytes(_list(signed_with=key("A thief")))
    assert post.judge(REVOKED) == "revocation_unknown"
    assert post.events() == ["revocation.unusable"]
    (folder / "ca-2.crl").write_bytes(_list())
    assert post.judge(REVOKED) == "certificate_revoked"


# openssl ocsp ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def responder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    eku = (ExtendedKeyUsageOID.OCSP_SIGNING,)
    certificate = certify("Served responder", CA, Wish(eku=eku))
    index = {
        FINE: Entry(),
        REVOKED: Entry(NOW - DAY, "keyCompromise"),
        HELD: Entry(NOW - DAY, "certificateHold"),
    }
    folder = tmp_path_factory.mktemp("ocsp")
    with ocsp_responder(folder, CA, index, responder=certificate, title="Served responder") as url:
        yield url


def test_openssls_responder_is_understood(tmp_path: Path, responder: str) -> None:
    patient = replace(BOUNDS, timeout_s=20.0, wait_s=15.0)  # it starts a process for each answer
    # openssl dates its answers by the machine's clock: NOW, minutes ago in a long run, would find them of tomorrow.
    post = Post(tmp_path, Places(ocsp_url=responder), bounds=patient, now=datetime.now(UTC))
    unheard_of = _leaf("Unheard of")
    assert [post.judge(each) for each in (FINE, REVOKED, HELD, unheard_of)] == [
        "trusted",
        "certificate_revoked",
        "certificate_suspended",
        "revocation_unknown",
    ]
    offline = Post(tmp_path, Places(ocsp_url=responder), fetches=False, now=post.now)
    assert offline.judge(FINE) == "trusted", "kept on disk"


@pytest.mark.parametrize(
    "says",
    [
        Says(this_update=NOW - 10 * DAY, next_update=NOW - 9 * DAY),
        Says(this_update=NOW + DAY, next_update=NOW + 2 * DAY),
    ],
    ids=["run out", "of tomorrow"],
)
def test_an_answer_of_another_time_is_not_taken(tmp_path: Path, web: WebServer, says: Says) -> None:
    web.pages["/ocsp"] = Page(ocsp_reply(FINE, CA, says))
    post = Post(tmp_path, Places(ocsp_url=web.url("/ocsp")))
    assert post.judge(FINE) == "revocation_unknown"
    post.settle()
    assert post.events() == ["revocation.unusable"]


def test_an_old_good_answer_that_is_played_again_does_not_undo_a_revocation(tmp_path: Path, web: WebServer) -> None:
    revoked = Says(this_update=NOW - HOUR, next_update=NOW + DAY, status=OCSPCertStatus.REVOKED, since=NOW - DAY)
    web.pages["/ocsp"] = Page(ocsp_reply(FINE, CA, revoked))
    post = Post(tmp_path, Places(ocsp_url=web.url("/ocsp")))
    assert post.judge(FINE) == "certificate_revoked"
    web.pages["/ocsp"] = Page(ocsp_reply(FINE, CA, Says(this_update=NOW - 2 * DAY, next_update=NOW + 5 * DAY)))
    post.now = NOW + 20 * HOUR
    post.evidence.refresh()
    post.settle()
    post.restart()
    assert post.judge(FINE) == "certificate_revoked"


def test_a_list_answers_where_the_responder_does_not_know(tmp_path: Path, web: WebServer, responder: str) -> None:
    web.pages["/ca.crl"] = Page(_list())
    post = Post(tmp_path, Places(ocsp_url=responder, crl_urls=(web.url("/ca.crl"),)))
    assert post.judge(_leaf("Known to the list")) == "trusted"


def test_a_responder_that_the_authority_did_not_certify_is_not_believed(tmp_path: Path) -> None:
    other = authority("Another authority")
    certificate = certify("False responder", other, Wish(eku=(ExtendedKeyUsageOID.OCSP_SIGNING,)))
    index = {FINE: Entry()}
    with ocsp_responder(tmp_path / "false", CA, index, responder=certificate, title="False responder") as url:
        post = Post(tmp_path, Places(ocsp_url=url), now=datetime.now(UTC))
        assert post.judge(FINE) == "revocation_unknown"
    told = [fields["reason"] for event, fields in post.told if event is Event.REVOCATION_UNUSABLE]
    assert told == ["the responder's certificate is not the authority's"]


# The responder's own certificate --------------------------------------------------------------------------------------

OCSP_EKU = (ExtendedKeyUsageOID.OCSP_SIGNING,)
ASKED_FOR = certify("Asked-for responder", CA, Wish(eku=OCSP_EKU))


def _says_good(by: x509.Certificate, title: str) -> Page:
    says = Says(this_update=NOW - 2 * HOUR, next_update=NOW + DAY)
    return Page(ocsp_reply(FINE, CA, says, responder=by, signed_with=key(title)))


def _laid(folder: Path, *listed: x509.Certificate, reason: x509.ReasonFlags | None = None) -> Path:
    """A folder with a list of the authority that names these."""
    folder.mkdir()
    entries = {each: Listed(since=NOW - DAY, reason=reason) for each in listed}
    (folder / "ca.crl").write_bytes(crl(CA, entries, this_update=NOW - HOUR))
    return folder


@pytest.mark.parametrize("reason", [None, x509.ReasonFlags.certificate_hold], ids=["revoked", "suspended"])
def test_a_responder_that_a_list_at_hand_stops_is_not_believed(
    tmp_path: Path, web: WebServer, reason: x509.ReasonFlags | None
) -> None:
    web.pages["/ocsp"] = _says_good(ASKED_FOR, "Asked-for responder")
    post = Post(tmp_path, Places(ocsp_url=web.url("/ocsp")))
    assert post.judge(FINE) == "trusted", "its authority names no list, and none is here"
    lists = _laid(tmp_path / "lists", ASKED_FOR, reason=reason)
    reader = Post(tmp_path, Places(crls=lists, ocsp_url=web.url("/ocsp")), fetches=False)
    told = reader.trust.evidence(FINE, CA.certificate, store="public")
    assert [each.this_update for each in told] == [NOW - HOUR], "the list's word alone"
    assert reader.told[-1][1]["reason"].startswith("the OCSP responder's own certificate: ")


def test_a_responder_whose_list_cannot_be_had_is_not_believed_until_it_can(tmp_path: Path, web: WebServer) -> None:
    wish = Wish(eku=OCSP_EKU, crl_url=web.url("/responders.crl"))
    by = certify("Listed responder", CA, wish)
    web.pages["/ocsp"] = _says_good(by, "Listed responder")
    post = Post(tmp_path, Places(ocsp_url=web.url("/ocsp")))
    assert post.judge(FINE) == "revocation_unknown"
    web.pages["/responders.crl"] = Page(_list())
    post.restart()  # its back-off is over
    assert post.judge(FINE) == "trusted"
    assert web.asked.count("/responders.crl") == 2
    post.now = NOW + 3 * DAY  # past the list's grace
    assert post.judge(FINE) == "revocation_unknown"


def test_an_exempt_responder_is_believed_though_it_names_a_list(tmp_path: Path, web: WebServer) -> None:
    wish = Wish(eku=OCSP_EKU, crl_url=web.url("/responders.crl"), extra=(x509.OCSPNoCheck(),))
    by = certify("Exempt listed responder", CA, wish)
    web.pages["/ocsp"] = _says_good(by, "Exempt listed responder")
    assert Post(tmp_path, Places(ocsp_url=web.url("/ocsp"))).judge(FINE) == "trusted"
    assert web.asked == ["/ocsp"]
