"""Stores of releases, kept as their code made them: every later version's migrations are run over them."""
