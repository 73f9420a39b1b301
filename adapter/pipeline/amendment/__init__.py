"""Amendments (form 14): checked against the version in force, and applied to it."""
