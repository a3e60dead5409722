"""Recordings of episodes: the file, the recorder, the replayer and what is told of a file."""
