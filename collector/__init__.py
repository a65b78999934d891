"""Request in, one anonymous fact out: read pipeline.py first."""

__version__ = "0.1.0"
