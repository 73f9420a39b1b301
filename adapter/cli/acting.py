"""Who acts at this machine: the person that a command names, and the account of the system that typed it."""

from __future__ import annotations

import getpass
import os
from typing import Annotated

import typer

from adapter.bootstrap import Components
from adapter.cli.printing import note
from adapter.model.actor import Actor

By = Annotated[
    str | None,
    typer.Option("--by", metavar="WHO", help="Who does it, by his id in the register; default: the system's user."),
]


def acting(
    components: Components, stated: str | None, *, name: str = "", rank: str = "", typed_by: str | None = None
) -> Actor:
    """The person with this id, or with the system user's name. Warns while the register is empty.

    Raises:
        NotAllowed: the register has people, and nobody of this id among them.
    """
    account = system_account()
    actor = components.people.acting(stated or account, account=account, typed_by=typed_by, name=name, rank=rank)
    if not actor.is_registered:
        note("the register of people is empty, so any name acts: make an administrator with `nsw-adapter people add`")
    return actor


def system_account() -> str:
    """The account of the system that typed the command."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container runs under a number that no user has
        return str(os.getuid())
