"""The window's own copy (10/01) of a dossier that was declared directly and transferred to it (NĐ 85/2019 Article 17).

It is no new declaration: the dossier is there and its decision stands. So it is receipted, kept with the dossier and
flagged. It makes no second dossier, and it is not rejected: the window would take that for the end of the dossier.
"""

from __future__ import annotations

from dataclasses import replace

from adapter.model.dossier import Act, Dossier
from adapter.model.finding import Finding, Severity
from adapter.model.outcomes import Accepted, Outcome, Refused
from adapter.model.procedure import Meaning, ReplyKind
from adapter.model.stages import Channel, Declaration, Stage
from adapter.pipeline.decide import Decision
from adapter.pipeline.judge import conclude
from adapter.pipeline.xml import line_of

_REFERENCE = "/Envelope/Header/Subject/reference"


def decided_as_copy(outcome: Outcome, dossier: Dossier | None, *, differs: bool) -> Decision | None:
    """The decision on such a copy; None where the message is none.

    `dossier` is the one of its number, ours or the window's. `differs`: it declares something else than the version in
    force. What waits for evidence of its signer goes on waiting: it is no copy of anything before that is known.
    """
    if dossier is None or not isinstance(outcome, Accepted | Refused):
        return None
    declaration = outcome.declaration
    doubtful = any(finding.severity is Severity.WAIT for finding in outcome.findings)
    if doubtful or not _is_copy(declaration, dossier):
        return None
    names = ["copy_of_the_window", *(["copy_differs"] if differs else [])]
    line, words = line_of(declaration.verified.envelope.tree, _REFERENCE), {"key": str(dossier.key)}
    flags = tuple(Finding(name, _REFERENCE, Severity.WARN, line=line, words=words) for name in names)
    # Findings of the copy decide nothing: the original was judged when it was declared.
    taken = conclude(replace(declaration, findings=flags), Stage.DECIDE)
    return Decision(taken, ReplyKind.RECEIPT, dossier, is_copy=True)


def _is_copy(declaration: Declaration, dossier: Dossier) -> bool:
    verified = declaration.verified
    by_the_window = verified.envelope.submission.channel is Channel.WINDOW and dossier.channel is Channel.PORTAL
    same_procedure = verified.envelope.procedure.code == dossier.procedure
    # A refused dossier may be declared again under its number, by either channel.
    closed = dossier.after(Act.DECLARE) is None
    return by_the_window and same_procedure and closed and verified.meaning is Meaning.DECLARATION
