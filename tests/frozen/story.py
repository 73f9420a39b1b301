"""What happens to a store before it is frozen: each table is written, each state reached, by the use cases themselves.

What must be there at the end stands in `contents`; a new table, state or act needs its place in both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import yaml
from lxml import etree

from adapter.bootstrap import assemble, new_message_id
from adapter.bootstrap.keyrings import Rings
from adapter.gateways.daemon_parts import PartsSeen
from adapter.gateways.keys.keyring import Keyring
from adapter.gateways.mail.smtp import OutgoingLetter, Posted, PostReceipt
from adapter.gateways.store import messages
from adapter.gateways.store.browse import WantedMessages
from adapter.gateways.store.certificates import Office
from adapter.gateways.store.offices import CustomsOffice
from adapter.gateways.store.proposals import Entered
from adapter.gateways.store.staying import Stays
from adapter.gateways.store.suspensions import SuspensionGround
from adapter.gateways.store.tables import inbox, outbox
from adapter.gateways.store.windows import Notice
from adapter.model.actor import Actor, ActorKind, Role
from adapter.model.errors import NotAllowed, Unavailable
from adapter.model.events import unobserved
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.outcomes import Word
from adapter.model.procedure import Label, Meaning
from adapter.model.stages import Channel, Submission
from adapter.model.turns import WorkTurn
from adapter.pipeline.compose import AmendmentItem
from adapter.pipeline.forms.answers import Answers
from adapter.pipeline.forms.differences import answers_in
from adapter.pipeline.pairs import PairVerdict
from adapter.pipeline.units import codes_stated
from adapter.services.access.administration import AdminAct
from adapter.services.access.emergency import TRIES, Credentials, NotOpened
from adapter.services.access.people import Facts, facts_of
from adapter.services.access.rates import RateRule
from adapter.services.access.sessions import AccountHolder
from adapter.services.access.staff_sessions import NotAdmitted, StaffAccount
from adapter.services.access.tokens import Machine
from adapter.services.customs.audit import Asked
from adapter.services.customs.clients import PartyFacts
from adapter.services.customs.search import Key, Search
from adapter.services.door.draft import Draft, Start, message_of
from adapter.services.dossiers.life import DossierReader
from adapter.services.dossiers.paper_values import PaperForm
from adapter.services.dossiers.versions import Versions
from adapter.services.dossiers.worklist import WorkFilter
from adapter.services.messages.quarantine import Held, Quarantine
from adapter.services.messages.waiting import Waiting
from adapter.services.notifications.addresses import AddressAct, MailAddresses
from adapter.services.notifications.mailing import Mailing
from adapter.services.portal_failure.failure import CallResult, FailureReport
from adapter.services.registers.accounts import SuspensionBasis
from adapter.services.registers.certificates import Registration
from adapter.services.watch.console import TrafficSpan
from adapter.services.watch.mode import Mode, Sight
from adapter.services.watch.window import Window
from tests.frozen.post import MINUTE, PATIENCE, Post, retold
from tests.harness import attached
from tests.harness.assertions import AUDIENCE, CLIENT, ISSUER, client, issuer
from tests.harness.attached import Says
from tests.harness.authority import FIRST, Wish, authority, certify
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK, Act, Case, submission
from tests.harness.history import OFFICER, REASON, dossier_of
from tests.harness.people import anybody, declarant
from tests.harness.registered import declarants
from tests.harness.statements import brought, granting, logged_in, signed, who
from tests.harness.website import CITIZEN, ENTERPRISE, changed, citizen_message, group_message

WHO = anybody("frozen")
HEAD = anybody("cb-0001")
"""The commander who suspends and restores."""
OFFICES = ("*", "HUUNGHI")
LETTER_LATER = "BQP0100004/accepted-original-letter-to-follow"
ALWAYS = (
    "BQP0100001/accepted-signed-as-xades-t",
    "BQP0100001/accepted-official-delegation-by-public-ca",
    "BQP0100002/accepted-with-children",
    "BQP0100002/accepted-late-and-flagged",
    "BQP0100002/refused-account-suspended-at-this-unit",
    "BQP0100006/accepted-truck-with-trailer-and-goods",
    "BQP0100007/accepted-arrival-with-passengers",
    "BQP0100003/accepted-vehicle-by-the-portal",
    LETTER_LATER,
)
"""Fixtures that bring what no other chosen one does."""
DAY = timedelta(days=1)


def tell(post: Post) -> None:
    """The whole story, from the first register to an outage that has not ended."""
    post.now = CLOCK - 30 * DAY
    _people(post)
    _proposed(post)
    _programs(post)
    _logged_in(post)
    callers = _registers(post)
    post.now = CLOCK
    _fixtures(post)
    _acts(post)
    _letters(post)
    _corrected(post)
    _unsigned(post)
    _again(post)
    _parked(post)
    _waiting(post)
    _dispatched(post)
    _browsed(post)
    _surveyed(post)
    _withdrawn(post)
    _outage(post, callers)
    _deadlines(post)
    _looked_at(post, callers)
    _notices(post)
    _announced(post)
    _told(post)
    _on_paper(post)
    _pairs(post)
    _failed(post)
    _override(post, callers)
    _seal(post)


def _registers(post: Post) -> dict[str, Actor]:
    """Certificates, letters of authorisation, suspended accounts, tokens: in every state that each can have."""
    registry, whole = post.components.registry, post.components
    ours = [(name, post.pki.party(name).certificate) for name in declarants()]
    registry.register(ours, Registration(Office.PORTAL, post.now), actor=WHO)
    last = datetime(2026, 4, 5, tzinfo=UTC)
    ending = certify("Ending", authority("Frozen CA"), Wish(first=FIRST, last=last))
    how = Registration(Office.WINDOW, post.now, "Nguoi Khai Thu Nghiem", "001190004567")
    registry.register([("ending", ending)], how, actor=WHO)
    for case in post.cases.values():
        for given in case.register.authorisations:
            whole.authorisations.grant(given.holder, given.principal, given.document, actor=WHO)
        for account in case.register.suspended_accounts:
            whole.accounts.suspend(account.number, unit=account.unit, reason=account.reason, actor=HEAD)
        for party, reason in case.register.suspended_certificates.items():
            registry.suspend(_serial(post, party), reason=reason, actor=HEAD)
    registry.suspend(_serial(post, "nonrepudiation"), reason="Mất thiết bị", actor=HEAD)
    registry.restore(_serial(post, "nonrepudiation"), reason="Đã tìm thấy", actor=HEAD)
    scan = whole.attachments.looked_at("uy-quyen.pdf", attached.letter())
    of_unit, last = replace(WHO, unit="CK-HUUNGHI"), post.now + 365 * DAY
    letter = whole.authorisations.grant(
        "001190004567", ENTERPRISE, "UQ-2026-01", valid_to=last, scanned=scan, actor=of_unit
    )
    whole.authorisations.revoke(letter, reason="Chấm dứt uỷ quyền", actor=WHO)
    whole.accounts.suspend("001190004567", unit=None, reason="Chờ xác minh", actor=HEAD)
    whole.accounts.restore("001190004567", unit=None, reason="Đã xác minh", actor=HEAD)
    _delegated(post)
    return _tokens(post)


def _delegated(post: Post) -> None:
    """By the draft, whose switches are on here: a deputy suspends at a body's request and restores by a decision."""
    components, unit, person = post.components, "CK-HUUNGHI", "001190004567"
    accounts = replace(components.accounts, by_request=True, delegations=replace(components.delegations, is_on=True))
    components.people.add("duc", Facts("PHAM VAN DUC", ("deputy",), "Thiếu tá", unit=unit), actor=WHO)
    ended, _ = (accounts.delegations.grant("duc", of, valid_to=post.now + DAY, actor=HEAD) for of in ("QĐ-1", "QĐ-2"))
    accounts.delegations.end(ended, actor=HEAD)
    deputy = components.people.acting("duc")
    asked = SuspensionBasis(SuspensionGround.PRINCIPAL, "CV-12", ENTERPRISE)
    accounts.suspend(person, unit=unit, reason="Đã nghỉ việc", basis=asked, actor=deputy)
    accounts.restore(person, unit=unit, reason="Theo đề nghị", document="QĐ-7", actor=deputy)


