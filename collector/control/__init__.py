"""The control plane: which sites there are."""
