"""The life of a fact: read batch.py first, then worker.py, the loop around it."""
