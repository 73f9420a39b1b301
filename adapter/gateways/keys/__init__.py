"""Private keys and the certificates in use: PEM files, hardware modules, roll-over."""
