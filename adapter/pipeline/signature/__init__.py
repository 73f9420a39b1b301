"""XML signatures: what is taken, verified, proved to cover, and made."""
