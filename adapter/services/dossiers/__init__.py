"""Acts and reads on dossiers: confirm, refuse, amend, look up, compare."""
