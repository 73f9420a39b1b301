"""A signed answer as a PDF, for its declarant, the unit that has the dossier, and customs. The signed XML counts.

Which words stand around the values, and that it is no official form, is said by the layout (`prints/`), which an
installation replaces without code: one for a procedure's kind of answer, else one for the kind, else `answer`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import urlencode

import segno

from adapter.gateways.store import listings
from adapter.gateways.store.database import Database
from adapter.model.actor import Actor
from adapter.model.identifiers import DossierKey
from adapter.model.procedure import Label, ReplyKind
from adapter.model.units import BorderUnits
from adapter.pipeline.envelope import hour_and_day
from adapter.services.access.rights import Right, is_its, needs
from adapter.services.dossiers.answers import AnswersInWords
from adapter.services.dossiers.check_code import check_code
from adapter.services.dossiers.own import OwnDossiers
from adapter.services.dossiers.own_records import OpenedAnswer
from adapter.services.dossiers.personal_shown import note_personal_shown

CHECK_PAGE = "/xac-minh"
"""The address of the check page, for the holder of the paper."""
_ANY = "answer"
_CONFIRM = (ReplyKind.COMPLETION, ReplyKind.AMENDMENT_COMPLETION)


class TypesetsPdf(Protocol):
    """Makes a PDF by the first layout of these names that there is; the same data give the same bytes."""

    def pdf(self, names: Sequence[str], data: Mapping[str, object], at: datetime) -> bytes: ...


@dataclass(frozen=True)
class AnswerPrints:
    """Prints answers. `site` is the portal's address (https://host) for the check page; None: none is configured."""

    layouts: TypesetsPdf
    site: str | None
    authority: Label

    def pdf(self, opened: OpenedAnswer) -> bytes:
        """The PDF of an answer.

        Raises:
            Misconfigured: the layout is missing or cannot be typeset.
        """
        data = printed(opened, site=self.site, authority=self.authority)
        return self.layouts.pdf(layouts_of(opened), data, opened.answer.created_at)


@dataclass(frozen=True)
class Printing:
    """What declarants print."""

    own: OwnDossiers
    prints: AnswerPrints

    def of(self, actor: Actor, number: str, year: int, digest: str) -> bytes | None:
        """The PDF of an answer that he has opened; None where there is none. Printing is no receipt.

        Raises:
            NoRight: no declarant asks.
            Misconfigured: the layout is missing or cannot be typeset.
        """
        opened = self.own.answer(actor, number, year, digest)
        return None if opened is None else self.prints.pdf(opened)


@dataclass(frozen=True)
class CasePrints:
    """What the officers of a unit print: answers of its dossiers, also before their declarants have opened them."""

    database: Database
    units: BorderUnits
    answers: AnswersInWords
    prints: AnswerPrints
    clock: Callable[[], datetime]

    def of(self, key: DossierKey, actor: Actor, digest: str) -> bytes | None:
        """The PDF of an answer of his unit's dossier; None where there is none. The journal keeps that he saw it.

        Raises:
            NoRight: he sees no values of persons.
            Misconfigured: the layout is missing or cannot be typeset.
        """
        needs(actor, Right.SEE_PERSONAL_VALUES)
        with self.database.transaction() as connection:
            row = listings.dossier_row(connection, key)
            if row is None or not is_its(actor, self.units.of(row.gate, row.unit)):
                return None
            found = next((each for each in self.answers.of(connection, row) if each.digest == digest), None)
            if found is None:
                return None
            note_personal_shown(
                connection, self.database, DossierKey(row.number, row.year), actor, self.clock(), reply=digest
            )
            opened = self.answers.opened(connection, row, found)
        return self.prints.pdf(opened)


def layouts_of(opened: OpenedAnswer) -> tuple[str, str, str]:
    """The names of the layouts that may show an answer, the most particular first."""
    kind = opened.answer.kind.name.lower()
    return f"{opened.procedure}.{kind}", kind, _ANY


def printed(opened: OpenedAnswer, *, site: str | None, authority: Label) -> dict[str, object]:
    """What a layout gets: texts in both languages, numbers, times as people write them, the rows of the QR code.

    Keys: docs/prints.md. Nothing in it is markup.
    """
    answer, code = opened.answer, check_code(opened.answer.digest)
    confirms = answer.kind in _CONFIRM
    page = f"{site}{CHECK_PAGE}" if site else None
    asked = f"{page}?{urlencode({'so': opened.confirmation, 'ma': code})}" if page and opened.confirmation else None
    return {
        "authority": _both(authority),
        "title": _both(opened.title),
        "confirms": confirms,
        "number": opened.number,
        "year": str(opened.year),
        "confirmation": opened.confirmation,
        "lines": [
            {
                "label": _both(line.label),
                "text": _both(line.text) if line.text else None,
                "depth": line.depth,
                "path": line.path or None,
            }
            for line in opened.lines
        ],
        "signed_at": hour_and_day(answer.created_at),
        "opened_at": hour_and_day(answer.opened_at) if answer.opened_at else None,
        "withdrawn_at": hour_and_day(answer.withdrawn_at) if answer.withdrawn_at else None,
        "withdrawal_reason": answer.withdrawal_reason,
        "check_code": code,
        "check_page": page,
        "digest": answer.digest,
        "qr": qr_rows(asked) if asked else [],
    }


def qr_rows(text: str) -> list[str]:
    """The squares of a QR code (ISO/IEC 18004) that says `text`: a row of `1` (dark) and `0` for each line of it."""
    code = segno.make_qr(text, error="m", boost_error=False)
    return ["".join("1" if dark else "0" for dark in row) for row in code.matrix]


def _both(label: Label) -> dict[str, str]:
    return {"vi": label.vi, "en": label.en}
