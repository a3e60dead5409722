"""Command-line verbs of the simulators that have no package of their own."""
