"""Answers about what programs log: a search, and the numbers of right now."""
