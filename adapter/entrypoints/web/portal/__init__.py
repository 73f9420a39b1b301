"""Pages for declarants: the public page, his dossiers. What a page shows comes from the services as frozen records."""
