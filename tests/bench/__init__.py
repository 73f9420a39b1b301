"""The benchmark: how fast the whole adapter is on this machine, and against which floor. Never part of the suite."""
