"""The salt of each day: agreed between replicas or derived; the only part of privacy that talks to NATS."""
