"""The form of each act: its fields, their options, and how the sent values are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from adapter.entrypoints.web.moments import moment_of
from adapter.entrypoints.web.posting import Posting
from adapter.gateways.store.proposals import Entered
from adapter.model.actor import ROLE_NAMES, STAFF_ROLES, Role
from adapter.model.errors import NotAllowed
from adapter.model.procedure import Label
from adapter.pipeline.envelope import VIETNAM
from adapter.services.access.administration import AdminAct
from adapter.services.access.tokens import PERSON, Machine
from adapter.services.registers.list_editions import MOST, TEXT

SUBJECT, PURPOSE = "ve", "ly-do"


@dataclass(frozen=True, slots=True)
class AdminOption:
    """An option of a field; `label`: its words, where they differ from the value."""

    value: str
    label: Label


@dataclass(frozen=True, slots=True)
class AdminField:
    """A field of a form. `kind`: text, area, one (of the options), several, moment."""

    name: str
    kind: str
    options: tuple[AdminOption, ...] = ()
    most: int = 200
    required: bool = False


@dataclass(frozen=True)
class AdminChoices:
    """The options that there are now: codes with their names."""

    units: Callable[[], Sequence[tuple[str, str]]]
    offices: Callable[[], Sequence[tuple[str, str]]]
    places: Callable[[], Sequence[str]]
    procedures: Callable[[], Sequence[str]]
    issuers: Callable[[], Sequence[str]]

    def fields(self, act: AdminAct) -> tuple[AdminField, ...]:
        """The fields of an act's form."""
        if (act.ends and act is not AdminAct.LOOKUP_WITHDRAW) or act is AdminAct.PERSON_RESTORE:
            return ()
        return _FIELDS[act.register](self)


def read(fields: Sequence[AdminField], sent: Posting) -> Entered:
    """The sent values by the names of the fields; an empty text counts as no value."""
    stated: Entered = {}
    for field in fields:
        if field.kind == "several":
            stated[field.name] = sent.every(field.name)
        else:
            text = sent[field.name].replace("\r\n", "\n")  # a browser sends the lines of a text so
            stated[field.name] = text.strip()[: field.most] or None
    return stated


def meant(fields: Sequence[AdminField], typed: Entered) -> Entered:
    """What was typed, with its times as they are kept.

    Raises:
        NotAllowed: a time cannot be read: no time would mean that nothing ends.
    """
    found = dict(typed)
    for name in (field.name for field in fields if field.kind == "moment" and typed[field.name]):
        at = moment_of(str(typed[name]))
        if at is None:
            raise NotAllowed(f"{name} is no day and hour that can be meant: write it like 31/12/2026 17:00")
        found[name] = at.astimezone(VIETNAM).isoformat()
    return found


def _coded(pairs: Sequence[tuple[str, str]]) -> tuple[AdminOption, ...]:
    return tuple(AdminOption(code, Label(f"{code} · {name}", f"{code} · {name}")) for code, name in pairs)


def _plain(codes: Sequence[str]) -> tuple[AdminOption, ...]:
    return tuple(AdminOption(code, Label(code, code)) for code in codes)


def _of_person(choices: AdminChoices) -> tuple[AdminField, ...]:
    roles = tuple(AdminOption(role.value, ROLE_NAMES[role]) for role in Role if role in STAFF_ROLES)
    return (
        AdminField("name", "text", most=100, required=True),
        AdminField("rank", "text", most=50),
        AdminField("roles", "several", roles),
        AdminField("unit", "one", _coded(choices.units())),
        AdminField("office", "one", _coded(choices.offices())),
        AdminField("login", "text", most=255),
    )


def _of_office(choices: AdminChoices) -> tuple[AdminField, ...]:
    return (
        AdminField("name", "text", required=True),
        AdminField("parent", "one", _coded(choices.offices())),
        AdminField("places", "several", _plain(choices.places())),
    )


def _of_token(choices: AdminChoices) -> tuple[AdminField, ...]:
    uses = {
        Machine.DECLARANT.value: Label("chương trình của người khai", "a declarant's program"),
        Machine.CUSTOMS.value: Label("chương trình của hải quan", "a program of customs"),
        PERSON: Label("một người trong danh bạ", "a person of the register"),
    }
    return (
        AdminField("role", "one", tuple(AdminOption(value, label) for value, label in uses.items()), required=True),
        AdminField("bound_to", "text", most=20),
        AdminField("office", "one", _coded(choices.offices())),
        AdminField("person", "text", most=60),
        AdminField("expires", "moment"),
    )


def _of_client(choices: AdminChoices) -> tuple[AdminField, ...]:
    return (
        *_of_issuer(choices),
        AdminField("offices", "several", _coded(choices.offices())),
        AdminField("issuers", "several", _plain(choices.issuers())),
        AdminField("procedures", "several", _plain(choices.procedures())),
    )


def _of_list(_: AdminChoices) -> tuple[AdminField, ...]:
    return (AdminField(TEXT, "area", most=MOST, required=True),)


def _of_issuer(_: AdminChoices) -> tuple[AdminField, ...]:
    return AdminField("name", "text", required=True), AdminField("keys", "area", most=20_000, required=True)


_FIELDS: Mapping[str, Callable[[AdminChoices], tuple[AdminField, ...]]] = {
    "person": _of_person,
    "lookup": lambda choices: (AdminField("procedures", "several", _plain(choices.procedures())),),
    "office": _of_office,
    "token": _of_token,
    "client": _of_client,
    "issuer": _of_issuer,
    "list": _of_list,
}
