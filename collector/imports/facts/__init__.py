"""Facts as JSON lines: written by a backup, and read back."""
