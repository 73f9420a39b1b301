"""Checking a draft's answers and sending it; for who must sign: download, sign, upload."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.form_page import said
from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.page import attachment
from adapter.entrypoints.web.portal.draft_pages import ROOT
from adapter.entrypoints.web.portal.drafting import Drafting, owner, waiting_address
from adapter.entrypoints.web.portal.sending_pages import CheckPage, SentPage, SignPage
from adapter.entrypoints.web.posting import Dependency, Posting, posting
from adapter.model.actor import Actor
from adapter.model.errors import Unavailable
from adapter.model.finding import Severity, StatedFinding
from adapter.model.procedure import Label
from adapter.services.access.rates import RateRule
from adapter.services.access.rights import Right
from adapter.services.door.draft import ChangedMeanwhile, Draft, GrantEnded, OtherForm, Overtaken, begun_elsewhere
from adapter.services.door.precheck import TurnedAway
from adapter.services.door.presses import ENDED
from adapter.services.door.shut import AccountShut


class _Sending:
    """What the pages of sending show."""

    def __init__(self, drafting: Drafting) -> None:
        self.drafting, self._drafts = drafting, drafting.drafts

    def checked(self, request: Request, draft: Draft, told: Label | None = None, status: int = 200) -> Response:
        """All answers, and what would be found in them."""
        drafting = self.drafting
        try:
            found = drafting.stated(self._drafts.check(draft))
        except TurnedAway as turned:
            found = list(turned.findings)
        parts, lists = drafting.answers(draft)
        page = CheckPage(
            head=drafting.head(draft),
            parts=parts,
            lists=lists,
            troubles=drafting.troubles(draft, [each for each in found if each.severity is Severity.REJECT]),
            notes=drafting.troubles(draft, [each for each in found if each.severity is not Severity.REJECT]),
            changes=tuple(drafting.unlike(draft, self._drafts.forms.changed(draft))),
            must_be_signed=draft.must_be_signed,
            key=draft.message_key,
            told=told,
            takes=drafting.opening.of_draft(draft),
            late=self._drafts.forms.late_by(draft),
            foreseen=_foreseen(found),
        )
        return drafting.pages.respond(request, page, status)

    def again(self, request: Request, draft: Draft, told: Label, status: int) -> Response:
        """The page on which was pressed, and why nothing was sent; the draft is kept."""
        if draft.signed is not None:
            return self.signing(request, draft, told, status)
        return self.checked(request, draft, told, status)

    def signing(self, request: Request, draft: Draft, told: Label | None, status: int = 200) -> Response:
        """Download, sign, upload; once something is uploaded, what it says otherwise."""
        if draft.key is None or draft.pressed_at is None:
            return RedirectResponse(f"{self.drafting.head(draft).address}/kiem-tra", 303)
        unlike = tuple(self.drafting.unlike(draft, self._drafts.forms.signed_otherwise(draft)))
        head, uploaded = self.drafting.head(draft), draft.signed is not None
        page = SignPage(head, uploaded, unlike, draft.message_key, told, self.drafting.opening.of_draft(draft))
        return self.drafting.pages.respond(request, page, status)

    def taken(self, request: Request, draft: Draft, raw: bytes) -> Response:
        """A signed file came. It is for one more press to send it, once it is seen what it says otherwise."""
        if not raw:
            return self.signing(request, draft, said("sign.no_file"), 422)
        try:
            draft, _ = self._drafts.take_signed(draft, raw)
        except AccountShut:
            raise
        except TurnedAway as turned:
            return self.signing(request, draft, Label(turned.vi, turned.en), 422)
        except OtherForm:
            return self.signing(request, draft, said("sign.other"), 422)
        return RedirectResponse(f"{self.drafting.head(draft).address}/ky", 303)

    def sent(self, request: Request, actor: Actor, public_id: str, message: str) -> Response:
        """What became of it; of what was rejected, what is to be corrected in the draft, which is kept."""
        found = self._drafts.outcome(owner(actor), public_id, message)
        if found is None:
            raise HTTPException(404)
        draft, result = found
        page = SentPage(
            head=self.drafting.head(draft),
            outcome=result.became,
            reference=result.reference,
            received_at=result.received_at,
            findings=self.drafting.troubles(draft, result.findings),
        )
        return self.drafting.pages.respond(request, page)


def _foreseen(found: Sequence[StatedFinding]) -> str:
    """What it would be answered with for its gravest fault, where that is no rejection."""
    severities = {each.severity for each in found}
    return "refused" if Severity.REFUSE in severities else "asked" if Severity.REQUEST in severities else ""


def _elsewhere(draft: Draft, actor: Actor) -> Label | None:
    """Why he cannot send it as he is logged in now."""
    return said("check.other_account") if begun_elsewhere(draft, actor) else None


def routes(drafting: Drafting, guard: Guard) -> APIRouter:
    """`/khai-bao/<draft>/kiem-tra`, `/ky`, `/gui` and what became of it."""
    router = APIRouter(include_in_schema=False)
    declarant = guard.by_session(Right.DECLARE)
    posted_form = posting(declarant)
    sending = _Sending(drafting)
    _checking(router, sending, declarant, posted_form)
    _signing(router, sending, declarant, posted_form, guard.seldom(RateRule.UPLOAD))
    return router


def _checking(router: APIRouter, sending: _Sending, declarant: Dependency, posted_form: Dependency) -> None:
    drafting = sending.drafting

    @router.get(f"{ROOT}/{{id}}/kiem-tra")
    def check(request: Request, id: str, actor: Annotated[Actor, Depends(declarant)]) -> Response:
        draft = drafting.opened(actor, id)
        return sending.checked(request, draft, _elsewhere(draft, actor))

    @router.post(f"{ROOT}/{{id}}/gui")
    def send(request: Request, id: str, posted: Annotated[Posting, Depends(posted_form)]) -> Response:
        draft = drafting.any(posted.actor, id)
        if draft.waits_since is not None and draft.sent_as is None:
            return RedirectResponse(waiting_address(draft), 303)
        if told := _elsewhere(draft, posted.actor):
            return sending.again(request, draft, told, 409)
        try:
            sent = drafting.drafts.send(owner(posted.actor), draft.public_id, posted["key"])
        except ChangedMeanwhile as changed:
            return sending.again(request, changed.now, said("check.changed"), 409)
        except Overtaken:
            return sending.again(request, draft, said("check.overtaken"), 409)
        except GrantEnded:
            return sending.again(request, draft, ENDED, 409)
        except AccountShut:
            raise
        except TurnedAway as turned:
            return sending.again(request, draft, Label(turned.vi, turned.en), 409)
        except Unavailable:
            return sending.again(request, draft, said("check.away"), 503)
        return RedirectResponse(f"{ROOT}/{draft.public_id}/da-gui/{sent.public_id}", 303)

    @router.get(f"{ROOT}/{{id}}/da-gui/{{message}}")
    def sent(request: Request, id: str, message: str, actor: Annotated[Actor, Depends(declarant)]) -> Response:
        return sending.sent(request, actor, id, message)


def _signing(
    router: APIRouter, sending: _Sending, declarant: Dependency, posted_form: Dependency, seldom: Dependency
) -> None:
    drafting = sending.drafting

    @router.post(f"{ROOT}/{{id}}/chuan-bi")
    def prepare(request: Request, id: str, posted: Annotated[Posting, Depends(posted_form)]) -> Response:
        draft = drafting.find(posted.actor, id)
        try:
            drafting.drafts.prepare(draft)
        except Overtaken:
            return sending.checked(request, draft, said("check.overtaken"), 409)
        except Unavailable:
            return sending.checked(request, draft, said("check.away"), 503)
        return RedirectResponse(f"{ROOT}/{draft.public_id}/ky", 303)

    @router.get(f"{ROOT}/{{id}}/ky")
    def sign(request: Request, id: str, actor: Annotated[Actor, Depends(declarant)]) -> Response:
        return sending.signing(request, drafting.opened(actor, id), None)

    @router.get(f"{ROOT}/{{id}}/tep.xml")
    def download(id: str, actor: Annotated[Actor, Depends(declarant)]) -> Response:
        draft = drafting.find(actor, id)
        if draft.key is None or draft.pressed_at is None:
            raise HTTPException(404)  # it is prepared by a button: an address that is opened draws no number
        _, body = drafting.drafts.prepare(draft)
        return attachment(body, "application/xml", f"{draft.key.number}.xml")

    @router.post(f"{ROOT}/{{id}}/ky", dependencies=[Depends(seldom)])
    def take_signed(request: Request, id: str, posted: Annotated[Posting, Depends(posted_form)]) -> Response:
        return sending.taken(request, drafting.find(posted.actor, id), posted.file)
