"""What the two halves agree on: the facts, their bytes, their subjects and the shape of an error; imports nothing of ours."""
