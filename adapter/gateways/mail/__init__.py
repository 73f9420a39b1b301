"""Hands letters to a mail server (SMTP, RFC 5321), bounded in time.

Of what the server says only its code is told on: its text may quote a letter or a recipient.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from adapter.gateways.time_bound import within
from adapter.model.errors import Misconfigured, Unavailable
from adapter.pipeline.envelope import VIETNAM


@dataclass(frozen=True, slots=True)
class MailLetter:
    """`id` names it: a second delivery of one letter has the same, so that a mailbox can tell."""

    id: str
    at: datetime
    recipients: tuple[str, ...]
    subject: str
    body: str


class LetterRefused(Unavailable):
    """The server takes the letter for none of its recipients, now or later (a 5yz answer)."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server that takes letters of `sender`. `security`: none, starttls or tls."""

    host: str
    port: int
    security: str
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    timeout_s: float = 10.0

    def send(self, letter: MailLetter) -> Sequence[str]:
        """Hand one letter over; gives the recipients that the server did not take, while it took others.

        Raises:
            LetterRefused: it takes the letter for none, now or later.
            Misconfigured: the file of authorities cannot be read.
            Unavailable: it cannot be reached, does not answer in time, or says "later".
        """
        server: smtplib.SMTP | None = None
        try:
            server = self._server()
            with within(self.timeout_s, server):
                server.connect(self.host, self.port)
                if self.security == "starttls":
                    server.starttls(context=self._context())
                if self.user is not None:
                    server.login(self.user, self.password or "")
                return list(server.send_message(self._message(letter), self.sender, list(letter.recipients)))
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise _told(error, self.host) from None
        finally:
            if server is not None:
                server.close()

    def _server(self) -> smtplib.SMTP:
        name = socket.gethostname()
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                timeout=self.timeout_s, local_hostname=name, context=self._context()
            )
        else:
            server = smtplib.SMTP(timeout=self.timeout_s, local_hostname=name)
        # What TLS compares the certificate with; smtplib keeps it only where it connects as it is made.
        server._host = self.host  # type: ignore[attr-defined]
        return server

    def _context(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self.ca)
        except OSError as error:
            raise Misconfigured(f"cannot use {self.ca}: {error.strerror or error}") from None

    def _message(self, letter: MailLetter) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"] = self.sender
        message["To"] = ", ".join(letter.recipients)
        message["Subject"] = letter.subject
        message["date"] = format_datetime(letter.at.astimezone(VIETNAM))
        message["Message-ID"] = f"<{letter.id}@{self.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.body, charset="utf-8", cte="base64")
        return message


def _told(error: Exception, host: str) -> Unavailable:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = {code for code, _ in error.recipients.values()}
        kind = LetterRefused if all(_is_final(code) for code in codes) else Unavailable
        return kind(f"the mail server {host} takes no recipient: {', '.join(map(str, sorted(codes)))}")
    if isinstance(error, smtplib.SMTPAuthenticationError):  # ours to mend; the letter is as good as before
        return Unavailable(f"the mail server {host} does not let us in: {error.smtp_code}")
    if isinstance(error, smtplib.SMTPResponseException):
        kind = LetterRefused if _is_final(error.smtp_code) else Unavailable
        return kind(f"the mail server {host} answers {error.smtp_code}")
    return Unavailable(f"the mail server {host}: {type(error).__name__}")


def _is_final(code: int) -> bool:
    return 500 <= code < 600
