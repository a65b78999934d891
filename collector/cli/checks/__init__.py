"""What `collector doctor` and `collector privacy verify` look at: each file one part, each check one finding."""
