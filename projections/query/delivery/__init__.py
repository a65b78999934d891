"""How every answer of the API is handed over: behind which write, in which form, and whether it is news."""
