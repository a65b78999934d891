"""The point of no return: a hit comes in with a person in it, and only what is anonymous comes out."""
