"""One file per change of the tables, in order; a change that has been released is never edited."""
