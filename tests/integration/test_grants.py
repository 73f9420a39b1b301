"""A principal authorises somebody on the portal; both see it; withdrawn it has no effect at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapter.gateways.store import tables
from adapter.model.errors import NotAllowed
from adapter.model.identifiers import DossierKey
from adapter.services.door.submission import Caller
from tests.harness.browsing import Person
from tests.harness.declaring import entered
from tests.harness.website import CITIZEN, ENTERPRISE, OTHER, Website, citizen_message
from tests.integration.test_own_corrections import logged_in
from tests.integration.test_web_declare import HOSTILE, begun, press

AN, BINH = logged_in(CITIZEN), logged_in(OTHER, name="Trần Thị Bình")
FIRM = logged_in("001088007890", ENTERPRISE, "Lê Mạnh Cường")
CITIZENS, GROUPS = "BQP0100002", "BQP0100001"


def somebody(site: Website, who: str, address: str = "/uy-quyen") -> Person:
    return entered(site, who, address)


def declared(site: Website, **changes: str) -> DossierKey:
    admitted = site.components.door.declare(citizen_message(**changes), Caller(CITIZEN))
    assert admitted.reference is not None
    assert admitted.year is not None
    return DossierKey(admitted.reference, admitted.year)


def sees(site: Website, actor: object, key: DossierKey) -> bool:
    return site.components.own_dossiers.read(actor, key.number, key.year) is not None  # type: ignore[arg-type]


def test_whom_a_citizen_authorises_sees_his_dossiers_until_it_is_withdrawn(site: Website) -> None:
    key, grants = declared(site), site.components.grants
    assert not sees(site, BINH, key)
    (row_id,) = grants.give(AN, OTHER, "UQ-1", until=None, procedures=())
    assert sees(site, BINH, key)
    for side in (AN, BINH):
        assert [each.letter.id for each in grants.of(side).grants] == [row_id], "both sides see it"
    grants.withdraw(AN, row_id, reason="Không cần nữa")
    assert not sees(site, BINH, key)
    told = [(row.event, row.actor) for row in site.rows(tables.journal) if row.event.startswith("authorisation")]
    assert told == [(f"authorisation.{what}", AN.journal_name) for what in ("grant", "revoke")]


def test_a_grant_for_one_procedure_is_none_for_another(site: Website) -> None:
    key, grants = declared(site), site.components.grants
    grants.give(AN, OTHER, "UQ-1", until=None, procedures=[GROUPS])
    assert not sees(site, BINH, key)
    grants.give(AN, OTHER, "UQ-2", until=None, procedures=[CITIZENS])
    assert sees(site, BINH, key)


def test_of_a_grant_without_an_end_both_sides_are_told_so_in_both_languages(site: Website) -> None:
    last = site.components.legal_clock().date() + timedelta(days=9)
    site.components.grants.give(AN, OTHER, "UQ-1", until=None, procedures=())
    site.components.grants.give(AN, OTHER, "UQ-2", until=last, procedures=())
    for side in (AN, BINH):
        told = [each.text for each in site.components.inbox.page(side, None).notifications]
        assert [("cho đến khi bị rút" in each.vi, "until it is withdrawn" in each.en) for each in told] == [
            *((False, False), (True, True))
        ]
        assert [f"23:59, {last:%d/%m/%Y}" in text for each in told for text in (each.vi, each.en)] == [
            *(True, True, False, False)
        ]
        assert not [each for each in told if "until" in each.vi or "–" in each.vi + each.en]


def test_what_amends_a_procedure_is_granted_and_withdrawn_with_it(site: Website) -> None:
    grants = site.components.grants
    grants.give(AN, OTHER, "UQ-1", until=None, procedures=[GROUPS, CITIZENS])
    shown = grants.of(AN).grants
    assert {each.letter.procedure for each in shown} == {GROUPS, CITIZENS}, "form 14 goes with them"
    for each, still in zip(shown, (True, False), strict=True):
        grants.withdraw(AN, each.letter.id, reason="Không cần nữa")
        assert grants.is_granted(OTHER, CITIZEN, "BQP0100003") is still, "as long as one stands that it amends"
    assert not any(each.in_force for each in grants.of(AN).grants)
    (first, *_) = [row.id for row in site.rows(tables.authorisation)]
    with pytest.raises(NotAllowed):
        grants.withdraw(AN, first, reason="nữa")


def test_a_grant_ends_with_its_last_day(site: Website) -> None:
    key, grants = declared(site), site.components.grants
    today = site.components.legal_clock().date()
    grants.give(AN, OTHER, "UQ-1", until=today, procedures=())
    assert sees(site, BINH, key)
    with pytest.raises(NotAllowed):
        grants.give(AN, OTHER, "UQ-2", until=today - timedelta(days=1), procedures=())


def test_only_its_two_sides_end_a_grant(site: Website) -> None:
    grants = site.components.grants
    (row_id,) = grants.give(AN, OTHER, "UQ-1", until=None, procedures=())
    with pytest.raises(NotAllowed):
        grants.withdraw(FIRM, row_id, reason="x")
    grants.withdraw(BINH, row_id, reason="Tôi không nhận")
    with pytest.raises(NotAllowed):
        grants.withdraw(AN, row_id, reason="x")


@pytest.mark.parametrize(
    ("holder", "document", "procedures"),
    [(CITIZEN, "UQ", ()), ("123", "UQ", ()), (OTHER, "", ()), (OTHER, "x" * 81, ()), (OTHER, "UQ", ["BQP9"])],
)
def test_a_grant_that_does_not_fit_is_not_kept(
    site: Website, holder: str, document: str, procedures: list[str]
) -> None:
    with pytest.raises(NotAllowed):
        site.components.grants.give(AN, holder, document, until=None, procedures=procedures)
    assert site.rows(tables.authorisation) == []


def test_an_unsigned_declaration_for_another_needs_a_grant(site: Website) -> None:
    """Form 11 of An, sent by Bình: a letter that is only named proves nothing."""
    refused = site.components.door.declare(for_another(), Caller(OTHER))
    assert refused.outcome == "rejected"
    (letter, *_) = site.components.grants.give(AN, OTHER, "UQ-1", until=None, procedures=[CITIZENS])
    taken = site.components.door.declare(for_another(1), Caller(OTHER))
    assert taken.outcome == "accepted"
    before = site.rows(tables.dossier)
    site.components.grants.withdraw(AN, letter, reason="Không cần nữa")
    assert site.rows(tables.dossier) == before, "what was sent stays"
    assert taken.reference is not None
    assert taken.year is not None
    assert sees(site, AN, DossierKey(taken.reference, taken.year))
    assert site.components.door.declare(for_another(2), Caller(OTHER)).outcome == "rejected", "at once"


def for_another(place: int = 0) -> bytes:
    """Form 11 of An with Bình as the declarant."""
    message = citizen_message(messageId=f"11111111-1111-4111-8111-11111111111{place}")
    head, rest = message.split(b"</Declarant>", 1)
    return head.replace(CITIZEN.encode(), OTHER.encode()) + b"</Declarant>" + rest


def test_a_draft_stops_with_its_grant_and_goes_on_with_a_new_one(site: Website) -> None:
    site.components.grants.give(FIRM, CITIZEN, "UQ-1", until=None, procedures=())
    (grant,) = site.rows(tables.authorisation)
    person = somebody(site, "an", "/khai-bao")
    person.send("/uy-quyen/thay-mat", principal=ENTERPRISE, next="/khai-bao")
    assert ENTERPRISE in person.document().xpath("string(//*[@class='who'])")
    begun(person, "Mẫu 07")
    (draft,) = site.components.drafts.unsent(CITIZEN)
    assert (draft.granted_for, draft.answers.values["principalTaxCode"]) == (ENTERPRISE, ENTERPRISE)
    page = f"/khai-bao/{draft.public_id}"
    person.get("/khai-bao")
    assert f"khai thay cho {ENTERPRISE}" in person.told(), "one may have drafts for several"
    person.get(f"{page}/kiem-tra")
    assert f"khai thay cho {ENTERPRISE}" in person.told()
    site.components.grants.withdraw(FIRM, grant.id, reason="Hết hợp đồng")
    answer = person.send(f"/khai-bao/{draft.public_id}/gui", key=draft.message_key)
    assert answer.status_code == 409
    assert "Ủy quyền mà bạn khai theo đã bị rút" in person.told()
    assert site.rows(tables.inbox) == []
    assert "Khai thay cho" not in person.document().xpath("string(//*[@class='who'])"), "he acts for himself again"
    for closed in ("kiem-tra", "muc/chung"):
        assert person.get(f"{page}/{closed}").status_code == 403
        assert "đã hết hiệu lực" in person.told()
    person.get(page)
    assert f"{ENTERPRISE} không còn ủy quyền cho bạn" in person.told()
    assert person.document().xpath("//main//a[contains(@href, 'kiem-tra')]") == []
    person.send(f"{page}/chuan-bi")
    assert site.components.drafts.find(CITIZEN, draft.public_id) == draft, "it has no number, and is kept as it was"
    site.components.grants.give(FIRM, CITIZEN, "UQ-2", until=None, procedures=())
    assert person.get(f"{page}/kiem-tra").status_code == 200, "with a new one he goes on"


def test_what_was_begun_in_an_organisation_s_account_is_sent_from_that_account_alone(site: Website) -> None:
    """The part that decides believes nobody that he speaks for an organisation whose account he does not use."""
    site.components.grants.give(BINH, FIRM.number or "", "UQ-1", until=None, procedures=())
    person = somebody(site, "cuong", "/khai-bao")
    begun(person, "Mẫu 07")
    (draft,) = site.components.drafts.unsent(FIRM.number or "")
    assert draft.acts_for == ENTERPRISE
    person.send("/uy-quyen/thay-mat", principal=OTHER, next="/khai-bao")
    for press_on in ("gui", "gui-sau"):
        person.get(f"/khai-bao/{draft.public_id}/kiem-tra")
        person.send(f"/khai-bao/{draft.public_id}/{press_on}", key=draft.message_key)
        assert "Bản này được soạn bằng tài khoản của một tổ chức" in person.told()
    assert site.components.drafts.find(draft.owner, draft.public_id) == draft, "neither sent nor waiting"
    person.send("/uy-quyen/thay-mat", principal="", next="/khai-bao")
    person.get(f"/khai-bao/{draft.public_id}/kiem-tra")
    assert "Bản này được soạn bằng" not in person.told()
    person.send(f"/khai-bao/{draft.public_id}/gui", key=draft.message_key)
    assert len(site.rows(tables.inbox)) == 1


def test_he_chooses_among_those_who_have_authorised_him_and_nobody_else(site: Website) -> None:
    site.components.grants.give(FIRM, CITIZEN, "UQ-1", until=None, procedures=())
    person = somebody(site, "an")
    assert person.document().xpath("//select[@id='acts-for']/option/@value") == ["", ENTERPRISE]
    answer = person.send("/uy-quyen/thay-mat", principal=OTHER, next="/ho-so")
    assert answer.status_code == 404
    person.get("/uy-quyen")
    person.send("/uy-quyen/thay-mat", principal=ENTERPRISE, next="//evil.invalid")
    assert person.at.endswith("/ho-so")
    person.get("/uy-quyen")
    assert person.document().xpath("//h2[@id='give']") == [], "he passes nothing on"


def test_on_the_page_an_enterprise_gives_and_withdraws(site: Website) -> None:
    person = somebody(site, "cuong")
    answer = press(person, "Ủy quyền", follow=False, holder="12", document="UQ-1")
    assert answer.status_code == 422
    press(person, "Ủy quyền", holder=CITIZEN, document=HOSTILE, until="31/12/2099")
    assert "Đã ghi nhận ủy quyền. Cả hai bên được thông báo" in person.told()
    (row,) = site.rows(tables.authorisation)
    assert (row.holder, row.principal, row.granted_by) == (CITIZEN, ENTERPRISE, "principal")
    assert person.page is not None
    assert HOSTILE in person.told()
    assert "<script>alert" not in person.page.text
    person.get(f"/uy-quyen/{row.id}/rut")
    assert press(person, "Rút ủy quyền", follow=False, reason="").status_code == 422
    press(person, "Rút ủy quyền", reason="Hết hợp đồng")
    assert "Đã hết hiệu lực" in person.told()
    assert "Đã rút ủy quyền, có hiệu lực ngay" in person.told()
    assert somebody(site, "binh").get(f"/uy-quyen/{row.id}/rut").status_code == 404


def test_a_letter_of_several_procedures_is_withdrawn_by_one_or_as_a_whole_and_told_once(site: Website) -> None:
    grants = site.components.grants
    grants.give(FIRM, CITIZEN, "UQ-1", until=None, procedures=[GROUPS, CITIZENS])
    person = somebody(site, "cuong", f"/uy-quyen/{grants.of(FIRM).grants[0].letter.id}/rut")
    press(person, "Rút ủy quyền", reason="Thôi việc", scope="letter")
    assert not [row for row in site.rows(tables.authorisation) if row.revoked_at is None]
    ended = [row.number for row in site.rows(tables.notification) if row.kind == "grant_ended"]
    assert sorted(ended) == sorted([CITIZEN, ENTERPRISE])
    grants.give(FIRM, CITIZEN, "UQ-2", until=None, procedures=[GROUPS, CITIZENS])
    one, other = [each.letter for each in grants.of(FIRM).grants if each.in_force]
    person.get(f"/uy-quyen/{one.id}/rut")
    assert "mọi thủ tục văn bản nêu" in person.told()
    press(person, "Rút ủy quyền", reason="Chuyển việc")
    assert [each.letter.id for each in grants.of(FIRM).grants if each.in_force] == [other.id]


def test_a_form_of_another_site_gives_nothing(site: Website) -> None:
    person = somebody(site, "cuong")
    given = {"holder": CITIZEN, "document": "UQ-1", "csrf": person.document().xpath("//input[@name='csrf']/@value")[0]}
    for fields, headers in (
        (given, {"Origin": "https://evil.invalid"}),
        ({**given, "csrf": "x"}, {"Origin": site.url}),
    ):
        assert person.ask("POST", "/uy-quyen", data=fields, headers=headers).status_code == 403
    assert site.rows(tables.authorisation) == []
