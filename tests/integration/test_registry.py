"""Certificates, authorisations and suspended accounts in the store, as the intake hears them; on both databases."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event as listening
from sqlalchemy import select

from adapter.gateways.keys.certificates_in_use import InUse, Use
from adapter.gateways.store import tables
from adapter.gateways.store.certificates import Office
from adapter.gateways.store.database import Database
from adapter.model.errors import NotAllowed
from adapter.model.events import Event
from adapter.model.identifiers import Digest
from adapter.model.stages import Channel, SignerRole, Submission
from adapter.pipeline.trust import signer
from adapter.services.messages.admission import Unlisted
from adapter.services.messages.item import Settled
from adapter.services.registers.certificates import NotImported, Registration
from adapter.services.registers.expiry import Expiry
from adapter.simulator.sign import sign_message
from tests.harness.declarations import declaration
from tests.harness.fixtures import FIXTURES
from tests.harness.people import TESTER, anybody
from tests.harness.pki import shared_pki
from tests.harness.scene import Scene

ENTERPRISE, OTHER, CITIZEN = "0100109106", "0100112437", "001085012345"
WHO = anybody("cb-1")
_GROUP = (FIXTURES / "BQP0100001" / "accepted-tour-group-entering" / "message.xml").read_text(encoding="utf-8")


@pytest.fixture
def elsewhere(database_url: str) -> Iterator[Database]:
    """The same database, as another process has it."""
    made = Database(database_url)
    yield made
    made.close()


def group(number: str, *, signer: str = "enterprise", tax_code: str = ENTERPRISE, function: str = "01") -> bytes:
    """A tour group's declaration `number`, or its replacement, signed for `tax_code`."""
    message_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{number}{signer}{tax_code}{function}"))
    text = _GROUP.replace("424b1fee-9709-4315-85d9-5954058b4714", message_id).replace("BQP2026000101", f"REG{number}")
    text = text.replace(f"<TaxCode>{ENTERPRISE}<", f"<TaxCode>{tax_code}<")
    text = text.replace("<function>01<", f"<function>{function}<")
    pki = shared_pki()
    return sign_message(text.encode(), system=pki.party("nsw"), declarant=pki.party(signer))


def submission(raw: bytes) -> Submission:
    return Submission(raw, Channel.WINDOW, datetime.now(UTC), Digest(hashlib.sha256(raw).hexdigest()))


def receive(scene: Scene, *messages: bytes) -> list[Settled]:
    return scene.components.intake.receive([submission(each) for each in messages])


def names(settled: Settled) -> set[str]:
    """What was found besides that it came late: the fixtures' day is past."""
    return {finding.name for finding in settled.findings} - {"declared_late", "send_date_outside", "time_long_past"}


def register(scene: Scene, *parties: str, since: datetime | None = None) -> None:
    found = [(party, shared_pki().party(party).certificate) for party in parties]
    scene.components.registry.register(found, Registration(Office.PORTAL, since), actor=TESTER)


# -- suspended accounts -----------------------------------------------------------------------------


def test_a_suspended_account_is_refused_with_the_reason_until_it_is_restored(scene: Scene) -> None:
    accounts = scene.components.accounts
    assert receive(scene, declaration("before").raw)[0].outcome == "accepted"
    accounts.suspend(CITIZEN, unit=None, reason="Nguy cơ mất an toàn dữ liệu", actor=WHO)
    refused = receive(scene, declaration("during").raw)[0]
    assert refused.outcome == "refused"
    assert names(refused) == {"account_suspended"}
    assert "Nguy cơ mất an toàn dữ liệu" in refused.findings[0].vi
    assert CITIZEN not in refused.findings[0].vi + refused.findings[0].en
    accounts.restore(CITIZEN, unit=None, reason="Đã khắc phục", actor=WHO)
    assert receive(scene, declaration("after").raw)[0].outcome == "accepted"


def test_the_refusal_of_a_suspended_account_leaves_a_dossier_and_a_journal_that_holds(scene: Scene) -> None:
    scene.components.accounts.suspend(CITIZEN, unit=None, reason="x", actor=WHO)
    receive(scene, declaration("kept").raw)
    with scene.components.database.transaction() as connection:
        states = connection.execute(select(tables.dossier.c.state)).scalars().all()
        events = connection.execute(select(tables.journal.c.event)).scalars().all()
        details = connection.execute(select(tables.journal.c.detail)).scalars().all()
    faults = scene.store.faults()
    assert states == ["refused"]
    assert {"account.suspend", "message.refused"} <= set(events)
    assert CITIZEN not in str(details)
    assert faults == []


