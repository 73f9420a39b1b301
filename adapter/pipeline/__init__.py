"""Pure functions from bytes to a decision: no I/O, no clock, no randomness."""