def _people(post: Post) -> None:
    """Who comes, changes, goes and comes back; offices likewise. `frozen` reads the store when it is old."""
    people, offices, first = post.components.people, post.components.offices, WHO
    for office in (
        CustomsOffice("CHQ", "Cục Hải quan", None, ()),
        CustomsOffice("HN", "Hữu Nghị", "CHQ", ("HUUNGHI",)),
    ):
        offices.add(office, actor=first)
    offices.add(CustomsOffice("XX", "Giải thể", "CHQ", ()), actor=first)
    offices.change("XX", lambda each: replace(each, name="Sẽ giải thể"), actor=first)
    offices.remove("XX", actor=first)
    roles = ("administrator", "operator", "auditor", "commander")
    people.add("frozen", Facts("LE THI HOA", roles, unit="CK-HUUNGHI"), actor=first)
    officer = Facts("NGUYEN VAN AN", ("officer",), "Đại úy", unit="CK-HUUNGHI", login="an@bienphong.invalid")
    people.add("an", officer, actor=first)
    people.add("bay", Facts("PHAM THI BAY", ("customs_officer",), office="HN"), actor=first)
    post.later(DAY)
    people.change("an", lambda each: replace(facts_of(each), roles=("commander",)), actor=first)
    people.remove("bay", reason="Chuyển công tác", actor=first)
    post.later(DAY)
    people.restore("bay", actor=first)
    rights = replace(post.components.lookup_rights, further=frozenset({"BQP0100007"}))
    rights.give("bay", "BQP0100007", actor=first)
    rights.withdraw("bay", "BQP0100004", actor=first)
    rights.give("bay", "BQP0100004", actor=first)
    rights.withdraw("bay", "BQP0100001", actor=first)


def _proposed(post: Post) -> None:
    """Acts of one administrator in each state that another one, or nobody, has answered."""
    people, proposals = post.components.people, post.components.proposals
    people.add("hoa", Facts("TRAN THI HOA", ("administrator",)), actor=WHO)
    frozen, hoa = (replace(people.acting(code), proven_at=proposals.clock()) for code in ("frozen", "hoa"))
    auditor: Entered = {"name": "LE VAN TU", "rank": "", "roles": ["auditor"]}
    numbers = [
        proposals.draft(AdminAct.PERSON_ADD, f"tu-{n}", auditor, "Theo quyết định", actor=frozen) for n in range(5)
    ]
    for number in numbers[1:]:
        proposals.ask(number, actor=frozen)
    proposals.confirm(numbers[2], actor=hoa)
    proposals.decline(numbers[3], "Chưa có quyết định", actor=hoa)
    proposals.withdraw(numbers[4], actor=frozen)
    change = proposals.draft(AdminAct.PERSON_CHANGE, "tu-2", auditor, "Đổi tên", actor=frozen)
    proposals.ask(change, actor=frozen)


