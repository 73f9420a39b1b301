"""A program looks up for an officer: it proves itself and brings the signed word of whoever has logged him in."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapter.bootstrap import now
from adapter.gateways.store import tables
from adapter.gateways.store.offices import CustomsOffice
from adapter.model.errors import NotAllowed
from adapter.model.events import Event
from adapter.services.access.people import Facts
from adapter.services.access.rates import RateRule
from adapter.services.customs.clients import PartyFacts
from tests.harness.assertions import AUDIENCE, CLIENT, ISSUER, Signer, client, issuer
from tests.harness.fixtures import load_cases, submission
from tests.harness.people import TESTER
from tests.harness.pki import shared_pki
from tests.harness.website import Website, configure, website
from tests.harness.website import changed as swapped

SEARCH = "/api/v1/lookup/searches"
PERIOD = {"first_day": "2026-03-01", "last_day": "2026-03-31"}
OFFICER = "hoa"


class Customs:
    """The site, the program and its issuer."""

    def __init__(self, site: Website) -> None:
        self.site, self.program, self.issuer = site, client(), issuer()

    def ask(self, bearer: str | None = None, officer: str | None = None, **asked: Any) -> httpx.Response:
        """With both assertions as they should be, or with others."""
        bearer = self.program.sign(CLIENT) if bearer is None else bearer
        headers = {} if officer is None else {"Officer-Assertion": officer}
        with self.site.staff(bearer) as caller:
            return caller.post(SEARCH, json=asked or PERIOD, headers=headers)

    def of(self, officer: str = OFFICER, **changes: Any) -> str:
        return self.issuer.sign(officer, **{"client_id": CLIENT} | changes)

    def journal(self) -> list[Any]:
        return [row for row in self.site.rows(tables.journal) if row.event.startswith("lookup.")]


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, standing_url: str) -> Iterator[Customs]:
    config = configure(tmp_path_factory.mktemp("customs"), standing_url, {"customs.audience": AUDIENCE})
    with website(config) as site:
        made, components = Customs(site), site.components
        for office in (
            CustomsOffice("CHQ", "Cục", None, ()),
            CustomsOffice("HN", "Hữu Nghị", "CHQ", ("HUUNGHI",)),
            CustomsOffice("MC", "Móng Cái", "CHQ", ("MONGCAI",)),
        ):
            components.offices.add(office, actor=TESTER)
        components.people.add("qt", Facts("QT", ("administrator",)), actor=TESTER)
        for code, of in (("hoa", "HN"), ("mai", "MC"), ("cuc", "CHQ")):
            components.people.add(code, Facts(code.upper(), ("customs_officer",), office=of), actor=TESTER)
        components.clients.add("issuer", ISSUER, PartyFacts("SSO", made.issuer.public), actor=TESTER)
        components.clients.add("client", CLIENT, facts(made.program), actor=TESTER)
        case = next(case for case in load_cases() if case.id == "BQP0100001/accepted-tour-group-entering")
        components.intake.receive([submission(case, shared_pki())])
        yield made


@pytest.fixture
def customs(standing: Customs) -> Customs:
    """Two offices under one, an officer of each, a program and its issuer, and a dossier at the first office's gate."""
    standing.site.as_it_was()
    return standing


def facts(program: Signer, *offices: str, procedures: tuple[str, ...] | None = None) -> PartyFacts:
    return PartyFacts("E-Customs", program.public, offices or ("HN",), (ISSUER,), procedures)


def test_an_officer_is_asked_for_by_his_program_and_the_journal_keeps_both(customs: Customs) -> None:
    answer = customs.ask(officer=customs.of())
    assert answer.status_code == 200, answer.text
    (found,) = answer.json()["dossiers"]
    assert found["person_count"] > 0
    (entry,) = customs.journal()
    assert (entry.actor, entry.detail["client"], entry.detail["office"]) == ("person:hoa", CLIENT, "HN")


