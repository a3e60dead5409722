"""How vehicles and walkers move, and what happens when they touch."""
