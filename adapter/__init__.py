"""Border single-window adapter: two doors, one pipeline, one truth, two ways out."""

__version__ = "0.2.0.dev0"
