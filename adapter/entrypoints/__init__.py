"""Processes: loops and HTTP. Decisions are made in the services."""
