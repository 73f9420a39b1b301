"""A border post in one process whose clock a story moves: an installation without broker, and who speaks to it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from lxml import etree
from sqlalchemy import RowMapping

from adapter.bootstrap import Components, assemble, new_message_id
from adapter.gateways.broker import Confirmed, Outgoing, Returned, Verdict
from adapter.gateways.store.tables import outbox
from adapter.model.actor import Actor
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.stages import Channel, Submission
from adapter.services.access.tokens import Machine, Tokens
from adapter.services.messages.item import Settled
from adapter.services.replies.dispatch import Dispatch
from adapter.services.watch.mode import WindowPatience
from adapter.services.watch.window import Window
from adapter.simulator.pki import Pki
from adapter.simulator.sign import sign_message
from adapter.simulator.window import ANY_UNIT, CarriedMessage, Letter, TestWindow, WindowIdentity
from tests.harness.by_hand import ByHand
from tests.harness.fixtures import CLOCK, Case, load_cases, submission
from tests.harness.history import Desk, dossier_of, told_again
from tests.harness.people import anybody, customs, declarant
from tests.harness.pki import ROOT

MINUTE = timedelta(minutes=1)
PATIENCE = WindowPatience(broker_down_s=60, heartbeat_max_age_s=None, stale_s=30, back_s=10)
SECRET_LETTERS = 43


def token_of(label: str) -> str:
    """What a caller of a frozen store says. It is no secret: it opens a store of invented people and nothing else."""
    return f"nsw_{label:-<{SECRET_LETTERS}}"


def configured(text: str, folder: Path, *, database_url: str, pki: Path) -> Path:
    """A config.yaml with `text`'s values on this database and these keys; nobody listens where its broker would be."""
    stated: dict[str, Any] = yaml.safe_load(text.replace("var/pki", str(pki)))
    stated["folders"] |= {name: str(ROOT / name) for name in ("schemas", "mappings", "queues")}
    stated["folders"]["state"] = str(folder)
    stated["database"]["url"] = database_url
    stated["broker"]["url"] = "amqp://nobody@127.0.0.1:1/"
    file = folder / "config.yaml"
    file.write_text(yaml.safe_dump(stated, allow_unicode=True), encoding="utf-8")
    return file


def retold(case: Case, tag: str) -> Case:
    """The same said of another dossier, in a message of its own, after the same history."""
    number = dossier_of(case.message).number
    message = case.message.replace(number.encode(), f"{number}{tag}".encode())
    named = etree.fromstring(message).findtext("Header/Reference/messageId") or ""
    fresh = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{case.id}:{tag}"))
    return replace(case, id=f"{case.id} as {tag}", message=message.replace(named.encode(), fresh.encode()))


@dataclass
class Publisher:
    """Stands where the broker would be: what `refuses` names comes back, all else is confirmed."""

    refuses: Callable[[Outgoing], bool]

    def publish(self, batch: Sequence[Outgoing], *, written: Callable[[], None]) -> Sequence[Verdict]:
        written()
        return [Returned(312, "NO_ROUTE") if self.refuses(each) else Confirmed() for each in batch]


