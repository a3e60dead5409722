"""An embedded server that speaks the protocol of CARLA 0.9.16: the real `carla` client drives on it."""
