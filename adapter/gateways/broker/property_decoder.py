"""Guards pika's property decoder: a hostile header table must not end the connection or harm other messages.

pika decodes the properties of a message before anyone sees it, and what its decoder raises ends the connection: every
unacknowledged message is redelivered, the same one included, for ever. Here such a message arrives with its body, with
no properties at all, and marked `unreadable`. Never guess at properties that could not be read whole: they are dropped.
"""

from __future__ import annotations

import pika.spec


class GuardedProperties(pika.spec.BasicProperties):
    """The properties of a message, or none and `unreadable` where pika's decoder gave up."""

    unreadable: bool = False

    def decode(self, encoded: bytes, offset: int = 0) -> GuardedProperties:
        """Reads the properties from the payload of a content header frame; never raises."""
        try:
            super().decode(encoded, offset)
        # Any exception: which ones a publisher can provoke depends on pika's version (timestamps past year
        # 9999, NaN, a thousand nested tables, ...). What is lost is one message's claims, and that is recorded.
        except Exception:  # noqa: BLE001
            self.__init__()  # type: ignore[misc]  # drops half-read values
            self.unreadable = True
        return self


def guard_decoder() -> None:
    """Makes every connection of this process read properties through the guard. Repeating it changes nothing."""
    pika.spec.props[GuardedProperties.INDEX] = GuardedProperties  # type: ignore[index]  # a dict; the stubs are wrong