def _programs(post: Post) -> None:
    """A program that looks up for officers, with its issuer; one of before, which was changed and has ended."""
    clients, program, sso = post.components.clients, client(), issuer()
    clients.add("issuer", ISSUER, PartyFacts("SSO", sso.public), actor=WHO)
    for code in (CLIENT, "old"):
        facts = PartyFacts(code, client(code).public, ("HN",), (ISSUER,))
        clients.add("client", code, facts, actor=WHO)
    limited = PartyFacts("E-Customs", program.public, ("HN",), (ISSUER,), ("BQP0100001", "BQP0100002"))
    clients.change("client", CLIENT, limited, actor=WHO)
    clients.end("client", "old", reason="Thay thế", actor=WHO)
    recognised = replace(post.components.client_assertions, audience=AUDIENCE)
    recognised.caller(program.sign(CLIENT), sso.sign("bay", client_id=CLIENT))


def _logged_in(post: Post) -> None:
    """At the portal: one for himself, one for an organisation, one who has gone again, one who is on the way."""
    sessions = post.components.sessions
    issuer = "https://id.invalid"
    sessions.start(AccountHolder(issuer, "an", "Nguyễn Văn An", CITIZEN, None, None))
    sessions.start(AccountHolder(issuer, "cuong", "Lê Mạnh Cường", "001088007890", ENTERPRISE, "there"))
    gone = sessions.find(sessions.start(AccountHolder(issuer, "binh", "Trần Thị Bình", "001190004567", None, None)))
    assert gone is not None
    sessions.end(gone)
    sessions.begin({"state": "s", "nonce": "n", "code_verifier": "v", "target": "/ho-so"})
    post.components.staff_sessions.admit(StaffAccount(issuer, "an", "an@bienphong.invalid", "there"))
    _came_in_by_themselves(post)
    with suppress(NotAdmitted):
        post.components.staff_sessions.admit(StaffAccount(issuer, "la", "la@bienphong.invalid", None))


def _came_in_by_themselves(post: Post) -> None:
    """Two of a unit without the provider; then one of them is wrong too often."""
    access, people = post.components.emergency, {code: post.components.people.acting(code) for code in ("an", "frozen")}
    for code, actor in people.items():
        access.set_secret(actor, f"khẩn cấp của {code}")
    own, other = (Credentials(code, f"khẩn cấp của {code}") for code in people)
    access.open(own, other)
    for _ in range(TRIES):
        with suppress(NotOpened):
            access.open(Credentials("an", "x"), other)


def _serial(post: Post, party: str) -> str:
    return f"{post.pki.party(party).certificate.serial_number:x}"


def _tokens(post: Post) -> dict[str, Actor]:
    callers = {
        "citizen": post.token(Machine.DECLARANT, "citizen", bound_to=CITIZEN),
        "enterprise": post.token(Machine.DECLARANT, "enterprise", bound_to=ENTERPRISE),
        "customs": post.token(Machine.CUSTOMS, "customs", office="HUUNGHI"),
        "everywhere": post.token(
            Machine.CUSTOMS, "everywhere", office="*", expires_at=datetime(2044, 1, 1, tzinfo=UTC)
        ),
    }
    post.token_of_person("bay")
    post.token(Machine.DECLARANT, "lost", bound_to=CITIZEN)
    post.components.tokens.revoke("lost", actor=WHO)
    return callers


def chosen(cases: Iterable[Case]) -> list[Case]:
    """Of the fixtures that end alike in the same procedure by the same door, the first."""
    first: dict[object, Case] = {}
    for case in cases:
        expect = case.expect
        answer = expect.reply and (expect.reply.type, expect.reply.content)
        state = expect.dossier and expect.dossier.state
        kind = (case.procedure, case.channel, expect.outcome, expect.stage, answer, state)
        first.setdefault(case.id if case.id in ALWAYS else kind, case)
    return list(first.values())


def _fixtures(post: Post) -> None:
    for case in chosen(post.cases.values()):
        settled = post.play(case)
        assert settled.outcome is case.expect.outcome, (case.id, settled)


def declared(cases: Iterable[Case]) -> list[Case]:
    """Of each procedure the first plain declaration that makes a dossier."""
    first: dict[str, Case] = {}
    for case in cases:
        reply = case.expect.reply
        makes = case.expect.outcome is Word.ACCEPTED and reply is not None and (reply.type, reply.content) in _MAKES
        if makes and not case.before and case.attack is None and not case.expect.findings:
            first.setdefault(case.procedure, case)
    return list(first.values())


_MAKES = (("20", "Acceptance"), ("10", "Receipt"))


def _acts(post: Post) -> None:
    """Of each procedure one dossier in each state that an officer brings about, and one that waits for him."""
    for case in declared(post.cases.values()):
        waits = (case.expect.reply is not None) and case.expect.reply.content == "Receipt"
        for tag, acts in _LIVES.items():
            told = retold(case, tag)
            post.send(told)
            for act in (Act.ACCEPT, *acts) if waits else acts:
                post.later(MINUTE / 10)
                _act(post, told, act)
        post.send(retold(case, "N"))
        post.send(_replaced(retold(case, "N")))
    for name, acts in AMENDED:
        told = retold(post.cases[name], f"Z{len(acts)}")
        assert post.play(told).outcome is Word.ACCEPTED
        for act in acts:
            post.desk.act(told, act)
    post.later(MINUTE)


