"""What was recorded elsewhere, and the invented month of the demo: both become ordinary facts, delivered in bulk."""
