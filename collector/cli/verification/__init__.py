"""What `collector privacy verify` looks at: each file one place, each finding counts and places, never a value."""
