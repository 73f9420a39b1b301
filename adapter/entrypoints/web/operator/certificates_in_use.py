"""Certificates in use: when each ends, and what stops then."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.operator.aged import Aged
from adapter.entrypoints.web.page import Page, Pages
from adapter.gateways.keys.certificates_in_use import Use
from adapter.gateways.store.snapshots import CertificateSeen, CertificatesSeen, Snapshot
from adapter.model.actor import Actor
from adapter.services.access.rights import Right
from adapter.services.registers.expiry import STOPS
from adapter.services.watch.console import Console

ADDRESS = "/van-hanh/chung-thu"
_URGENT = 7
"""Days before its end at which a certificate is marked as urgent."""


@dataclass(frozen=True, slots=True)
class CertificatesInUsePage(Aged, Page):
    """What ends first stands first. `alert_days`: so many days before an end it is warned of."""

    template: ClassVar[str] = "certificates_in_use.html"
    looked: Snapshot[CertificatesSeen] | None
    alert_days: int

    @property
    def certificates(self) -> tuple[CertificateSeen, ...]:
        """As they were seen last."""
        return self.looked.seen.certificates if self.looked is not None and self.looked.seen is not None else ()

    @property
    def ending(self) -> Sequence[CertificateSeen]:
        """Those that end soon, or have ended, and stop something."""
        return [each for each in self.certificates if each.stops and self.days(each) <= self.alert_days]

    def days(self, certificate: CertificateSeen) -> int:
        """Days that it has left; less than 0: it has ended."""
        return (certificate.valid_to - self.now).days

    def mark(self, certificate: CertificateSeen) -> str:
        """How urgent its end is."""
        left = self.days(certificate)
        if not certificate.stops or left > self.alert_days:
            return ""
        return "no" if left <= _URGENT else "ask"

    def stops(self, certificate: CertificateSeen) -> str:
        """What stops, by the name of the words for it."""
        use = Use(certificate.use)
        name = certificate.name if (use, certificate.name) in STOPS else ""
        return f"stops.{use.name.lower()}.{name or 'any'}"


def routes(pages: Pages, console: Console, alert_days: int, clock: Callable[[], datetime], guard: Guard) -> APIRouter:
    """/van-hanh/chung-thu."""
    router = APIRouter(include_in_schema=False)

    @router.get(ADDRESS)
    def certificates(
        request: Request, actor: Annotated[Actor, Depends(guard.by_session(Right.BROWSE_MESSAGES))]
    ) -> Response:
        return pages.respond(request, CertificatesInUsePage(clock(), console.certificates(actor=actor), alert_days))

    return router
