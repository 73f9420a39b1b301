"""Amendments: judged against the version in force, and applied to it."""
