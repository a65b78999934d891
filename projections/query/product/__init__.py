"""The answers about what people did in apps."""
