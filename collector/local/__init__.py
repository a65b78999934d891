"""The real nats-server and the real Postgres as child processes in a data directory."""
