"""The broker's objects, from queues/topology.yaml, and the message properties, from queues/asyncapi.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from docs.generate.page import ROOT, code, document, head, join, listed, sentence, table


def page() -> str:
    """docs/reference/queues.md."""
    topology = _read("topology.yaml")
    schema = _read("asyncapi.yaml")["components"]["schemas"]["properties"]
    blocks = head(
        "Queues",
        "`queues/topology.yaml` and `queues/asyncapi.yaml`",
        "All objects are durable. Routing keys are `documentType.type.function`. `nsw-adapter declare` makes what is "
        "missing, `nsw-adapter declare --export FILE` writes RabbitMQ definitions, `nsw-adapter check` compares. The "
        "adapter never deletes or changes an object. For partners the same stands in `queues/asyncapi.yaml`.",
        "## Exchanges",
        table(("Exchange", "Type", "Purpose", "Arguments"), _exchanges(topology["exchanges"])),
        "## Queues",
    )
    for name, told in topology["queues"].items():
        bound = told["bindings"].items()
        bindings = ((code(exchange), listed(key or "(empty)" for key in keys)) for exchange, keys in bound)
        blocks += [f"### {name}", sentence(told["purpose"]), _arguments(told)]
        blocks.append(table(("Bound to", "Routing keys"), bindings))
    blocks += [
        "## Properties of a message",
        "Properties are claims, never facts: a message is identified by its verified sender and `Reference/messageId`.",
        table(("Property", "Type", "Meaning", "Mandatory"), _properties(schema)),
    ]
    return join(blocks)


def _read(name: str) -> Any:
    return document(ROOT / "queues" / name)


def _exchanges(stated: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    for name, told in stated.items():
        yield code(name), told["type"], told["purpose"], _arguments(told)


def _arguments(told: Mapping[str, Any]) -> str:
    return ", ".join(code(f"{name}: {value}") for name, value in told.get("arguments", {}).items())


def _properties(schema: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    return [
        (
            code(name),
            f"{told['type']}, at most {told['maxLength']}" if "maxLength" in told else told["type"],
            told.get("description", f"always {code(told.get('const'))}"),
            "yes" if name in schema["required"] else "",
        )
        for name, told in schema["properties"].items()
    ]
