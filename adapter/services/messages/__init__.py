"""A message's way in: received, judged, folded into its dossier, kept where it waits or is parked."""
