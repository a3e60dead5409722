"""Environments whose simulators run in worker processes: shared arrays, a watchdog, restarts, no leaks."""
