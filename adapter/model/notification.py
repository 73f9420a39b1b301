"""Notifications to declarants (inbox and e-mail) and published notices of the window's mode: as data.

The words stand in `mappings/notifications.yaml`. Words in braces are filled in: only those of `IN_INBOX`, and in an
e-mail only those of `IN_MAIL`, so that no name and no number of a paper can come into one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from adapter.model.procedure import Label, ReplyKind

IN_MAIL = frozenset({"number", "year", "other", "until", "at", "end", "code", "minutes", "portal", "site"})
"""Words that an e-mail may contain: dossiers' numbers, times, a code, the portal's name and address."""
IN_INBOX = frozenset({"number", "year", "other", "until", "at", "end", "reason", "where", "by", "holder"})
"""Words that the inbox may contain, which only its owner reads."""
IN_NOTICE = frozenset({"at", "end", "reason", "announcement"})
"""What may be filled into a published notice of a change of mode."""
SUSPENDED, RESTORED, ADDRESS, DRAFT_ENDS = "suspended", "restored", "address", "draft_ends"
SUSPENDED_PRINCIPAL, RESTORED_PRINCIPAL = "suspended_principal", "restored_principal"
"""The same to the body for which a suspended person works (dự thảo)."""
"""Occasions other than a reply or a mode."""
OF_CERTIFICATE = tuple(f"certificate_{each}" for each in ("registered", "waiting", "declined", "suspended", "restored"))
"""What happens to a registered certificate, or to one that is to be registered."""
GRANTED, GRANT_ENDED = "granted", "grant_ended"
"""An authorisation was given, or was withdrawn: its two sides are told."""
MERGED, PARTED = "merged", "parted"
"""A dossier ended because it is the same as one that came by the other door, or goes on because it is not."""
OCCASIONS = (
    *(SUSPENDED, RESTORED, SUSPENDED_PRINCIPAL, RESTORED_PRINCIPAL, ADDRESS, DRAFT_ENDS),
    *(*OF_CERTIFICATE, GRANTED, GRANT_ENDED, MERGED, PARTED),
)


@dataclass(frozen=True, slots=True)
class NotificationKind:
    """One kind of notification. `mail` None: it is not sent by e-mail."""

    name: str
    title: Label
    text: Label
    mail: Label | None = None


@dataclass(frozen=True, slots=True)
class ModeWords:
    """What is published when the mode becomes this one; `causes` say why, where its manager has announced nothing."""

    title: Label
    text: Label


@dataclass(frozen=True, slots=True)
class NotificationKinds:
    """Every kind by its name, and by what it tells of: a kind of reply, a mode, an occasion."""

    kinds: Mapping[str, NotificationKind] = field(default_factory=dict)
    replies: Mapping[ReplyKind, str] = field(default_factory=dict)
    modes: Mapping[str, str] = field(default_factory=dict)
    occasions: Mapping[str, str] = field(default_factory=dict)
    published: Mapping[str, ModeWords] = field(default_factory=dict)
    """By the mode that begins."""
    causes: Mapping[str, Label] = field(default_factory=dict)

    def of_reply(self, kind: ReplyKind) -> NotificationKind | None:
        """The notification for a reply that is ready; None: none."""
        return self.kinds.get(self.replies.get(kind, ""))

    def of_mode(self, mode: str) -> NotificationKind | None:
        """The notification to declarants with open dossiers when that mode begins; None: none."""
        return self.kinds.get(self.modes.get(mode, ""))

    def of_occasion(self, occasion: str) -> NotificationKind | None:
        """The notification on one of OCCASIONS; None: none."""
        return self.kinds.get(self.occasions.get(occasion, ""))


NO_NOTIFICATIONS = NotificationKinds()


IN_ENGLISH = "_en"
"""Ends the name under which the English of a word is kept, where it is another than the Vietnamese."""
_NO_END = Label("chưa có thông báo", "not announced yet")


def filled(words: Label, values: Mapping[str, str]) -> Label:
    """The words with their values; a value that is not known is a dash, of an expected end that is said."""
    vi = {name: values.get(name) or "–" for name in IN_MAIL | IN_INBOX | IN_NOTICE}
    en = {name: values.get(f"{name}{IN_ENGLISH}") or said for name, said in vi.items()}
    if not values.get("end"):
        vi["end"], en["end"] = _NO_END.vi, _NO_END.en
    return Label(words.vi.format_map(vi), words.en.format_map(en))
