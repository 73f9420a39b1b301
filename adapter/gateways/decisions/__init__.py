"""The local line to the part that decides."""

from adapter.gateways.decisions.line import DecisionsAnswer, DecisionsAway, DecisionsLine

__all__ = ["DecisionsAnswer", "DecisionsAway", "DecisionsLine"]
