"""A real mail server on loopback (aiosmtpd), which does what a test tells it to: take, refuse, be slow, hang up."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.servers.process import free_ports

TAKES = "250 Message accepted for delivery as 7F3A"


@dataclass
class MailBox:
    """What the server has taken, and how it behaves next. `answers`: its words after each letter; the last stays."""

    port: int
    site: int
    """The port that the portal is to have, so that its address can be stated."""
    answers: list[str] = field(default_factory=lambda: [TAKES])
    recipients: list[str] = field(default_factory=lambda: ["250 OK"])
    hangs_up: int = 0
    """So many times it takes a letter and closes the connection before it answers."""
    slow_s: float = 0.0
    letters: list[EmailMessage] = field(default_factory=list)

    def to(self, address: str) -> list[EmailMessage]:
        return [letter for letter in self.letters if letter["To"] == address]

    def _next(self, words: list[str]) -> str:
        return words.pop(0) if len(words) > 1 else words[0]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self._next(self.recipients)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(self.slow_s)
        answer = self._next(self.answers)
        if answer.startswith("250") or self.hangs_up:
            body: Any = envelope.content
            letter = email.message_from_bytes(body, policy=email.policy.default)
            assert isinstance(letter, EmailMessage)
            self.letters.append(letter)
        if self.hangs_up:
            self.hangs_up -= 1
            server.transport.abort()
        return answer


@contextmanager
def mail_server(box: MailBox) -> Iterator[MailBox]:
    """Serve on the box's port until left."""
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


def mail_box() -> MailBox:
    """A box whose server is not there yet."""
    port, site = free_ports(2)
    return MailBox(port, site)


def mail_settings(box: MailBox) -> dict[str, Any]:
    """The change of configuration that hands letters in there."""
    stated = {"host": "127.0.0.1", "port": box.port, "security": "none", "sender": "portal@bienphong.example"}
    return {"mail": {**stated, "timeout_s": 5}, "web.portal.public_url": f"http://127.0.0.1:{box.site}"}
