"""While the window is only suspected to be down: pressed now, sent as soon as the portal opens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from lxml import etree
from sqlalchemy import select

from adapter.bootstrap import Components, assemble
from adapter.gateways.store import messages, tables, windows
from adapter.model.errors import Unavailable
from adapter.model.identifiers import DossierKey
from adapter.services.door.draft import ChangedMeanwhile, Draft, NoDraft, OtherForm
from adapter.services.door.drafts import Drafts
from adapter.services.door.precheck import TurnedAway
from adapter.services.door.presses import OnItsWay, Presses
from adapter.services.door.reception import Caller
from adapter.services.messages.judging import stored
from adapter.services.watch.mode import Mode, Sight
from adapter.services.watch.way import PortalTakes
from adapter.simulator.sign import SignatureForm, sign_message
from tests.harness.fixtures import CLOCK
from tests.harness.people import TESTER
from tests.harness.pki import shared_pki
from tests.harness.registered import register_declarants
from tests.harness.stores import Original
from tests.harness.website import CITIZEN, ENTERPRISE, amendment_message, citizen_message, configure, group_message
from tests.integration.test_drafts import begun, filled

NEAR = "2026-03-02 10:20:00"
"""Three hours and five minutes after the clock of these tests: in time now, late in ten minutes."""


@dataclass
class Night:
    """An installation whose legal time can be moved on."""

    components: Components
    now: datetime = CLOCK

    @property
    def drafts(self) -> Drafts:
        return self.components.drafts

    @property
    def presses(self) -> Presses:
        return self.components.presses

    def rows(self, table: object) -> list[object]:
        with self.components.database.reading() as connection:
            return list(connection.execute(select(table)).all())  # type: ignore[call-overload]

    def open(self) -> None:
        self.components.window.override(Sight.DOWN, reason="confirmed", actor=TESTER)

    def filled(self) -> Draft:
        return filled(self.components, begun(self.components), citizen_message(ExpectedArrival=NEAR))


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, standing_url: str) -> Iterator[tuple[Night, Original]]:
    built = assemble(configure(tmp_path_factory.mktemp("night"), standing_url))
    made = Night(built)
    built.legal_clock = lambda: made.now  # type: ignore[misc]
    register_declarants(built, shared_pki())
    gone = replace(built.window, patience=replace(built.window.patience, broker_down_s=0))
    gone.refresh(broker_up=False, started_at=gone.clock())
    yield made, Original(built.database)
    built.database.close()


@pytest.fixture
def night(standing: tuple[Night, Original]) -> Night:
    """The window is suspected to be down, since now."""
    made, original = standing
    original.put_back()
    made.now = CLOCK
    return made


def test_the_press_is_kept_and_sent_when_the_portal_opens(night: Night) -> None:
    draft = night.filled()
    assert night.components.opening.of_draft(draft) is PortalTakes.SIGNED
    held = night.presses.hold(CITIZEN, draft.public_id, draft.message_key)
    assert held.waits_since == CLOCK
    night.now += timedelta(minutes=11)
    assert night.presses.send_due() == 0, "it is not open"
    assert night.rows(tables.inbox) == []
    night.open()
    assert night.presses.send_due() == 1
    (message,) = night.rows(tables.inbox)
    assert (message.outcome, message.pressed_at, message.received_at) == ("accepted", CLOCK, night.now)  # type: ignore[attr-defined]
    assert night.drafts.find(CITIZEN, draft.public_id).sent_as == message.public_id  # type: ignore[attr-defined]
    assert night.presses.send_due() == 0, "once"


def test_he_is_late_by_the_press_and_the_duty_runs_from_reception(night: Night) -> None:
    """Eleven minutes later the same declaration would be late."""
    draft = night.filled()
    night.presses.hold(CITIZEN, draft.public_id, draft.message_key)
    night.now += timedelta(minutes=11)
    night.open()
    night.presses.send_due()
    (message,) = night.rows(tables.inbox)
    names = [night.components.catalogue.findings.restate(kept).name for kept in message.findings]  # type: ignore[attr-defined]
    assert names == []
    (duty,) = [row for row in night.rows(tables.deadline) if row.party == "border_guard"]  # type: ignore[attr-defined]
    assert duty.started_at == night.now
    late = night.drafts.send(CITIZEN, (other := night.filled()).public_id, other.message_key)
    assert [each.name for each in late.findings] == ["declared_late"]


def test_pressed_twice_the_first_time_counts(night: Night) -> None:
    draft = night.filled()
    night.presses.hold(CITIZEN, draft.public_id, draft.message_key)
    night.now += timedelta(minutes=5)
    assert night.presses.hold(CITIZEN, draft.public_id, draft.message_key).waits_since == CLOCK


def test_taken_back_it_is_not_sent_and_the_next_press_is_the_one_that_counts(night: Night) -> None:
    draft = night.filled()
    night.presses.hold(CITIZEN, draft.public_id, draft.message_key)
    back = night.presses.take_back(CITIZEN, draft.public_id)
    assert back.waits_since is None
    night.open()
    assert night.presses.send_due() == 0
    assert night.rows(tables.inbox) == []


def test_a_change_takes_it_back(night: Night) -> None:
    draft = night.filled()
    held = night.presses.hold(CITIZEN, draft.public_id, draft.message_key)
    saved = night.drafts.save(held, held.answers.with_values({"purpose": "Chữa bệnh"}))
    assert saved.waits_since is None


def test_a_page_older_than_the_draft_keeps_no_press(night: Night) -> None:
    draft = night.filled()
    with pytest.raises(ChangedMeanwhile):
        night.presses.hold(CITIZEN, draft.public_id, "another key")


def test_what_is_being_sent_is_not_taken_back_and_not_thrown_away(night: Night) -> None:
    """The process dies after it has taken the draft up: the next one sends it."""
    draft = night.filled()
    night.presses.hold(CITIZEN, draft.public_id, draft.message_key)

    def dies(raw: bytes, caller: Caller) -> object:
        with pytest.raises(OnItsWay):
            night.presses.take_back(CITIZEN, draft.public_id)
        with pytest.raises(NoDraft):
            night.drafts.discard(CITIZEN, draft.public_id)
        night.components.door.declare(raw, caller)
        raise RuntimeError("the process is dead")

    night.open()
    broken = replace(night.presses, drafts=replace(night.drafts, submit=dies))  # type: ignore[arg-type]
    with pytest.raises(RuntimeError):
        broken.send_due()
    assert night.presses.send_due() == 1
    assert len(night.rows(tables.inbox)) == 1


def test_what_cannot_be_stored_now_goes_on_waiting(night: Night) -> None:
    draft = night.filled()
    night.presses.hold(CITIZEN, draft.public_id, draft.message_key)

    def away(raw: bytes, caller: Caller) -> object:
        raise Unavailable("the store is away")

    night.open()
    replace(night.presses, drafts=replace(night.drafts, submit=away)).send_due()  # type: ignore[arg-type]
    kept = night.drafts.find(CITIZEN, draft.public_id)
    assert (kept.waits_since, kept.leaves_at) == (CLOCK, None)
    assert night.presses.send_due() == 1


def test_where_the_window_works_again_it_comes_back_and_says_why(night: Night) -> None:
    draft = night.filled()
    night.presses.hold(CITIZEN, draft.public_id, draft.message_key)
    night.components.window.override(Sight.UP, reason="it works", actor=TESTER)
    with night.components.database.transaction() as connection:
        windows.write(connection, stage=Mode.NORMAL.value, mode=Sight.UP.value, opened_at=None)
    assert night.presses.send_due() == 0
    kept = night.drafts.find(CITIZEN, draft.public_id)
    assert kept.waits_since is None
    assert kept.held_back is not None
    assert "hãy khai tại" in kept.held_back.vi


def test_what_is_rejected_comes_back_to_be_corrected(night: Night) -> None:
    draft = night.filled()
    draft = night.drafts.save(draft, draft.answers.with_values({"sex": ""}))
    night.presses.hold(CITIZEN, draft.public_id, draft.message_key)
    night.open()
    night.presses.send_due()
    kept = night.drafts.find(CITIZEN, draft.public_id)
    assert (kept.sent_as, kept.waits_since, kept.pressed_at) == (None, None, None)
    assert kept.held_back is not None


def test_what_is_judged_again_keeps_the_time_of_its_press(night: Night) -> None:
    draft = night.filled()
    night.presses.hold(CITIZEN, draft.public_id, draft.message_key)
    night.now += timedelta(minutes=11)
    night.open()
    night.presses.send_due()
    with night.components.database.reading() as connection:
        row = connection.execute(select(tables.inbox)).one()
        assert stored(messages.stored(connection, row.id)).pressed_at == CLOCK


def signed_file() -> bytes:
    """A tour group's declaration that an enterprise's own software has made and signed; it has no number yet."""
    enterprise = shared_pki().party("enterprise")
    return sign_message(group_message(), system=None, declarant=enterprise, form=SignatureForm.DOTNET)


def test_a_signed_file_waits_as_it_is_and_is_sent_once_with_the_time_of_its_press(night: Night) -> None:
    held = night.presses.hold_file(ENTERPRISE, raw := signed_file())
    night.now += timedelta(minutes=5)
    assert night.presses.hold_file(ENTERPRISE, raw).public_id == held.public_id, "the same file waits once"
    assert night.presses.send_due() == 0
    night.open()
    assert night.presses.send_due() == 1
    (message,) = night.rows(tables.inbox)
    assert (message.outcome, message.pressed_at, message.received_at) == ("accepted", CLOCK, night.now)  # type: ignore[attr-defined]
    assert signature_of(message.raw) == signature_of(raw)  # type: ignore[attr-defined]
    assert len(night.rows(tables.contingency)) == 1, "a number is drawn once"
    assert night.presses.send_due() == 0


def signature_of(raw: bytes) -> str | None:
    return etree.fromstring(raw).findtext(".//{http://www.w3.org/2000/09/xmldsig#}SignatureValue")


@pytest.mark.parametrize("back", ["taken back", "not taken"])
def test_a_signed_file_comes_back_as_a_draft_of_what_it_says(night: Night, back: str) -> None:
    held = night.presses.hold_file(ENTERPRISE, signed_file())
    if back == "taken back":
        night.presses.take_back(ENTERPRISE, held.public_id)
    else:
        night.components.window.override(Sight.UP, reason="it works", actor=TESTER)
        with night.components.database.transaction() as connection:
            windows.write(connection, stage=Mode.NORMAL.value, mode=Sight.UP.value, opened_at=None)
        assert night.presses.send_due() == 0
    kept = night.drafts.find(ENTERPRISE, held.public_id)
    assert (kept.signed, kept.waits_since, kept.key) == (None, None, None)
    assert (kept.held_back is not None) == (back == "not taken")
    assert kept.answers.rows["persons"]
    night.open()
    _, prepared = night.drafts.prepare(kept)
    assert etree.fromstring(prepared).findtext("Header/Subject/reference")


def test_only_what_begins_a_dossier_waits_as_a_file(night: Night) -> None:
    with pytest.raises(OtherForm):
        night.presses.hold_file(CITIZEN, amendment_message(DossierKey("BPTT1", 2026), "SD1"))
    with pytest.raises(TurnedAway):
        night.presses.hold_file(CITIZEN, b"<a>")
    assert night.rows(tables.draft) == []