STOLEN: dict[str, Callable[[Customs], tuple[str | None, str | None]]] = {
    "a stolen client without an assertion": lambda c: (None, None),
    "an officer named in plain": lambda c: (None, "hoa"),
    "an assertion signed by the client": lambda c: (
        None,
        Signer(ISSUER, c.issuer.kind, c.program.key).sign("hoa", client_id=CLIENT),
    ),
    "an assertion of the client about an officer": lambda c: (None, c.program.sign("hoa", client_id=CLIENT)),
    "an assertion of an unknown issuer": lambda c: (None, issuer("https://evil.invalid").sign("hoa", client_id=CLIENT)),
    "an assertion by a stranger's key": lambda c: (None, issuer().sign("hoa", client_id=CLIENT)),
    "an officer's assertion alone, twice": lambda c: (c.of(), c.of()),
    "an assertion that names another client": lambda c: (None, c.of(client_id="other")),
    "an assertion that names no client": lambda c: (None, c.of(client_id=None)),
    "an expired one": lambda c: (None, c.of(iat=int(time.time()) - 200, exp=int(time.time()) - 140)),
    "one that lasts an hour": lambda c: (None, c.of(exp=int(time.time()) + 3600)),
    "one without an end": lambda c: (None, c.of(exp=None)),
    "one from the future": lambda c: (None, c.of(iat=int(time.time()) + 600, exp=int(time.time()) + 630)),
    "one for another audience": lambda c: (None, c.of(aud="urn:other")),
    "one for no audience": lambda c: (None, c.of(aud=None)),
    "one without jti": lambda c: (None, c.of(jti=None)),
    "a token of another kind": lambda c: (None, c.of(typ="JWT")),
    "an officer who is not registered": lambda c: (None, c.of("stranger")),
    "a client that is not registered": lambda c: (client("other").sign("other"), c.of()),
    "a client whose name no text can hold": lambda c: (client("ecus\0toms").sign("ecus\0toms"), c.of()),
    "a client by half a character": lambda c: (client("\ud800").sign("\ud800"), c.of()),
    "an officer whose name no text can hold": lambda c: (None, c.of("ho\0a")),
    "an officer by half a character": lambda c: (None, c.of("\ud800")),
    "a jti of half a character": lambda c: (None, c.of(jti="\ud800")),
    "a client by a stranger's key": lambda c: (client().sign(CLIENT), c.of()),
    "a client that says it is another": lambda c: (c.program.sign("other"), c.of()),
    "a client's assertion of another kind": lambda c: (c.program.sign(CLIENT, typ="JWT"), c.of()),
    "a client's assertion that has expired": lambda c: (c.program.sign(CLIENT, iat=1, exp=61), c.of()),
    "one that is not signed": lambda c: (None, unsigned(c.of())),
    "one whose claims were changed": lambda c: (None, changed(c.of(), sub="cuc")),
    "nonsense": lambda c: ("a.b.c", c.of()),
    "much nonsense": lambda c: (None, "a." * 6000),
}


def _by_the_client_s_key(customs: Customs) -> str:
    return Signer(ISSUER, customs.issuer.kind, customs.program.key).sign("hoa", client_id=CLIENT)


def unsigned(assertion: str) -> str:
    payload = assertion.split(".")[1]
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "officer-assertion+jwt"}).encode()).decode()
    return f"{header.rstrip('=')}.{payload}."


def changed(assertion: str, **claims: Any) -> str:
    header, payload, signature = assertion.split(".")
    said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))) | claims
    return ".".join([header, base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("="), signature])


@pytest.mark.parametrize("attack", STOLEN)
def test_whoever_is_not_both_is_refused_and_told_and_sees_nothing(customs: Customs, attack: str) -> None:
    bearer, officer = STOLEN[attack](customs)
    answer = customs.ask(bearer, officer)
    assert answer.status_code == 401, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["vi"]
    assert "invalid_token" in answer.headers["www-authenticate"]
    assert customs.journal() == []
    (told,) = (fields for event, fields in customs.site.events if event is Event.ASSERTION_REFUSED)
    assert told["client"] == (CLIENT if bearer is None else None), "whose key is in use"
    assert customs.site.components.reading.read({}).assertions_refused == 1


