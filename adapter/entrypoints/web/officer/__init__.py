"""Pages of border officers: what has to be done, one dossier, and what they decide on it."""
