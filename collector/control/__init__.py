"""The control plane: who there is, what is collected for whom, and how; every decision is an event in a stream of its own."""
