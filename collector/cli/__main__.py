"""`python -m collector.cli` is the same as `collector`; this is how `collector up` starts the roles."""

from collector.cli import main

main()
