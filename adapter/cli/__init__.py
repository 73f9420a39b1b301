"""The command line `nsw-adapter`: arguments in, texts and exit codes out. It decides nothing about messages.

Commands are thin: what they do is done by services, gateways and the pipeline, wired by `bootstrap`.
"""

from adapter.cli.app import app, main

__all__ = ["app", "main"]