@pytest.mark.parametrize("again", ["both", "client", "officer"])
def test_an_assertion_is_used_once(customs: Customs, again: str) -> None:
    bearer, officer = customs.program.sign(CLIENT), customs.of()
    assert customs.ask(bearer, officer).status_code == 200
    replayed = customs.ask(bearer if again != "officer" else None, officer if again != "client" else customs.of())
    assert replayed.status_code == 401
    assert "used before" in replayed.json()["detail"]
    assert len(customs.journal()) == 1
    assert customs.site.components.reading.read({}).assertions_refused == 1


def test_a_program_asks_no_more_often_than_a_minute_allows(customs: Customs) -> None:
    rates, at = customs.site.components.rates, now()
    with swapped(rates, most={RateRule.API: 2}, clock=lambda: at):
        assert [customs.ask(officer=customs.of()).status_code for _ in range(4)] == [200, 200, 429, 429]
    assert len(customs.journal()) == 2
    assert customs.site.components.reading.read({}).assertions_refused == 0


def test_a_client_that_was_ended_or_changed_is_believed_no_more(customs: Customs) -> None:
    clients, other = customs.site.components.clients, client()
    clients.change("client", CLIENT, facts(other), actor=TESTER)
    assert customs.ask(officer=customs.of()).status_code == 401
    assert customs.ask(other.sign(CLIENT), customs.of()).status_code == 200
    clients.end("client", CLIENT, reason="stolen", actor=TESTER)
    assert customs.ask(other.sign(CLIENT), customs.of()).status_code == 401
    kept = [row.event for row in customs.site.rows(tables.journal) if row.event.startswith("api_party")]
    assert kept == ["api_party.add", "api_party.add", "api_party.change", "api_party.end"]


def test_the_answer_shows_what_officer_and_client_may_both_see(customs: Customs) -> None:
    clients = customs.site.components.clients

    def seen(officer: str) -> int:
        answer = customs.ask(officer=customs.of(officer))
        assert answer.status_code == 200, answer.text
        return len(answer.json()["dossiers"])

    assert seen("hoa") == 1
    assert customs.ask(officer=customs.of("mai")).status_code == 403, "the client does not speak for his office"
    assert customs.ask(officer=customs.of("cuc")).status_code == 403, "nor for the one above"
    clients.change("client", CLIENT, facts(customs.program, "CHQ"), actor=TESTER)
    assert (seen("hoa"), seen("mai"), seen("cuc")) == (1, 0, 1)
    clients.change("client", CLIENT, facts(customs.program, "CHQ", procedures=("BQP0100002",)), actor=TESTER)
    assert seen("hoa") == 0
    clients.change("client", CLIENT, facts(customs.program, "CHQ"), actor=TESTER)
    customs.site.components.lookup_rights.withdraw("hoa", "BQP0100001", actor=TESTER)
    assert seen("hoa") == 0


def test_a_key_is_of_one_party_alone(customs: Customs) -> None:
    clients = customs.site.components.clients
    with pytest.raises(NotAllowed, match="has this key"):
        clients.add("issuer", "https://two.invalid", PartyFacts("Two", customs.program.public), actor=TESTER)
    with pytest.raises(NotAllowed, match="has this key"):
        clients.add("client", "two", facts(customs.issuer), actor=TESTER)


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("", "no public key can be read"),
        ('{"kty":"oct","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}', "shared secret"),
        ("{", "no public key can be read"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "no public key can be read"),
        (json.dumps(client().key.as_dict(private=True)), "private key"),
    ],
)
def test_only_public_keys_are_registered(customs: Customs, key: str, told: str) -> None:
    with pytest.raises(NotAllowed, match=told):
        customs.site.components.clients.add("issuer", "https://two.invalid", PartyFacts("Two", key), actor=TESTER)


def test_an_officer_s_assertion_beside_a_plain_token_is_refused(customs: Customs) -> None:
    with customs.site.customs("HN") as caller:
        answer = caller.post(SEARCH, json=PERIOD, headers={"Officer-Assertion": customs.of()})
    assert answer.status_code == 401


def test_without_an_audience_no_program_is_believed(tmp_path: Path, sqlite_url: str) -> None:
    with website(configure(tmp_path, sqlite_url)) as site:
        made = Customs(site)
        answer = made.ask(officer=made.of())
    assert answer.status_code == 401
    assert "customs.audience" in answer.json()["detail"]
