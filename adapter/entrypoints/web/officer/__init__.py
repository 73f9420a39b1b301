"""Pages of border officers: work list, one dossier, and decisions on it."""