def _replaced(case: Case) -> Case:
    """10/02 for the same dossier: only a ship's has its effect, all others are accepted by then."""
    again = retold(case, "")
    return replace(again, message=again.message.replace(b"<function>01<", b"<function>02<"))


AMENDED = (
    ("BQP0100003/accepted-on-request-citizen-unsigned", ()),
    ("BQP0100003/accepted-on-request-citizen-unsigned", (Act.COMPLETE,)),
    ("BQP0100003/accepted-vehicle-by-the-portal", ()),
    ("BQP0100003/accepted-vehicle-by-the-portal", (Act.COMPLETE,)),
    ("BQP0100007A/accepted-on-request-waits-for-an-officer", (Act.APPROVE,)),
    ("BQP0100007A/accepted-on-request-waits-for-an-officer", (Act.APPROVE, Act.COMPLETE)),
)
"""Amendments of dossiers of their own, and what the officer does then."""


def _act(post: Post, case: Case, act: Act) -> None:
    if act is not Act.REFUSE:
        post.desk.act(case, act)
        return
    grounds = post.components.catalogue.procedures[case.procedure][0].refusal_grounds
    ground = list(post.components.catalogue.codelists[grounds])[-1] if grounds else ""
    post.components.completion.refuse(dossier_of(case.message), OFFICER, reason=REASON, ground=ground)


_LIVES: dict[str, tuple[Act, ...]] = {
    "A": (),
    "C": (Act.COMPLETE,),
    "R": (Act.REFUSE,),
    "Q": (Act.REQUEST,),
}
"""What officers do to a dossier, by the letter that its number ends with."""


def _letters(post: Post) -> None:
    """Two visas whose original letter comes later: one is brought, one is waited for."""
    for tag in ("L", "M"):
        told = retold(post.cases[LETTER_LATER], tag)
        post.send(told)
        post.desk.act(told, Act.COMPLETE)
    key = dossier_of(retold(post.cases[LETTER_LATER], "L").message)
    post.components.handing_in.brought(key, "originalLetter", OFFICER)


CITIZEN_CASE = "BQP0100002/accepted-citizen-unsigned"


def _corrected(post: Post) -> None:
    """A confirmation that a newer version takes back, and requests to amend that are taken back, unsent."""
    told = retold(post.cases[CITIZEN_CASE], "T")
    post.send(told)
    post.desk.act(told, Act.COMPLETE)
    assert post.send(_replaced(told)).outcome is Word.ACCEPTED
    asked = retold(post.cases[CITIZEN_CASE], "U")
    post.send(asked)
    post.desk.act(asked, Act.REQUEST)
    post.components.amendments.withdraw(dossier_of(asked.message), OFFICER, reason="Nhầm hồ sơ")
    overtaken = retold(post.cases[CITIZEN_CASE], "V")
    post.send(overtaken)
    post.desk.act(overtaken, Act.REQUEST)
    assert post.send(_replaced(overtaken)).outcome is Word.ACCEPTED


def _unsigned(post: Post) -> None:
    """Confirmations while the unit's key is away: one is signed when it is back, another waits still."""
    rings = post.components.keyrings
    clock, told_to = post.components.legal_clock, post.components.observe
    away = Rings(rings.own, {code: Keyring("unit", [], clock, told_to, 0) for code in rings.units})
    for tag in ("K1", "K2"):
        told = retold(post.cases[CITIZEN_CASE], tag)
        post.send(told)
        post.components.__dict__["keyrings"] = away
        post.desk.act(told, Act.COMPLETE)
        post.components.__dict__["keyrings"] = rings
        if tag == "K1":
            assert post.components.signing.sign() == 1


def _withdrawn(post: Post) -> None:
    """A request to amend that has left and is withdrawn; another stays open."""
    told = retold(post.cases[CITIZEN_CASE], "X")
    post.send(told)
    post.desk.act(told, Act.REQUEST)
    while post.dispatch(transfers=False):
        post.later(MINUTE / 60)
    post.components.amendments.withdraw(dossier_of(told.message), OFFICER, reason="Đã kiểm tra, khai đúng")


def _again(post: Post) -> None:
    """A message that comes a second time, and one whose id comes with other content."""
    case = declared(post.cases.values())[0]
    told = retold(case, "D")
    post.send(told)
    assert post.send(told).duplicate
    named = dossier_of(told.message).number.encode()
    assert post.send(replace(told, message=told.message.replace(named, named + b"E"))).outcome is Word.REJECTED


