"""What stands ready for a failure of the portal, as this installation states it."""

from __future__ import annotations

from pathlib import Path

from adapter.model.errors import Misconfigured
from adapter.model.procedure import Label
from adapter.services.portal_failure.documents import NoticeAuthority
from adapter.settings import Settings, WordsSettings
from adapter.settings.portal_failure import carried_by


def notice_pages_folder(settings: Settings) -> Path:
    """The folder that a web server carries."""
    return settings.portal_failure.pages or settings.folders.state / "portal-notice"


def failure_folder(settings: Settings) -> Path:
    """The folder of names and telephone numbers.

    Raises:
        Misconfigured: a web server carries it.
    """
    stated = settings.portal_failure
    folder = stated.folder or settings.folders.state / "portal-failure"
    if place := carried_by(folder, (*stated.carried, notice_pages_folder(settings))):
        raise Misconfigured(f"portal_failure.folder: {folder} lies in {place}, which a web server carries")
    return folder


def keeps_contacts(settings: Settings) -> bool:
    """Whether the clock keeps the list of whom to call."""
    stated = settings.portal_failure.enabled
    return settings.web.portal.enabled if stated is None else stated


def notice_authority(settings: Settings) -> NoticeAuthority:
    """Whose notices they are, and whom one calls."""
    about = settings.web.about
    return NoticeAuthority(
        authority=_label(about.authority),
        portal=_label(about.portal),
        manager=_label(about.manager),
        address=about.address,
        telephone=about.telephone,
        email=about.email,
        by_paper=_label(about.by_paper),
        units=tuple((unit.division, unit.telephone) for unit in settings.units.values()),
    )


def _label(words: WordsSettings) -> Label:
    return Label(words.vi, words.en)
