"""Form 11 as from 2027: the letter of authorisation is uploaded, and its digest is signed with the declaration."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select

from adapter.bootstrap import Components
from adapter.gateways.store.tables import attachment, declaration, dossier
from adapter.model.finding import StatedFinding
from adapter.model.identifiers import Digest
from adapter.model.stages import Channel, Submission
from adapter.pipeline.envelope import VIETNAM
from adapter.services.messages.item import Settled
from tests.harness import attached
from tests.harness.fixtures import Case, load_cases, signed
from tests.harness.people import declarant
from tests.harness.pki import shared_pki
from tests.harness.registers import gate

NOW = datetime(2027, 1, 4, 7, 15, tzinfo=VIETNAM)
BY_ANOTHER = "BQP0100002/accepted-declared-by-an-authorised-citizen"
LETTER = attached.letter()
SENDER = declarant("001085012345")


@pytest.fixture
def whole(tmp_path_factory: pytest.TempPathFactory, sqlite_url: str) -> Iterator[Components]:
    with gate(tmp_path_factory.mktemp("letter"), sqlite_url, {"clock.unsafe_frozen": NOW.isoformat()}) as made:
        yield made


def dated(case: Case, link: str) -> Case:
    """The same citizen in January 2027, with a letter of authorisation."""
    message = case.message.replace(b"2026-03-02", b"2027-01-04").replace(b"2026-03-05", b"2027-01-08")
    message = message.replace(b">2026<", b">2027<").replace(b"BQP2026", b"BQP2027")
    row = (
        "<Attachments><Attachment><AttachmentId>1</AttachmentId><AttachmentTypeCode>GIAY_UY_QUYEN</AttachmentTypeCode>"
        f"<NameOfAttachment>uy-quyen.pdf</NameOfAttachment>{link}</Attachment></Attachments>"
    )
    return replace(case, message=message.replace(b"</CitizenDeclaration>", f"{row}</CitizenDeclaration>".encode()))


def sent(whole: Components, link: str, channel: Channel) -> Settled:
    system, signer = ("portal", "citizen") if channel is Channel.PORTAL else ("nsw", None)
    case = next(
        each for each in load_cases() if each.id == ("BQP0100002/accepted-citizen-signed" if signer else BY_ANOTHER)
    )
    signers = replace(case.signers, system=system, declarant=signer)
    raw = signed(replace(dated(case, link), signers=signers), shared_pki())
    digest = Digest(hashlib.sha256(raw).hexdigest())
    (settled,) = whole.intake.receive(
        [Submission(raw, channel, NOW, digest, bound_to=SENDER.number if signer else None)]
    )
    return settled


def stated(raw: bytes = LETTER) -> str:
    return f"<FileSize>{len(raw)}</FileSize><FileDigest>{hashlib.sha256(raw).hexdigest()}</FileDigest>"


def names(found: tuple[StatedFinding, ...]) -> list[str]:
    return [each.name for each in found]


def test_the_letter_that_was_uploaded_is_its_dossier_s(whole: Components) -> None:
    whole.attachments.to_nothing_yet(SENDER, "uy-quyen.pdf", LETTER)
    settled = sent(whole, stated(), Channel.PORTAL)
    assert (settled.outcome.value, names(settled.findings)) == ("accepted", [])
    with whole.database.reading() as connection:
        assert connection.execute(select(declaration.c.mapping)).scalars().all() == ["BQP0100002/3"]
        query = select(attachment.c.digest).join(dossier, dossier.c.id == attachment.c.dossier_id)
        assert connection.execute(query).scalars().all() == [hashlib.sha256(LETTER).hexdigest()]


@pytest.mark.parametrize(
    ("link", "finding"),
    [
        (stated(), "attachment_missing"),
        ("<LinkFile>https://tep.example/1</LinkFile>", "attachment_without_digest"),
    ],
)
def test_a_letter_that_nobody_has_is_asked_for(whole: Components, link: str, finding: str) -> None:
    settled = sent(whole, link, Channel.PORTAL)
    assert (settled.outcome.value, names(settled.findings)) == ("accepted", [finding])


def test_by_the_window_the_letter_is_named_by_a_link_that_nobody_follows(whole: Components) -> None:
    settled = sent(whole, "<LinkFile>https://tep.example/1</LinkFile>", Channel.WINDOW)
    assert settled.outcome.value == "accepted"
    assert not {"attachment_missing", "attachment_without_digest"} & set(names(settled.findings))
