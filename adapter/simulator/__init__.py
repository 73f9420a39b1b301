"""The test window: parties, keys and signatures to try the adapter with. Production trusts nothing of it."""
