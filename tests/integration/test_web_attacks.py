"""Hostile HTTP against the portal, over a real socket: refused or cut off, and the next caller is served."""

from __future__ import annotations

import gzip
import socket
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import httpx
import pytest
from lxml import etree

from adapter.entrypoints.web.api import body as door
from adapter.gateways.store import tables
from adapter.model.stages import Envelope
from adapter.pipeline import judge
from adapter.services.access.tokens import Machine
from adapter.services.door import precheck
from adapter.services.watch.mode import Sight
from tests.harness.people import TESTER
from tests.harness.website import BODY_BYTES, CITIZEN, Website, citizen_message, configure, website

DECLARATIONS = "/api/v1/declarations"
_GENUINE = count(1)
"""How many declarations the site must hold after each attack."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    """One site for all attacks: each must leave it as it was, but for the genuine declaration that follows it."""
    folder = tmp_path_factory.mktemp("site")
    with website(configure(folder, f"sqlite:///{folder / 'adapter.db'}")) as open_door:
        open_door.window(Sight.DOWN)
        yield open_door


@pytest.fixture(scope="module")
def token(site: Website) -> str:
    return site.components.tokens.issue(Machine.DECLARANT, "hostile", CITIZEN, actor=TESTER)[1]


def raw(site: Website, token: str, headers: str, *parts: bytes) -> str:
    """Send bytes as they are; the status line and head of what comes back, or nothing."""
    url = httpx.URL(site.url)
    head = f"POST {DECLARATIONS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{headers}\r\n"
    with socket.create_connection((url.host, url.port or 80), timeout=60) as link:
        try:
            link.sendall(head.encode() + b"".join(parts))
            return link.recv(65_536).decode(errors="replace")
        except ConnectionError:
            return ""


def whole(site: Website, token: str, headers: str, *parts: bytes) -> str:
    """The same up to the end of the connection: all answers that it brought."""
    url = httpx.URL(site.url)
    head = f"POST {DECLARATIONS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{headers}\r\n"
    with socket.create_connection((url.host, url.port or 80), timeout=60) as link:
        link.sendall(head.encode() + b"".join(parts))
        return b"".join(iter(lambda: link.recv(65_536), b"")).decode(errors="replace")


def caller(site: Website, token: str) -> httpx.Client:
    """The hostile caller as a client."""
    return httpx.Client(base_url=site.url, headers={"Authorization": f"Bearer {token}"}, timeout=60)


def served(site: Website) -> None:
    """The next genuine caller gets his answer, and nothing of the attack was kept."""
    genuine = next(_GENUINE)
    message = citizen_message(messageId=str(uuid.uuid4()))
    token = site.components.tokens.issue(Machine.DECLARANT, f"genuine {genuine}", CITIZEN, actor=TESTER)[1]
    with caller(site, token) as client:
        told = client.post(DECLARATIONS, content=message, headers={"Content-Type": "application/xml"})
    assert told.status_code == 202, told.text
    assert len(site.rows(tables.inbox)) == genuine


def test_a_gzip_bomb_is_not_even_opened(site: Website, token: str) -> None:
    bomb = gzip.compress(b"<a>" * 10_000_000)
    head = f"Content-Type: text/xml\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n"
    assert " 415 " in raw(site, token, head, bomb)
    served(site)


def test_compression_that_is_not_declared_is_no_xml(site: Website, token: str) -> None:
    body = gzip.compress(citizen_message())
    assert " 422 " in raw(site, token, f"Content-Type: text/xml\r\nContent-Length: {len(body)}\r\n", body)
    served(site)


@pytest.mark.parametrize(
    "chunks",
    [b"FFFFFFFFFFFFFFFF\r\n<a/>", b"-1\r\n<a/>\r\n0\r\n\r\n", b"xyz\r\n<a/>\r\n", b"4;" + b"e" * 100_000],
)
def test_a_chunk_that_lies_about_its_size_reaches_nobody(
    site: Website, token: str, chunks: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as hasty:  # for the attack alone: the next caller may be slow
        hasty.setattr(door, "_PATIENCE_S", 0.5)
        told = raw(site, token, "Content-Type: text/xml\r\nTransfer-Encoding: chunked\r\n", chunks)
    assert " 202 " not in told
    served(site)


def test_chunks_may_not_grow_past_the_limit(site: Website, token: str) -> None:
    chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    told = raw(
        site, token, "Content-Type: text/xml\r\nTransfer-Encoding: chunked\r\n", chunk * (BODY_BYTES // 0x8000 + 2)
    )
    assert told == "" or " 413 " in told
    served(site)


def test_a_body_that_never_ends_gives_its_place_back(
    site: Website, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as hasty:
        hasty.setattr(door, "_PATIENCE_S", 0.2)
        told = raw(site, token, "Content-Type: text/xml\r\nContent-Length: 5000\r\n", b"<Envelope>")
    assert " 408 " in told
    served(site)


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nAuthorization: Bearer x\r\n",
    ],
    ids=["a length and chunks", "two callers"],
)
def test_what_two_readers_take_for_different_requests_ends_the_connection(
    site: Website, token: str, headers: str
) -> None:
    smuggled = b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    told = whole(site, token, f"Content-Type: text/xml\r\n{headers}", smuggled)
    assert " 400 " in told.partition("\r\n")[0]
    assert "alive" not in told
    served(site)


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "UTF-16", "UTF-7", "windows-1258"])
def test_the_charset_of_the_header_does_not_heal_the_declaration_of_the_xml(
    site: Website, token: str, encoding: str
) -> None:
    message = citizen_message().replace(b'encoding="UTF-8"', f'encoding="{encoding}"'.encode())
    assert encoding.encode() in message
    with caller(site, token) as client:
        told = client.post(DECLARATIONS, content=message, headers={"Content-Type": "application/xml; charset=utf-8"})
    assert told.status_code == 422
    assert [finding["code"] for finding in told.json()["findings"]] == ["BQP102"]
    served(site)


@pytest.mark.parametrize(
    "kind",
    [
        'multipart/form-data; boundary="x"',
        'multipart/related; boundary="x"; type="application/xml"',
        "application/x-www-form-urlencoded",
        "application/xml, multipart/form-data; boundary=x",
        "application/xop+xml",
    ],
)
def test_a_message_in_an_envelope_of_http_is_not_unpacked(site: Website, token: str, kind: str) -> None:
    part = b"--x\r\nContent-Type: application/xml\r\n\r\n" + citizen_message() + b"\r\n--x--\r\n"
    with caller(site, token) as client:
        assert client.post(DECLARATIONS, content=part, headers={"Content-Type": kind}).status_code == 415
    served(site)


def test_a_part_of_multipart_under_the_name_of_xml_is_no_xml(site: Website, token: str) -> None:
    part = b"--x\r\nContent-Type: application/xml\r\n\r\n" + citizen_message() + b"\r\n--x--\r\n"
    with caller(site, token) as client:
        assert client.post(DECLARATIONS, content=part, headers={"Content-Type": "text/xml"}).status_code == 422
    served(site)


@pytest.mark.parametrize("start", [b"<Envelope", b"<Header", b"<Content"])
def test_a_namespace_without_a_canonical_form_is_the_callers_fault(site: Website, token: str, start: bytes) -> None:
    message = citizen_message(messageId=str(uuid.uuid4())).replace(start, start + b' xmlns:x="rel"', 1)
    with caller(site, token) as client:
        told = client.post(DECLARATIONS, content=message, headers={"Content-Type": "application/xml"})
    assert (told.status_code, told.json()["findings"][0]["code"]) == (422, "BQP133"), told.text
    served(site)


@pytest.mark.parametrize("raised", [etree.C14NError, etree.XPathEvalError, ValueError, RecursionError, AttributeError])
def test_what_a_message_brings_out_of_a_library_is_the_callers_fault(
    site: Website, token: str, raised: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object, **__: object) -> None:
        raise raised.__new__(raised)

    message = citizen_message(messageId=str(uuid.uuid4()))
    with caller(site, token) as client, monkeypatch.context() as patch:
        patch.setattr(precheck, "open_envelope", stumble)
        told = client.post(DECLARATIONS, content=message, headers={"Content-Type": "application/xml"})
    assert (told.status_code, told.json()["findings"][0]["code"]) == (422, "BQP134"), told.text
    served(site)


def test_while_one_message_is_judged_another_caller_is_served(
    site: Website, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it takes to look at what somebody sent, nobody waits for it at the door."""
    began, may_end = threading.Event(), threading.Event()
    verify, slow_id = judge.verify.verify, str(uuid.uuid4())

    def slow(envelope: Envelope, **others: Any) -> Any:
        if envelope.header.message_id == slow_id:
            began.set()
            assert may_end.wait(120), "nobody was served meanwhile"
        return verify(envelope, **others)

    monkeypatch.setattr(judge.verify, "verify", slow)
    with caller(site, token) as client, ThreadPoolExecutor(1) as pool:
        held = pool.submit(
            client.post,
            DECLARATIONS,
            content=citizen_message(messageId=slow_id),
            headers={"Content-Type": "application/xml"},
            timeout=150,
        )
        assert began.wait(60)
        try:
            served(site)
        finally:
            may_end.set()
        assert held.result().status_code == 202
    next(_GENUINE)
