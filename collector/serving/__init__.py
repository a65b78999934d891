"""What stands around every app and outside Litestar: the HTTP server, counting, health, metrics and logs."""
