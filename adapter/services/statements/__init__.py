"""Statements that people sign with their certificates: given out, and taken once."""
