"""Rigid-body robots on MuJoCo, thousands of environments on all CPU threads."""
