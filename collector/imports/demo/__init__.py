"""A realistic month of a site that does not exist: who comes, from where, what they look at, and in what rhythm."""