def test_what_a_suspension_refused_is_declared_again_under_its_number_and_every_version_is_kept(scene: Scene) -> None:
    scene.components.accounts.suspend(CITIZEN, unit=None, reason="x", actor=WHO)
    tried = [receive(scene, declaration(each, reference="AGAIN").raw)[0] for each in ("first", "second")]
    scene.components.accounts.restore(CITIZEN, unit=None, reason="Đã khắc phục", actor=WHO)
    third = receive(scene, declaration("third", reference="AGAIN").raw)[0]
    assert [each.outcome for each in (*tried, third)] == ["refused", "refused", "accepted"]
    with scene.components.database.reading() as connection:
        row = connection.execute(select(tables.dossier.c.state, tables.dossier.c.version)).one()
        kept = connection.execute(select(tables.declaration.c.version)).scalars().all()
    assert (tuple(row), sorted(kept)) == (("accepted", 3), [1, 2, 3])


def test_a_suspension_that_is_committed_while_messages_are_in_flight_holds_for_them(
    scene: Scene, elsewhere: Database
) -> None:
    """Judged before, stored after: the intake's own transaction asks."""

    def suspend_in_between(happened: Event, /, **_: Any) -> None:
        if happened is Event.VERIFIED:
            replace(scene.components.accounts, database=elsewhere).suspend(CITIZEN, unit=None, reason="x", actor=WHO)

    intake = replace(scene.components.intake, observe=suspend_in_between)
    settled = intake.receive([submission(declaration("flight").raw)])
    assert [names(each) for each in settled] == [{"account_suspended"}]


def test_a_duplicate_of_what_was_accepted_before_the_suspension_gets_its_old_answer(scene: Scene) -> None:
    message = declaration("twice").raw
    receive(scene, message)
    scene.components.accounts.suspend(CITIZEN, unit=None, reason="x", actor=WHO)
    again = receive(scene, message)[0]
    assert (again.duplicate, again.outcome) == (True, "accepted")


def test_an_account_is_suspended_once_at_a_place_and_only_at_units_there_are(scene: Scene) -> None:
    accounts = scene.components.accounts
    accounts.suspend(CITIZEN, unit="CK-HUUNGHI", reason="x", actor=WHO)
    for unit, why in (("CK-HUUNGHI", "already"), ("CK-NOWHERE", "no border unit")):
        with pytest.raises(NotAllowed, match=why):
            accounts.suspend(CITIZEN, unit=unit, reason="x", actor=WHO)
    with pytest.raises(NotAllowed, match="not suspended at CK-MONGCAI"):
        accounts.restore(CITIZEN, unit="CK-MONGCAI", reason="x", actor=WHO)
    with pytest.raises(NotAllowed, match="check digit"):
        accounts.suspend("0100109107", unit=None, reason="x", actor=WHO)


def test_two_officers_who_suspend_at_once_suspend_once(scene: Scene, elsewhere: Database) -> None:
    scene.components.catalogue  # noqa: B018  loaded before the threads ask for it

    def suspend(database: Database) -> bool:
        try:
            replace(scene.components.accounts, database=database).suspend(CITIZEN, unit=None, reason="x", actor=WHO)
        except NotAllowed:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(suspend, [scene.components.database, elsewhere])) == [False, True]
    assert len(scene.components.accounts.list(actor=TESTER)) == 1


# -- certificates -----------------------------------------------------------------------------------


def test_a_suspended_certificate_is_rejected_and_a_restored_one_is_not(scene: Scene) -> None:
    register(scene, "enterprise")
    serial = f"{shared_pki().party('enterprise').certificate.serial_number:X}"
    scene.components.registry.suspend(serial, reason="Mất khóa", actor=WHO)
    rejected = receive(scene, group("1"))[0]
    assert (rejected.outcome, names(rejected)) == ("rejected", {"registration_suspended"})
    scene.components.registry.restore(serial, reason="Tìm thấy", actor=WHO)
    assert receive(scene, group("2"))[0].outcome == "accepted"


@pytest.mark.parametrize(
    ("policy", "outcome", "found"),
    [
        (Unlisted.ATTESTED, "accepted", set()),
        (Unlisted.FLAG, "accepted", {"certificate_unregistered"}),
        (Unlisted.REJECT, "rejected", {"certificate_unregistered"}),
    ],
)
def test_what_the_window_registered_and_we_have_not_follows_the_policy(
    scene: Scene, policy: Unlisted, outcome: str, found: set[str]
) -> None:
    components = scene.components
    components.intake = replace(components.intake, admission=replace(components.admission, unknown_on_window=policy))
    settled = receive(scene, group("1"))[0]
    assert (settled.outcome, names(settled)) == (outcome, found)


