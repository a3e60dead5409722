"""Safety monitor between policy and robot: clamps, takes over, latches, reports, records."""
