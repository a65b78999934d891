"""Facts in, answers out: the projector folds the stream into Postgres, and queries answer from there."""