def _parked(post: Post) -> None:
    """Messages in quarantine, tries that settled and tries that did not, and one message that was given back."""
    whole, case = post.components, declared(post.cases.values())[1]
    held = [submission(retold(case, tag), post.pki) for tag in ("P", "V")]
    settled = [whole.intake.park(each, "taken up 3 times without settling") for each in held]
    with whole.database.transaction() as connection:
        for each in held:
            for _ in range(3):
                messages.record_attempt(connection, each.digest, whole.database.new_id(connection), post.now)
        messages.settle_attempts(connection, held[1].digest, post.now)
        row = connection.execute(inbox.select().where(inbox.c.public_id == settled[1].public_id)).one()
    replayed = Held(row.public_id, source="store", kind="parked", reason=row.note, size=len(row.raw), digest=row.digest)
    quarantine = Quarantine(whole.database, lambda: whole.intake, None, whole.legal_clock)  # type: ignore[arg-type]
    quarantine.payload(replayed, actor=WHO)
    quarantine.replay(replayed, actor=WHO)
    whole.intake.park(replace(held[0], raw=b"\x00", digest=_digest(b"\x00")), "its bytes are none of XML")


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _waiting(post: Post) -> None:
    """One signer whose revocation nobody can tell; who overtook his declaration is among the fixtures."""
    told = retold(post.cases["BQP0100002/accepted-citizen-signed"], "W")
    folder = post.components.settings.folders.state
    stated = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    empty = folder / "no-lists"
    empty.mkdir()
    stated["trust"]["stores"]["public"]["revocation"]["crls"] = str(empty)
    blind = Path(folder / "blind.yaml")
    blind.write_text(yaml.safe_dump(stated, allow_unicode=True), encoding="utf-8")
    other = assemble(blind)
    other.__dict__ |= {"database": post.components.database, "legal_clock": post.components.legal_clock}
    (settled,) = other.intake.receive([submission(told, post.pki)])
    assert settled.state == "waiting", settled


def _dispatched(post: Post) -> None:
    """What waits leaves, some of it comes back; the window answers most, one with an error."""
    post.later(MINUTE)
    refused = {"BQP0100004"}
    while post.dispatch(transfers=False, refuses=lambda each: each.type.split(".")[0] in refused):
        post.later(MINUTE / 60)
    post.later(MINUTE)
    sent = post.replies(outbox.c.route == "window", outbox.c.sent_at.is_not(None), outbox.c.type.in_(("20", "30")))
    assert len(sent) > 10
    post.not_understood(sent[0])
    for reply in sent[1:-5:3]:  # of the others nobody knows yet whether they have arrived
        post.receipted(reply)


def _no_daemon() -> PartsSeen:
    """Where one of another installation may run on this machine."""
    raise Unavailable("no daemon runs")


def _surveyed(post: Post) -> None:
    """The clock looks at broker, machine, certificates and figures, and cannot reach one of them."""
    looks = post.components.looks
    replace(looks, queues=lambda: []).look_at_queues()
    replace(looks, parts=_no_daemon).look_at_parts()
    looks.look_at_certificates()
    looks.look_at_deadlines()
    post.components.reading.keep(post.components.reading.read({}))
    looks.count_messages()
    for span in TrafficSpan:
        post.components.console.traffic(span, actor=WHO)
    for reason in (None, *Stays):
        post.components.console.staying(reason, actor=WHO)


def _browsed(post: Post) -> None:
    """An operator looks into a message and sends an answer again."""
    browser = post.components.message_browser
    page = browser.newest(WantedMessages(), behind=None, actor=WHO)
    browser.unmask(page.messages[0].id, reason="Đối chiếu theo yêu cầu của Cổng", actor=WHO)
    for reply in post.replies(outbox.c.route == "window", outbox.c.sent_at.is_not(None), outbox.c.copy_of.is_(None)):
        with suppress(NotAllowed):  # another of its dossier has not left, or it waits already
            post.components.resend.again(reply.message_id, reason="Cổng báo chưa nhận", actor=WHO)
            return


def _outage(post: Post, callers: dict[str, Actor]) -> None:
    """The broker is away: direct declarations, an officer's acts on them, transfers when it is back."""
    whole = post.components
    whole.window.refresh(broker_up=True, started_at=post.now)
    _refresh(post, up=False)
    post.later(2 * MINUTE)
    _refresh(post, up=False)
    assert whole.window.state().condition is Sight.DOWN
    keys = _direct(post, callers)
    whole.completion.complete(keys[0], OFFICER, remarks="Khai trực tiếp")
    whole.amendments.request(keys[1], OFFICER, reason="Chưa rõ", items=(AmendmentItem("Số giấy tờ", "Khai lại"),))
    whole.completion.refuse(keys[2], OFFICER, reason="Không đủ điều kiện")
    post.later(MINUTE)
    _refresh(post, up=True)
    post.later(MINUTE)
    _refresh(post, up=True)
    assert whole.window.state().condition is Sight.UP
    whole.deadlines.watch()
    while post.dispatch(transfers=True):
        post.later(MINUTE / 60)
    transfers = post.replies(outbox.c.route == "transfer")
    for reply in transfers:
        if post.key_of(reply) in keys[:3]:
            post.receipted(reply, window_number=f"NSW2026{len(transfers):06d}{keys.index(post.key_of(reply))}")
    whole.deadlines.watch()


def _refresh(post: Post, *, up: bool) -> None:
    post.components.window.refresh(broker_up=up, started_at=post.now)


def _direct(post: Post, callers: dict[str, Actor]) -> list[DossierKey]:
    """Declarations by the portal, without numbers of their own, each read by whoever declared."""
    keys = []
    for number in range(4):
        body = citizen_message(Purpose=f"Thăm thân {number}", messageId=f"direct-{number}")
        admitted = post.components.door.submit(body, callers["citizen"])
        keys.append(DossierKey(str(admitted.reference), int(admitted.year or 0)))
        if number % 2:
            post.components.declarations.read(admitted.public_id, callers["citizen"])
    unsigned = post.components.door.submit(group_message(), callers["enterprise"])
    assert unsigned.outcome == Word.REJECTED
    _drafts(post)
    _grants(post)
    _statements(post)
    return keys


