"""The read endpoints of the systems that are replaced, one file for each, named as its dialect."""
