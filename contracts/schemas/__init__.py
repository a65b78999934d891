"""The published form of the contracts: a JSON Schema per event version and an AsyncAPI document, generated from events.py."""
