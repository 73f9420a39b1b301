"""The test window: parties, keys and signatures to test the adapter with. Production trusts none of them."""
