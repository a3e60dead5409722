"""What the cameras see: the town, its actors, the light, and two renderers that draw the same picture."""
