"""What people do with a dossier: confirm, refuse, amend, look up, compare."""
