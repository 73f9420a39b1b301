"""Checking: the rules of a procedure and those that stand for all. A mapping chooses rules; it does not program them.

A rule on an absent value passes: presence is demanded by `required_when` and `at_least_one`.
"""

from __future__ import annotations

from dataclasses import replace

from adapter.model.calendar import NO_CALENDAR, Calendar
from adapter.model.finding import Finding
from adapter.model.stages import Declaration
from adapter.pipeline.mapping import CodeLists
from adapter.pipeline.rules.general import general
from adapter.pipeline.rules.table import RULES
from adapter.pipeline.rules.view import View


def check(declaration: Declaration, *, codelists: CodeLists, calendar: Calendar = NO_CALENDAR) -> tuple[Finding, ...]:
    """Apply the procedure's rules and those that stand for all; every finding with its severity."""
    view = View(declaration, codelists, calendar)
    findings = [
        replace(finding, severity=spec.severity, basis=spec.basis)
        for spec in view.procedure.rules
        for finding in RULES[spec.rule].apply(view, spec.arguments)
    ]
    findings.extend(general(view))
    return tuple(findings)
