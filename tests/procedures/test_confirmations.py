"""What an officer sends for visas, vehicles and ships, and the one switch that opens a procedure on the window."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from adapter.bootstrap import Components
from adapter.gateways.store.tables import outbox
from adapter.model.errors import NotAllowed
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.outcomes import Accepted, Rejected
from adapter.model.stages import Submission
from adapter.pipeline.judge import judge
from tests.harness.fixtures import Case, load_cases, signed
from tests.harness.people import anybody
from tests.harness.pki import shared_pki
from tests.harness.registers import gate

CASES = {case.id: case for case in load_cases()}
OFFICER = anybody("cb-01", name="Trần Văn Quân", rank="Đại úy")


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Components]:
    with gate(tmp_path) as made:
        yield made


def submission(case: Case) -> Submission:
    body = signed(case, shared_pki())
    return Submission(body, case.channel, case.clock, Digest(hashlib.sha256(body).hexdigest()))


def declare(post: Components, case: Case) -> DossierKey:
    post.intake.receive([submission(case)])
    return DossierKey(etree.fromstring(case.message).findtext("Header/Subject/reference") or "", 2026)


def newest(post: Components) -> etree._Element:
    with post.database.transaction() as connection:
        body = connection.execute(outbox.select().order_by(outbox.c.id.desc()).limit(1)).one().body
    return etree.fromstring(body)


def told(post: Components, root: str, *names: str) -> list[str | None]:
    form = newest(post).find(f"Body/Content/Completion/{root}")
    assert form is not None
    return [form.findtext(name) for name in names]


def test_a_visa_s_confirmation_states_the_last_day_for_the_original_letter(post: Components) -> None:
    """Arrival on 2 March, three days (Article 16(3)(b))."""
    post.completion.complete(declare(post, CASES["BQP0100004/accepted-original-letter-to-follow"]), OFFICER)

    assert told(post, "VisaConfirmation", "OriginalLetterDue", "TotalPersons") == ["2026-03-05", "2"]


def test_where_the_letter_is_at_hand_no_day_is_stated(post: Components) -> None:
    post.completion.complete(declare(post, CASES["BQP0100004/accepted-tourists-at-a-land-gate"]), OFFICER)

    assert told(post, "VisaConfirmation", "OriginalLetterDue") == [None]


def test_a_vehicle_s_confirmation_goes_to_the_portal_and_never_to_the_window(post: Components) -> None:
    post.completion.complete(declare(post, CASES["BQP0100006/accepted-truck-with-trailer-and-goods"]), OFFICER)

    assert told(post, "VehicleConfirmation", "PlateNumber", "TrailerPlate") == ["3B-5678", "3B-9001"]
    with post.database.transaction() as connection:
        assert {row.route for row in connection.execute(outbox.select())} == {"portal"}


def test_a_ship_is_accepted_by_an_officer_and_its_procedure_completed(post: Components) -> None:
    key = declare(post, CASES["BQP0100007/accepted-arrival-with-passengers"])
    with pytest.raises(NotAllowed):
        post.completion.complete(key, OFFICER)

    post.completion.accept(key, OFFICER)
    post.completion.complete(key, OFFICER)

    assert told(post, "ShipConfirmation", "IsArrival", "NumberOfCrew", "Officer/Name") == ["1", "3", OFFICER.name]


@pytest.mark.parametrize(
    ("name", "warned"),
    [("accepted-arrival-late-and-flagged", ["declared_late"]), ("accepted-arrival-exactly-four-hours-before", [])],
)
def test_a_ship_that_an_officer_accepts_is_told_what_was_flagged(
    post: Components, name: str, warned: list[str]
) -> None:
    """As automatic acceptance tells it: that it was declared late, Article 13(1)."""
    post.completion.accept(declare(post, CASES[f"BQP0100007/{name}"]), OFFICER)

    answer = newest(post).find("Body/Content/Acceptance")
    assert answer is not None
    told_of = [(each.findtext("ErrorCode"), each.findtext("Pointer")) for each in answer.iterfind("Warnings/Warning")]
    pointer = "/Envelope/Body/Content/ShipDeclaration/GeneralDeclaration/ExpectedTime"
    assert told_of == [(post.catalogue.findings.texts[each].code, pointer) for each in warned]


def test_a_ship_is_refused_only_on_a_ground_of_the_decision(post: Components) -> None:
    key = declare(post, CASES["BQP0100007/accepted-arrival-with-passengers"])
    with pytest.raises(NotAllowed, match="name one with --ground"):
        post.completion.refuse(key, OFFICER, reason="thử")

    post.completion.refuse(key, OFFICER, reason="thử", ground="d")

    ground = newest(post).findtext("Body/Content/Refusal/Reject/LegalGround") or ""
    assert ground.startswith("QĐ 10/2016/QĐ-TTg Điều 5(2)(d)")


def test_one_switch_opens_vehicles_on_the_window(post: Components) -> None:
    shut = submission(CASES["BQP0100006/rejected-on-the-window"])
    assert isinstance(judge(shut, post.ground), Rejected)
    procedures = {
        code: tuple(replace(each, on_window=True) for each in versions)
        for code, versions in post.ground.catalogue.procedures.items()
    }

    opened = replace(post.ground, catalogue=replace(post.ground.catalogue, procedures=procedures))

    assert isinstance(judge(shut, opened), Accepted)
