"""A signed file without log-in: once, by a statement that its own signer has signed, or nothing at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from lxml import etree

from adapter.bootstrap import Components
from adapter.gateways.store import tables
from adapter.model.errors import NotAllowed, Unavailable
from adapter.model.identifiers import DossierKey
from adapter.services.access.browser_sessions import Session
from adapter.services.decisions.callers import Callers
from adapter.services.decisions.shown import SESSION, STATEMENT
from adapter.services.door import sealing
from adapter.services.door.precheck import TurnedAway, Why
from adapter.services.door.reception import Caller
from adapter.services.door.signed_uploads import OpenedUpload
from adapter.services.dossiers.acts import SessionOver
from adapter.services.statements.issuing import hash_of
from adapter.services.watch.mode import Sight
from adapter.simulator.sign import SignatureForm, sign_message
from tests.harness.browsing import Person
from tests.harness.people import TESTER
from tests.harness.pki import shared_pki
from tests.harness.statements import XMLSEC1, brought, later, logged_in, signed
from tests.harness.website import CITIZEN, ENTERPRISE, OTHER, Website, changed, citizen_message, group_message

DS = "{http://www.w3.org/2000/09/xmldsig#}"


@pytest.fixture
def components(site: Website) -> Components:
    return site.components


@pytest.fixture(autouse=True)
def nothing_more(site: Website) -> Iterator[None]:
    """What is refused leaves nothing: no message, no number."""
    yield
    accepted = {row.message for row in site.rows(tables.statement_value) if row.message}
    assert {row.public_id for row in site.rows(tables.inbox)} == accepted


class Away:
    """The part that judges, which does not answer."""

    def number(self, *_: object) -> DossierKey:
        raise Unavailable("it does not answer")

    take = foresee = number


def file_of(party: str = "enterprise", message: bytes | None = None) -> bytes:
    """A group's declaration, signed by the enterprise."""
    return sign_message(message or group_message(), system=None, declarant=shared_pki().party(party))


def statement_for(components: Components, file: bytes, party: str = "enterprise") -> bytes:
    raw = components.signed_uploads.statement(hashlib.sha256(file).hexdigest())
    assert raw is not None
    return signed(raw, party)


def refusals(bring: Callable[[], object]) -> list[str]:
    with pytest.raises(TurnedAway) as told:
        bring()
    return [finding.name for finding in told.value.findings]


def stored(site: Website) -> tuple[int, int]:
    return len(site.rows(tables.inbox)), len(site.rows(tables.contingency))


def test_a_file_with_its_statement_is_received_like_any_other(site: Website, components: Components) -> None:
    file = file_of()
    value = components.signed_uploads.send(statement_for(components, file), file)
    (row,) = site.rows(tables.inbox)
    assert (row.outcome, row.bound_to, row.channel) == ("accepted", ENTERPRISE, "portal")
    assert sealing.is_sealed(etree.fromstring(row.raw)), "the same envelope through the same door, sealed by us"
    told = components.signed_uploads.acknowledged(value)
    assert told is not None
    assert told.key is not None
    assert (told.key.number, told.outcome, told.is_underway) == (row.reference, "accepted", False)
    # A program's declaration of the same bytes is the same dossier.
    assert components.door.declare(file, Caller(ENTERPRISE)).public_id == row.public_id


@pytest.mark.parametrize("form", [XMLSEC1, SignatureForm.JAVA])
def test_statements_of_other_tools_are_taken(components: Components, form: SignatureForm) -> None:
    file = file_of("citizen", citizen_message())
    raw = components.signed_uploads.statement(hashlib.sha256(file).hexdigest().upper())
    value = components.signed_uploads.send(signed(raw or b"", "citizen", form), file)
    told = components.signed_uploads.acknowledged(value)
    assert told is not None
    assert told.outcome == "accepted"


def test_the_same_pair_again_stores_nothing_and_shows_the_acknowledgement(
    site: Website, components: Components
) -> None:
    file = file_of()
    statement = statement_for(components, file)
    value, before = components.signed_uploads.send(statement, file), stored(site)
    assert components.signed_uploads.send(statement, file) == value
    assert stored(site) == before


def test_a_file_that_could_not_enter_enters_by_the_same_pair_when_it_is_sent_again(
    site: Website, components: Components
) -> None:
    """The part that judges was away for a moment, or the portal was ended between: the page says to send it again."""
    file = file_of()
    statement = statement_for(components, file)
    with changed(components.signed_uploads.door, reception=Away()), pytest.raises(Unavailable):
        components.signed_uploads.send(statement, file)
    assert stored(site) == (0, 0)
    value = components.signed_uploads.send(statement, file)
    told = components.signed_uploads.acknowledged(value)
    assert told is not None
    assert (told.outcome, len(site.rows(tables.inbox))) == ("accepted", 1)