def _drafts(post: Post) -> None:
    """Drafts on the portal: begun; signed and not sent; sent."""
    drafts, lists = post.components.drafts, {each.code: each for each in post.components.drafts.offered()}
    for message, owner in ((citizen_message(), CITIZEN), (group_message(), ENTERPRISE)):
        code = etree.fromstring(message).findtext("Header/Subject/documentType")
        draft = drafts.begin(owner, lists[code], "HUUNGHI", {"number": owner})
        form = etree.fromstring(message).find(f"Body/Content/{draft.spec.root}")
        assert form is not None
        draft = drafts.save(draft, answers_in(drafts.forms.layout(draft), form))
        if draft.must_be_signed:
            draft, prepared = drafts.prepare(draft)
            drafts.take_signed(draft, prepared)
        else:
            drafts.begin(owner, lists[code], "HUUNGHI", {})
            sent = drafts.send(owner, draft.public_id, draft.message_key)
            assert sent.outcome == Word.ACCEPTED
            _amended_draft(post, draft, sent.reference)
            _presses(post, draft)


def _grants(post: Post) -> None:
    """A citizen authorises somebody for one procedure, who declares for him and has not sent it."""
    principal = Actor(ActorKind.PERSON, "citizen", "Nguyễn Văn An", roles=frozenset({Role.DECLARANT}), number=CITIZEN)
    holder, ends = "001077001234", date(2099, 12, 31)
    post.components.grants.give(
        principal, holder, "UQ-CN-1", until=ends, procedures=[post.components.grants.procedures()[0][0]]
    )
    secret = post.components.sessions.start(AccountHolder("https://id.invalid", "grantee", "Bình", holder, None, None))
    session = post.components.sessions.find(secret)
    assert session is not None
    assert session.actor is not None
    post.components.sessions.act_for(session, CITIZEN)
    procedure = post.components.drafts.offered()[0]
    gate = post.components.drafts.gates(procedure)[0].code
    post.components.drafts.begin(holder, procedure, gate, {}, granted_for=CITIZEN)


def _statements(post: Post) -> None:
    """Statements that people sign: certificates that wait, are declined and registered; a grant; a file; one unused."""
    components, secret = post.components, logged_in(post.components)
    with changed(components.certificate_holders, approval=True):
        components.certificate_holders.register(secret, brought(components, secret, "body"))
        for party in ("unit-mongcai", "unregistered"):
            taken = components.certificate_holders.register(secret, brought(components, secret, party))
            components.registry.decline(taken.serial, reason="Thiếu giấy tờ", actor=WHO)
        taken = components.certificate_holders.register(secret, brought(components, secret, "unregistered"))
        assert len(components.registry.waiting(actor=WHO)) == 2
        components.registry.approve(taken.serial, actor=WHO)
    components.grant_signers.give(secret, granting(components, secret, document="UQ-KY-1"))
    file = signed(citizen_message(Purpose="Gửi không đăng nhập", messageId="signed-file"), "citizen")
    statement = components.signed_uploads.statement(hashlib.sha256(file).hexdigest()) or b""
    components.signed_uploads.send(signed(statement, "citizen"), file)
    components.own_certificates.statement(who(components, secret))


def _presses(post: Post, filled: Draft) -> None:
    """Drafts that waited for the portal to open: sent, come back, and still waiting."""
    presses, drafts = post.components.presses, post.components.drafts
    for answers in (filled.answers, Answers({"gate": filled.gate})):
        draft = drafts.save(drafts.begin(filled.owner, filled.procedure, filled.gate, {}), answers)
        presses.hold(draft.owner, draft.public_id, draft.message_key)
    presses.send_due()
    draft = drafts.begin(filled.owner, filled.procedure, filled.gate, {})
    presses.hold(draft.owner, draft.public_id, draft.message_key)


def _amended_draft(post: Post, declared: Draft, reference: str) -> None:
    """A draft that amends a dossier, begun and not sent."""
    number, year = reference.split("/")
    procedure = post.components.catalogue.amending(declared.procedure.code, post.components.drafts.today)
    assert procedure is not None
    spec = message_of(procedure, Meaning.AMENDMENT_OWN)
    assert spec is not None
    start = Start(
        procedure, spec, declared.answers, DossierKey(number, int(year)), 1,
        declared=declared.procedure, cover={"gate": declared.gate}, acting={"acts_for": ENTERPRISE},
    )  # fmt: skip
    post.components.drafts.begin_about(declared.owner, start)


def _deadlines(post: Post) -> None:
    """The clock's alerts, before a deadline ends and when it has ended; certificates that run out."""
    for pause in (3 * DAY / 24, 5 * DAY / 24, DAY):
        post.later(pause)
        post.components.deadlines.watch()
    post.components.expiry.alert()
    Waiting(post.components.database, post.components.intake, post.components.legal_clock, unobserved).seal()


