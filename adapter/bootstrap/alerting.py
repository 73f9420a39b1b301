"""The ways by which alerts are told, as they are configured."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

from adapter.gateways.mail import MailServer
from adapter.gateways.webhook import Webhook
from adapter.model.errors import Misconfigured
from adapter.services.watch.telling import ByMail, ByWebhook, Tell
from adapter.settings import Settings
from adapter.settings.alerts import WebhookSettings


def mail_server(settings: Settings) -> MailServer | None:
    """The mail server that takes letters of ours; None where there is none.

    Raises:
        Misconfigured: the file of its password cannot be read.
    """
    stated = settings.mail
    if stated is None:
        return None
    return MailServer(
        host=stated.host,
        port=stated.port,
        security=stated.security,
        sender=stated.sender,
        user=stated.user,
        password=_secret("mail.password_file", stated.password_file),
        ca=stated.ca,
        timeout_s=stated.timeout_s,
    )


def alert_ways(settings: Settings) -> dict[str, Tell]:
    """How alerts are told, by name.

    Raises:
        Misconfigured: a file cannot be read, an address is none, or e-mail is to be sent and there is no server.
    """
    ways: dict[str, Tell] = {}
    stated, instance = settings.alerts, socket.gethostname()
    if stated.webhook is not None:
        ways["webhook"] = ByWebhook(_webhook(stated.webhook), instance)
    if stated.mail is not None:
        server = mail_server(settings)
        if server is None:
            raise Misconfigured("alerts.mail: needs a mail server; state `mail`")
        ways["mail"] = ByMail(server, stated.mail.recipients, instance)
    return ways


def _webhook(stated: WebhookSettings) -> Webhook:
    url = stated.url.get_secret_value() if stated.url else _secret("alerts.webhook.url_file", stated.url_file)
    assert url is not None  # one of the two is stated
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
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