def test_of_the_same_pair_sent_twice_at_once_both_have_the_acknowledgement(
    site: Website, components: Components
) -> None:
    """The second was let on before the first had entered."""
    file = file_of()
    statement = statement_for(components, file)
    opened = components.upload_opening.open(statement, file)
    value = components.signed_uploads.send(statement, file)

    class Opened:
        def open(self, signed: bytes, file: bytes) -> OpenedUpload:
            del signed, file
            return opened

    with changed(components.signed_uploads, opening=Opened()):
        assert components.signed_uploads.send(statement, file) == value
    assert len(site.rows(tables.inbox)) == 1


def test_long_after_its_statement_a_file_does_not_enter(site: Website, components: Components) -> None:
    file = file_of()
    statement = statement_for(components, file)
    components.upload_opening.open(statement, file)
    with later(components, 301):
        value = components.signed_uploads.send(statement, file)
        told = components.signed_uploads.acknowledged(value)
    assert told is not None
    assert told.received_at is None
    assert stored(site) == (0, 0)


def test_a_used_statement_lets_no_other_file_in(site: Website, components: Components) -> None:
    file, other = file_of(), file_of() + b"\n"
    statement = statement_for(components, file)
    components.signed_uploads.send(statement, file)
    assert refusals(lambda: components.signed_uploads.send(statement, other)) == ["statement_file"]


def test_without_a_statement_of_its_own_nothing_is_drawn_or_stored(site: Website, components: Components) -> None:
    file, secret = file_of(), logged_in(components)
    send = components.signed_uploads.send
    with changed(components.statements, host="cong-khac.example"):
        elsewhere = statement_for(components, file)
    never = etree.fromstring(components.signed_uploads.statement(hashlib.sha256(file).hexdigest()) or b"")
    value = never.find("Content/Value")
    assert value is not None
    value.text = "A" * 43
    cases: dict[str, tuple[bytes, bytes]] = {
        "not_a_statement": (file, file),
        "statement_purpose": (brought(components, secret, "enterprise"), file),
        "statement_host": (elsewhere, file),
        "statement_unknown": (signed(etree.tostring(never), "enterprise"), file),
        "statement_file": (statement_for(components, file + b" "), file),
        "certificate_unregistered": (statement_for(components, file_of("unregistered"), "unregistered"),
                                     file_of("unregistered")),
        "certificate_untrusted": (statement_for(components, file, "stranger"), file),
        "certificate_revoked": (statement_for(components, file, "revoked"), file),
        "certificate_expired": (statement_for(components, file, "expired"), file),
    }  # fmt: skip
    for finding, (statement, brought_file) in cases.items():
        assert refusals(lambda s=statement, f=brought_file: send(s, f)) == [finding]  # type: ignore[misc]
    assert stored(site) == (0, 0)


def test_a_copy_of_a_signed_file_cannot_be_sent_by_somebody_else(site: Website, components: Components) -> None:
    """He has a registered certificate of his own, but the file is signed with another."""
    file = file_of()
    for party in ("citizen", "other-enterprise", "enterprise-ec"):
        statement = statement_for(components, file, party)
        assert refusals(lambda s=statement: components.signed_uploads.send(s, file)) == ["statement_signer"]  # type: ignore[misc]
    unsigned = citizen_message()
    statement = statement_for(components, unsigned, "citizen")
    assert refusals(lambda: components.signed_uploads.send(statement, unsigned)) == ["statement_signer"]
    assert stored(site) == (0, 0)


def test_a_statement_that_comes_late_sends_nothing(site: Website, components: Components) -> None:
    file = file_of()
    statement = statement_for(components, file)
    with later(components, 600):
        assert refusals(lambda: components.signed_uploads.send(statement, file)) == ["statement_expired"]
    assert stored(site) == (0, 0)


def test_suspended_accounts_and_certificates_stop_here_too(site: Website, components: Components) -> None:
    file = file_of()
    statement = statement_for(components, file)
    serial = f"{shared_pki().party('enterprise').certificate.serial_number:x}"
    components.registry.suspend(serial, reason="Mất khóa", actor=TESTER)
    assert refusals(lambda: components.signed_uploads.send(statement, file)) == ["registration_suspended"]
    components.registry.restore(serial, reason="Tìm thấy", actor=TESTER)
    components.accounts.suspend(ENTERPRISE, unit=None, reason="Nguy cơ", actor=TESTER)
    assert refusals(lambda: components.signed_uploads.send(statement, file)) == ["account_suspended"]
    assert stored(site) == (0, 0)
    components.accounts.restore(ENTERPRISE, unit=None, reason="Hết nguy cơ", actor=TESTER)
    components.signed_uploads.send(statement, file)  # its value was not used up


def test_a_file_that_no_door_would_read_does_not_use_its_statement_up(components: Components) -> None:
    broken = file_of() + b"<"
    statement = statement_for(components, broken)
    for _ in range(2):
        assert refusals(lambda: components.signed_uploads.send(statement, broken)) == ["not_xml"]