def _looked_at(post: Post, callers: dict[str, Actor]) -> None:
    """Customs and officers look, with and without personal values."""
    whole, told = post.components, dossier_of(retold(declared(post.cases.values())[0], "C").message)
    for caller in (callers["customs"], callers["everywhere"]):
        whole.searches.search(Search(Key.NUMBER, told.number, told.year), caller)
        whole.searches.search(Search(Key.PAPER, "C1234567"), caller)
    whole.searches.decision(told.number, told.year, None, callers["everywhere"])
    officer = whole.people.acting("bay")
    whole.searches.search(Search(Key.NAME, "An Nguyễn Văn"), officer)
    whole.lookup_audit.looked(Asked(post.now - DAY, post.now + DAY, paper="C1234567"), WHO)
    DossierReader(whole.database, lambda: whole.catalogue, whole.installation.units, whole.legal_clock).life(
        told, personal=True, actor=WHO
    )
    Versions(whole.database, lambda: whole.catalogue, whole.installation.units, whole.legal_clock).of(
        told, personal=False, actor=WHO
    )
    whole.work_lists.page(WHO, WorkFilter(WorkTurn.NEWEST), None)


def _notices(post: Post) -> None:
    """The manager's notice and its end; heartbeats that stay away and come again."""
    post.notice(
        post.cases["BQP0100000/rejected-incident-notice-without-reason"],
        ("<NoticeNumber>", "<Reason>Sự cố máy chủ</Reason><NoticeNumber>"),
        ("8d53bf99", "8d53bf98"),
    )
    _refresh(post, up=True)
    post.later(MINUTE)
    ended = post.cases["BQP0100000/rejected-incident-end-in-portal-date-form"]
    named = ended.message.decode().partition("<messageId>")[2][:8]
    post.notice(ended, ("02/03/2026 09:00:00", "2026-03-02 09:00:00"), (named, named[::-1]))
    _refresh(post, up=True)
    again = ("<NoticeNumber>", "<Reason>Sự cố đường truyền</Reason><NoticeNumber>")
    post.notice(post.cases["BQP0100000/rejected-incident-notice-without-reason"], again, ("8d53bf99", "8d53bf97"))
    _refresh(post, up=True)
    post.components.window.end_notice(reason="Công văn báo đã khắc phục", actor=WHO)
    post.later(60 * MINUTE)
    strict = replace(PATIENCE, heartbeat_max_age_s=600)
    watched = Window(post.components.database, post.components.legal_clock, strict, post.components.observe)
    watched.refresh(broker_up=True, started_at=CLOCK)
    assert watched.state().condition is Sight.DOWN
    post.receive(post.author.heartbeat().body)
    watched.refresh(broker_up=True, started_at=CLOCK)
    assert watched.state().condition is Sight.UP


def _announced(post: Post) -> None:
    """Maintenance that passes, and one that is called off; a suspicion that is confirmed; links to the window."""
    window, minute = post.components.window, MINUTE
    begins = post.now + minute
    window.plan(Notice("20/TB-2026", begins, begins + minute, "Nâng cấp máy chủ"), actor=WHO)
    window.plan(Notice("21/TB-2026", post.now + 30 * DAY, None, "Thay đường truyền"), actor=WHO)
    window.end_notice(reason="Hoãn lại", number="21/TB-2026", actor=WHO)
    post.later(minute)
    _refresh(post, up=True)
    assert window.state().mode is Mode.MAINTENANCE
    post.later(minute)
    _refresh(post, up=True)
    assert window.state().mode is Mode.RECONCILING
    slow = replace(window, patience=replace(PATIENCE, suspect_s=600))
    for _ in range(2):
        post.later(2 * minute)
        slow.refresh(broker_up=False, started_at=post.now)
    slow.confirm_suspicion(reason="Trực ban Tổng cục Hải quan báo qua điện thoại", actor=WHO)
    for _ in range(3):
        post.later(minute)
        _refresh(post, up=True)
    links = post.components.links
    wrong = links.state("BQP0100004", None, linked=False, document="CV 11/TCHQ", actor=WHO)
    links.take_back(wrong, actor=WHO)
    links.state("BQP0100004", None, linked=True, document="CV 10/TCHQ", since=post.now + DAY, actor=WHO)
    later, codes = post.now + 30 * DAY, sorted(codes_stated(post.components.catalogue, "gate"))
    links.state("BQP0100004", codes[0], linked=False, document="CV 12/TCHQ", since=later, until=later + DAY, actor=WHO)


def _pairs(post: Post) -> None:
    """The same declared by both doors, as one and as two, before and after a confirmation; one is not settled."""
    whole = post.components

    def declared(number: int, channel: Channel) -> DossierKey:
        signer = "portal" if channel is Channel.PORTAL else "nsw"
        name = f"PAIR{number}{signer[0].upper()}"
        message = declaration(name, reference=name, signer=signer, paper=f"C700000{number}")
        whole.intake.receive([Submission(message.raw, channel, post.now, Digest(message.digest))])
        return DossierKey(name, 2026)

    found = [(declared(n, Channel.PORTAL), declared(n, Channel.WINDOW)) for n in range(5)]
    for of_portal, of_window in found[1:3]:
        whole.completion.complete(of_window, OFFICER)
        if of_portal is found[1][0]:
            whole.completion.complete(of_portal, OFFICER)
    for verdict, (of_portal, of_window) in zip((*[PairVerdict.SAME] * 3, PairVerdict.DIFFERENT), found, strict=False):
        whole.pairs.settle(of_portal, of_window, verdict, WHO, reason=REASON)
    whole.pairs.settle(*found[4], PairVerdict.SAME, WHO, reason=REASON)
    whole.pairs.reopen(*found[4], WHO, reason=REASON)


