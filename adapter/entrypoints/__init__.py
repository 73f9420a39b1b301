"""Loops and HTTP: what runs. Every decision is below, in the services."""
