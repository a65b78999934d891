"""Answers about apps, one file each: which actions there are, who did them, and how many of both."""
