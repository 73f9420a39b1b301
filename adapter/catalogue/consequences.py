"""The consequence of a broken rule: it follows from the article that the rule cites first, not from the rule."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from adapter.model.finding import Severity
from adapter.model.procedure import RequestWords

CONSEQUENCES_FILE = "consequences.yaml"
SEVERITIES = (Severity.REFUSE, Severity.REQUEST, Severity.WARN)
"""Consequences of an article."""


@dataclass(frozen=True, slots=True)
class Consequences:
    """The articles with their consequences, and the words of the request that some of them have."""

    articles: Mapping[str, Severity]
    words: RequestWords

    def of(self, basis: str) -> Severity:
        """The consequence of a rule with this basis; a warning where the law names none."""
        first = re.split("[:;]", basis, maxsplit=1)[0].strip()
        fit = [article for article in self.articles if _covers(article, first)]
        return self.articles[max(fit, key=len)] if fit else Severity.WARN

    def faults(self, rules: object) -> Iterator[str]:
        """Rules that state a severity although it follows from their article; only a weaker one may be stated."""
        for number, rule in enumerate(rules if isinstance(rules, list) else (), start=1):
            stated = rule.get("severity")
            if stated not in (None, Severity.WARN):
                follows = self.of(str(rule.get("basis", "")))
                yield (
                    f"rules: rule {number} ({rule.get('rule')}): severity {stated}: what a breach means follows from "
                    f"the basis ({CONSEQUENCES_FILE}: {follows}); leave it out, or write warn"
                )


def _covers(article: str, cited: str) -> bool:
    """Article 1 covers 1(2) and `1, 2(1)`, and not 10."""
    return cited.startswith(article) and not cited[len(article) :][:1].isalnum()


def read_consequences(stated: Mapping[str, Any]) -> Consequences:
    """The consequences of a file's content.

    Raises:
        KeyError, ValueError: something is missing, or is no consequence.
    """
    articles: dict[str, Severity] = {}
    for item in stated["articles"]:
        article, consequence = item["article"], item["consequence"]
        if consequence not in SEVERITIES:
            raise ValueError(f"articles: {article}: {consequence} is no consequence; write {', '.join(SEVERITIES)}")
        if article in articles:
            raise ValueError(f"articles: {article} is there twice; leave one of them out")
        articles[article] = Severity(consequence)
    words = stated["request"]
    return Consequences(articles, RequestWords(reason=words["reason"], asked=words["asked"]))
