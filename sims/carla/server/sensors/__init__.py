"""The sensors of an episode: what each measures and the bytes that it sends."""
