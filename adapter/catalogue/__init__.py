"""schemas/ and mappings/ to Procedures, at start. Nothing is read at message time."""
