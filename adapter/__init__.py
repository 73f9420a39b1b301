"""The border guard's adapter to Vietnam's national single window."""

__version__ = "0.2.0.dev0"