def _on_paper(post: Post) -> None:
    """Done by hand during an outage: checked and reported, still to be checked, sent back."""
    papers, incident = post.components.paper_records, post.components.window.incidents(1)[0]
    at = incident.started_at
    values = {"gate": "HUUNGHI", "borderUnit": "BPCK_HUUNGHI", "expectedArrival": "2026-03-02 09:00:00"}
    values |= {"declarantName": "Nguyễn Văn Giấy", "fullName": "NGUYEN VAN GIAY", "documentNumber": "B7654321"}
    form = PaperForm("BQP0100002", "GIAY1", at.year, at, at, "XN-GIAY-1", values, {})
    entered = papers.enter(form, actor=WHO)
    papers.show(entered, actor=HEAD)
    _attached(post, entered, lambda: papers.check(entered, actor=HEAD))
    papers.enter(replace(form, number="GIAY2", confirmed_at=None, confirmation=None), actor=WHO)
    papers.send_back(papers.enter(replace(form, number="GIAY3"), actor=WHO), reason=REASON, actor=HEAD)
    reports = post.components.incident_reports
    reports.given(reports.make(str(incident.id), actor=WHO), actor=WHO)


def _attached(post: Post, entered: int, check: Callable[[], DossierKey]) -> None:
    """Files of a draft, of an entry on paper that becomes a dossier, of nothing yet; scanned, infected, neither."""
    components = post.components
    files, citizen = components.attachments, replace(declarant(CITIZEN), number=CITIZEN)
    scanned = replace(files, scanning=replace(components.scanning, scanner=Says(None)))
    scan = scanned.to_paper(WHO, entered, "KHAC", "ban-giay.jpg", attached.picture("JPEG"))
    (draft, *_) = components.drafts.unsent(CITIZEN)
    files.to_draft(citizen, draft.public_id, "GIAY_UY_QUYEN", "uy-quyen.pdf", attached.letter())
    files.trim(CITIZEN, draft.public_id, ())
    files.to_nothing_yet(citizen, "anh.png", attached.picture())
    replace(components.scanning, scanner=Says("Win.Test.EICAR_HDB-1")).catch_up()
    files.to_nothing_yet(citizen, "anh-2.png", attached.picture("PNG", (30, 20)))
    assert components.attachments_given.case_file(check(), WHO, scan.digest) is not None


def _failed(post: Post) -> None:
    """The portal itself failed, whom to call was looked at, and it works again."""
    failures = post.components.failure_acts
    failures.begin(FailureReport(post.now - MINUTE, Label("Hỏng máy chủ.", "A server has failed."), None), actor=WHO)
    failures.contacts(actor=WHO)
    failures.call("1/2026", CallResult.REACHED, "", actor=WHO)
    failures.end(None, actor=WHO)


def _told(post: Post) -> None:
    """Inboxes, addresses for e-mail, letters in every state, signed notices of the mode, a counter."""
    whole, issuer = post.components, "https://id.invalid"
    an, binh = (
        whole.sessions.find(whole.sessions.start(AccountHolder(issuer, name, name, number, None, None)))
        for name, number in (("an", CITIZEN), ("binh", "001190004567"))
    )
    assert an is not None
    assert an.actor is not None
    assert binh is not None
    assert binh.actor is not None
    whole.inbox.read(an.actor, whole.inbox.page(an.actor).unread[:1])
    replace(whole.accounts, notices=replace(whole.suspension_notices, hours=2.0)).suspend(
        "001190004567", unit=None, reason="Nghi bị chiếm đoạt", actor=HEAD
    )
    drawn = (whole.legal_clock, lambda: "12345678", new_message_id, "portal.example")
    addresses = MailAddresses(whole.database, whole.notification_kinds, *drawn)
    addresses.state(an.actor, "an@congty.example")
    mailing = Mailing(
        database=whole.database,
        kinds=whole.notification_kinds,
        window=whole.window,
        office=lambda: nullcontext(PostBox([Posted.TAKEN, Posted.TAKEN, Posted.REFUSED, Posted.LATER])),
        clock=whole.legal_clock,
        new_id=new_message_id,
        observe=unobserved,
        portal=Label("Cổng", "Portal"),
        site="https://portal.example",
        domain="portal.example",
        tries=5,
        fresh_hours=720,
    )
    assert addresses.confirm(an.actor, "12345678") is AddressAct.CONFIRMED
    mailing.round()
    addresses.state(binh.actor, "binh@congty.example")
    post.later(3 * DAY / 24)
    whole.overdue.watch()
    whole.mode_notices.sign()
    whole.rates.count(RateRule.CHECK, "a story")


@dataclass
class PostBox:
    """Stands where a mail server would be; what becomes of one letter after the other, the last one stays."""

    becomes: list[Posted]

    def send(self, letter: OutgoingLetter) -> PostReceipt:
        return PostReceipt(self.becomes.pop(0) if len(self.becomes) > 1 else self.becomes[0], "250 2.0.0 as it is")


def _override(post: Post, callers: dict[str, Actor]) -> None:
    """The operator's word, ended once; the second time it stands, with a direct declaration whose transfer waits."""
    window = post.components.window
    window.override(Sight.UP, reason="Thử đường truyền", actor=WHO)
    window.end_override(actor=WHO)
    post.later(MINUTE)
    window.override(Sight.DOWN, reason="Bảo trì đường truyền", actor=WHO)
    body = citizen_message(Purpose="Chờ chuyển", messageId="direct-last")
    post.components.door.submit(body, callers["citizen"])


def _seal(post: Post) -> None:
    post.later(MINUTE)
    Waiting(post.components.database, post.components.intake, post.components.legal_clock, unobserved).seal()
