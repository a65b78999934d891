"""`python -m collector.cli.bilan` is the same as `bilan`."""

from collector.cli.bilan import main

main()