def test_a_registration_of_tomorrow_is_none_today(scene: Scene) -> None:
    components = scene.components
    components.intake = replace(
        components.intake, admission=replace(components.admission, unknown_on_window=Unlisted.REJECT)
    )
    register(scene, "enterprise", since=datetime.now(UTC) + timedelta(days=1))
    assert names(receive(scene, group("1"))[0]) == {"certificate_unregistered"}


def test_certificates_are_registered_all_or_none_and_a_second_time_changes_nothing(scene: Scene) -> None:
    registry, pki = scene.components.registry, shared_pki()
    how = Registration(Office.PORTAL)
    good, bad = pki.party("enterprise").certificate, pki.party("body").certificate
    with pytest.raises(NotImported, match="names no tax code"):
        registry.register([("a", good), ("b", bad)], how, actor=TESTER)
    assert registry.list(actor=TESTER) == []
    assert [each.new for each in registry.register([("a", good)], how, actor=TESTER)] == [True]
    assert [each.new for each in registry.register([("a", good)], how, actor=TESTER)] == [False]
    with pytest.raises(NotImported, match="twice"):
        registry.register([("a", good), ("a", good)], how, actor=TESTER)
    with pytest.raises(NotImported, match="another holder"):
        registry.register([("a", good)], replace(how, number=OTHER), actor=TESTER)


def test_a_certificate_that_names_nobody_speaks_for_whom_it_was_registered(scene: Scene) -> None:
    body = shared_pki().party("body").certificate
    scene.components.registry.register([("b", body)], Registration(Office.PORTAL, number=OTHER), actor=TESTER)
    port = scene.components.authorisations.entitled
    whose = signer(body, role=SignerRole.DECLARANT, store="government")
    assert port(whose, OTHER, datetime.now(UTC), "BQP0100001")
    assert not port(whose, ENTERPRISE, datetime.now(UTC), "BQP0100001")


# -- authorisations ---------------------------------------------------------------------------------


def test_an_authorisation_lets_another_sign_until_it_is_revoked(scene: Scene) -> None:
    authorisations = scene.components.authorisations
    assert names(receive(scene, group("1", signer="other-enterprise"))[0]) == {"principal_mismatch"}
    granted = authorisations.grant(OTHER, ENTERPRISE, "UQ-1", actor=TESTER)
    assert receive(scene, group("2", signer="other-enterprise"))[0].outcome == "accepted"
    authorisations.revoke(granted, reason="Hết hạn hợp đồng", actor=TESTER)
    assert names(receive(scene, group("3", signer="other-enterprise"))[0]) == {"principal_mismatch"}


@pytest.mark.parametrize(("begins", "ends"), [(-2, -1), (1, 2)])
def test_an_authorisation_outside_its_days_is_none(scene: Scene, begins: int, ends: int) -> None:
    now = datetime.now(UTC)
    days = {"valid_from": now + timedelta(days=begins), "valid_to": now + timedelta(days=ends)}
    scene.components.authorisations.grant(OTHER, ENTERPRISE, "UQ-1", **days, actor=TESTER)
    assert names(receive(scene, group("1", signer="other-enterprise"))[0]) == {"principal_mismatch"}


def test_the_store_is_not_asked_for_authorisations_while_numbers_agree(scene: Scene) -> None:
    asked = []
    port = scene.components.ground.representation
    ground = replace(
        scene.components.intake.ground, representation=replace(port, entitled=lambda *_: bool(asked.append(1)))
    )
    replace(scene.components.intake, ground=ground).receive([submission(group("1"))])
    assert asked == []
    replace(scene.components.intake, ground=ground).receive([submission(group("2", signer="other-enterprise"))])
    assert asked == [1]


# -- whose dossier ----------------------------------------------------------------------------------


def test_a_stranger_does_not_replace_a_dossier_and_its_own_people_may_try(scene: Scene) -> None:
    receive(scene, group("1"))
    stranger = receive(scene, group("1", signer="other-enterprise", tax_code=OTHER, function="02"))[0]
    assert "not_of_the_dossier" in names(stranger)
    own = receive(scene, group("1", function="02"))[0]
    assert "not_of_the_dossier" not in names(own)


def test_whoever_is_authorised_by_the_dossiers_principal_may_try_too(scene: Scene) -> None:
    receive(scene, group("1"))
    scene.components.authorisations.grant(OTHER, ENTERPRISE, "UQ-1", actor=TESTER)
    told = receive(scene, group("1", signer="other-enterprise", tax_code=OTHER, function="02"))[0]
    assert "not_of_the_dossier" not in names(told)


