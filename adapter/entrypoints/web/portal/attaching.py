"""The attached files of a draft: uploaded one by one, named in the list that the declarant signs, taken off again."""

# Annotations are not postponed here: FastAPI reads them.
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.form_page import Choice, Row
from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.portal.draft_pages import ROOT, AttachedLine, AttachPage, attach_address, list_address
from adapter.entrypoints.web.portal.drafting import Drafting
from adapter.entrypoints.web.posting import Posting, posting
from adapter.model.actor import Actor
from adapter.model.attachment import BadFile, FileLimits
from adapter.model.errors import NotAllowed
from adapter.model.finding import Finding
from adapter.model.procedure import AttachedSpec, Label
from adapter.pipeline.forms.layout import FormGroup
from adapter.services.access.rates import RateRule
from adapter.services.access.rights import Right
from adapter.services.attachments.keeping import Attachments, LookedAt
from adapter.services.door.draft import ChangedMeanwhile, Draft

AROUND_A_FILE = 65_536
"""Bytes of a form around its file, at most."""
_TRIES = 5
_MIB = 1 << 20


def routes(drafting: Drafting, guard: Guard) -> APIRouter:
    """`/khai-bao/<draft>/dinh-kem/<list>`."""
    router = APIRouter(include_in_schema=False)
    declarant = guard.by_session(Right.DECLARE)
    uploads = posting(guard.by_session(Right.DECLARE, form_bytes=drafting.attachments.limits.file + AROUND_A_FILE))
    attaching = _Attaching(drafting)

    @router.get(f"{ROOT}/{{id}}/dinh-kem/{{name}}")
    def show(request: Request, id: str, name: str, actor: Annotated[Actor, Depends(declarant)]) -> Response:
        draft = drafting.find(actor, id)
        return drafting.pages.respond(request, attaching.page(draft, *attaching.group(draft, name)))

    @router.post(f"{ROOT}/{{id}}/dinh-kem/{{name}}", dependencies=[Depends(guard.seldom(RateRule.UPLOAD))])
    def upload(request: Request, id: str, name: str, sent: Annotated[Posting, Depends(uploads)]) -> Response:
        draft = drafting.find(sent.actor, id)
        group, spec = attaching.group(draft, name)
        fault, kind = attaching.take(draft, group, spec, sent)
        if fault is not None:
            page = attaching.page(draft, group, spec, fault, kind)
            return drafting.pages.respond(request, page, 422)
        return RedirectResponse(attach_address(drafting.head(draft), name), 303)

    return router


@dataclass(frozen=True)
class _Attaching:
    drafting: Drafting

    @property
    def attachments(self) -> Attachments:
        return self.drafting.attachments

    def group(self, draft: Draft, name: str) -> tuple[FormGroup, AttachedSpec]:
        group = self.drafting.group(draft, name)
        if group.attached is None:
            raise HTTPException(404)
        return group, group.attached

    def page(
        self, draft: Draft, group: FormGroup, spec: AttachedSpec, fault: Label | None = None, kind: str = ""
    ) -> AttachPage:
        head, view = self.drafting.head(draft), self.drafting.view(draft.fills_in)
        kept = {each.digest: each for each in self.attachments.of_draft(draft.owner, draft.public_id)}
        field = next(each for each in group.asked if each.name == spec.kind)
        lines = tuple(
            AttachedLine(
                ordinal=ordinal,
                what=view.spoken(field, row[spec.kind]) if row.get(spec.kind) else Label("–", "–"),
                name=row.get(spec.name, ""),
                size=int(row[spec.size]) if row.get(spec.size, "").isdigit() else 0,
                scan=kept[row[spec.digest]].scan if row.get(spec.digest) in kept else "",
            )
            for ordinal, row in enumerate(draft.answers.rows.get(group.name, ()), start=1)
        )
        limits: FileLimits = self.attachments.limits
        return AttachPage(
            head=head,
            label=group.label,
            address=list_address(head, group.name),
            action=attach_address(head, group.name),
            kind_label=field.label,
            kinds=tuple(Choice(each.value, each.label) for each in view.choices(field)),
            kind=kind,
            lines=lines,
            fault=fault,
            one=limits.file // _MIB,
            all=limits.dossier // _MIB,
        )

    def take(self, draft: Draft, group: FormGroup, spec: AttachedSpec, sent: Posting) -> tuple[Label | None, str]:
        """Attach what was chosen; gives what is wrong, if anything is, and the kind that was chosen."""
        view, posted = self.drafting.view(draft.fills_in), {spec.kind: sent["kind"]}
        field = next(each for each in group.asked if each.name == spec.kind)
        filled = view.read(Row([field]), posted, draft.answers.values)
        kind = filled.texts[spec.kind]
        if filled.errors:
            return filled.errors[spec.kind], sent["kind"]
        try:
            if not sent.file:
                raise BadFile("file_name")
            self.drafting.trim(draft)
            file = self.attachments.to_draft(sent.actor, draft.public_id, kind, sent.file_name, sent.file)
        except BadFile as bad:
            return self._stated(bad.finding), kind
        self._named(draft, group, spec, kind, file)
        return None, kind

    def _named(self, draft: Draft, group: FormGroup, spec: AttachedSpec, kind: str, file: LookedAt) -> None:
        """Put the file into the list, after what other windows have put there meanwhile."""
        row = {spec.kind: kind, spec.name: file.name, spec.size: str(len(file.raw)), spec.digest: file.digest}
        for _ in range(_TRIES):
            rows = draft.answers.rows.get(group.name, ())
            if group.most is not None and len(rows) >= group.most:
                raise HTTPException(400)
            try:
                self.drafting.drafts.save(draft, draft.answers.with_rows(group.name, (*rows, row)))
            except ChangedMeanwhile as changed:
                draft = changed.now
            else:
                return
        raise NotAllowed("the draft is changed all the time")

    def _stated(self, finding: Finding) -> Label:
        (stated,) = self.drafting.stated([finding])
        return Label(stated.vi, stated.en)
