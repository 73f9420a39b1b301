"""A connection to a mail server (RFC 5321), and what it says of each letter.

After the last byte of a letter only the server's answer tells whether it has it. Where that answer is lost nobody can
know: the outcome is UNSURE, and the same letter with the same Message-ID may be sent again, by which a receiver sees
that it is one.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from pathlib import Path

from adapter.model.errors import Misconfigured, Unavailable

_LONGEST = 300
"""Characters of a server's answer that are kept."""
_REFUSED = 500


class MailServerUnavailable(Unavailable):
    """The mail server cannot be reached, or does not take our log-in now; no letter was begun."""


class Posted(StrEnum):
    """What became of a letter."""

    TAKEN = "taken"
    """The server has answered for it: it is his to deliver."""
    LATER = "later"
    """He does not take it now (4xx, or the connection was lost before the letter's end)."""
    REFUSED = "refused"
    """He never will (5xx)."""
    UNSURE = "unsure"
    """The connection was lost after the letter's end and before his answer."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where letters are handed in. `security`: starttls, tls (from the first byte) or none."""

    host: str
    port: int
    security: str
    ca: Path | None
    user: str | None
    password_file: Path | None
    sender: str
    timeout_s: float


@dataclass(frozen=True, slots=True)
class OutgoingLetter:
    """One letter, in plain text. `message_id` is the same at each try: `<…@…>`."""

    address: str
    subject: str
    text: str
    message_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PostReceipt:
    """What became of it, and the server's words: the proof that is kept."""

    posted: Posted
    answer: str


class PostOffice:
    """An open connection to the server."""

    def __init__(self, connection: smtplib.SMTP, sender: str) -> None:
        self._connection, self._sender = connection, sender

    def send(self, letter: OutgoingLetter) -> PostReceipt:
        """Hand one letter in. Never raises: whatever happens is an outcome of this letter."""
        try:
            body = letter_bytes(letter, self._sender)
        except ValueError as error:  # a line break in a header, an address that is none
            return PostReceipt(Posted.REFUSED, f"not sent: {type(error).__name__}")
        try:
            for code, said in self._envelope(letter):
                if not 200 <= code < 300:
                    self._forget()
                    return _receipt(code, said)
        except (smtplib.SMTPException, OSError) as error:
            return PostReceipt(Posted.LATER, _words(error))
        try:
            return _receipt(*self._connection.data(body))
        except smtplib.SMTPDataError as error:  # he did not want the letter's bytes: none was sent
            self._forget()
            return _receipt(error.smtp_code, error.smtp_error)
        except (smtplib.SMTPException, OSError) as error:
            return PostReceipt(Posted.UNSURE, _words(error))

    def _envelope(self, letter: OutgoingLetter) -> Iterator[tuple[int, bytes]]:
        yield self._connection.mail(self._sender)
        yield self._connection.rcpt(letter.address)

    def _forget(self) -> None:
        with suppress(smtplib.SMTPException, OSError):
            self._connection.rset()


@contextmanager
def post_office(server: SmtpServer) -> Iterator[PostOffice]:
    """A connection, over TLS and logged in as configured.

    Raises:
        MailServerUnavailable: he cannot be reached, or does not let us in now.
        Misconfigured: the password or the authorities of his TLS cannot be read.
    """
    password = _password(server)
    connection = _connected(server)
    try:
        try:
            connection.ehlo_or_helo_if_needed()
            if server.user is not None:
                connection.login(server.user, password)
        except (smtplib.SMTPException, OSError) as error:
            raise MailServerUnavailable(f"mail: {_words(error)}") from None
        yield PostOffice(connection, server.sender)
    finally:
        with suppress(smtplib.SMTPException, OSError):
            connection.quit()
        connection.close()


def letter_bytes(letter: OutgoingLetter, sender: str) -> bytes:
    """The letter as it goes over the wire. The policy refuses a line break in a header, so nothing can be slipped in.

    Raises:
        ValueError: an address or the subject cannot stand in a header.
    """
    made = EmailMessage(SMTP)
    made["From"] = sender
    made["To"] = letter.address
    made["Subject"] = letter.subject
    made["date"] = format_datetime(letter.at)
    made["Message-ID"] = letter.message_id
    made["Auto-Submitted"] = "auto-generated"
    if len(made["To"].addresses) != 1 or made["To"].addresses[0].addr_spec != letter.address:
        raise ValueError("not one plain address")
    made.set_content(letter.text)
    return made.as_bytes()


def _connected(server: SmtpServer) -> smtplib.SMTP:
    try:
        context = None if server.security == "none" else ssl.create_default_context(cafile=server.ca)
    except OSError as error:
        raise Misconfigured(f"mail.ca: cannot read {server.ca}: {error.strerror}") from None
    try:
        if server.security == "tls":
            return smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout_s, context=context)
        connection = smtplib.SMTP(server.host, server.port, timeout=server.timeout_s)
    except (smtplib.SMTPException, OSError) as error:
        raise MailServerUnavailable(f"mail: {server.host}:{server.port}: {_words(error)}") from None
    if context is None:
        return connection
    try:
        connection.starttls(context=context)
    except (smtplib.SMTPException, OSError) as error:
        connection.close()
        raise MailServerUnavailable(f"mail: {server.host}:{server.port}: {_words(error)}") from None
    return connection


def _password(server: SmtpServer) -> str:
    if server.password_file is None:
        return ""
    try:
        return server.password_file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        raise Misconfigured(f"mail.password_file: cannot read {server.password_file}") from None


def _receipt(code: int, said: bytes | str) -> PostReceipt:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    posted = Posted.TAKEN if 200 <= code < 300 else Posted.REFUSED if code >= _REFUSED else Posted.LATER
    return PostReceipt(posted, _cut(f"{code} {text}"))


def _words(error: Exception) -> str:
    """What went wrong, without addresses: a server repeats them."""
    code = getattr(error, "smtp_code", None)
    return _cut(f"{type(error).__name__}{f' {code}' if code else ''}")


def _cut(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:_LONGEST]
