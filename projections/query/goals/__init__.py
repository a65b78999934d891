"""Goals and funnels: which facts reach them, how many people did, and how far; computed from all that is stored."""
