"""What a rebuild changes: every number and every row of two generations of a projection, compared by Postgres itself."""
