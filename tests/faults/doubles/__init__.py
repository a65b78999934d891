"""Roles that break a promise on purpose, so that the checker can be seen to find it."""
