"""Bridges between the `Env` contract and the environments that users already have."""
