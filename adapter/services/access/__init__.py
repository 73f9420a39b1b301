"""Who may do what: rights and tokens."""
