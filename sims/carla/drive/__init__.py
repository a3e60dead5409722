"""The driving task, through the public `carla` API alone: routes, traffic, what is seen, what it is worth."""
