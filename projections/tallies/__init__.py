"""What ingest processes tell of how their hits ended, kept in Postgres: the tables, and the loop that follows the stream."""
