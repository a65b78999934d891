"""What bilan-server answers when it is asked: its read endpoints in its own words, over the facts of the family turns."""
