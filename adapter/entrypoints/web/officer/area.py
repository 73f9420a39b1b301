"""The area of border officers: its use cases, its routes, its entries in the navigation."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter

from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.officer import (
    accounts,
    acting,
    certificates,
    confirming,
    deputies,
    dossier,
    letters,
    moving,
    pairs,
    papers,
    requesting,
    worklist,
)
from adapter.entrypoints.web.page import NavigationEntry, Pages
from adapter.model.catalogue import Catalogue
from adapter.services.access.rights import Right
from adapter.services.attachments.giving import AttachmentsGiven
from adapter.services.attachments.keeping import Attachments
from adapter.services.dossiers.acts import Acts
from adapter.services.dossiers.case_file import CaseFiles
from adapter.services.dossiers.pairs import Pairs
from adapter.services.dossiers.paper_acts import PaperActs
from adapter.services.dossiers.paper_forms import PaperForms
from adapter.services.dossiers.paper_records import PaperRecords
from adapter.services.dossiers.paper_scans import PaperScans
from adapter.services.dossiers.phrases import Phrases
from adapter.services.dossiers.printing import CasePrints
from adapter.services.dossiers.worklist import WorkLists
from adapter.services.registers.accounts import Accounts
from adapter.services.registers.certificates import Registry
from adapter.services.registers.entered_grants import EnteredGrants

ENTRIES = (
    NavigationEntry("work.title", worklist.LIST, Right.SEE_DOSSIERS),
    NavigationEntry("accounts.title", accounts.LIST, Right.SEE_REGISTERS),
    NavigationEntry("letters.title", letters.LIST, Right.SEE_REGISTERS),
    NavigationEntry("waiting_certificates.title", certificates.ADDRESS, Right.REGISTER_CERTIFICATE),
)


@dataclass(frozen=True, slots=True)
class OfficerUses:
    """What the pages of officers use."""

    lists: WorkLists
    files: CaseFiles
    prints: CasePrints
    acts: Acts
    pairs: Pairs
    catalogue: Catalogue
    papers: PaperRecords
    paper_acts: PaperActs
    paper_forms: PaperForms
    paper_scans: PaperScans
    accounts: Accounts
    registry: Registry
    given: AttachmentsGiven
    grants: EnteredGrants
    attachments: Attachments


def routes(pages: Pages, uses: OfficerUses, guard: Guard) -> APIRouter:
    """/can-bo and what is below it."""
    phrases = Phrases(uses.catalogue.codelists)
    shared = acting.Acting(pages, uses.files, uses.acts, phrases, guard)
    router = APIRouter()
    router.include_router(certificates.routes(pages, uses.registry, guard))
    router.include_router(worklist.routes(pages, uses.lists, uses.papers, guard))
    router.include_router(papers.routes(pages, uses.papers, uses.paper_acts, uses.paper_forms, uses.paper_scans, guard))
    router.include_router(deputies.routes(pages, uses.accounts.delegations, guard))
    router.include_router(accounts.routes(pages, uses.accounts, guard))
    of_letters = letters.Letters(pages, uses.grants, uses.attachments, uses.given)
    router.include_router(letters.routes(of_letters, guard))
    router.include_router(confirming.routes(shared))
    router.include_router(dossier.routes(pages, uses.files, uses.prints, phrases, uses.given, guard))
    router.include_router(requesting.routes(shared, uses.catalogue))
    router.include_router(moving.routes(shared, uses.catalogue))
    router.include_router(pairs.routes(shared, uses.pairs, guard))
    router.include_router(acting.routes(shared))
    return router
