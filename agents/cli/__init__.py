"""Command-line verbs of the agents."""
