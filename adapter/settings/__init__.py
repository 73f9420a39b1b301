"""config.yaml to frozen settings: `shape` says what may stand there, `reading` reads file and environment."""

from adapter.settings.old_names import RENAMED
from adapter.settings.reading import broker_urls, database_url, load_settings
from adapter.settings.shape import (
    AboutSettings,
    AuthoritySettings,
    InstallationSettings,
    KeySettings,
    KeysSettings,
    PartySettings,
    Settings,
    StoreSettings,
    TrustSettings,
    UnitSettings,
    WebSettings,
    WordsSettings,
)

__all__ = [
    "RENAMED",
    "AboutSettings",
    "AuthoritySettings",
    "InstallationSettings",
    "KeySettings",
    "KeysSettings",
    "PartySettings",
    "Settings",
    "StoreSettings",
    "TrustSettings",
    "UnitSettings",
    "WebSettings",
    "WordsSettings",
    "broker_urls",
    "database_url",
    "load_settings",
]
