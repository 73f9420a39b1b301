"""The words of a procedure.yaml: a misspelt one must be reported, or `personel: true` would leave a person's data
unmasked.

Closed tables only; what the words mean is in `load`, whether they agree with the rest is in `check`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

KEYWORDS: dict[str, frozenset[str]] = {
    "": frozenset(
        {
            *("procedure", "version", "effective", "title", "basis", "on_window", "acceptance", "result", "declarant"),
            *("messages", "header_equal", "fields", "groups", "ignored", "place", "search", "rules", "deadlines"),
            *("completion", "amends", "refusal_grounds", "document_type", "paperless", "once", "prefill"),
            *("always_linked", "attachments"),
        }
    ),
    "effective": frozenset({"from", "to"}),
    "declarant": frozenset({"signature", "identities", "principal", "accounts", "stores", "on_behalf"}),
    "declarant.on_behalf": frozenset({"declarant", "of", "letter", "basis", "born", "under"}),
    "declarant.principal": frozenset({"fields", "unproved_in"}),
    "declarant.signature": frozenset({"when_present"}),
    "declarant.stores": frozenset({"default", "where"}),
    "declarant.stores.where": frozenset({"field", "value", "stores"}),
    "messages": frozenset({"meaning", "form", "schema", "root", "after_confirmation"}),
    "header_equal": frozenset({"field", "header", "fact"}),
    "fields": frozenset({"name", "path", "type", "codes", "personal", "label"}),
    "groups": frozenset({"name", "path", "ordinal", "label", "fields"}),
    "groups.fields": frozenset({"name", "path", "type", "codes", "personal", "label"}),
    "place": frozenset({"gate", "direction", "unit", "principal", "declarant", "crossing"}),
    "search": frozenset({"kind", "value"}),
    "deadlines": frozenset({"name", "kind", "hours", "days", "working_days", "field", "where", "complete", "basis"}),
    "amends": frozenset({"procedures", "request", "reason", "changes", "replacement", "expects", "prompt"}),
    "amends.prompt": frozenset({"hours", "basis"}),
    "attachments": frozenset({"group", "kind", "name", "size", "digest", "basis"}),
    "once": frozenset({"key", "hours", "basis"}),
    "amends.expects": frozenset({"field", "since", "where", "basis"}),
    "amends.changes": frozenset({"group", "form", "row", "field", "old", "new"}),
    "completion": frozenset({"form", "schema", "root", "content"}),
    "completion.content": frozenset({"path", "from"}),
}
"""By place in the file; the words of a rule are in pipeline/rules. A place without a row is not looked into."""


def unknown(stated: object, place: str = "") -> Iterator[str]:
    """Every word that no reader knows, with the place where it stands."""
    if isinstance(stated, list):
        for item in stated:
            yield from unknown(item, place)
    elif isinstance(stated, Mapping) and place in KEYWORDS:
        for key, value in stated.items():
            inner = f"{place}.{key}".lstrip(".")
            if key in KEYWORDS[place]:
                yield from unknown(value, inner)
            else:
                known = ", ".join(sorted(KEYWORDS[place]))
                yield f"{inner}: no such keyword; write one of {known}"
