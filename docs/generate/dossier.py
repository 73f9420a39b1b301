"""The dossier's life, from the transition table of adapter/model/dossier."""

from __future__ import annotations

from collections.abc import Iterator

from adapter.model.dossier import (
    ACT_NAMES,
    ACTS,
    CONFIRMED,
    ONLY_UNCONFIRMED,
    SHOWN_NAMES,
    STATE_NAMES,
    TRANSITIONS,
    Act,
    DossierState,
)
from docs.generate.page import code, head, join, table

_MESSAGE_ACTS = frozenset(ACTS.values())


def page() -> str:
    """docs/reference/dossier.md."""
    blocks = head(
        "A dossier's life",
        "`adapter/model/dossier.py`",
        "Every lawful step of a dossier (hồ sơ). What is not in this table is turned down: a message with a finding "
        "that names the state and what is possible, an officer's act with the same words. Completion says that the "
        "declaration (for ships: the procedure) is complete, never that somebody may cross.",
    )
    blocks += ["```mermaid\nstateDiagram-v2\n" + "\n".join(_picture()) + "\n```"]
    blocks += ["## States", table(("State", "Tiếng Việt", "English", "What can happen"), _states())]
    blocks += [
        "What people are shown of a confirmed dossier (commands, lookups, pages, views, the log) follows its newest "
        "confirmation, because completion in law is that the declarant has it (Article 10):",
        table(("Stored as", "Shown as", "Tiếng Việt", "English"), _shown()),
    ]
    blocks += ["## Acts", table(("Act", "Tiếng Việt", "English", "By", "From → to"), _acts())]
    only = ", ".join(code(act.value) for act in ONLY_UNCONFIRMED)
    blocks.append(
        f"{only}: not once the declaration was confirmed, whatever the state: a confirmation that the declarant holds "
        "is amended, not taken back; a withdrawal is possible then too where the mapping says so "
        "(`after_confirmation`). One that is signed and has not left yet is taken back where a newer version "
        "(10/02) or a withdrawal (12/05) comes. A request to amend that is withdrawn leads back to the one before it. "
        "Own discovery that is approved while something else is asked leaves the dossier asked."
    )
    return join(blocks)


def _picture() -> Iterator[str]:
    for (before, act), after in TRANSITIONS.items():
        yield f"    {before.value if before else '[*]'} --> {after.value}: {ACT_NAMES[act].en}"


def _states() -> Iterator[tuple[str, ...]]:
    for state in DossierState:
        name = STATE_NAMES[state]
        acts = ", ".join(code(act.value) for act in Act if (state, act) in TRANSITIONS)
        yield code(state.value), name.vi, name.en, acts or "nothing: the end"


def _shown() -> Iterator[tuple[str, ...]]:
    for state, words in CONFIRMED.items():
        for word in words:
            yield code(state.value), code(word), SHOWN_NAMES[word].vi, SHOWN_NAMES[word].en


def _acts() -> Iterator[tuple[str, ...]]:
    for act in Act:
        name = ACT_NAMES[act]
        steps = (
            f"{code(before.value) if before else 'nothing'} → {code(after.value)}"
            for (before, each), after in TRANSITIONS.items()
            if each is act
        )
        yield code(act.value), name.vi, name.en, "message" if act in _MESSAGE_ACTS else "officer", "<br>".join(steps)
