"""An inaccurate declaration is accepted, and form 13 follows in the same transaction (Articles 11(3)(a), 17(3)(a))."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from lxml import etree
from sqlalchemy import select, update

from adapter.bootstrap import Components
from adapter.gateways.store.tables import amendment_request, deadline, dossier, journal, outbox
from adapter.model.finding import Severity
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.stages import Channel, Submission
from adapter.model.units import BorderUnit, BorderUnits
from tests.harness.fixtures import CLOCK, Case, Signers, load_cases, signed
from tests.harness.history import OFFICER, dossier_of
from tests.harness.pki import shared_pki

CASES = {case.id: case for case in load_cases()}
INACCURATE = CASES["BQP0100001/asked-total-differs-from-rows"]
SHIP = CASES["BQP0100007/refused-total-of-crew-differs"]


def send(whole: Components, *cases: Case) -> None:
    """In one batch."""
    bodies = [(case, signed(case, shared_pki())) for case in cases]
    whole.intake.receive(
        [Submission(body, case.channel, case.clock, Digest(hashlib.sha256(body).hexdigest())) for case, body in bodies]
    )


def replies(whole: Components, *, route: str = "window") -> list[tuple[str, bytes | None]]:
    query = select(outbox).where(outbox.c.route == route).order_by(outbox.c.id)
    with whole.database.transaction() as connection:
        return [(f"{row.type}/{row.function}", row.body) for row in connection.execute(query)]


def pairs(whole: Components, *, route: str = "window") -> list[str]:
    return [pair for pair, _ in replies(whole, route=route)]


def key() -> DossierKey:
    return dossier_of(INACCURATE.message)


def corrected(function: str = "02", message_id: str = "5b0d4a5e-0000-4000-8000-000000000001") -> Case:
    """The same declaration with its totals right: 10/02, or 10/01."""
    message = INACCURATE.message
    for old, new in (
        (b"<function>01</function>", f"<function>{function}</function>".encode()),
        (b"<TotalPersons>4</TotalPersons>", b"<TotalPersons>3</TotalPersons>"),
        (b"<TotalFemale>2</TotalFemale>", b"<TotalFemale>1</TotalFemale>"),
    ):
        assert old in message, old
        message = message.replace(old, new)
    root = etree.fromstring(message)
    number = root.findtext("Header/Reference/messageId") or ""
    return replace(INACCURATE, message=message.replace(number.encode(), message_id.encode()))


def test_form_13_follows_the_acceptance_with_every_item(whole: Components) -> None:
    send(whole, INACCURATE)
    (accepted, _), (asked, body) = replies(whole)
    assert (accepted, asked) == ("20/21", "20/25")
    form = etree.fromstring(body or b"").find("Body/Content/AmendmentRequest")
    assert form is not None
    items = form.findall("Items/Item")
    assert {item.findtext("Pointer") for item in items} == set(INACCURATE.expect.request)
    assert {item.findtext("FormNumber") for item in items} == {"07"}
    assert all(item.findtext("Wrong") and item.findtext("Asked") for item in items)
    assert form.findtext("Requester/Name") == whole.installation.accepter


def test_the_declarants_hour_waits_for_form_13_and_the_border_guards_duty_goes_on(whole: Components) -> None:
    send(whole, INACCURATE)
    with whole.database.transaction() as connection:
        running = {row.kind: row for row in connection.execute(select(deadline).where(deadline.c.ended_at.is_(None)))}
        carries = connection.execute(select(outbox.c.id).where(outbox.c.function == "25")).scalar_one()
    assert running.keys() == {"confirm_within", "amend_within"}
    assert running["confirm_within"].started_at is not None
    assert (running["amend_within"].started_at, running["amend_within"].starts_with) == (None, carries)


def test_the_program_is_named_as_who_asked(whole: Components) -> None:
    send(whole, INACCURATE)
    with whole.database.transaction() as connection:
        (asked,) = connection.execute(select(amendment_request))
        entry = connection.execute(select(journal).where(journal.c.event == "dossier.request_amendment")).one()
    assert (asked.officer, entry.actor, entry.detail["request"]) == ("program", "program", asked.number)


def test_a_duplicate_gets_both_replies_again_once_they_have_left(whole: Components) -> None:
    """Until then form 13 may be taken back: it leaves by itself, and a copy of it would not be taken back."""
    send(whole, INACCURATE)
    send(whole, INACCURATE)
    assert pairs(whole) == ["20/21", "20/25", "20/21"]
    with whole.database.transaction() as connection:
        connection.execute(update(outbox).values(sent_at=CLOCK))
    send(whole, INACCURATE)
    assert pairs(whole) == ["20/21", "20/25", "20/21", "20/21", "20/25"]


def test_an_officer_may_confirm_what_turned_out_to_be_in_order(whole: Components) -> None:
    send(whole, INACCURATE)
    assert whole.completion.complete(key(), OFFICER).state == "completed"


def test_a_correct_version_takes_a_form_13_back_that_has_not_left(whole: Components) -> None:
    send(whole, INACCURATE)
    send(whole, corrected())
    with whole.database.transaction() as connection:
        taken = [(row.function, row.taken_back_at is not None) for row in connection.execute(select(outbox))]
        (asked,) = connection.execute(select(amendment_request))
        events = [row.event for row in connection.execute(select(journal).order_by(journal.c.id))]
    assert sorted(taken) == [("21", False), ("21", False), ("25", True)]
    assert asked.closed_at is not None
    assert "request.taken_back" in events


def test_a_correct_version_in_the_same_batch_leaves_nothing_asked(whole: Components) -> None:
    send(whole, INACCURATE, corrected())
    with whole.database.transaction() as connection:
        taken = [(row.function, row.taken_back_at is not None) for row in connection.execute(select(outbox))]
        (asked,) = connection.execute(select(amendment_request))
        running = [row.kind for row in connection.execute(select(deadline).where(deadline.c.ended_at.is_(None)))]
        events = [row.event for row in connection.execute(select(journal).order_by(journal.c.id))]
    assert sorted(taken) == [("21", False), ("21", False), ("25", True)]
    assert asked.closed_at is not None
    assert running == ["confirm_within"]
    assert "request.taken_back" in events


def test_a_version_in_the_same_batch_that_is_inaccurate_too_leaves_its_own_request_alone(whole: Components) -> None:
    again = replace(corrected(), message=INACCURATE.message.replace(b"<function>01<", b"<function>02<"))
    number = etree.fromstring(again.message).findtext("Header/Reference/messageId") or ""
    again = replace(again, message=again.message.replace(number.encode(), b"5b0d4a5e-0000-4000-8000-000000000003"))
    send(whole, INACCURATE, again)
    with whole.database.transaction() as connection:
        asked = list(connection.execute(select(amendment_request).order_by(amendment_request.c.id)))
        hours = list(connection.execute(select(deadline).where(deadline.c.kind == "amend_within")))
    assert [row.closed_at is None for row in asked] == [False, True]
    assert [row.ended_at is None for row in sorted(hours, key=lambda row: row.id)] == [False, True]


def test_what_is_declared_on_the_portal_has_both_transferred(whole: Components) -> None:
    direct = replace(INACCURATE, channel=Channel.PORTAL, signers=Signers(system="portal", declarant="enterprise"))
    send(whole, direct)
    assert pairs(whole, route="portal") == ["20/21", "20/25"]
    assert pairs(whole, route="transfer") == ["40/01", "40/01"]


def test_an_inaccurate_ship_is_refused(whole: Components) -> None:
    send(whole, SHIP)
    assert pairs(whole) == ["20/22"]


def test_nothing_is_asked_where_no_unit_of_ours_could_sign_it(whole: Components) -> None:
    send(whole, corrected("01", "5b0d4a5e-0000-4000-8000-000000000002"))
    elsewhere = BorderUnits((BorderUnit("BPCK-XA", "Xa", "Xa", "XA", frozenset({"XA"})),))
    correspondence = whole.correspondence
    moved = replace(correspondence, installation=replace(correspondence.installation, units=elsewhere))
    intake = replace(whole.intake, asking=replace(whole.asking, correspondence=moved))
    inaccurate = INACCURATE.message.replace(b"<function>01<", b"<function>02<")
    body = signed(replace(INACCURATE, message=inaccurate), shared_pki())
    digest = Digest(hashlib.sha256(body).hexdigest())
    (settled,) = intake.receive([Submission(body, INACCURATE.channel, INACCURATE.clock, digest)])
    assert {each.severity for each in settled.findings} >= {Severity.REQUEST}
    assert pairs(whole) == ["20/21", "20/21"]
    with whole.database.transaction() as connection:
        assert connection.execute(select(dossier.c.state)).scalar_one() == "accepted"
