"""schemas/ and mappings/ to Procedures, at start. Nothing is discovered at message time."""
