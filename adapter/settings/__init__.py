"""config.yaml to frozen settings: `shape` defines the keys, `reading` reads file and environment."""

from adapter.settings.old_names import RENAMED
from adapter.settings.reading import broker_urls, database_url, listener_database_url, load_settings, production_sample
from adapter.settings.shape import InstallationSettings, PartySettings, Settings, UnitSettings
from adapter.settings.trust import AuthoritySettings, KeySettings, KeysSettings, StoreSettings, TrustSettings
from adapter.settings.web import (
    AboutSettings,
    ClaimSettings,
    ListenerSettings,
    LoginSettings,
    WebSettings,
    WordsSettings,
)

__all__ = [
    "RENAMED",
    "AboutSettings",
    "AuthoritySettings",
    "ClaimSettings",
    "InstallationSettings",
    "KeySettings",
    "KeysSettings",
    "ListenerSettings",
    "LoginSettings",
    "PartySettings",
    "Settings",
    "StoreSettings",
    "TrustSettings",
    "UnitSettings",
    "WebSettings",
    "WordsSettings",
    "broker_urls",
    "database_url",
    "listener_database_url",
    "load_settings",
    "production_sample",
]
