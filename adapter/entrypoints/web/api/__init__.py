"""The HTTP interface for programs: declare, read, look up, ask for the window. Errors are problems (RFC 9457)."""
