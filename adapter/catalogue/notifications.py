"""The file of notifications: read, and checked to contain only allowed placeholders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter
from typing import Any

from adapter.catalogue.make import make_label
from adapter.catalogue.strict_yaml import NoYaml, read_yaml
from adapter.model.errors import Misconfigured
from adapter.model.notification import (
    IN_INBOX,
    IN_MAIL,
    IN_NOTICE,
    NO_NOTIFICATIONS,
    OCCASIONS,
    ModeWords,
    NotificationKind,
    NotificationKinds,
)
from adapter.model.procedure import Label, ReplyKind

NOTIFICATIONS_FILE = "notifications.yaml"


def notification_kinds(mappings: Path) -> NotificationKinds:
    """The kinds of a folder of mappings; one that has no such file tells nobody anything.

    Raises:
        Misconfigured: the file cannot be read, or something in it cannot be meant.
    """
    file = mappings / NOTIFICATIONS_FILE
    if not file.exists():
        return NO_NOTIFICATIONS
    try:
        return read_notifications(read_yaml(file.read_bytes()))
    except (OSError, NoYaml, ValueError, TypeError, AttributeError, LookupError) as error:
        raise Misconfigured(f"{file}: {error}") from error


def read_notifications(stated: Mapping[str, Any]) -> NotificationKinds:
    """The kinds of a file's content.

    Raises:
        KeyError: a text is missing.
        ValueError: with everything that cannot be meant.
    """
    kinds = {name: _kind(name, item) for name, item in stated.get("notifications", {}).items()}
    published = {
        mode: ModeWords(make_label(item["title"]), make_label(item["text"]))
        for mode, item in stated.get("published", {}).items()
    }
    causes = {cause: make_label(item) for cause, item in stated.get("causes", {}).items()}
    told: dict[str, dict[str, str]] = {"reply": {}, "mode": {}, "occasion": {}}
    faults = [fault for kind in kinds.values() for fault in _faults(kind)]
    for mode, words in published.items():
        faults += _unfillable(f"published: {mode}", (words.title, words.text), IN_NOTICE)
    for name, item in stated.get("notifications", {}).items():
        for about, value in ((about, value) for about, values in item["of"].items() for value in values):
            if about not in told or (about == "occasion" and value not in OCCASIONS):
                faults.append(f"{name}: of: {about}: {value} is nothing to tell of; reply, mode, or {OCCASIONS}")
            elif value in told[about]:
                faults.append(f"{name}: {value} is told by {told[about][value]} too; leave it out of one")
            else:
                told[about][value] = name
    if faults:
        raise ValueError("; ".join(faults))
    replies = {ReplyKind(kind): name for kind, name in told["reply"].items()}
    return NotificationKinds(kinds, replies, told["mode"], told["occasion"], published, causes)


def _kind(name: str, item: Mapping[str, Any]) -> NotificationKind:
    mail = make_label(item["mail"]) if "mail" in item else None
    return NotificationKind(name, make_label(item["title"]), make_label(item["text"]), mail)


def _faults(kind: NotificationKind) -> Iterator[str]:
    # The title is an e-mail's subject too.
    yield from _unfillable(f"{kind.name}: title", (kind.title,), IN_MAIL & IN_INBOX)
    yield from _unfillable(f"{kind.name}: text", (kind.text,), IN_INBOX)
    if kind.mail is not None:
        yield from _unfillable(f"{kind.name}: mail", (kind.mail,), IN_MAIL)


def _unfillable(where: str, words: tuple[Label, ...], allowed: frozenset[str]) -> Iterator[str]:
    for text in (text for label in words for text in (label.vi, label.en)):
        for _, name, form, turned in Formatter().parse(text):
            if name is not None and (name not in allowed or form or turned):
                yield f"{where}: {{{name}}} may not stand there; there are: {', '.join(sorted(allowed))}"
