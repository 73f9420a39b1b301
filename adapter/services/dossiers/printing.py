"""An answer that a declarant has, as a PDF to be printed. The signed XML is what counts; this only shows it.

Which words stand around the values, and that it is no official form, is said by the layout (`prints/`), which an
installation replaces without code: one for a procedure's kind of answer, else one for the kind, else `answer`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import urlencode

import segno

from adapter.model.actor import Actor
from adapter.model.procedure import Label, ReplyKind
from adapter.pipeline.envelope import hour_and_day
from adapter.services.dossiers.check_code import check_code
from adapter.services.dossiers.own import OwnDossiers
from adapter.services.dossiers.own_records import OpenedAnswer

CHECK_PAGE = "/xac-minh"
"""The address of the check page, for the holder of the paper."""
_ANY = "answer"
_CONFIRM = (ReplyKind.COMPLETION, ReplyKind.AMENDMENT_COMPLETION)


class TypesetsPdf(Protocol):
    """Makes a PDF by the first layout of these names that there is; the same data give the same bytes."""

    def pdf(self, names: Sequence[str], data: Mapping[str, object], at: datetime) -> bytes: ...


@dataclass(frozen=True)
class Printing:
    """Prints answers. `site` is the portal's address (https://host) for the check page; None: none is configured."""

    own: OwnDossiers
    layouts: TypesetsPdf
    site: str | None
    authority: Label

    def of(self, actor: Actor, number: str, year: int, digest: str) -> bytes | None:
        """The PDF of an answer that he has opened; None where there is none. Printing is no receipt.

        Raises:
            NoRight: no declarant asks.
            Misconfigured: the layout is missing or cannot be typeset.
        """
        opened = self.own.answer(actor, number, year, digest)
        if opened is None:
            return None
        data = printed(opened, site=self.site, authority=self.authority)
        return self.layouts.pdf(layouts_of(opened), data, opened.answer.created_at)


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
            {"label": _both(line.label), "text": _both(line.text) if line.text else None, "depth": line.depth}
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
