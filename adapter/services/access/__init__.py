"""Who may do what: the table of rights, and the people, offices and tokens that it is asked about."""
