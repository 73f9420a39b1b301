"""Pages for declarants and their organisations: the public page, drafts, dossiers, inbox, authorisations."""
