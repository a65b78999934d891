"""The way into JetStream: a connection, streams as they must be, and a publisher that lets events share an fsync."""
