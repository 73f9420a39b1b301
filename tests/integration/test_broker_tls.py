"""AMQPS: what is renewed is taken at the next connection, what runs out is told, and the advice fits the fault."""

from __future__ import annotations

import shutil
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from adapter.bootstrap import assemble, now
from adapter.gateways.broker import BrokerAddress, BrokerUnavailable, Publisher, TlsFiles, address
from adapter.gateways.keys.certificates_in_use import Use
from adapter.simulator import pki
from tests.harness import configuration
from tests.harness.pki import shared_tls
from tests.harness.stores import ensure_tables
from tests.integration.test_broker import nowhere
from tests.integration.test_broker_faults import peer
from tests.servers.process import wait_until

PATIENCE_S = 60.0


@contextmanager
def server(files: pki.IssuedTlsFiles, *, asks: bool = False) -> Iterator[tuple[str, list[str]]]:
    """A TLS server that ends each connection after the handshake: its url, and the serials that it was shown."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(files.ca))
    context.load_cert_chain(files.server, files.server_key)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # so that a refusal is part of the handshake
    context.verify_mode = ssl.CERT_REQUIRED if asks else ssl.CERT_NONE
    seen: list[str] = []
    with socket.create_server(("", 0), backlog=64) as listener:

        def serve() -> None:
            while True:
                try:
                    taken, _ = listener.accept()
                except OSError:
                    return
                with taken, suppress(OSError), context.wrap_socket(taken, server_side=True) as secure:
                    shown = secure.getpeercert(binary_form=True)
                    if shown:
                        seen.append(f"{x509.load_der_x509_certificate(shown).serial_number:x}")

        threading.Thread(target=serve, daemon=True).start()
        yield f"amqps://guest:guest@localhost:{listener.getsockname()[1]}/%2F", seen
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> pki.IssuedTlsFiles:
    return pki.make_tls(tmp_path_factory.mktemp("one"))


@pytest.fixture
def others() -> pki.IssuedTlsFiles:
    return shared_tls()


@pytest.fixture
def own(files: pki.IssuedTlsFiles, tmp_path: Path) -> pki.IssuedTlsFiles:
    """For a test that changes them."""
    return pki.make_tls(shutil.copytree(files.ca.parent, tmp_path / "own"))


def reached(url: str, files: pki.IssuedTlsFiles, ca: Path | None = None) -> BrokerAddress:
    return BrokerAddress(
        url=url, tls=TlsFiles(authorities=ca or files.ca, certificate=files.client, key=files.client_key)
    )


def said(to: BrokerAddress) -> str:
    with pytest.raises(BrokerUnavailable) as raised, address.opened(to, timeout_s=3.0):
        pass
    assert len(str(raised.value).splitlines()) == 1
    return str(raised.value)


def test_a_renewed_client_certificate_is_taken_at_the_next_connection(own: pki.IssuedTlsFiles) -> None:
    with server(own, asks=True) as (url, seen), Publisher(reached(url, own)):
        assert wait_until(lambda: len(seen) > 0, seconds=PATIENCE_S)
        before = set(seen)
        own.client.unlink()
        pki.make_tls(own.ca.parent)  # makes what is missing
        assert wait_until(lambda: bool(set(seen) - before), seconds=PATIENCE_S)


def test_a_wrong_authority_is_told(files: pki.IssuedTlsFiles, others: pki.IssuedTlsFiles) -> None:
    with server(files) as (url, _):
        assert "not of an authority in broker.tls.ca" in said(reached(url, files, ca=others.ca))


def test_a_wrong_host_name_is_told(files: pki.IssuedTlsFiles) -> None:
    with server(files) as (url, _):
        elsewhere = url.replace("localhost", "127.0.0.2")
        assert "write the address as the certificate does" in said(reached(elsewhere, files))


@pytest.mark.parametrize("party", ["server", "client"])
def test_a_certificate_that_has_run_out_is_told(
    own: pki.IssuedTlsFiles, party: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (f"{party}.pem", f"{party}.key"):
        (own.ca.parent / name).unlink()
    long_ago = now() - timedelta(days=400)
    over = replace(pki.TLS[party], valid_from=long_ago - timedelta(days=30), valid_to=long_ago)
    monkeypatch.setattr(pki, "TLS", {**pki.TLS, party: over})
    pki.make_tls(own.ca.parent)
    with server(own, asks=party == "client") as (url, _):
        assert ("its" if party == "server" else "our") + " certificate has run out" in said(reached(url, own))


def test_a_client_that_the_broker_does_not_know_is_told(files: pki.IssuedTlsFiles, others: pki.IssuedTlsFiles) -> None:
    with server(files, asks=True) as (url, _):
        assert "our certificate" in said(reached(url, others, ca=files.ca))


def test_a_port_without_tls_is_told(files: pki.IssuedTlsFiles) -> None:
    with peer(b"AMQP\x00\x00\x09\x01") as url:
        assert "no TLS behind this port" in said(reached(url.replace("amqp:", "amqps:"), files))


def test_refused_unknown_and_hung_are_told_apart() -> None:
    assert "is RabbitMQ running" in said(nowhere())
    assert "is the host spelt right" in said(BrokerAddress(url="amqp://guest:guest@no-such-host.invalid/"))
    with peer(None) as url:
        assert "does not answer" in said(BrokerAddress(url=url))


def test_a_wrong_password_and_a_wrong_virtual_host_are_told(vhost_url: str) -> None:
    assert "user or password is wrong" in said(BrokerAddress(url=vhost_url.replace("guest:guest", "guest:wrong")))
    assert "virtual host" in said(BrokerAddress(url=vhost_url + "-missing"))


def test_the_end_of_the_brokers_certificates_is_reported(files: pki.IssuedTlsFiles, tmp_path: Path) -> None:
    tls = {"ca": str(files.ca), "certificate": str(files.client), "key": str(files.client_key)}
    whole = assemble(configuration.write(tmp_path, {"broker.url": "amqps://localhost/", "broker.tls": tls}))
    ensure_tables(whole.database)
    found = whole.expiry.report(now() + timedelta(days=36500))
    assert {Use.BROKER, Use.BROKER_AUTHORITY} <= {each.certificate.use for each in found}
    whole.database.close()
