"""The public page over real HTTP: what anybody is told of the window and the portal, without log-in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from lxml import etree, html

from adapter.bootstrap import assemble, now
from adapter.gateways.store import windows
from adapter.gateways.store.windows import Notice
from adapter.model.errors import Misconfigured
from adapter.services.watch.mode import Sight
from tests.harness.people import TESTER, anybody
from tests.harness.units import two_units
from tests.harness.website import Website, configure, portal_only, serving, website

ATOM = "{http://www.w3.org/2005/Atom}"
SITE = "https://portal.invalid"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, standing_url: str) -> Iterator[Website]:
    with website(configure(tmp_path_factory.mktemp("both"), standing_url, {"web.portal.public_url": SITE})) as served:
        yield served


@pytest.fixture
def site(both: Website) -> Website:
    return both.as_it_was()


def read(client: httpx.Client, address: str = "/") -> html.HtmlElement:
    response = client.get(address)
    assert response.status_code == 200, response.text
    return html.document_fromstring(response.content)


def told(document: html.HtmlElement) -> str:
    return " ".join(document.xpath("//main")[0].text_content().split())


def test_the_public_page_says_that_the_window_is_down_and_what_is_open(site: Website) -> None:
    site.window(Sight.DOWN)
    with site.client() as client:
        vietnamese, english = told(read(client)), told(read(client, "/?lang=en"))
    assert "Cổng thông tin một cửa quốc gia đang gặp sự cố" in vietnamese
    assert "The national single window is down" in english
    assert vietnamese.count("Khai tại đây") == len(site.components.situations.now().offered) > 4
    assert "Khai trên Cổng một cửa" not in vietnamese


def test_the_telephone_of_each_unit_is_told(tmp_path: Path, sqlite_url: str) -> None:
    units = two_units()["units"]
    for place, unit in enumerate(units.values()):
        unit["telephone"] = f"0205 385 000{place}"
    config = configure(tmp_path, sqlite_url, {**two_units(), "units": units})
    with website(config) as site, site.client() as client:
        calls = {str(each) for each in read(client).xpath("//main//a[starts-with(@href, 'tel:')]/@href")}
    assert calls == {"tel:02053850000", "tel:02053850001"}


def test_while_the_window_works_only_what_it_does_not_carry_is_open(site: Website) -> None:
    site.window(Sight.UP)
    with site.client() as client:
        document = read(client)
    rows = {row.findtext("th/span"): row.text_content() for row in document.xpath("//section[2]//tbody/tr")}
    assert {title for title, text in rows.items() if "Khai tại đây" in text} == {
        each.title.vi for each in site.components.situations.now().offered if not each.on_window
    }
    assert document.xpath("//a[@rel='external']/@href") == [site.components.settings.window.answer_portal]


def test_an_announcement_is_told_and_what_an_operator_wrote_is_not(site: Website) -> None:
    site.components.window.override(Sight.DOWN, reason="người trực tự ý ghi", actor=anybody("operator-7"))
    with site.client() as client:
        assert "người trực" not in client.get("/").text + client.get("/feed.atom").text
        notice = Notice("TB-12", now(), now() + timedelta(hours=3), "Bảo trì hệ thống")
        with site.components.database.transaction() as connection:
            windows.announce(connection, site.components.database, notice, actor="partner:nsw")
        text = client.get("/").text
        feed = client.get("/feed.atom")
    assert "Bảo trì hệ thống" in text
    assert "TB-12" in text
    assert "operator-7" not in text
    assert feed.headers["content-type"].startswith("application/atom+xml")
    entries = etree.fromstring(feed.content).findall(f"{ATOM}entry")
    assert len([each for each in entries if "Bảo trì hệ thống" in each.findtext(f"{ATOM}summary", "")]) == 1


def test_an_incident_that_is_over_has_its_end_in_the_feed(site: Website) -> None:
    site.window(Sight.DOWN)
    site.components.window.end_override(actor=TESTER)
    with site.client() as client:
        tree = etree.fromstring(client.get("/feed.atom?lang=en").content)
    titles = [entry.findtext(f"{ATOM}title", "") for entry in tree.findall(f"{ATOM}entry")]
    told = [title.split(" window ")[1][:10] for title in titles]
    # Beside them stand the notices of each change of mode.
    assert [each for each in told if each in ("works agai", "is down si")] == ["works agai", "is down si"]
    assert {link.get("href") for link in tree.findall(f"{ATOM}link")} == {f"{SITE}/", f"{SITE}/feed.atom"}


def test_the_page_is_there_though_the_store_is_away(tmp_path: Path) -> None:
    """Whoever needs a telephone number most needs it then."""
    nobody = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
    config = configure(tmp_path, nobody, {"web.about.telephone": "1900 9299"})
    with serving(assemble(config)) as url, httpx.Client(base_url=url, timeout=120) as client:
        document, feed = read(client), client.get("/feed.atom")
    assert "Chưa xác định được" in told(document)
    assert "1900 9299" in told(document)
    assert feed.status_code == 503
    assert "Hệ thống tạm thời chưa phục vụ được" in told(html.document_fromstring(feed.content))


def test_what_the_window_does_not_carry_is_open_while_nobody_knows_how_it_is(tmp_path: Path, sqlite_url: str) -> None:
    with website(configure(tmp_path, sqlite_url, portal_only(tmp_path))) as site, site.client() as client:
        text = told(read(client))
    assert "Chưa xác định được" in text
    assert text.count("Khai tại đây") == 2


def test_the_window_may_be_asked_for_without_a_token(site: Website) -> None:
    site.window(Sight.DOWN)
    with site.client() as client:
        assert client.get("/api/v1/window").json()["mode"] == "down"


def test_pages_and_files_of_pages_have_their_headers(site: Website) -> None:
    with site.client() as client:
        page = client.get("/")
        style = client.get(html.document_fromstring(page.content).xpath("//link[@rel='stylesheet']/@href")[0])
        font = client.get("/static/source-sans-3-vietnamese-wght-normal.woff2")
    assert page.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "public, max-age=15"
    assert page.headers["vary"] == "Cookie"
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in style.headers["cache-control"]
    assert font.headers["content-type"] == "font/woff2"
    assert font.content[:4] == b"wOF2"


@pytest.mark.parametrize(
    ("method", "address", "status"), [("GET", "/nothing", 404), ("POST", "/", 405), ("GET", "/static/x", 404)]
)
def test_a_person_reads_a_fault_as_a_page(site: Website, method: str, address: str, status: int) -> None:
    with site.client() as client:
        response = client.request(method, address, headers={"Cookie": "lang=en"})
        problem = client.get("/api/v1/nothing")
    assert response.status_code == status
    assert html.document_fromstring(response.content).get("lang") == "en"
    assert response.headers["cache-control"] == "private, no-store"
    assert problem.headers["content-type"] == "application/problem+json"


def test_all_that_the_first_page_loads_is_small(site: Website) -> None:
    with site.client() as client:
        page = client.get("/")
        files = html.document_fromstring(page.content).xpath("//link[@rel='stylesheet' or @rel='icon']/@href")
        fonts = [file.name for file in Path("adapter/entrypoints/web/static").glob("*.woff2")]
        size = sum(len(client.get(each).content) for each in [*files, *(f"/static/{name}" for name in fonts)])
    assert size + len(page.content) < 200_000


@pytest.mark.parametrize(("proxies", "believed"), [(["127.0.0.0/8"], True), (["10.0.0.5"], False), ([], False)])
def test_only_a_proxy_that_is_named_says_how_the_caller_came(
    tmp_path: Path, sqlite_url: str, proxies: list[str], believed: bool
) -> None:
    config = configure(tmp_path, sqlite_url, {"web.portal.trusted_proxies": proxies})
    with website(config) as site, site.client() as client:
        response = client.get("/?lang=en", headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"})
    assert ("Secure" in response.headers["set-cookie"]) is believed


@pytest.mark.parametrize("stated", ["nobody", "10.0.0.0/99", ""])
def test_a_proxy_that_is_no_address_stops_the_start(tmp_path: Path, stated: str) -> None:
    config = configure(tmp_path, "sqlite:///x.db", {"web.portal.trusted_proxies": [stated]})
    with pytest.raises(Misconfigured, match="trusted_proxies"):
        assemble(config)
