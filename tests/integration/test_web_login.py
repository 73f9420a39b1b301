"""Log-in at the portal by a real OpenID provider: away, back to where he was, and everything that could go wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy import update

from adapter.bootstrap import now
from adapter.gateways.store import tables
from adapter.model.journal_events import JournalEvent
from adapter.services.watch.mode import Sight
from tests.harness.browsing import Person
from tests.harness.history import ITEMS, OFFICER
from tests.harness.own_dossiers import several_declared
from tests.harness.people import TESTER
from tests.harness.statements import signed
from tests.harness.website import Website, citizen_message, configure, website
from tests.servers.identity import CLIENT, PEOPLE, IdentityProvider
from tests.servers.process import wait_until

COOKIE = "__Host-sid"
AN, CUONG = PEOPLE["an"], PEOPLE["cuong"]
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, standing_url: str, provider: IdentityProvider) -> Iterator[Website]:
    config = configure(tmp_path_factory.mktemp("both"), standing_url, provider.settings())
    with website(config, urlsplit(provider.site).port or 0) as served:
        yield served


@pytest.fixture
def site(both: Website) -> Website:
    return both.as_it_was()


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, other_provider: IdentityProvider) -> Iterator[Website]:
    folder = tmp_path_factory.mktemp("standing")
    config = configure(folder, f"sqlite:///{folder / 'adapter.db'}", other_provider.settings())
    with website(config, urlsplit(other_provider.site).port or 0) as served:
        yield served


@pytest.fixture
def small(standing: Website) -> Website:
    """On SQLite alone, for what has nothing to do with the store."""
    return standing.as_it_was()


def returning(person: Person, who: str) -> str:
    """The address that the provider sends him back to, not followed."""
    person.get(f"/login?account={'organisation' if PEOPLE[who].tax_code else 'person'}")
    asked = person.ask("POST", person.at, data={"who": who}, follow=False)
    back = person.get(asked.headers["location"], follow=False)
    assert "/login/return" in back.headers["location"]
    return str(back.headers["location"])


def with_parameter(address: str, name: str, value: str | None) -> str:
    parts = urlsplit(address)
    kept = [each for each in parts.query.split("&") if not each.startswith(f"{name}=")]
    return urlunsplit(parts._replace(query="&".join([*kept, *([f"{name}={value}"] if value is not None else [])])))


def test_a_person_logs_in_and_comes_back_to_where_he_was(site: Website) -> None:
    person = Person(site.url)
    person.log_in("an", "/login?next=/?from=gate")
    assert person.at == f"{site.url}/?from=gate"
    assert AN.name in person.document().xpath("//*[@class='who']")[0].text_content()
    (row,) = site.rows(tables.session)
    assert (row.number, row.tax_code, row.name) == (AN.number, None, AN.name)
    secret = person.cookies[urlsplit(site.url).netloc][COOKIE]
    assert secret not in [row.hash, row.csrf]
    assert len(secret) == 43


def test_an_organisations_account_still_names_the_human_being(small: Website) -> None:
    person = Person(small.url)
    person.log_in("cuong", "/login?next=/")
    told = person.document().xpath("//*[@class='who']")[0].text_content()
    assert CUONG.name in told
    assert CUONG.tax_code in told
    (row,) = small.rows(tables.session)
    assert (row.number, row.tax_code) == (CUONG.number, CUONG.tax_code)


def test_the_kind_of_account_is_chosen_at_the_portal_before_one_goes_to_the_provider(small: Website) -> None:
    """QĐ 15/2019/QĐ-TTg Article 7(2)(b), as amended by QĐ 03/2025/QĐ-TTg."""
    person = Person(small.url)
    assert person.get("/login?next=/khai-bao").status_code == 200
    told = person.told()
    assert "tài khoản định danh điện tử do Bộ Công an cấp cho công dân Việt Nam" in told
    assert "tài khoản định danh điện tử do Bộ Công an cấp cho cơ quan, tổ chức" in told
    links = person.document().xpath("//main//a/@href")
    assert [httpx.URL(link).params["account"] for link in links] == ["person", "organisation"]
    assert {httpx.URL(link).params["next"] for link in links} == {"/khai-bao"}
    assert httpx.get(f"{small.url}/login?account=anything").status_code == 200


@pytest.mark.parametrize(("who", "chosen"), [("an", "organisation"), ("cuong", "person")])
def test_an_account_of_the_other_kind_than_was_chosen_logs_nobody_in(small: Website, who: str, chosen: str) -> None:
    person = Person(small.url)
    person.get(f"/login?account={chosen}")
    assert person.ask("POST", person.at, data={"who": who}).status_code == 403
    assert "không đúng loại đã chọn" in person.told()
    assert [row for row in small.rows(tables.session) if row.account] == []


def test_the_cookie_is_for_this_host_over_tls_and_no_script_reads_it(small: Website) -> None:
    response = httpx.get(f"{small.url}/login?account=person")
    stated = response.headers["set-cookie"]
    assert stated.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= {part.strip() for part in stated.split(";")}
    assert "domain" not in stated.lower()


def test_the_provider_is_asked_with_a_challenge_and_for_the_level(small: Website) -> None:
    asked = httpx.get(f"{small.url}/login?account=person").headers["location"]
    query = urlsplit(asked).query
    for part in (
        "code_challenge_method=S256",
        "response_type=code",
        "nonce=",
        "state=",
        "acr_values=urn%3Avneid%3Aloa%3A2",
    ):
        assert part in query


def test_a_value_that_was_planted_before_log_in_is_worth_nothing(small: Website) -> None:
    """Session fixation."""
    person, planted = Person(small.url), "A" * 43
    person.cookies[urlsplit(small.url).netloc] = {COOKIE: planted}
    person.log_in("an", "/login?next=/")
    before = Person(small.url, {urlsplit(small.url).netloc: {COOKIE: planted}})
    before.get("/")
    assert AN.name not in before.page.text
    assert person.cookies[urlsplit(small.url).netloc][COOKIE] != planted


def test_the_value_under_way_is_worth_nothing_after_log_in(small: Website) -> None:
    person = Person(small.url)
    back = returning(person, "an")
    underway = person.cookies[urlsplit(small.url).netloc][COOKIE]
    person.get(back)
    old = Person(small.url, {urlsplit(small.url).netloc: {COOKIE: underway}})
    old.get("/")
    assert AN.name not in old.page.text


def test_a_return_that_another_browser_began_logs_nobody_in(small: Website) -> None:
    """Log-in CSRF: the attacker sends his own return to a victim."""
    attacker, victim = Person(small.url), Person(small.url)
    back = returning(attacker, "an")
    assert victim.get(back).status_code == 400
    victim.get("/login?account=person", follow=False)  # even with a log-in of his own under way
    assert victim.get(back).status_code == 403
    assert [row for row in small.rows(tables.session) if row.account] == []


def test_a_return_counts_once(small: Website) -> None:
    person = Person(small.url)
    back = returning(person, "an")
    cookies = {urlsplit(small.url).netloc: dict(person.cookies[urlsplit(small.url).netloc])}
    person.get(back)
    thief = Person(small.url, cookies)
    assert thief.get(back).status_code == 400


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", "x"),
        ("state", None),
        ("iss", "https://other.invalid"),
        ("iss", None),
        ("code", "x"),
        ("error", "access_denied"),
    ],
)
def test_a_return_that_is_not_the_answer_is_not_believed(small: Website, name: str, value: str | None) -> None:
    person = Person(small.url)
    back = returning(person, "an")
    assert person.get(with_parameter(back, name, value)).status_code == 403
    assert "không thành công" in person.told()
    assert [row for row in small.rows(tables.session) if row.account] == []


def test_an_account_of_too_low_a_level_is_not_let_in(small: Website) -> None:
    person = Person(small.url)
    assert person.log_in("dung").status_code == 403
    assert small.rows(tables.session) == []


@pytest.mark.parametrize(
    "asked",
    [
        "https://evil.invalid/",
        "//evil.invalid/",
        "/\\evil.invalid",
        "/%09/evil.invalid",
        "\\\\evil.invalid",
        "javascript:alert(1)",
        "",
    ],
)
def test_log_in_never_leads_to_another_site(small: Website, asked: str) -> None:
    """Open redirect."""
    person = Person(small.url)
    address = httpx.URL("/login").copy_merge_params({"next": asked.replace("%09", "\t")})
    person.log_in("an", str(address))
    assert urlsplit(person.at).netloc == urlsplit(small.url).netloc
    assert urlsplit(person.at).path == "/ho-so"


def test_log_out_ends_the_session_here_and_clears_the_browser(site: Website) -> None:
    person = Person(site.url)
    person.log_in("an", "/login?next=/")
    response = person.send("/logout", follow=False)
    assert response.status_code == 303
    assert response.headers["clear-site-data"] == '"cache", "storage"'
    assert site.rows(tables.session) == []
    assert COOKIE not in person.cookies[urlsplit(site.url).netloc]
    kept = [row for row in site.rows(tables.journal) if row.event.startswith("session.")]
    assert {row.event for row in kept} == {JournalEvent.SESSION_START, JournalEvent.SESSION_END}
    assert AN.number not in str([(row.actor, row.detail) for row in kept])


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({}, True),
        ({"Origin": "https://evil.invalid"}, True),
        ({"Origin": "null"}, True),
        ({"Origin": "http://["}, True),
        ({"Sec-Fetch-Site": "cross-site"}, True),
        ({"Sec-Fetch-Site": "same-site"}, True),
        ({"Sec-Fetch-Site": "same-origin"}, False),
    ],
)
def test_a_form_that_another_site_sends_does_nothing(small: Website, headers: dict[str, str], token: bool) -> None:
    """CSRF: neither the origin nor the token alone is enough."""
    person = Person(small.url)
    person.log_in("an", "/login?next=/")
    csrf = person.document().xpath("//input[@name='csrf']/@value")[0]
    response = person.ask("POST", "/logout", data={"csrf": csrf if token else "x"}, headers=headers)
    assert response.status_code == 403
    assert len(small.rows(tables.session)) == 1


def test_the_token_of_one_session_is_worth_nothing_in_another(small: Website) -> None:
    one, other = Person(small.url), Person(small.url)
    one.log_in("an", "/login?next=/")
    other.log_in("binh", "/login?next=/")
    token = other.document().xpath("//input[@name='csrf']/@value")[0]
    assert one.send("/logout", csrf=token).status_code == 403


@pytest.mark.parametrize(
    "past",
    [{"seen_at": timedelta(minutes=-31)}, {"ends_at": timedelta(seconds=-1)}],
    ids=["not used for half an hour", "eight hours old"],
)
def test_a_session_that_is_over_is_over(small: Website, past: dict[str, timedelta]) -> None:
    person = Person(small.url)
    person.log_in("an", "/login?next=/")
    with small.components.database.transaction() as connection:
        connection.execute(update(tables.session).values({name: now() + by for name, by in past.items()}))
    page = person.send("/logout")
    assert page.status_code == 403
    assert "Phiên làm việc đã kết thúc" in person.told()
    assert COOKIE not in person.cookies[urlsplit(small.url).netloc]
    again = person.document().xpath("//main//a[contains(@href, '/login')]/@href")
    assert again == ["/login?next=/"], "to the page that he was on: nothing can be read where a form is sent to"


@pytest.mark.parametrize("before", [None, "http://[", "//evil.invalid/x", "https://evil.invalid//evil.invalid", "x"])
def test_a_form_without_its_page_leads_back_to_where_it_was_sent(small: Website, before: str | None) -> None:
    headers = {"Referer": before} if before is not None else {}
    person = Person(small.url)
    assert person.ask("POST", "/uy-quyen", data={"x": "1"}, headers=headers).status_code == 403
    (again,) = person.document().xpath("//main//a[contains(@href, '/login')]/@href")
    assert again in ("/login?next=/uy-quyen", "/login?next=/x")


def test_a_suspension_ends_his_sessions_and_keeps_him_out_with_its_reason(site: Website) -> None:
    person, other = Person(site.url), Person(site.url)
    person.log_in("an", "/login?next=/")
    other.log_in("binh", "/login?next=/")
    site.suspend(AN.number, reason="Khai báo sai nhiều lần")
    assert [row.name for row in site.rows(tables.session)] == [PEOPLE["binh"].name]
    again = Person(site.url)
    assert again.log_in("an").status_code == 403
    assert "Khai báo sai nhiều lần" in again.told()


def test_whoever_is_suspended_sees_one_page_with_what_is_under_way_and_can_do_nothing(small: Website) -> None:
    """Article 8: the notice, since when, by whom; his requests and confirmations, read only; no session."""
    small.window(Sight.DOWN)
    confirmed, asked = several_declared(small, AN.number, 2)
    small.components.completion.complete(confirmed, OFFICER)
    small.components.amendments.request(asked, OFFICER, reason="Sai", items=ITEMS)
    small.suspend(AN.number, reason="Nghi bị chiếm đoạt")
    person = Person(small.url)
    assert person.log_in("an").status_code == 403
    for told in ("Nghi bị chiếm đoạt", TESTER.id, confirmed.number, asked.number, "vẫn làm được thủ tục bằng giấy"):
        assert told in person.told(), told
    assert person.document().xpath("//main//form | //main//a[contains(@href, 'ho-so')]") == []
    assert person.cookies[urlsplit(small.url).netloc] == {}
    assert [row.name for row in small.rows(tables.session)] == []
    assert {row.delivered_at for row in small.rows(tables.outbox) if row.kind == "Completion"} == {None}
    small.components.accounts.restore(AN.number, unit=None, reason="Đã xác minh", actor=TESTER)
    assert Person(small.url).log_in("an").status_code == 200


def test_a_log_out_at_the_provider_ends_the_session_here(site: Website, provider: IdentityProvider) -> None:
    person = Person(site.url)
    person.log_in("an", "/login?next=/")
    person.get(f"{provider.issuer}/session/end")
    form = person.document().xpath("//form")[0]
    fields = {each.get("name"): each.get("value") for each in form.xpath(".//input")}
    person.ask("POST", form.get("action"), data={**fields, "logout": "yes"}, follow=False)
    assert wait_until(lambda: site.rows(tables.session) == [], seconds=60)


def logout_token(key: ECKey, header: dict[str, str] | None = None, **changes: object) -> str:
    at = int(now().timestamp())
    claims = {"aud": CLIENT, "iat": at, "exp": at + 60, "jti": "1", "sub": "an", "events": {EVENT: {}}, **changes}
    stated = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": "ES256", "kid": key.kid or "", "typ": "logout+jwt", **(header or {})}, stated, key)


def test_a_logout_token_is_believed_only_whole(small: Website, other_provider: IdentityProvider) -> None:
    own = ECKey.import_key(json.loads((other_provider.folder / "key.json").read_text()))
    strange = ECKey.generate_key("P-256", {"kid": own.kid})
    person = Person(small.url)
    person.log_in("an", "/login?next=/")
    past, later = int(now().timestamp()) - 600, int(now().timestamp()) + 600
    genuine = {"iss": other_provider.issuer}
    forged = [
        logout_token(strange, **genuine),
        logout_token(own, iss="https://other.invalid"),
        logout_token(own, aud="another", **genuine),
        logout_token(own, iat=past, exp=past + 60, **genuine),
        logout_token(own, iat=later, exp=later + 60, **genuine),
        logout_token(own, events={}, **genuine),
        logout_token(own, nonce="n", **genuine),
        logout_token(own, jti=None, **genuine),
        logout_token(own, sub=None, **genuine),
        logout_token(own, {"typ": "at+jwt"}, **genuine),
        "not.a.token",
    ]
    statuses = [
        httpx.post(f"{small.url}/login/backchannel", data={"logout_token": each}).status_code for each in forged
    ]
    assert statuses == [400] * len(forged)
    assert len(small.rows(tables.session)) == 1
    done = httpx.post(f"{small.url}/login/backchannel", data={"logout_token": logout_token(own, **genuine)})
    assert (done.status_code, done.headers["cache-control"]) == (200, "no-store")
    assert small.rows(tables.session) == []


def test_that_the_provider_is_down_is_told_and_a_signed_file_still_gets_through(
    tmp_path: Path, sqlite_url: str
) -> None:
    away = IdentityProvider(tmp_path / "away", "http://127.0.0.1:1")
    with website(configure(tmp_path, sqlite_url, away.settings())) as site:
        person = Person(site.url)
        assert person.get("/login?account=person").status_code == 503
        assert "không trả lời" in person.told()
        person.get("/")
        assert "Chưa đăng nhập được" in person.told()
        assert wait_until(lambda: "Chưa đăng nhập được" in httpx.get(site.url).text, seconds=60)
        site.window(Sight.DOWN)
        person.get(person.document().xpath("//section[@aria-labelledby='provider']//a/@href")[0])
        file = signed(citizen_message(), "citizen")
        statement = person.ask("POST", "/tep-ky-so/van-ban", files={"file": ("k.xml", file)}).content
        parts = {"file": ("k.xml", file), "statement": ("v.xml", signed(statement, "citizen"))}
        person.ask("POST", "/tep-ky-so", files=parts)
        assert "Đã nhận tệp của bạn" in person.told()
        assert [row.outcome for row in site.rows(tables.inbox)] == ["accepted"]


def test_no_name_number_or_secret_is_in_the_log(small: Website) -> None:
    person = Person(small.url)
    person.log_in("an", "/login?next=/")
    secret = person.cookies[urlsplit(small.url).netloc][COOKIE]
    told = str([fields for _, fields in small.events])
    assert [each for each in (AN.name, AN.number, secret) if each in told] == []
