"""The answers about turns with an AI: facts, votes, turns, conversations and journeys, one file each."""
