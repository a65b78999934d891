"""What `collector doctor` looks at: each file one part, each check one finding."""
