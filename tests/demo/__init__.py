"""The demonstration: plays the single window (cổng một cửa quốc gia) against the real adapter: `make demo`."""
