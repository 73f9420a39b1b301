"""How often somebody may ask in a minute: equal over all processes, told with the time to wait, forgotten later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from adapter.bootstrap import Components, assemble
from adapter.entrypoints.web.guard import network_of
from adapter.gateways.store import tables
from adapter.gateways.store.database import Database
from adapter.services.access.rates import RateRule, Rates, TooOften
from adapter.services.watch.mode import Sight
from tests.harness.browsing import Person
from tests.harness.own_dossiers import somebody
from tests.harness.stores import ensure_tables
from tests.harness.website import CITIZEN, OTHER, Website, citizen_message, configure, serving, website
from tests.servers.identity import IdentityProvider

FEW = {f"web.rates.{rule.value}": 3 for rule in RateRule}
AT = datetime(2026, 11, 29, 10, 0, 17, tzinfo=UTC)
XML = {"Content-Type": "application/xml"}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, standing_url: str, provider: IdentityProvider) -> Path:
    return configure(tmp_path_factory.mktemp("rates"), standing_url, {**FEW, **provider.settings()})


@pytest.fixture(scope="module")
def standing(config: Path, provider: IdentityProvider) -> Iterator[Website]:
    with website(config, urlsplit(provider.site).port or 0) as served:
        served.window(Sight.DOWN)
        stand_still(served.components)
        yield served


@pytest.fixture
def site(standing: Website) -> Website:
    return standing.as_it_was()


def statuses(ask: object, times: int = 5) -> list[int]:
    return [ask().status_code for _ in range(times)]  # type: ignore[operator]


def stand_still(built: Components) -> None:
    """The counters' clock stands: a test that runs over the end of a minute would count anew."""
    object.__setattr__(built.rates, "clock", lambda: AT)


def test_log_in_begins_no_more_often_than_that(site: Website) -> None:
    assert statuses(lambda: httpx.get(f"{site.url}/login?account=person")) == [302, 302, 302, 429, 429]
    response = httpx.get(f"{site.url}/login")
    assert response.headers["retry-after"] == "43"
    assert "quá nhiều lần" in response.text
    assert httpx.get(f"{site.url}/").status_code == 200, "nothing else is shut"


def test_a_check_code_is_compared_no_more_often_and_the_form_stays_open(site: Website) -> None:
    assert statuses(lambda: httpx.get(f"{site.url}/xac-minh?so=XN1&ma=0000")) == [200, 200, 200, 429, 429]
    assert httpx.get(f"{site.url}/xac-minh").status_code == 200


def test_a_programs_token_is_counted_by_itself(site: Website) -> None:
    with site.declarant(CITIZEN) as client, site.declarant(OTHER) as other:
        missing = "/api/v1/declarations/11111111-1111-4111-8111-111111111111"
        assert statuses(lambda: client.get(missing)) == [404, 404, 404, 429, 429]
        response = client.post("/api/v1/declarations", content=citizen_message(), headers=XML)
        assert (response.status_code, response.headers["retry-after"]) == (429, "43")
        assert response.json()["type"] == "urn:nsw-adapter:problem:too-often"
        assert other.get(missing).status_code == 404
        assert httpx.get(site.url + missing).status_code == 401
    assert site.rows(tables.inbox) == []


def test_drafts_and_files_are_counted_by_account(site: Website) -> None:
    person, other = somebody(site, CITIZEN), somebody(site, OTHER)
    for each in (person, other):
        each.get("/khai-bao")
    assert statuses(lambda: person.send("/khai-bao/tep", follow=False))[-2:] == [429, 429]
    person.get("/khai-bao")
    assert statuses(lambda: person.send("/khai-bao/moi", follow=False, procedure="x", gate="y"))[-1] == 429
    assert other.send("/khai-bao/tep", follow=False).status_code != 429


def test_another_process_counts_on(site: Website, config: Path) -> None:
    second = assemble(config)
    stand_still(second)
    with serving(second) as url:
        got = [httpx.get(f"{each}/xac-minh?so=XN1&ma=0").status_code for each in (site.url, url, site.url, url)]
    assert got == [200, 200, 200, 429]


def test_who_has_logged_in_at_one_process_is_known_to_the_other_until_he_logs_out_there(
    site: Website, config: Path
) -> None:
    person = somebody(site, CITIZEN)
    with serving(assemble(config)) as url:
        elsewhere = Person(url, {urlsplit(url).netloc: person.cookies[urlsplit(site.url).netloc]})
        assert elsewhere.get("/ho-so").status_code == 200
        (token,) = set(elsewhere.document().xpath("//input[@name='csrf']/@value"))
        said = {"data": {"csrf": token}, "headers": {"Origin": site.url}}  # both are the one public address
        assert elsewhere.ask("POST", "/logout", follow=False, **said).status_code == 303
    assert person.get("/ho-so", follow=False).status_code == 303


def test_who_asked_is_not_kept(site: Website) -> None:
    httpx.get(f"{site.url}/login")
    (row,) = site.rows(tables.rate)
    assert len(row.key) == 64
    assert "127.0.0.1" not in str(row)


def test_the_next_minute_counts_anew_and_old_ones_are_forgotten(database_url: str) -> None:
    database = Database(database_url)
    ensure_tables(database)
    at = [datetime(2026, 11, 29, 10, 0, 59, tzinfo=UTC)]
    rates = Rates(database, {RateRule.CHECK: 1, RateRule.LOGIN: None}, lambda: at[0])
    rates.count(RateRule.CHECK, "x")
    with pytest.raises(TooOften) as told:
        rates.count(RateRule.CHECK, "x")
    assert told.value.retry_s == 1
    rates.count(RateRule.CHECK, "y")
    for _ in range(3):
        rates.count(RateRule.LOGIN, "x")
    at[0] += timedelta(seconds=1)
    rates.count(RateRule.CHECK, "x")
    assert rates.sweep() == 0
    at[0] += timedelta(minutes=5)
    assert rates.sweep() == 3
    database.close()


def test_a_network_of_ipv6_is_one_caller() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff") != network_of("2001:db8:1::1")
    assert network_of("192.0.2.1") != network_of("192.0.2.2")
