"""Each change of the mode is published: signed with the portal's key, on the public page and in the feed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree, html

from adapter.gateways.keys.keyring import KeyUnavailable
from adapter.gateways.store import tables, windows
from adapter.gateways.store.windows import Notice
from adapter.model.errors import Misconfigured
from adapter.pipeline.signature.seal import SigningKey
from adapter.services.watch.mode import Sight
from tests.conftest import demand
from tests.harness.fixtures import CLOCK
from tests.harness.pki import shared_pki
from tests.harness.website import Website, configure, website


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, standing_url: str) -> Iterator[Website]:
    with website(
        configure(tmp_path_factory.mktemp("both"), standing_url, {"web.portal.public_url": "https://portal.example"})
    ) as served:
        yield served


@pytest.fixture
def site(both: Website) -> Website:
    return both.as_it_was()


def verified(body: bytes, folder: Path) -> bool:
    """By xmlsec1, with the portal's certificate alone."""
    demand("xmlsec1")
    message, certificate = folder / "notice.xml", shared_pki().certificate_file("portal")
    message.write_bytes(body)
    command = ["xmlsec1", "verify", "--enabled-key-data", "key-name", "--pubkey-cert-pem", str(certificate)]
    command += ["--enabled-reference-uris", "empty", "--node-xpath", "/ModeNotice/SystemSignature/*", str(message)]
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0


def test_a_change_is_published_signed_and_verified_by_another_engine(site: Website, tmp_path: Path) -> None:
    site.window(Sight.DOWN)
    (row,) = site.rows(tables.mode_notice)
    assert (row.mode, row.body) == ("direct", None), "the mode waits for no key"
    page = httpx.get(f"{site.url}/").text
    assert "khai tại Cổng này" in page
    assert "/thong-bao/" not in page
    assert site.components.mode_notices.sign() == 1
    assert site.components.mode_notices.sign() == 0
    (link,) = html.document_fromstring(httpx.get(f"{site.url}/").text).xpath(
        "//a[contains(@href, '/thong-bao/')]/@href"
    )
    response = httpx.get(site.url + link)
    assert response.headers["content-type"] == "application/xml"
    assert verified(response.content, tmp_path)
    assert not verified(response.content.replace(b"direct", b"normal"), tmp_path), "or anything would do"
    content = etree.fromstring(response.content).find("Content")
    assert content is not None
    assert [child.tag for child in content] == ["NoticeNumber", "Issuer", "Mode", "Since", "Title", "Text"]
    assert content.findtext("Mode") == "direct"
    assert content.findtext("NoticeNumber") == row.number


def test_its_managers_words_and_the_expected_end_are_told_and_an_operators_are_not(site: Website) -> None:
    with site.components.database.transaction() as connection:
        notice = Notice("TB-91", CLOCK, CLOCK.replace(hour=23), "Bảo trì đột xuất máy chủ")
        windows.announce(connection, site.components.database, notice, actor="nsw")
    site.components.window.refresh(broker_up=True, started_at=CLOCK)
    site.window(Sight.UP)
    told = [(row.mode, row.announcement, row.expected_end, row.text["vi"]) for row in site.rows(tables.mode_notice)]
    mode, announcement, end, text = told[0]
    assert (mode, announcement, end) == ("direct", "TB-91", CLOCK.replace(hour=23))
    assert "Bảo trì đột xuất máy chủ" in text
    assert all("a test" not in each for *_, each in told)


def test_the_feed_has_them_with_their_signed_files(site: Website) -> None:
    site.window(Sight.DOWN)
    site.components.mode_notices.sign()
    site.window(Sight.UP)
    feed = etree.fromstring(httpx.get(f"{site.url}/feed.atom").content)
    atom = {"a": "http://www.w3.org/2005/Atom"}
    entries = feed.xpath("a:entry[starts-with(a:id, 'urn:nsw-adapter:notice:')]", namespaces=atom)
    assert len(entries) == len(site.rows(tables.mode_notice)) >= 2
    links = feed.xpath("//a:link[@rel='enclosure']/@href", namespaces=atom)
    assert [each.startswith("https://portal.example/thong-bao/0001/") for each in links] == [True]
    dates = [each.text for each in feed.findall("a:entry/a:updated", atom)]
    assert feed.findtext("a:updated", namespaces=atom) == max(dates)


def test_numbers_follow_one_another_and_mean_one_notice(site: Website) -> None:
    for said in (Sight.DOWN, Sight.UP, Sight.DOWN):
        site.window(said)
    numbers = [row.number for row in sorted(site.rows(tables.mode_notice), key=lambda row: row.at)]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == len(numbers)
    assert httpx.get(f"{site.url}/thong-bao/9999/2026/TB.xml").status_code == 404


class Gone:
    """A key in a module that was there when it was looked at, and is not when it is to sign."""

    def sign(self, *_: Any, **__: Any) -> bytes:
        raise KeyUnavailable("the module is away")


@pytest.mark.parametrize("how", ["away", "gone", "wrong"])
def test_while_the_portals_key_cannot_sign_the_notice_stands_unsigned_and_the_timers_go_on(
    site: Website, how: str
) -> None:
    site.window(Sight.DOWN)
    notices, whole = site.components.mode_notices, site.components.portal_key()

    def key() -> SigningKey:
        if how == "gone":
            return replace(whole, key=Gone())
        raise KeyUnavailable("the module is away") if how == "away" else Misconfigured("keys.portal: no such file")

    assert replace(notices, key=key).sign() == 0
    assert "khai tại Cổng này" in httpx.get(f"{site.url}/").text
    assert notices.sign() == 1, "it is signed once the key is there"