@dataclass
class Post:
    """The installation, its clock, its officer, and the single window that speaks to it."""

    components: Components
    pki: Pki
    now: datetime = CLOCK
    cases: Mapping[str, Case] = field(default_factory=lambda: {case.id: case for case in load_cases()})

    def __post_init__(self) -> None:
        database, clock = self.components.database, lambda: self.now
        self._label = ""
        tokens = Tokens(database, clock, lambda: token_of(self._label).removeprefix("nsw_"))
        window = Window(database, clock, PATIENCE, self.components.observe, lambda: self.components.notification_kinds)
        people, offices = (replace(each, clock=clock) for each in (self.components.people, self.components.offices))
        self.components.__dict__ |= {"legal_clock": clock, "tokens": tokens, "window": window}
        self.components.__dict__ |= {"people": people, "offices": offices}
        installation = self.components.installation
        identity = WindowIdentity(
            own=installation.window,
            adapter=installation.own,
            key=self.pki.party("nsw"),
            system=self.pki.party("system").certificate,
            units={ANY_UNIT: self.pki.party("unit").certificate},
            control=installation.placeholder_document_type,
        )
        self.author = TestWindow(identity, ByHand(), clock, new_message_id)
        self.desk = Desk(self.components)

    def later(self, pause: timedelta) -> None:
        """Time passes."""
        self.now += pause

    def name_next_token(self, label: str) -> None:
        """What the words of the next token follow from that somebody else issues."""
        self._label = label

    def token(self, role: Machine, label: str, **facts: Any) -> Actor:
        """Issue a token whose words follow from its label; gives the caller who holds it."""
        self._label = label
        row_id, plain = self.components.tokens.issue(role, label, **facts, actor=anybody("frozen"))
        assert plain == token_of(label)
        if role is Machine.CUSTOMS:
            return customs(str(facts["office"]), row_id)
        return declarant(facts["bound_to"], row_id)

    def token_of_person(self, code: str) -> None:
        """Issue a token to somebody in the register."""
        self._label = f"of {code}"
        self.components.tokens.issue_to_person(code, self._label, actor=anybody("frozen"))

    def send(self, case: Case) -> Settled:
        """One fixture's message, at the fixtures' own time."""
        return self.components.intake.receive([submission(self.desk.filled(case), self.pki)])[0]

    def play(self, case: Case) -> Settled:
        """A fixture with its history."""
        for number, step in enumerate(case.before):
            if step.act is None:
                self.send(told_again(case, number, self.cases))
            else:
                self.desk.act(case, step.act)
        return self.send(case)

    def receive(self, body: bytes, *, correlation_id: str | None = None) -> Settled:
        """Bytes that come by the window's door now."""
        digest = Digest(hashlib.sha256(body).hexdigest())
        taken = Submission(body, Channel.WINDOW, self.now, digest, correlation_id=correlation_id)
        return self.components.intake.receive([taken])[0]

    def dispatch(self, *, transfers: bool, refuses: Callable[[Outgoing], bool] = lambda _: False) -> int:
        """One round of the dispatcher; gives how many replies left."""
        publisher = Publisher(refuses)
        dispatch = Dispatch(
            self.components.database, publisher, self.components.legal_clock, self.components.observe, 1000
        )
        return dispatch.round(transfers=transfers).sent

    def replies(self, *where: Any) -> Sequence[RowMapping]:
        """Rows of the outbox, the oldest first."""
        query = outbox.select().where(outbox.c.copy_of.is_(None), *where).order_by(outbox.c.created_at, outbox.c.id)
        with self.components.database.transaction() as connection:
            return [row._mapping for row in connection.execute(query)]

    def key_of(self, reply: RowMapping) -> DossierKey:
        year = etree.fromstring(reply["body"]).findtext("Header/Subject/documentYear") or ""
        return DossierKey(reply["reference"], int(year))

    def receipted(self, reply: RowMapping, *, window_number: str | None = None) -> None:
        """The window's 99 for a reply of ours; for a transfer it may name the window's own number."""
        letter = self._receipt(reply)

        def number(tree: etree._Element) -> None:
            if window_number is not None:
                etree.SubElement(tree.find("Body/Content/Receipt"), "WindowNumber").text = window_number

        self.receive(self._sealed_anew(letter, number), correlation_id=letter.correlation_id)

    def not_understood(self, reply: RowMapping) -> None:
        """The window's 00 for a reply of ours."""
        letter = self._receipt(reply)

        def errors(tree: etree._Element) -> None:
            tree.find("Header/Subject/function").text = "00"
            content = tree.find("Body/Content")
            content.remove(content.find("Receipt"))
            error = etree.SubElement(etree.SubElement(content, "ErrorList"), "Error")
            etree.SubElement(error, "ErrorCode").text = "ERR05_CODE"
            etree.SubElement(error, "ErrorName").text = "Không có dữ liệu"

        self.receive(self._sealed_anew(letter, errors), correlation_id=letter.correlation_id)

    def notice(self, case: Case, *changes: tuple[str, str]) -> None:
        """What the window's manager announces: a fixture's notice, put right."""
        text = case.message.decode()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        self.receive(sign_message(text.encode(), system=self.pki.party("nsw"), declarant=None))

    def _receipt(self, reply: RowMapping) -> Letter:
        return self.author.receipt(self.author.read(CarriedMessage(reply["body"], reply["message_id"], None)))

    def _sealed_anew(self, letter: Letter, change: Callable[[etree._Element], None]) -> bytes:
        tree = etree.fromstring(letter.body)
        seal = tree.find("SystemSignature")
        for signature in list(seal):
            seal.remove(signature)
        change(tree)
        unsigned = etree.tostring(tree, encoding="UTF-8", xml_declaration=True)
        return sign_message(unsigned, system=self.pki.party("nsw"), declarant=None)


def post(folder: Path, *, database_url: str, pki: Pki) -> Post:
    """A post on a fresh database with the shipped configuration."""
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    return Post(assemble(configured(text, folder, database_url=database_url, pki=pki.folder)), pki)
