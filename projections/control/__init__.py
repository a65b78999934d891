"""What has been decided, kept in Postgres: every thing as its decisions leave it, and the loop that follows them."""
