"""The read endpoints of the systems that Collector replaces, one file each, called as in collector/dialects."""
