"""Rights: the table of rights, and the people, offices, tokens and sessions that it is checked for."""
