"""The facts themselves, one row each, as they are stored, without what says who somebody is."""
