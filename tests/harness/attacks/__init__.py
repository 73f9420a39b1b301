"""Attacks by name: each takes a genuine message and does one thing to it. Some are re-spellings that must still pass.

The modules are the classes of docs/security.md; importing this package registers what they hold. What each must bring
is written in `fixtures/attacks/`.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.harness.attacks import bombs, dialects, encoding, signing, spelling, tampering, values, wrapping, xades
from tests.harness.attacks.attack import ATTACKS, Attack, Change
from tests.harness.attacks.tampering import change_signed_content

AFTER_SIGNING: Mapping[str, Change] = {name: attack.sent for name, attack in ATTACKS.items() if attack.sent is not None}
"""Those done to the finished message."""

__all__ = ["AFTER_SIGNING", "ATTACKS", "Attack", "change_signed_content"]
_CLASSES = (bombs, dialects, encoding, signing, spelling, tampering, values, wrapping, xades)