def test_a_shut_door_is_shut_for_files_too(site: Website, components: Components) -> None:
    site.window(Sight.UP)
    file = file_of()
    statement = statement_for(components, file)
    with pytest.raises(TurnedAway) as told:
        components.signed_uploads.send(statement, file)
    assert told.value.why is Why.CLOSED
    assert stored(site) == (0, 0)


def test_the_part_that_decides_lets_no_other_file_in_by_an_opened_statement(
    site: Website, components: Components
) -> None:
    """Whoever has taken over the process that faces the Internet has the value, and another file."""
    file, other = file_of(), citizen_message()
    opened = components.upload_opening.open(statement_for(components, file), file)
    caller = Caller(opened.number, statement=hash_of(opened.value))
    presented = components.threshold.present(other, "x", components.legal_clock())
    sealed = sealing.sealed(presented.tree, components.portal_key()).body
    assert refusals(lambda: components.reception.take(sealed, caller)) == ["statement_file"]
    assert refusals(lambda: components.reception.foresee(sealed, caller)) == ["statement_unknown"]
    stranger = Caller(OTHER, statement=hash_of(opened.value))
    assert refusals(lambda: components.reception.number("x", "HN", stranger, None)) == ["statement_unknown"]
    with later(components, 301):
        assert refusals(lambda: components.reception.number("x", "HN", caller, None)) == ["statement_unknown"]
    assert stored(site) == (0, 0)


def test_a_caller_is_believed_by_an_opened_statement_and_no_other(components: Components) -> None:
    def nobody(_: str) -> Session | None:
        return None

    file = file_of()
    callers = Callers(lambda _: None, nobody, components.proven_uploads.caller)
    statement = statement_for(components, file)
    value = etree.fromstring(statement).findtext("Content/Value") or ""
    mine = Caller(ENTERPRISE, statement=hash_of(value))
    with pytest.raises(SessionOver):
        callers.declarant(f"{STATEMENT} {value}", mine)
    components.upload_opening.open(statement, file)
    callers.declarant(f"{STATEMENT} {value}", mine)
    for caller in (Caller(ENTERPRISE), Caller(CITIZEN, statement=hash_of(value)), Caller(ENTERPRISE, "0100112437")):
        with pytest.raises(NotAllowed):
            callers.declarant(f"{STATEMENT} {value}", caller)
    with pytest.raises(SessionOver):
        callers.declarant("Session x", mine)


def test_a_session_of_his_does_not_make_him_the_signer_of_a_statement(components: Components) -> None:
    secret = logged_in(components)
    session = components.sessions.find(secret)
    callers = Callers(lambda _: None, lambda _: session, components.proven_uploads.caller)
    actor = session.actor if session else None
    assert actor
    mine = Caller(actor.number or "", actor.organisation)
    callers.declarant(f"{SESSION} {secret}", mine)
    with pytest.raises(SessionOver):
        callers.declarant(f"{SESSION} {secret}", replace(mine, statement=hash_of("x")))


def test_on_the_public_page_a_file_is_sent_without_log_in(site: Website) -> None:
    person, file = Person(site.url), file_of()
    person.get("/tep-ky-so")
    statement = person.ask("POST", "/tep-ky-so/van-ban", files={"file": ("k.xml", file)})
    assert statement.headers["content-disposition"] == 'attachment; filename="van-ban-can-ky.xml"'
    assert site.rows(tables.inbox) == []
    parts = {"file": ("k.xml", file), "statement": ("v.xml", signed(statement.content, "enterprise"))}
    person.ask("POST", "/tep-ky-so", files=parts)
    (row,) = site.rows(tables.inbox)
    assert "Đã nhận tệp của bạn" in person.told()
    assert row.reference in person.told()
    address = person.at
    person.ask("POST", "/tep-ky-so", files=parts)
    assert person.at == address, "pressed twice, it is sent once and the acknowledgement is the same"
    assert len(site.rows(tables.inbox)) == 1
    for private in (ENTERPRISE, "Cong ty"):
        assert private not in person.told()
    assert person.page is not None
    assert person.page.headers["cache-control"] == "private, no-store"


def test_the_public_page_says_what_is_missing_and_is_limited(site: Website) -> None:
    person = Person(site.url)
    for address, more in (
        ("/tep-ky-so", {"files": {"file": ("k.xml", b"<a/>")}}),
        ("/tep-ky-so/van-ban", {"data": {"digest": "abc"}}),
    ):
        answer = person.ask("POST", address, **more)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
    assert person.get(f"/tep-ky-so/{'A' * 43}").status_code == 404
    seen = [
        person.ask("POST", "/tep-ky-so/van-ban", data={"digest": "0" * 64}).status_code
        for _ in range((site.components.settings.web.rates.statement or 0) + 1)
    ]
    assert seen[-1] == 429
    assert set(seen[:-2]) == {200}
