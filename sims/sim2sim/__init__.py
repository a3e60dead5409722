"""Sim-to-sim: one policy file in several engines, from the same states, under the same commands."""
