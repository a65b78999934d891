"""The ledger: what was received, as the ingest processes tell it, held against what the projectors found in the streams."""
