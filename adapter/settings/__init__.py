"""config.yaml to frozen settings: `shape` says what may stand there, `reading` reads file and environment."""

from adapter.settings.old_names import RENAMED
from adapter.settings.reading import broker_urls, database_url, load_settings
from adapter.settings.shape import (
    AuthoritySettings,
    InstallationSettings,
    KeySettings,
    KeysSettings,
    PartySettings,
    Settings,
    StoreSettings,
    TrustSettings,
    UnitSettings,
)

__all__ = [
    "RENAMED",
    "AuthoritySettings",
    "InstallationSettings",
    "KeySettings",
    "KeysSettings",
    "PartySettings",
    "Settings",
    "StoreSettings",
    "TrustSettings",
    "UnitSettings",
    "broker_urls",
    "database_url",
    "load_settings",
]
