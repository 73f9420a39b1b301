"""The ways by which alerts are told, as they are configured."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

from adapter.gateways.mail.smtp import OpenOffice
from adapter.gateways.webhook import Webhook
from adapter.model.errors import Misconfigured
from adapter.services.watch.alert_ways import ByMail, ByWebhook, Tell
from adapter.settings import Settings
from adapter.settings.alerts import WebhookSettings


def alert_ways(settings: Settings, office: OpenOffice | None) -> dict[str, Tell]:
    """How alerts are told, by name. `office`: opens a connection to the mail server; None: there is none.

    Raises:
        Misconfigured: a file cannot be read, an address is none, or e-mail is to be sent and there is no server.
    """
    ways: dict[str, Tell] = {}
    stated, instance = settings.alerts, socket.gethostname()
    if stated.webhook is not None:
        ways["webhook"] = ByWebhook(_webhook(stated.webhook), instance)
    if stated.mail is not None:
        if office is None or settings.mail is None:
            raise Misconfigured("alerts.mail: needs a mail server; state `mail`")
        ways["mail"] = ByMail(office, stated.mail.recipients, instance, settings.mail.domain)
    return ways


def _webhook(stated: WebhookSettings) -> Webhook:
    url = stated.url.get_secret_value() if stated.url else _secret("alerts.webhook.url_file", stated.url_file)
    assert url is not None  # one of the two is stated
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # no port, or no address between brackets
        is_one = False
    if not is_one:
        raise Misconfigured("alerts.webhook: its address is no http or https URL")
    token = _secret("alerts.webhook.token_file", stated.token_file)
    return Webhook(url=url, token=token, ca=stated.ca, timeout_s=stated.timeout_s)


def _secret(key: str, file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{key}: cannot read {file}: {getattr(error, 'strerror', None) or 'no UTF-8'}") from None