def test_a_replacement_in_the_same_batch_as_its_declaration_is_held_against_it(scene: Scene) -> None:
    settled = receive(
        scene, group("1"), group("1", signer="other-enterprise", tax_code=OTHER, function="02"), group("2")
    )
    assert ["not_of_the_dossier" in names(each) for each in settled] == [False, True, False]


# -- cost -------------------------------------------------------------------------------------------


def test_a_batch_asks_each_register_once(scene: Scene) -> None:
    counted: Counter[str] = Counter()

    def count(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        counted.update(name for name in ("certificate", "suspension", "authorisation") if f"FROM {name}" in statement)

    register(scene, "enterprise")
    listening.listen(scene.components.database.engine, "before_cursor_execute", count)
    settled = receive(scene, *(group(str(number)) for number in range(8)))
    assert {each.outcome for each in settled} == {"accepted"}
    assert counted == {"certificate": 1, "suspension": 1}


# -- what runs out ----------------------------------------------------------------------------------


def in_use(use: Use, name: str, days: float, *, now: datetime, serial: str = "1", group_: str = "") -> InUse:
    return InUse(
        use, name, serial, f"{name}{serial}", "CN=x", now - timedelta(days=900), now + timedelta(days=days), group_
    )


@pytest.fixture
def watch(scene: Scene) -> Callable[..., tuple[Expiry, list[dict[str, Any]]]]:
    """An expiry over certificates given, at a time given, and what it tells."""

    def made(*certificates: InUse, at: datetime) -> tuple[Expiry, list[dict[str, Any]]]:
        told: list[dict[str, Any]] = []

        def observe(event: Event, /, **fields: Any) -> None:
            if event is Event.EXPIRES:
                told.append(fields)

        days = (60, 30, 14, 7, 1)
        return Expiry(scene.components.database, lambda: certificates, lambda: at, observe, days), told

    return made


AT = datetime(2026, 6, 1, tzinfo=UTC)


def test_each_threshold_is_told_once(watch: Callable[..., tuple[Expiry, list[dict[str, Any]]]]) -> None:
    key = in_use(Use.OWN_KEY, "system", 90, now=AT)
    thresholds = []
    for day in range(0, 92):
        expiry, told = watch(key, at=AT + timedelta(days=day))
        expiry.alert()
        expiry.alert()
        thresholds += [(90 - day, fields["stops"]) for fields in told]
    assert [days for days, _ in thresholds] == [60, 30, 14, 7, 1]
    assert "no reply can be signed" in thresholds[0][1]


def test_after_a_long_pause_only_the_nearest_threshold_is_told(
    watch: Callable[..., tuple[Expiry, list[dict[str, Any]]]],
) -> None:
    expiry, told = watch(in_use(Use.ANCHOR, "public", 5, now=AT), at=AT)
    assert expiry.alert() == 1
    assert [fields["days"] for fields in told] == [5]
    expiry, told = watch(in_use(Use.ANCHOR, "public", 5, now=AT), at=AT + timedelta(days=1))
    expiry.alert()
    assert told == []


def test_one_whose_successor_is_in_place_is_not_told(
    watch: Callable[..., tuple[Expiry, list[dict[str, Any]]]],
) -> None:
    pair = [in_use(Use.PARTNER, "nsw", days, now=AT, serial=str(days)) for days in (5, 500)]
    expiry, told = watch(*pair, at=AT)
    assert (expiry.alert(), told) == (0, [])
    found = expiry.report(AT + timedelta(days=6))
    assert [(each.certificate.serial, each.breaks) for each in found] == [("5", False)]
    found = expiry.report(AT + timedelta(days=501))
    assert [each.breaks for each in found] == [True, True]


def test_a_registered_certificate_that_runs_out_is_told_by_its_serial_number_alone(
    scene: Scene, watch: Callable[..., tuple[Expiry, list[dict[str, Any]]]]
) -> None:
    register(scene, "citizen")
    ends = shared_pki().party("citizen").certificate.not_valid_after_utc
    expiry, told = watch(at=ends - timedelta(days=3))
    assert expiry.alert() == 0, "it is the holder's to renew, so it is no note in our readiness"
    assert [fields["use"] for fields in told] == ["certificate"]
    assert CITIZEN not in str(told)
    assert [each.breaks for each in expiry.report(ends + timedelta(days=1))] == [True]
    expiry, told = watch(at=ends + timedelta(days=1))
    expiry.alert()
    assert told == []
