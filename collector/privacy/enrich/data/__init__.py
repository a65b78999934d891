"""Public lists that ship with the product, compiled from their sources by ``compile.py``."""
